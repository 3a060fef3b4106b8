// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IParticipantRegistry} from "../interfaces/IParticipantRegistry.sol";
import {IRevenueRight} from "../interfaces/IRevenueRight.sol";
import {HolderAccount} from "./HolderAccount.sol";
import {SeriesState} from "./SeriesState.sol";
import {SeriesTerms} from "./SeriesTerms.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title What both halves of a series share: its storage, its surroundings, and who may command it.
/// @dev RevenueRight and SeriesExtension run on the same storage, the second by delegatecall of the first. All variables of a
/// series are therefore declared here and nowhere else; a variable in any heir would lie over another one's.
abstract contract SeriesBase {
    /* TYPES */

    /// @dev A struct around the word, so that a reference to it can be held: the mapping is then hashed once, not for each
    /// reading and writing.
    struct Entry {
        HolderAccount word;
    }

    /// @dev What few accounts need. `older` are marks before the one in the account: up to four of 64 bits (mark 16 | held
    /// 48), oldest lowest.
    struct Extra {
        uint256 older;
        uint256 frozenUnits;
    }

    /// @dev A vote's snapshot of all balances.
    struct Snapshot {
        uint40 takenAt;
        uint40 until;
        uint48 supply;
    }

    /// @dev A participant that holds units: wallets with units, and the country it was counted in.
    struct Holding {
        uint32 wallets;
        uint16 country;
    }

    /* CONSTANTS */

    /// @dev 2⁴⁸ − 1 units and 2⁶³ − 1 currency units keep acc·units and paid·supply below 2¹¹¹, so that debts fit (see
    /// HolderAccount).
    uint256 internal constant MAX_UNITS = type(uint48).max;
    uint256 internal constant MAX_ACC = type(uint64).max >> 1;

    /* IMMUTABLES */

    /// @dev In the code of the implementation, hence the same for all series.
    IAccessManager internal immutable AUTHORITY;
    IParticipantRegistry internal immutable REGISTRY;
    address internal immutable CURRENCY;
    address internal immutable DISTRIBUTOR;

    /* STORAGE */

    SeriesState internal _state;
    mapping(address holder => Entry) internal _accounts;
    mapping(address holder => Extra) internal _extras;
    mapping(address owner => mapping(address spender => uint256)) internal _allowances;

    /// @dev The accumulator right after the money of a period, where units had moved since its record date.
    mapping(uint256 mark => uint256 acc) internal _closing;
    /// @dev Outstanding record dates before prevRecord: up to three periods of 24 bits, oldest lowest. Valid with the flag.
    uint256 internal _backlog;

    uint256 internal _snapshots;
    mapping(uint256 id => Snapshot) internal _snapshotOf;
    /// @dev Balance at the snapshot, with KEPT set: kept at the first change after it.
    mapping(uint256 id => mapping(address holder => uint256)) internal _kept;

    uint256 internal _redeemed;

    /// @dev Participants that hold units, by country, and all of them under 0; only where the terms have a cap.
    mapping(uint256 country => uint256) internal _holders;
    mapping(uint256 participant => Holding) internal _holdings;

    /// @dev External compliance contract. Valid with the flag.
    address internal _supervisor;
    mapping(address owner => uint256) internal _nonces;

    /* CONSTRUCTOR */

    constructor(address authority_, address registry_, address currency_, address distributor_) {
        AUTHORITY = IAccessManager(authority_);
        REGISTRY = IParticipantRegistry(registry_);
        CURRENCY = currency_;
        DISTRIBUTOR = distributor_;
    }

    /* MODIFIERS */

    /// @dev The role configuration is that of the factory, so that one configuration serves every series. Only immediate
    /// permission counts: a scheduled call would be recorded under the factory's name for all series at once.
    modifier authorized() {
        _requireAuthorized();
        _;
    }

    function _requireAuthorized() private view {
        address factory = SeriesTerms.factory(SeriesTerms.word(1));
        (bool immediate,) = AUTHORITY.canCall(msg.sender, factory, msg.sig);
        if (!immediate) revert IRevenueRight.NotAuthorized(msg.sender, msg.sig);
    }

    /* ACCOUNTS */

    /// @dev The account with attributes read anew, not stored; and the wallet's lock-up, which has no room in the account.
    function _refreshed(address wallet, HolderAccount account)
        internal
        view
        returns (HolderAccount, uint40 lockedUntil)
    {
        IParticipantRegistry.Wallet memory attributes = REGISTRY.walletOf(wallet);
        return (account.withProfile(attributes), attributes.lockedUntil);
    }

    /// @dev Writes an account, and tells readers if its attributes were refreshed on the way.
    function _store(address wallet, HolderAccount account) internal {
        Entry storage entry = _accounts[wallet];
        HolderAccount former = entry.word;
        if (!account.sameProfile(former)) {
            emit IRevenueRight.Synced(wallet, account.kycUntil(), account.country(), account.class(), account.frozen());
        }
        entry.word = account;
        bool holds = account.balance() != 0;
        if (holds != (former.balance() != 0)) _count(wallet, holds);
    }

    /// @dev A wallet got its first units or gave its last: counts its participant where the terms have a cap. The country
    /// counted is remembered, since the registry may change it while the participant holds.
    function _count(address wallet, bool holds) private {
        if (!SeriesTerms.isCapped(SeriesTerms.word(0))) return;
        IParticipantRegistry.Wallet memory attributes = REGISTRY.walletOf(wallet);
        Holding storage holding = _holdings[attributes.participant];
        if (holds) {
            if (++holding.wallets != 1) return;
            holding.country = attributes.country;
            ++_holders[0];
            ++_holders[attributes.country];
        } else {
            if (--holding.wallets != 0) return;
            --_holders[0];
            --_holders[holding.country];
        }
    }

    /* ALLOWANCES */

    function _approve(address owner, address spender, uint256 units) internal {
        if (spender == address(0)) revert IERC20Errors.ERC20InvalidSpender(spender);
        _allowances[owner][spender] = units;
        emit IERC20.Approval(owner, spender, units);
    }

    /* TIME */

    /// @dev Days since 1970-01-01.
    function _today() internal view returns (uint256) {
        return block.timestamp / 1 days;
    }
}
