// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IRevenueRight} from "../interfaces/IRevenueRight.sol";
import {ISeriesFactory} from "../interfaces/ISeriesFactory.sol";
import {IWaterfall} from "../interfaces/IWaterfall.sol";
import {CodeStore} from "../libraries/CodeStore.sol";
import {KeyedCode} from "../libraries/KeyedCode.sol";
import {RulesCodec} from "../libraries/RulesCodec.sol";
import {MAX_STEPS, RuleCheck} from "./RuleCheck.sol";
import {StreamLedger} from "./StreamLedger.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

/// @title The waterfall's rules: recorded in versions, in force after a delay.
abstract contract RuleBook is AccessManaged, IWaterfall {
    /// @dev Time at which a replaced version takes effect.
    uint40 private constant NEVER = type(uint40).max;

    /* IMMUTABLES */

    /// @inheritdoc IWaterfall
    uint40 public immutable RULES_DELAY;
    ISeriesFactory internal immutable FACTORY;
    address internal immutable CURRENCY;

    /* STORAGE */

    mapping(uint32 stream => StreamLedger) internal _ledgers;
    /// @dev For readers alone: what is in force follows from the ledger, and where rules lie from their number.
    mapping(uint32 stream => mapping(uint32 version => uint40)) private _effectiveAt;
    mapping(uint32 stream => uint64[MAX_STEPS]) internal _balances;

    /* CONSTRUCTOR */

    constructor(address authority_, address currency_, address factory_, uint40 rulesDelay) AccessManaged(authority_) {
        (CURRENCY, FACTORY, RULES_DELAY) = (currency_, ISeriesFactory(factory_), rulesDelay);
    }

    /* RECORDING */

    /// @inheritdoc IWaterfall
    function setRules(uint32 stream, Rules calldata rules) external restricted returns (uint32 version) {
        RuleCheck.requireValid(stream, rules);
        RulesCodec.Term[] memory terms = _requirePayees(stream, rules.steps);
        StreamLedger ledger = _ledgers[stream];
        uint32 current = ledger.inForce();
        if (current != 0) _requireHoldersKept(stream, current, rules.steps);
        if (current != ledger.newest()) _effectiveAt[stream][ledger.newest()] = NEVER;
        version = ledger.newest() + 1;
        uint40 effectiveAt = uint40(block.timestamp) + (current == 0 ? 0 : RULES_DELAY);
        _ledgers[stream] = ledger.withVersion(version, effectiveAt);
        _effectiveAt[stream][version] = effectiveAt;
        address pointer = KeyedCode.write(_key(stream, version), RulesCodec.encode(rules, terms));
        emit RulesSet(stream, version, effectiveAt, pointer);
    }

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
        return RulesCodec.Term(terms.termFrom, terms.termTo);
    }

    /// @dev A balance must not change its meaning. A holding step with an amount counts as one with a balance, since it may
    /// get one before the new rules take effect.
    function _requireHoldersKept(uint32 stream, uint32 current, Step[] calldata steps) private view {
        Step[] memory old = _rules(stream, current).steps;
        for (uint256 i = 0; i < old.length; ++i) {
            uint64 balance = _balances[stream][i];
            if (!RulesCodec.holds(old[i]) || (balance == 0 && old[i].amount == 0)) continue;
            if (i >= steps.length) _refuse(stream, i, "steps", steps.length);
            if (steps[i].kind != old[i].kind) _refuse(stream, i, "kind", uint256(steps[i].kind));
            if (steps[i].payee != old[i].payee) _refuse(stream, i, "payee", uint160(steps[i].payee));
            if (steps[i].carries != old[i].carries) _refuse(stream, i, "carries", 0);
        }
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
