// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IERC3643, IERC3643Compliance} from "../../interfaces/IERC3643.sol";
import {IERC7943} from "../../interfaces/IERC7943.sol";
import {IParticipantRegistry} from "../../interfaces/IParticipantRegistry.sol";
import {IRevenueRight} from "../../interfaces/IRevenueRight.sol";
import {ISeriesCompliance} from "../../interfaces/ISeriesCompliance.sol";
import {HolderAccount} from "../HolderAccount.sol";
import {SeriesAdmission} from "../SeriesAdmission.sol";
import {SeriesMoves} from "../SeriesMoves.sol";
import {SeriesTerms} from "../SeriesTerms.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

/// @title Orders over units: freeze, forced transfer, recovery; and ERC-7943's questions.
/// @dev There is one stored number of frozen units. `setFrozenTokens` may set it above the balance, the partial freezes of
/// ERC-3643 may not; each reports in the events of both standards. A forced transfer takes free units first and lowers the
/// freeze for the rest, saying so before the transfer.
abstract contract SeriesErc7943 is SeriesAdmission, SeriesMoves, IERC7943 {
    /* QUESTIONS */

    /// @inheritdoc IERC7943
    function canSend(address account) external view returns (bool) {
        (IRevenueRight.Refusal reason,,) = _judgeSender(account);
        return reason == IRevenueRight.Refusal.None;
    }

    /// @inheritdoc IERC7943
    function canReceive(address account) external view returns (bool) {
        return _mayReceive(account);
    }

    /// @inheritdoc IERC7943
    function canTransfer(address from, address to, uint256 amount) external view returns (bool) {
        // The judge is in the other half, under the same address.
        (IRevenueRight.Refusal reason,) = IRevenueRight(address(this)).checkTransfer(from, to, amount);
        return reason == IRevenueRight.Refusal.None;
    }

    /// @inheritdoc IERC7943
    function getFrozenTokens(address account) external view returns (uint256) {
        return _frozenUnits(account);
    }

    /* ORDERS */

    /// @inheritdoc IERC7943
    function setFrozenTokens(address account, uint256 amount) external authorized returns (bool) {
        _freeze(account, amount);
        return true;
    }

    /// @inheritdoc IERC7943
    function forcedTransfer(address from, address to, uint256 amount) external authorized returns (bool) {
        _force(from, to, amount);
        return true;
    }

    /// @dev The receiver must qualify, also under the caps; what stops a voluntary transfer does not stop an order.
    function _force(address from, address to, uint256 amount) internal {
        if (from == address(0)) revert IERC20Errors.ERC20InvalidSender(from);
        if (to == address(0) || to == from) revert IERC20Errors.ERC20InvalidReceiver(to);
        uint256 balance = _accounts[from].word.balance();
        if (amount > balance) revert IERC20Errors.ERC20InsufficientBalance(from, balance, amount);
        HolderAccount recipient = _receiving(from, balance == amount, to, amount);
        uint256 taken = _frozenPart(from, balance, amount);
        if (taken != 0) _reportFreeze(from, _frozenUnits(from), _frozenUnits(from) - taken);
        _store(to, recipient);
        _forcedMove(from, to, amount);
        emit ForcedTransfer(from, to, amount);
        if (_state.supervised()) IERC3643Compliance(_supervisor).transferred(from, to, amount);
    }

    function _receiving(address from, bool leaves, address to, uint256 amount)
        private
        view
        returns (HolderAccount account)
    {
        uint256 rules = SeriesTerms.word(0);
        IRevenueRight.Refusal reason;
        (reason, account) = _judgeRecipient(to, rules);
        if (reason != IRevenueRight.Refusal.None) revert ERC7943CannotReceive(to);
        if (account.balance() != 0 || amount == 0 || !SeriesTerms.isCapped(rules)) return account;
        reason = _capRefusal(from, leaves, to);
        if (reason != IRevenueRight.Refusal.None) revert IRevenueRight.TransferRefused(from, to, amount, reason, 0);
    }

    /// @dev How many of `units` are not free. Free units go first.
    function _frozenPart(address account, uint256 balance, uint256 units) internal view returns (uint256) {
        uint256 frozen = _frozenUnits(account);
        uint256 free = balance > frozen ? balance - frozen : 0;
        return units > free ? units - free : 0;
    }

    /// @dev Replaces the number of frozen units.
    function _freeze(address account, uint256 amount) internal {
        uint256 before = _frozenUnits(account);
        _setFrozenUnits(account, amount);
        _reportFreeze(account, before, amount);
    }

    /// @dev Tells readers of either standard.
    function _reportFreeze(address account, uint256 before, uint256 amount) private {
        emit Frozen(account, amount);
        if (amount > before) emit IERC3643.TokensFrozen(account, amount - before);
        if (amount < before) emit IERC3643.TokensUnfrozen(account, before - amount);
    }

    /* RECOVERY */

    /// @dev Moves all that a lost wallet has. The registry must say that it is lost and that both are one participant's.
    function _recover(address lost, address replacement) internal {
        IParticipantRegistry.Wallet memory old = REGISTRY.walletOf(lost);
        if (!old.lost) revert ISeriesCompliance.WalletNotLost(lost);
        IParticipantRegistry.Wallet memory next = REGISTRY.walletOf(replacement);
        if (next.participant != old.participant || next.lost) {
            revert ISeriesCompliance.NotSameParticipant(lost, replacement);
        }
        (uint256 frozen, uint256 there) = (_frozenUnits(lost), _frozenUnits(replacement));
        if (frozen != 0) _reportFreeze(lost, frozen, 0);
        uint256 units = _moveAll(lost, replacement);
        if (frozen != 0) _reportFreeze(replacement, there, _frozenUnits(replacement));
        _barLike(lost, replacement);
        emit ISeriesCompliance.Recovered(lost, replacement, units, frozen);
        if (_state.supervised()) IERC3643Compliance(_supervisor).transferred(lost, replacement, units);
    }

    /// @dev Reads both wallets anew. A freeze for this series alone goes along.
    function _barLike(address lost, address replacement) private {
        (bool barred, bool there) = (_accounts[lost].word.barred(), _accounts[replacement].word.barred());
        _resync(lost, barred);
        _resync(replacement, barred || there);
        if (barred && !there) emit IERC3643.AddressFrozen(replacement, true, msg.sender);
    }

    /// @dev Reads the attributes anew after setting whether the wallet is frozen for this series alone.
    function _resync(address wallet, bool barred) internal {
        (HolderAccount account,) = _refreshed(wallet, _accounts[wallet].word.withBarred(barred));
        _store(wallet, account);
    }

    function _mayReceive(address account) internal view returns (bool) {
        (IRevenueRight.Refusal reason,) = _judgeRecipient(account, SeriesTerms.word(0));
        return reason == IRevenueRight.Refusal.None;
    }
}
