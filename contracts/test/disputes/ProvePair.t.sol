// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IObjectiveDisputes} from "../../src/interfaces/IObjectiveDisputes.sol";
import {DisputeKit} from "./DisputeKit.sol";

contract ProvePairTest is DisputeKit {
    /* GIVEN A FAULT */

    function test_TheSameNumberTwice() public {
        second[1].seq = first[2].seq;
        anchorPeriod();
        assertProven(_prove(0, 2, 1, 1), IObjectiveDisputes.Fault.Duplicate);
    }

    function test_TheSameReadingTwice() public {
        uint64 seq = first[3].seq;
        first[3] = first[2];
        first[3].seq = seq;
        anchorPeriod();
        assertProven(_prove(0, 2, 0, 3), IObjectiveDisputes.Fault.Duplicate);
    }

    function test_TheSameReadingWithAnotherQuantity() public {
        (uint64 seq, uint256 quantity) = (first[3].seq, first[3].quantity);
        first[3] = first[2];
        (first[3].seq, first[3].quantity) = (seq, quantity + 1);
        anchorPeriod();
        assertProven(_prove(0, 2, 0, 3), IObjectiveDisputes.Fault.Duplicate);
    }

    function test_IntervalsThatShareTime() public {
        first[2].duration += 1;
        anchorPeriod();
        assertProven(_prove(0, 0, 0, 2), IObjectiveDisputes.Fault.Overlap);
    }

    function test_SessionsThatShareTimeAcrossBatches() public {
        second[0].duration = 6 * uint32(1 days);
        (first[4].kind, second[0].kind) = (SESSION, SESSION);
        anchorPeriod();
        assertProven(_prove(0, 4, 1, 0), IObjectiveDisputes.Fault.Overlap);
    }

    function test_TheWrongOrder() public {
        (Draft memory a, Draft memory b) = (first[1], first[2]);
        (first[1], first[2]) = (b, a);
        number();
        anchorPeriod();
        assertProven(_prove(0, 1, 0, 2), IObjectiveDisputes.Fault.Disorder);
    }

    function test_TheOrderOfSubmissionDoesNotMatter() public {
        first[2].duration += 1;
        anchorPeriod();
        assertProven(_prove(0, 2, 0, 0), IObjectiveDisputes.Fault.Overlap);
    }

    /* ONCE */

    function test_BothReadingsAreOut() public {
        (first[2].duration, first[4].duration) = (3 * HOUR, 3 * HOUR);
        anchorPeriod();
        bytes32 fault = _prove(0, 0, 0, 2);
        attest(statement(2));
        expectProvenBefore(fault);
        _prove(0, 0, 0, 4);
        expectProvenBefore(keccak256(abi.encode("reading", STREAM, cursors[1].seq, uint256(2), uint256(3))));
        _prove(0, 2, 0, 4);
    }

    /* GIVEN NO FAULT */

    function test_RevertWhen_BothAreGood() public {
        anchorPeriod();
        for (uint256 i; i < 5; ++i) {
            expectNoFault();
            _prove(0, i, 0, i + 1);
            expectNoFault();
            _prove(0, i, 1, 0);
        }
    }

    function test_RevertWhen_ARevisionStandsBesideItsReading() public {
        first[1] = first[0];
        first[1].rev = 1;
        number();
        anchorPeriod();
        expectNoFault();
        _prove(0, 0, 0, 1);
    }

    function test_RevertWhen_MoneyReadingsShareTime() public {
        (first[0].kind, first[2].kind) = (MONEY, MONEY);
        first[2].duration = 2 * HOUR;
        anchorPeriod();
        expectNoFault();
        _prove(0, 0, 0, 2);
    }

    function test_RevertWhen_MetersDiffer() public {
        first[1].duration = 2 * HOUR;
        anchorPeriod();
        expectNoFault();
        _prove(0, 0, 0, 1);
    }

    /// @dev A leaf where the counted tree has none is a fault by itself, not one of a pair.
    function test_RevertWhen_OneStandsWhereNoLeafIs() public {
        first[5].seq = first[0].seq;
        anchorPeriodOf(5, 4);
        expectNoFault();
        _prove(0, 0, 0, 5);
        expectNoFault();
        _prove(0, 5, 0, 0);
    }

    function test_RevertWhen_BothAreTheSameLeaf() public {
        anchorPeriod();
        vm.expectRevert(IObjectiveDisputes.SameReading.selector);
        _prove(0, 1, 0, 1);
    }

    function test_RevertWhen_TheFirstBatchIsNotGiven() public {
        anchorPeriod();
        IObjectiveDisputes.Evidence memory evidence = evidenceOf(0);
        IObjectiveDisputes.Reading memory reading = readingOf(0, 0);
        vm.expectRevert(abi.encodeWithSelector(IObjectiveDisputes.NoSuchBatch.selector, 2));
        chamber.provePair(evidence, 2, reading, reading);
    }

    /* HELPERS */

    /// @dev The second one's batch is the last link, or the first one's is if that is older.
    function _prove(uint256 batchA, uint256 a, uint256 batchB, uint256 b) private returns (bytes32) {
        IObjectiveDisputes.Evidence memory evidence = evidenceOf(batchA < batchB ? batchA : batchB);
        IObjectiveDisputes.Reading memory x = readingOf(batchA, a);
        IObjectiveDisputes.Reading memory y = readingOf(batchB, b);
        // The older batch is the last of the links.
        if (batchA < batchB) (x, y) = (y, x);
        uint256 index = batchA == batchB ? evidence.links.length - 1 : 0;
        vm.prank(mallory);
        return chamber.provePair(evidence, index, x, y);
    }
}
