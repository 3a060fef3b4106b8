// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IStatementBook} from "../interfaces/IStatementBook.sol";
import {IWaterfall} from "../interfaces/IWaterfall.sol";
import {CodeStore} from "../libraries/CodeStore.sol";
import {KeyedCode} from "../libraries/KeyedCode.sol";
import {MAX_ACCOUNTS} from "./RuleCheck.sol";
import {RuleDesk} from "./RuleDesk.sol";
import {StreamLedger} from "./StreamLedger.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

/// @title The waterfall's rules: recorded in versions, in force after a delay and, where a series says so, its holders' vote.
/// @dev What rules must be is examined by a desk of its own, which this contract creates: it has no storage and no power.
abstract contract RuleBook is AccessManaged, IWaterfall {
    /// @dev Time at which a replaced version takes effect.
    uint40 private constant NEVER = type(uint40).max;

    /* IMMUTABLES */

    /// @inheritdoc IWaterfall
    uint40 public immutable RULES_DELAY;
    address internal immutable FACTORY;
    RuleDesk internal immutable DESK;
    IStatementBook internal immutable BOOK;
    address internal immutable CURRENCY;

    /* STORAGE */

    mapping(uint32 stream => StreamLedger) internal _ledgers;
    /// @dev For readers alone: what is in force follows from the ledger, and where rules lie from their number.
    mapping(uint32 stream => mapping(uint32 version => uint40)) private _effectiveAt;
    mapping(uint32 stream => uint64[MAX_ACCOUNTS]) internal _balances;

    /// @inheritdoc IWaterfall
    address public holderVote;

    /* CONSTRUCTOR */

    constructor(address authority_, address book_, address currency_, address factory_, uint40 rulesDelay)
        AccessManaged(authority_)
    {
        (BOOK, CURRENCY) = (IStatementBook(book_), currency_);
        (FACTORY, RULES_DELAY) = (factory_, rulesDelay);
        DESK = new RuleDesk(book_, currency_, factory_);
    }

    /* RECORDING */

    /// @inheritdoc IWaterfall
    function setRules(uint32 stream, Rules calldata rules) external restricted returns (uint32 version) {
        StreamLedger ledger = _ledgers[stream];
        (uint32 current, uint32 newest) = (ledger.inForce(), ledger.newest());
        RuleDesk.Standing memory standing;
        (standing.newest, standing.held, standing.holderVote) = (newest, _held(stream), holderVote);
        if (current != 0) standing.current = _packedRules(stream, current);
        if (current != newest) {
            standing.announced = _packedRules(stream, newest);
            _effectiveAt[stream][newest] = NEVER;
        }
        bytes memory packed = DESK.examine(stream, rules, standing);
        version = newest + 1;
        uint40 effectiveAt = uint40(block.timestamp) + (current == 0 ? 0 : RULES_DELAY);
        _ledgers[stream] = ledger.withVersion(version, effectiveAt);
        _effectiveAt[stream][version] = effectiveAt;
        address pointer = KeyedCode.write(_key(stream, version), packed);
        emit RulesSet(stream, version, effectiveAt, pointer);
    }

    /// @inheritdoc IWaterfall
    function setHolderVote(address holderVote_) external restricted {
        if (holderVote != address(0)) revert HolderVoteAlreadySet(holderVote);
        holderVote = holderVote_;
        emit HolderVoteSet(holderVote_);
    }

    /// @dev Bit a: account a has a balance.
    function _held(uint32 stream) private view returns (uint32 held) {
        for (uint256 a = 1; a < MAX_ACCOUNTS; ++a) {
            if (_balances[stream][a] != 0) held |= uint32(1 << a);
        }
    }

    /* READING */

    /// @inheritdoc IWaterfall
    function rulesOf(uint32 stream) external view returns (Rules memory rules, uint32 version) {
        version = _ledgers[stream].inForce();
        rules = _rules(stream, version);
    }

    /// @inheritdoc IWaterfall
    function rulesAt(uint32 stream, uint32 version) external view returns (Rules memory rules, uint40 effectiveAt) {
        effectiveAt = _effectiveAt[stream][version];
        if (effectiveAt == 0) revert NoRules(stream);
        rules = _rules(stream, version);
    }

    /// @inheritdoc IWaterfall
    function versionsOf(uint32 stream) external view returns (uint32 recorded, uint32 inForce) {
        return (_ledgers[stream].newest(), _ledgers[stream].inForce());
    }

    /// @inheritdoc IWaterfall
    function motionOf(uint32 stream, Rules calldata rules) external view returns (bytes32) {
        return DESK.motionOf(stream, _ledgers[stream].newest(), rules);
    }

    /// @dev `version` is one that was recorded, or 0 if the stream has no rules.
    function _packedRules(uint32 stream, uint32 version) internal view returns (bytes memory) {
        if (version == 0) revert NoRules(stream);
        return CodeStore.read(KeyedCode.pointerOf(_key(stream, version)));
    }

    function _key(uint32 stream, uint32 version) private pure returns (bytes32) {
        return bytes32(uint256(stream) << 32 | version);
    }

    function _rules(uint32 stream, uint32 version) private view returns (Rules memory) {
        return DESK.decode(_packedRules(stream, version));
    }
}
