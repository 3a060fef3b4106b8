// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IParticipantRegistry} from "../interfaces/IParticipantRegistry.sol";
import {IRevenueRight} from "../interfaces/IRevenueRight.sol";
import {HolderAccount} from "./HolderAccount.sol";
import {SeriesState} from "./SeriesState.sol";
import {SeriesTerms} from "./SeriesTerms.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";

/// @title What all parts of a series share: its storage, its surroundings, and who may command it.
abstract contract SeriesBase is IRevenueRight {
    /* IMMUTABLES */

    /// @dev In the code of the implementation, hence the same for all series.
    IAccessManager internal immutable AUTHORITY;
    IParticipantRegistry internal immutable REGISTRY;
    address internal immutable CURRENCY;
    address internal immutable DISTRIBUTOR;

    /// @dev A struct around the word, so that a reference to it can be held: the mapping is then hashed once, not for each
    /// reading and writing.
    struct Entry {
        HolderAccount word;
    }

    /* STORAGE */

    SeriesState internal _state;
    mapping(address holder => Entry) internal _accounts;

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
        address factory = SeriesTerms.factory(SeriesTerms.word(1));
        (bool immediate,) = AUTHORITY.canCall(msg.sender, factory, msg.sig);
        if (!immediate) revert NotAuthorized(msg.sender, msg.sig);
        _;
    }

    /* VIEWS */

    /// @inheritdoc IRevenueRight
    function accountOf(address holder) external view returns (Account memory) {
        return _accounts[holder].word.unpack();
    }

    /// @inheritdoc IRevenueRight
    function state() external view returns (State memory) {
        return _state.unpack();
    }

    /// @inheritdoc IRevenueRight
    function terms() external view returns (Terms memory) {
        return SeriesTerms.decode();
    }

    /// @inheritdoc IRevenueRight
    function registry() external view returns (address) {
        return address(REGISTRY);
    }

    /// @inheritdoc IRevenueRight
    function currency() external view returns (address) {
        return CURRENCY;
    }

    /// @inheritdoc IRevenueRight
    function distributor() external view returns (address) {
        return DISTRIBUTOR;
    }

    /* CACHED ATTRIBUTES */

    /// @inheritdoc IRevenueRight
    function sync(address wallet) external {
        (HolderAccount account,) = _refreshed(wallet, _accounts[wallet].word);
        _store(wallet, account);
    }

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
        if (!account.sameProfile(entry.word)) {
            emit Synced(wallet, account.kycUntil(), account.country(), account.class(), account.frozen());
        }
        entry.word = account;
    }

    /// @dev Days since 1970-01-01.
    function _today() internal view returns (uint256) {
        return block.timestamp / 1 days;
    }
}
