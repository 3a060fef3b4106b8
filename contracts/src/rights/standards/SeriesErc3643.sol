// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IERC3643, IERC3643Compliance} from "../../interfaces/IERC3643.sol";
import {IERC7943} from "../../interfaces/IERC7943.sol";
import {IRevenueRight} from "../../interfaces/IRevenueRight.sol";
import {ISeriesStandards} from "../../interfaces/ISeriesStandards.sol";
import {HolderAccount} from "../HolderAccount.sol";
import {SeriesIssuance} from "../SeriesIssuance.sol";
import {SeriesState} from "../SeriesState.sol";
import {SeriesTerms} from "../SeriesTerms.sol";
import {SeriesErc7943} from "./SeriesErc7943.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title The token functions of ERC-3643.
/// @dev Terms, registry and name are fixed in the code, so their setters refuse. Units exist from issuing to redemption and
/// the supply is fixed by sealing, so `mint` and `burn` work before it only. Batches are the single functions in a row and
/// need the permission for the batch function itself.
abstract contract SeriesErc3643 is SeriesErc7943, SeriesIssuance, ISeriesStandards {
    /// @notice A series cannot be asked as its own compliance contract; none is the zero address.
    error InvalidCompliance(address compliance);

    /* VIEWS */

    /// @inheritdoc IERC3643
    function onchainID() external pure returns (address) {
        return address(0);
    }

    /// @inheritdoc IERC3643
    function version() external pure returns (string memory) {
        return "1.0.0";
    }

    /// @inheritdoc IERC3643
    function identityRegistry() external view returns (address) {
        return address(REGISTRY);
    }

    /// @inheritdoc IERC3643
    function compliance() external view returns (address) {
        return _state.supervised() ? _supervisor : address(this);
    }

    /// @inheritdoc IERC3643
    function paused() external view returns (bool) {
        return _state.paused();
    }

    /// @inheritdoc IERC3643
    function isFrozen(address wallet) public view returns (bool) {
        (HolderAccount account,) = _refreshed(wallet, _accounts[wallet].word);
        return account.frozen();
    }

    /* FIXED AT CREATION */

    /// @inheritdoc IERC3643
    function setName(string calldata) external pure {
        revert FixedAtCreation();
    }

    /// @inheritdoc IERC3643
    function setSymbol(string calldata) external pure {
        revert FixedAtCreation();
    }

    /// @inheritdoc IERC3643
    function setOnchainID(address) external pure {
        revert FixedAtCreation();
    }

    /// @inheritdoc IERC3643
    function setIdentityRegistry(address) external pure {
        revert FixedAtCreation();
    }

    /* TRADING */

    /// @inheritdoc IERC3643
    function setCompliance(address supervisor) external authorized {
        // What `compliance` answers without one; to ask itself would refuse every transfer.
        if (supervisor == address(this)) revert InvalidCompliance(supervisor);
        _supervisor = supervisor;
        _state = _state.withSupervised(supervisor != address(0));
        emit ComplianceAdded(supervisor);
    }

    /// @inheritdoc IERC3643
    function pause() external authorized {
        SeriesState s = _state;
        if (s.paused()) revert EnforcedPause();
        _state = s.withPaused(true);
        emit Paused(msg.sender);
    }

    /// @inheritdoc IERC3643
    function unpause() external authorized {
        SeriesState s = _state;
        if (!s.paused()) revert ExpectedPause();
        _state = s.withPaused(false);
        emit Unpaused(msg.sender);
    }

    /* FREEZES */

    /// @inheritdoc IERC3643
    function setAddressFrozen(address wallet, bool freeze) external authorized {
        _bar(wallet, freeze);
    }

    /// @inheritdoc IERC3643
    function batchSetAddressFrozen(address[] calldata wallets, bool[] calldata freeze) external authorized {
        _requireSame(wallets.length, freeze.length);
        for (uint256 i = 0; i < wallets.length; ++i) {
            _bar(wallets[i], freeze[i]);
        }
    }

    /// @inheritdoc IERC3643
    function freezePartialTokens(address wallet, uint256 amount) external authorized {
        _freezeMore(wallet, amount);
    }

    /// @inheritdoc IERC3643
    function batchFreezePartialTokens(address[] calldata wallets, uint256[] calldata amounts) external authorized {
        _requireSame(wallets.length, amounts.length);
        for (uint256 i = 0; i < wallets.length; ++i) {
            _freezeMore(wallets[i], amounts[i]);
        }
    }

    /// @inheritdoc IERC3643
    function unfreezePartialTokens(address wallet, uint256 amount) external authorized {
        _freezeLess(wallet, amount);
    }

    /// @inheritdoc IERC3643
    function batchUnfreezePartialTokens(address[] calldata wallets, uint256[] calldata amounts) external authorized {
        _requireSame(wallets.length, amounts.length);
        for (uint256 i = 0; i < wallets.length; ++i) {
            _freezeLess(wallets[i], amounts[i]);
        }
    }

    function _bar(address wallet, bool freeze) private {
        _resync(wallet, freeze);
        emit AddressFrozen(wallet, freeze, msg.sender);
    }

    function _freezeMore(address wallet, uint256 amount) private {
        (uint256 balance, uint256 frozen) = (_accounts[wallet].word.balance(), _frozenUnits(wallet));
        uint256 free = balance > frozen ? balance - frozen : 0;
        if (amount > free) revert FreezeExceeded(wallet, amount, free);
        _freeze(wallet, frozen + amount);
    }

    function _freezeLess(address wallet, uint256 amount) private {
        uint256 frozen = _frozenUnits(wallet);
        if (amount > frozen) revert FreezeExceeded(wallet, amount, frozen);
        _freeze(wallet, frozen - amount);
    }

    /* UNITS */

    /// @inheritdoc IERC3643
    function mint(address to, uint256 amount) external authorized {
        _mint(to, amount);
    }

    /// @inheritdoc IERC3643
    function batchMint(address[] calldata toList, uint256[] calldata amounts) external authorized {
        _requireSame(toList.length, amounts.length);
        for (uint256 i = 0; i < toList.length; ++i) {
            _mint(toList[i], amounts[i]);
        }
    }

    /// @inheritdoc IERC3643
    function burn(address wallet, uint256 amount) external authorized {
        _burn(wallet, amount);
    }

    /// @inheritdoc IERC3643
    function batchBurn(address[] calldata wallets, uint256[] calldata amounts) external authorized {
        _requireSame(wallets.length, amounts.length);
        for (uint256 i = 0; i < wallets.length; ++i) {
            _burn(wallets[i], amounts[i]);
        }
    }

    /// @inheritdoc IERC3643
    function batchForcedTransfer(address[] calldata fromList, address[] calldata toList, uint256[] calldata amounts)
        external
        authorized
    {
        _requireSame(fromList.length, amounts.length);
        _requireSame(toList.length, amounts.length);
        for (uint256 i = 0; i < toList.length; ++i) {
            _force(fromList[i], toList[i], amounts[i]);
        }
    }

    /// @inheritdoc IERC3643
    function recoveryAddress(address lost, address replacement, address investor) external authorized returns (bool) {
        _recover(lost, replacement);
        emit RecoverySuccess(lost, replacement, investor);
        return true;
    }

    function _mint(address to, uint256 amount) private {
        SeriesState s = _state;
        if (s.isSealed()) revert IRevenueRight.AlreadySealed();
        if (to == address(0)) revert IERC20Errors.ERC20InvalidReceiver(to);
        if (amount > MAX_UNITS) revert IRevenueRight.LimitExceeded(amount, MAX_UNITS);
        _state = s.withSupply(uint48(_allocate(to, amount, s, s.supply())));
    }

    /// @dev Nothing is earned before sealing, so there is no past income to keep apart.
    function _burn(address wallet, uint256 amount) private {
        SeriesState s = _state;
        if (s.isSealed()) revert IRevenueRight.AlreadySealed();
        HolderAccount account = _accounts[wallet].word;
        uint256 balance = account.balance();
        if (amount > balance) revert IERC20Errors.ERC20InsufficientBalance(wallet, balance, amount);
        uint256 rest = balance - amount;
        if (_belowTicket(rest, SeriesTerms.word(0))) {
            IRevenueRight.Refusal reason = IRevenueRight.Refusal.BelowMinimumTicket;
            revert IRevenueRight.TransferRefused(wallet, address(0), amount, reason, 0);
        }
        uint256 taken = _frozenPart(wallet, balance, amount);
        if (taken != 0) _freeze(wallet, _frozenUnits(wallet) - taken);
        _store(wallet, _accounts[wallet].word.minus(amount));
        _state = s.withSupply(uint48(s.supply() - amount));
        emit IERC20.Transfer(wallet, address(0), amount);
        if (s.supervised()) IERC3643Compliance(_supervisor).destroyed(wallet, amount);
    }

    function _requireSame(uint256 a, uint256 b) private pure {
        if (a != b) revert IRevenueRight.LengthMismatch(a, b);
    }
}
