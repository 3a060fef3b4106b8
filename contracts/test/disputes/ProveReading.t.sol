// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {HeadChain} from "../../src/disputes/HeadChain.sol";
import {LeafCodec} from "../../src/disputes/LeafCodec.sol";
import {IMeterRegistry} from "../../src/interfaces/IMeterRegistry.sol";
import {IObjectiveDisputes} from "../../src/interfaces/IObjectiveDisputes.sol";
import {IStatementBook} from "../../src/interfaces/IStatementBook.sol";
import {ITelemetryAnchor} from "../../src/interfaces/ITelemetryAnchor.sol";
import {DisputeKit} from "./DisputeKit.sol";

contract ProveReadingTest is DisputeKit {
    /* GIVEN A FAULT */

    function test_AReadingAfterItsWindow() public {
        second[3].end = uint64(START) + 3 * SPAN + 1;
        anchorPeriod();
        assertProven(prove(1, 3), IObjectiveDisputes.Fault.OutsideWindow);
    }

    function test_AReadingBeforeItsWindow() public {
        second[0].end = uint64(START) + 5 * SPAN / 2;
        anchorPeriod();
        assertProven(prove(1, 0), IObjectiveDisputes.Fault.OutsideWindow);
    }

    function test_AGapInTheNumbers() public {
        first[4].seq += 1;
        anchorPeriod();
        assertProven(prove(0, 4), IObjectiveDisputes.Fault.OutOfPlace);
    }

    function test_ANumberUsedTwice() public {
        first[4].seq -= 1;
        anchorPeriod();
        assertProven(prove(0, 4), IObjectiveDisputes.Fault.OutOfPlace);
    }

    function test_MoreReadingsThanCounted() public {
        anchorPeriodOf(5, 4);
        assertProven(prove(0, 5), IObjectiveDisputes.Fault.WrongCount);
    }

    function test_FewerReadingsThanCounted() public {
        anchorPeriodOf(7, 4);
        assertProven(prove(0, 4), IObjectiveDisputes.Fault.WrongCount);
    }

    function test_AReadingInAnEmptyBatch() public {
        anchorPeriodOf(0, 4);
        assertProven(prove(0, 0), IObjectiveDisputes.Fault.WrongCount);
    }

    function test_AReadingOfAnotherStream() public {
        first[0].stream = STREAM + 1;
        anchorPeriod();
        assertProven(prove(0, 0), IObjectiveDisputes.Fault.OtherStream);
    }

    function test_AReadingOfAnUnknownMeter() public {
        first[0].meter = 99;
        anchorPeriod();
        assertProven(prove(0, 0), IObjectiveDisputes.Fault.UnknownMeter);
    }

    function test_AReadingOfAMeterOfAnotherStream() public {
        register(13, STREAM + 1, NOW + 365 days);
        first[0].meter = 13;
        anchorPeriod();
        assertProven(prove(0, 0), IObjectiveDisputes.Fault.ForeignMeter);
    }

    function test_AReadingAfterTheCalibration() public {
        register(13, STREAM, uint40(first[0].end) - 1);
        first[0].meter = 13;
        anchorPeriod();
        assertProven(prove(0, 0), IObjectiveDisputes.Fault.Uncalibrated);
    }

    function test_IsReported() public {
        first[0].meter = 99;
        anchorPeriod();
        bytes32 fault = keccak256(abi.encode("meter", STREAM, disputed, uint64(99)));
        vm.expectEmit(address(chamber));
        emit IObjectiveDisputes.FaultProven(
            fault, STREAM, disputed, IObjectiveDisputes.Fault.UnknownMeter, mallory, keccak256(encode(first[0]))
        );
        vm.expectEmit(address(book));
        emit IStatementBook.StatementVoided(STREAM, disputed, 1, fault);
        assertEq(prove(0, 0), fault, "fault");
    }

    function test_VoidsADisputedStatement() public {
        first[0].meter = 99;
        anchorPeriod();
        dispute(disputed);
        assertProven(prove(0, 0), IObjectiveDisputes.Fault.UnknownMeter);
    }

    function test_VoidsAfterTheWindowUntilItIsSettled() public {
        first[0].meter = 99;
        anchorPeriod();
        vm.warp(NOW + 100 days);
        assertProven(prove(0, 0), IObjectiveDisputes.Fault.UnknownMeter);
    }

    /* ONCE */

    function test_TheSuccessorStandsAgainstTheSameFault() public {
        first[0].end = uint64(START) + 3 * SPAN;
        anchorPeriod();
        bytes32 fault = prove(0, 0);
        vm.warp(NOW + 1 days);
        attest(statement(2));
        assertEq(uint256(book.recordOf(STREAM, disputed).finalAt), NOW + 1 days + WINDOW, "a full window");
        assertEq(book.openDisputes(STREAM), 0, "open disputes");
        expectProvenBefore(fault);
        prove(0, 0);
    }

    function test_AMeterCountsOnceAPeriod() public {
        (first[0].meter, first[2].meter) = (99, 99);
        anchorPeriod();
        bytes32 fault = prove(0, 0);
        attest(statement(2));
        expectProvenBefore(fault);
        prove(0, 2);
    }

    function test_ABatchsNumbersCountOnce() public {
        (first[3].seq, first[4].seq) = (first[3].seq + 1, first[4].seq + 1);
        anchorPeriod();
        bytes32 fault = prove(0, 3);
        attest(statement(2));
        expectProvenBefore(fault);
        prove(0, 4);
    }

    function test_AnotherFaultOfTheSameReadingMayBeShown() public {
        (first[4].seq, first[4].meter) = (first[4].seq + 1, 99);
        anchorPeriod();
        assertProven(prove(0, 4), IObjectiveDisputes.Fault.OutOfPlace);
        assertProven(prove(0, 4), IObjectiveDisputes.Fault.UnknownMeter);
    }

    function test_MoreFaultsAreTakenWhileThePeriodIsVoid() public {
        (first[0].meter, first[2].meter) = (98, 99);
        anchorPeriod();
        prove(0, 0);
        assertProven(prove(0, 2), IObjectiveDisputes.Fault.UnknownMeter);
        attest(statement(2));
        vm.warp(NOW + WINDOW);
        consume(1);
        consume(2);
        consume(disputed);
    }

    /* GIVEN NO FAULT */

    function test_RevertWhen_TheReadingIsGood() public {
        anchorPeriod();
        for (uint256 i; i < first.length; ++i) {
            expectNoFault();
            prove(0, i);
        }
        expectNoFault();
        prove(1, 3);
    }

    function test_RevertWhen_ItEndsWithItsWindow() public {
        second[3].end = uint64(START) + 3 * SPAN;
        anchorPeriod();
        expectNoFault();
        prove(1, 3);
    }

    function test_RevertWhen_ItEndsWithTheCalibration() public {
        register(13, STREAM, uint40(first[0].end));
        first[0].meter = 13;
        anchorPeriod();
        expectNoFault();
        prove(0, 0);
    }

    function test_RevertWhen_TheLeafIsNotInTheBatch() public {
        anchorPeriod();
        IObjectiveDisputes.Reading memory reading = readingOf(0, 0);
        reading.leaf[30] ^= 0x01;
        vm.expectPartialRevert(IObjectiveDisputes.NotInBatch.selector);
        chamber.proveReading(evidenceOf(0), reading);
    }

    function test_RevertWhen_ANodePosesAsALeaf() public {
        anchorPeriod();
        IObjectiveDisputes.Reading memory reading = readingOf(0, 0);
        reading.leaf = bytes.concat(hex"01", keccak256(encode(first[0])), reading.path[0]);
        vm.expectRevert(abi.encodeWithSelector(LeafCodec.NotAReading.selector, 65));
        chamber.proveReading(evidenceOf(0), reading);
    }

    function test_RevertWhen_ABatchIsChanged() public {
        anchorPeriod();
        IObjectiveDisputes.Evidence memory evidence = evidenceOf(0);
        evidence.links[1].count -= 1;
        vm.expectRevert(abi.encodeWithSelector(HeadChain.BrokenChain.selector, 1));
        chamber.proveReading(evidence, readingOf(0, 5));
    }

    function test_RevertWhen_TheBatchIsOfAnotherPeriod() public {
        first[0].meter = 99;
        anchorPeriod();
        IObjectiveDisputes.Evidence memory evidence = evidenceOf(0);
        evidence.period = 2;
        vm.expectRevert(abi.encodeWithSelector(HeadChain.BrokenChain.selector, 0));
        chamber.proveReading(evidence, readingOf(0, 0));
    }

    function test_RevertWhen_TheBatchLiesBeforeThePeriod() public {
        // One period more, whose chain leads back into the one with the fault.
        first[0].meter = 99;
        anchorPeriod();
        vm.warp(NOW + SPAN);
        closePeriod();
        attest(statementOf(4, 1));
        IObjectiveDisputes.Evidence memory evidence = evidenceOf(1);
        evidence.period = 4;
        vm.expectPartialRevert(HeadChain.BrokenChain.selector);
        chamber.proveReading(evidence, readingOf(1, 0));
    }

    function test_RevertWhen_TheChainIsFollowedOutOfThePeriod() public {
        first[0].meter = 99;
        anchorPeriod();
        vm.warp(NOW + SPAN);
        ITelemetryAnchor.Cursor memory before = cursor;
        ITelemetryAnchor.Batch memory later = batchOf(SPAN, 4, true);
        anchorBy(QUORUM, later);
        attest(statementOf(4, 1));
        IObjectiveDisputes.Evidence memory evidence;
        (evidence.stream, evidence.period, evidence.seq) = (STREAM, 4, cursor.seq);
        evidence.links = new HeadChain.Link[](2);
        evidence.links[0] = linkOf(later, before);
        evidence.links[1] = linkOf(batches[1], cursors[1]);
        IObjectiveDisputes.Reading memory reading = readingOf(1, 0);
        vm.expectRevert(abi.encodeWithSelector(IObjectiveDisputes.OutsidePeriod.selector, STREAM, 4, cursors[1].to));
        chamber.proveReading(evidence, reading);
    }

    function test_RevertWhen_NoBatchIsGiven() public {
        anchorPeriod();
        IObjectiveDisputes.Evidence memory evidence = evidenceOf(0);
        evidence.links = new HeadChain.Link[](0);
        vm.expectRevert(abi.encodeWithSelector(IObjectiveDisputes.NoSuchBatch.selector, 0));
        chamber.proveReading(evidence, readingOf(0, 0));
    }

    function test_RevertWhen_Settled() public {
        first[0].meter = 99;
        anchorPeriod();
        vm.warp(NOW + WINDOW);
        consume(1);
        consume(2);
        consume(disputed);
        expectWrongStatus(disputed, IStatementBook.Status.Settled);
        prove(0, 0);
    }

    function test_RevertWhen_TheQuestionForTheMeterFails() public {
        anchorPeriod();
        vm.mockCallRevert(address(meters), abi.encodeCall(meters.meterOf, (first[0].meter)), "");
        vm.expectRevert();
        prove(0, 0);
        vm.clearMockedCalls();
    }
}

