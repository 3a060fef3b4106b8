// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IHolderVote} from "../interfaces/IHolderVote.sol";
import {IRevenueRight} from "../interfaces/IRevenueRight.sol";
import {ISeriesFactory} from "../interfaces/ISeriesFactory.sol";
import {IStatementBook} from "../interfaces/IStatementBook.sol";
import {IStreamRegistry} from "../interfaces/IStreamRegistry.sol";
import {IWaterfall} from "../interfaces/IWaterfall.sol";
import {PackedStep} from "../libraries/PackedStep.sol";
import {RulesCodec} from "../libraries/RulesCodec.sol";
import {RuleCheck} from "./RuleCheck.sol";

/// @title Examines waterfall rules and packs them.
/// @notice DUTY. Says whether rules may be recorded, in themselves (RuleCheck), by their payees, and as a change of the rules in
/// force; and turns them into packed bytes and back. TRUST. It has no storage, no money and no right: the waterfall that
/// created it asks, and decides by what it answers. It is apart because both together would pass the size limit of a
/// contract.
contract RuleDesk {
    using RulesCodec for bytes;

    /// @notice What new rules meet.
    /// @param current Rules in force, packed; empty for none.
    /// @param announced Newest rules, packed, if they are not in force yet; else empty.
    /// @param newest Number of the newest rules: those that the new ones replace.
    /// @param held Bit a: account a has a balance.
    /// @param holderVote Contract that answers for holders.
    struct Standing {
        bytes current;
        bytes announced;
        uint32 newest;
        uint32 held;
        address holderVote;
    }

    /* IMMUTABLES */

    address private immutable WATERFALL;
    IStatementBook private immutable BOOK;
    address private immutable CURRENCY;
    ISeriesFactory private immutable FACTORY;

    /* CONSTRUCTOR */

    constructor(address book_, address currency_, address factory_) {
        (WATERFALL, BOOK) = (msg.sender, IStatementBook(book_));
        (CURRENCY, FACTORY) = (currency_, ISeriesFactory(factory_));
    }

    /* RULES */

    /// @notice Packed rules, if they may be recorded on what stands.
    function examine(uint32 stream, IWaterfall.Rules calldata rules, Standing calldata standing)
        external
        view
        returns (bytes memory)
    {
        RuleCheck.requireValid(stream, rules);
        RuleCheck.requireOwnersFirst(stream, rules.steps, IStreamRegistry(BOOK.streams()).termsOf(stream));
        RulesCodec.Term[] memory terms = _requirePayees(stream, rules.steps);
        if (standing.current.length != 0) _requireChange(stream, rules, standing);
        return RulesCodec.encode(rules, terms);
    }

    /// @notice Rules for readers.
    function decode(bytes memory packed) external pure returns (IWaterfall.Rules memory) {
        return packed.decode();
    }

    /// @notice What holders must pass before these rules can replace version `newest`. Its number is there once, so an
    /// approval serves one change.
    function motionOf(uint32 stream, uint32 newest, IWaterfall.Rules calldata rules) public view returns (bytes32) {
        return keccak256(abi.encode("usufruct/rules", WATERFALL, stream, newest, rules));
    }

    /* PAYEES */

    /// @dev Returns the terms of the series among the payees.
    function _requirePayees(uint32 stream, IWaterfall.Step[] calldata steps)
        private
        view
        returns (RulesCodec.Term[] memory terms)
    {
        terms = new RulesCodec.Term[](steps.length);
        for (uint256 i = 0; i < steps.length; ++i) {
            address payee = steps[i].payee;
            bool nobody = payee == address(0);
            bool valid = nobody == (steps[i].kind == IWaterfall.StepKind.Reserve) && payee != WATERFALL;
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
        if (series.distributor() != WATERFALL) {
            _refuse(stream, i, "payee.distributor", uint160(series.distributor()));
        }
        if (series.currency() != CURRENCY) _refuse(stream, i, "payee.currency", uint160(series.currency()));
        (uint256 last, uint256 most) = (uint256(terms.termTo) + terms.tail, type(uint32).max);
        return RulesCodec.Term(terms.termFrom, terms.termTo, uint32(last < most ? last : most));
    }

    /* CHANGES */

    /// @dev Announced rules are replaced as well, so those whom they would pay are asked as those whom rules in force pay.
    function _requireChange(uint32 stream, IWaterfall.Rules calldata rules, Standing calldata standing) private view {
        bytes memory current = standing.current;
        for (uint256 i = 0; i < current.stepCount(); ++i) {
            _requireAccountKept(stream, current.stepAt(i), i, standing.held, rules.steps);
        }
        bytes32 motion = motionOf(stream, standing.newest, rules);
        _requireConsent(stream, current, motion, standing.holderVote);
        if (standing.announced.length != 0) _requireConsent(stream, standing.announced, motion, standing.holderVote);
    }

    /// @dev Each series that the rules pay and whose terms say `consent` must have passed the motion, unless nothing can be
    /// paid to it any more. As long as no vote contract is set there is no consent, hence no change.
    function _requireConsent(uint32 stream, bytes memory replaced, bytes32 motion, address holderVote) private view {
        (,, uint32 settled) = BOOK.progressOf(stream);
        for (uint256 i = 0; i < replaced.stepCount(); ++i) {
            PackedStep old = replaced.stepAt(i);
            if (!old.toSeries() || replaced.boundsAt(i).termLast() <= settled) continue;
            if (!IRevenueRight(old.payee()).terms().consent) continue;
            bool consented = holderVote != address(0) && IHolderVote(holderVote).isApproved(old.payee(), motion);
            if (!consented) revert IWaterfall.ConsentMissing(stream, old.payee(), motion);
        }
    }

    /// @dev A balance must not change its meaning. An account of a step with an amount counts as one with a balance, since it
    /// may get one before the new rules take effect.
    function _requireAccountKept(
        uint32 stream,
        PackedStep old,
        uint256 i,
        uint32 held,
        IWaterfall.Step[] calldata steps
    ) private pure {
        uint256 account = old.account();
        if (account == 0 || (held >> account & 1 == 0 && old.amount() == 0 && !old.scheduled())) return;
        for (uint256 j = 0; j < steps.length; ++j) {
            if (steps[j].account != account) continue;
            bool reserve = steps[j].kind == IWaterfall.StepKind.Reserve;
            if (reserve != (old.kind() == IWaterfall.StepKind.Reserve)) {
                _refuse(stream, j, "kind", uint256(steps[j].kind));
            }
            if (steps[j].payee != old.payee()) _refuse(stream, j, "payee", uint160(steps[j].payee));
            return;
        }
        _refuse(stream, i, "account", account);
    }

    function _refuse(uint32 stream, uint256 step, bytes32 field, uint256 value) private pure {
        revert IWaterfall.InvalidRules(stream, step, field, value);
    }
}
