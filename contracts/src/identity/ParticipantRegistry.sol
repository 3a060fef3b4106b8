// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Roles} from "../governance/Roles.sol";
import {IParticipantRegistry} from "../interfaces/IParticipantRegistry.sol";
import {IRevenueRight} from "../interfaces/IRevenueRight.sol";
import {ISeriesCompliance} from "../interfaces/ISeriesCompliance.sol";
import {IdentityViews} from "./IdentityViews.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";

/// @title ParticipantRegistry
/// @notice DUTY. The one source of truth on who may hold and be paid. Series keep a copy of what they need in the
/// holder's own slot and refresh it by `sync`, which anyone may call; a freeze is pushed to them at once.
///
/// PRIVACY. Nothing personal is stored or emitted: a participant is a number, an identity a salted hash whose salt and
/// record stay with the registrar. Destroying the salt makes the hash meaningless.
///
/// WALLETS. A participant may have many wallets; a wallet has one participant for ever, since moving it would rewrite
/// who was paid in the past. Attributes may be replaced at will, except the freeze, which only `setFrozen` changes: an
/// updated identity check must not lift an order. There is no removal: a wallet whose check has expired is refused by
/// the rules that read it.
///
/// RECOVERY. A wallet that its participant lost is given up for ever; what it holds in the series named is moved to another
/// wallet of the same participant, never to another person's. A freeze by order and a longer lock-up go along, so that
/// losing a wallet lifts neither.
///
/// TRUST. Registrars are appointed by ADMIN among the holders of the role REGISTRAR, so that duties are separated here too;
/// whoever loses the role must be removed here as well. They are trusted with the facts they enter. They call `sync` or `recover` on addresses
/// they name themselves; that call carries no value and no rights, and a series that reverts makes the freeze revert: leave
/// it out of the list, and its copy is refreshed by anyone later.
///
/// LIMITS. kycUntil counts days in 16 bits (to the year 2149), lockedUntil seconds in 40 bits.
contract ParticipantRegistry is IdentityViews, AccessManaged {
    /* CONSTANTS */

    uint256 private constant MAX_COUNTRY = 999;

    /// @dev The bits of Wallet.frozen and Wallet.lost in their slot.
    uint256 private constant FROZEN = 1 << 144;
    uint256 private constant LOST = 1 << 152;

    /* STORAGE */

    mapping(address registrar => bool) private _registrars;

    /* CONSTRUCTOR */

    constructor(address authority) AccessManaged(authority) {}

    /* MODIFIERS */

    modifier onlyRegistrar() {
        if (!_registrars[msg.sender]) revert NotRegistrar(msg.sender);
        _;
    }

    /* RESTRICTED */

    /// @inheritdoc IParticipantRegistry
    function appointRegistrar(address registrar, bool appointed) external restricted {
        if (appointed) {
            (bool holds,) = IAccessManager(authority()).hasRole(Roles.REGISTRAR, registrar);
            if (!holds) revert RegistrarWithoutRole(registrar);
        }
        _registrars[registrar] = appointed;
        emit RegistrarAppointed(registrar, appointed);
    }

    /* REGISTRAR */

    /// @inheritdoc IParticipantRegistry
    function register(Registration calldata registration) external onlyRegistrar {
        _register(registration);
    }

    /// @inheritdoc IParticipantRegistry
    function registerBatch(Registration[] calldata registrations) external onlyRegistrar {
        for (uint256 i; i < registrations.length; ++i) {
            _register(registrations[i]);
        }
    }

    /// @inheritdoc IParticipantRegistry
    function setFrozen(address wallet, bool frozen, bytes32 reasonHash, address[] calldata series)
        external
        onlyRegistrar
    {
        _setFrozen(wallet, frozen, reasonHash);
        _push(wallet, series);
    }

    /// @inheritdoc IParticipantRegistry
    function setFrozenBatch(address[] calldata wallets, bool frozen, bytes32 reasonHash, address[] calldata series)
        external
        onlyRegistrar
    {
        for (uint256 i; i < wallets.length; ++i) {
            _setFrozen(wallets[i], frozen, reasonHash);
            _push(wallets[i], series);
        }
    }

    /// @inheritdoc IParticipantRegistry
    function recoverWallet(address lost, address replacement, bytes32 identityHash, address[] calldata series)
        external
        onlyRegistrar
    {
        Wallet memory former = _known(lost);
        _replace(former, lost, replacement, identityHash);
        if (!former.lost) {
            _wallets[lost].lost = true;
            emit WalletLost(lost, replacement, former.participant);
        }
        for (uint256 i; i < series.length; ++i) {
            ISeriesCompliance(series[i]).recover(lost, replacement);
        }
    }

    /* VIEWS */

    /// @inheritdoc IParticipantRegistry
    function isRegistrar(address account) external view returns (bool) {
        return _registrars[account];
    }

    /* INTERNAL */

    function _known(address wallet) private view returns (Wallet memory found) {
        found = _wallets[wallet];
        if (found.participant == 0) revert UnknownWallet(wallet);
    }

    function _setFrozen(address wallet, bool frozen, bytes32 reasonHash) private {
        _known(wallet);
        _wallets[wallet].frozen = frozen;
        emit WalletFrozen(wallet, frozen, reasonHash);
    }

    function _push(address wallet, address[] calldata series) private {
        for (uint256 i; i < series.length; ++i) {
            IRevenueRight(series[i]).sync(wallet);
        }
    }

    /// @dev Sees to it that the replacement is a wallet of the same participant, frozen by order if the lost one was, and
    /// locked up as long.
    function _replace(Wallet memory former, address lost, address replacement, bytes32 identityHash) private {
        if (replacement == address(0) || replacement == lost) revert InvalidReplacement(lost, replacement);
        Wallet storage stored = _wallets[replacement];
        if (stored.participant == 0) {
            _admitAs(former, replacement, identityHash);
        } else if (stored.participant != former.participant) {
            revert ParticipantMismatch(replacement, stored.participant, former.participant);
        }
        if (stored.lost) revert InvalidReplacement(lost, replacement);
        if (former.lockedUntil > stored.lockedUntil) {
            stored.lockedUntil = former.lockedUntil;
            _reportAttributes(replacement, stored, identityHash);
        }
        if (former.frozen && !stored.frozen) {
            stored.frozen = true;
            emit WalletFrozen(replacement, true, 0);
        }
    }

    function _admitAs(Wallet memory former, address wallet, bytes32 identityHash) private {
        Wallet storage stored = _wallets[wallet];
        (stored.participant, stored.lockedUntil) = (former.participant, former.lockedUntil);
        (stored.kycUntil, stored.country, stored.class) = (former.kycUntil, former.country, former.class);
        _reportAttributes(wallet, stored, identityHash);
    }

    function _reportAttributes(address wallet, Wallet storage stored, bytes32 identityHash) private {
        uint256 word;
        assembly ("memory-safe") {
            word := sload(stored.slot)
        }
        emit WalletRegistered(wallet, stored.participant, word, identityHash);
    }

    /// @dev Written for gas, since admitting an investor is the most frequent act: input, slots and event cost 48 900 by
    /// themselves, and the rest must add little to that.
    function _register(Registration calldata r) private {
        (address wallet, uint256 word) = _pack(r);
        Wallet storage stored = _wallets[wallet];
        if (stored.participant != 0) word |= _kept(r, stored);
        bytes32 topic = WalletRegistered.selector;
        assembly ("memory-safe") {
            sstore(stored.slot, word)
            mstore(0x00, word)
            mstore(0x20, calldataload(add(r, 0xc0)))
            log3(0x00, 0x40, topic, wallet, calldataload(add(r, 0x20)))
        }
    }

    /// @dev The part of a known wallet's slot that a registration does not replace.
    function _kept(Registration calldata r, Wallet storage stored) private view returns (uint256) {
        uint64 current = stored.participant;
        if (current != r.participant) revert ParticipantMismatch(r.wallet, current, r.participant);
        return (stored.frozen ? FROZEN : 0) | (stored.lost ? LOST : 0);
    }

    /// @dev The slot of a registration, laid out as Solidity lays out Wallet, with all fields checked at once. A value
    /// below 1 wraps to the largest when 1 is subtracted.
    function _pack(Registration calldata r) private pure returns (address wallet, uint256 word) {
        bool valid;
        assembly ("memory-safe") {
            wallet := calldataload(r)
            let participant := calldataload(add(r, 0x20))
            let kycUntil := calldataload(add(r, 0x40))
            let country := calldataload(add(r, 0x60))
            let class := calldataload(add(r, 0x80))
            let lockedUntil := calldataload(add(r, 0xa0))
            let people := or(gt(sub(wallet, 1), sub(shl(160, 1), 2)), gt(sub(participant, 1), sub(shl(64, 1), 2)))
            let traits := or(gt(sub(country, 1), sub(MAX_COUNTRY, 1)), gt(sub(class, 1), 2))
            valid := iszero(or(or(people, traits), or(shr(16, kycUntil), shr(40, lockedUntil))))
            word := or(participant, shl(64, lockedUntil))
            word := or(word, or(shl(104, kycUntil), or(shl(120, country), shl(136, class))))
        }
        if (!valid) _refuse(r);
    }

    /// @dev Says which field is wrong. A value too wide for its field is refused by the decoder, without a reason.
    function _refuse(Registration calldata r) private pure {
        if (r.wallet == address(0)) revert InvalidRegistration(r.wallet, "wallet", 0);
        if (r.participant == 0) revert InvalidRegistration(r.wallet, "participant", 0);
        if (r.country == 0 || r.country > MAX_COUNTRY) revert InvalidRegistration(r.wallet, "country", r.country);
        if (r.class == Class.None) revert InvalidRegistration(r.wallet, "class", 0);
        // Only a time too wide for its field is left: reading it here reverts.
        revert InvalidRegistration(r.wallet, "time", uint256(r.kycUntil) + r.lockedUntil);
    }
}
