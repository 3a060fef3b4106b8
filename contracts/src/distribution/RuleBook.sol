// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IHolderVote} from "../interfaces/IHolderVote.sol";
import {IRevenueRight} from "../interfaces/IRevenueRight.sol";
import {ISeriesFactory} from "../interfaces/ISeriesFactory.sol";
import {IStatementBook} from "../interfaces/IStatementBook.sol";
import {IStreamRegistry} from "../interfaces/IStreamRegistry.sol";
import {IWaterfall} from "../interfaces/IWaterfall.sol";
import {CodeStore} from "../libraries/CodeStore.sol";
import {KeyedCode} from "../libraries/KeyedCode.sol";
import {PackedStep} from "../libraries/PackedStep.sol";
import {RulesCodec} from "../libraries/RulesCodec.sol";
import {MAX_ACCOUNTS, RuleCheck} from "./RuleCheck.sol";
import {StreamLedger} from "./StreamLedger.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

/// @title The waterfall's rules: recorded in versions, in force after a delay and, where a series says so, its holders' vote.
/// @dev Whose consent a change needs follows from the rules in force: each series they pay whose terms say `consent`, unless
/// nothing can be paid to it any more. As long as no vote contract is set there is no consent, hence no change.
abstract contract RuleBook is AccessManaged, IWaterfall {
    /// @dev Time at which a replaced version takes effect.
    uint40 private constant NEVER = type(uint40).max;

    /* IMMUTABLES */

    /// @inheritdoc IWaterfall
    uint40 public immutable RULES_DELAY;
    ISeriesFactory internal immutable FACTORY;
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
        (FACTORY, RULES_DELAY) = (ISeriesFactory(factory_), rulesDelay);
    }

    /* RECORDING */

    /// @inheritdoc IWaterfall
    function setRules(uint32 stream, Rules calldata rules) external restricted returns (uint32 version) {
        RuleCheck.requireValid(stream, rules);
        RuleCheck.requireOwnersFirst(stream, rules.steps, IStreamRegistry(BOOK.streams()).termsOf(stream));
        RulesCodec.Term[] memory terms = _requirePayees(stream, rules.steps);
        StreamLedger ledger = _ledgers[stream];
        uint32 current = ledger.inForce();
        if (current != 0) _requireChange(stream, current, rules);
        if (current != ledger.newest()) _effectiveAt[stream][ledger.newest()] = NEVER;
        version = ledger.newest() + 1;
        uint40 effectiveAt = uint40(block.timestamp) + (current == 0 ? 0 : RULES_DELAY);
        _ledgers[stream] = ledger.withVersion(version, effectiveAt);
        _effectiveAt[stream][version] = effectiveAt;
        address pointer = KeyedCode.write(_key(stream, version), RulesCodec.encode(rules, terms));
        emit RulesSet(stream, version, effectiveAt, pointer);
    }

    /// @inheritdoc IWaterfall
    function setHolderVote(address holderVote_) external restricted {
        if (holderVote != address(0)) revert HolderVoteAlreadySet(holderVote);
        holderVote = holderVote_;
        emit HolderVoteSet(holderVote_);
    }

    /* PAYEES */

    /// @dev Returns the terms of the series among the payees.
    function _requirePayees(uint32 stream, Step[] calldata steps)
        private
        view
        returns (RulesCodec.Term[] memory terms)
    {
        terms = new RulesCodec.Term[](steps.length);
        for (uint256 i = 0; i < steps.length; ++i) {
            address payee = steps[i].payee;
            bool nobody = payee == address(0);
            bool valid = nobody == (steps[i].kind == StepKind.Reserve) && payee != address(this);
            // A series is paid through its accumulator only: plain money sent to it would belong to nobody.
            if (!valid || FACTORY.isSeries(payee) != steps[i].toSeries) _refuse(stream, i, "payee", uint160(payee));
            if (steps[i].toSeries) terms[i] = _requireSeries(stream, i, IRevenueRight(payee));
        }
    }

    function _requireSeries(uint32 stream, uint256 i, IRevenueRight series)
        private
        view
        returns (RulesCodec.Term memory)
    {
        IRevenueRight.Terms memory terms = series.terms();
        IRevenueRight.State memory state = series.state();
        if (terms.stream != stream) _refuse(stream, i, "payee.stream", terms.stream);
        if (!state.sealed_ || state.supply == 0) _refuse(stream, i, "payee.sealed", state.supply);
        if (series.distributor() != address(this)) {
            _refuse(stream, i, "payee.distributor", uint160(series.distributor()));
        }
        if (series.currency() != CURRENCY) _refuse(stream, i, "payee.currency", uint160(series.currency()));
        (uint256 last, uint256 most) = (uint256(terms.termTo) + terms.tail, type(uint32).max);
        return RulesCodec.Term(terms.termFrom, terms.termTo, uint32(last < most ? last : most));
    }

    /* CHANGES */

    function _requireChange(uint32 stream, uint32 current, Rules calldata rules) private view {
        bytes memory packed = _packedRules(stream, current);
        Step[] memory old = RulesCodec.decode(packed).steps;
        bytes32 motion = motionOf(stream, rules);
        (,, uint32 settled) = BOOK.progressOf(stream);
        for (uint256 i = 0; i < old.length; ++i) {
            _requireAccountKept(stream, packed, i, rules.steps);
            if (!old[i].toSeries || RulesCodec.boundsAt(packed, i).termLast() <= settled) continue;
            if (!IRevenueRight(old[i].payee).terms().consent) continue;
            bool consented = holderVote != address(0) && IHolderVote(holderVote).isApproved(old[i].payee, motion);
            if (!consented) revert ConsentMissing(stream, old[i].payee, motion);
        }
    }

    /// @dev A balance must not change its meaning. An account of a step with an amount counts as one with a balance, since it
    /// may get one before the new rules take effect.
    function _requireAccountKept(uint32 stream, bytes memory packed, uint256 i, Step[] calldata steps) private view {
        PackedStep old = RulesCodec.stepAt(packed, i);
        uint256 account = old.account();
        if (account == 0 || (_balances[stream][account] == 0 && old.amount() == 0 && !old.scheduled())) return;
        for (uint256 j = 0; j < steps.length; ++j) {
            if (steps[j].account != account) continue;
            bool reserve = steps[j].kind == StepKind.Reserve;
            if (reserve != (old.kind() == StepKind.Reserve)) _refuse(stream, j, "kind", uint256(steps[j].kind));
            if (steps[j].payee != old.payee()) _refuse(stream, j, "payee", uint160(steps[j].payee));
            return;
        }
        _refuse(stream, i, "account", account);
    }

    function _refuse(uint32 stream, uint256 step, bytes32 field, uint256 value) private pure {
        revert InvalidRules(stream, step, field, value);
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
    function motionOf(uint32 stream, Rules calldata rules) public view returns (bytes32) {
        return keccak256(abi.encode("usufruct/rules", address(this), stream, rules));
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
        return RulesCodec.decode(_packedRules(stream, version));
    }
}
