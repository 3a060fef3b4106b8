// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {LeafCodec} from "../../src/disputes/LeafCodec.sol";
import {IMeterRegistry} from "../../src/interfaces/IMeterRegistry.sol";
import {IObjectiveDisputes} from "../../src/interfaces/IObjectiveDisputes.sol";
import {DisputeKit} from "./DisputeKit.sol";
import {P256} from "@openzeppelin/contracts/utils/cryptography/P256.sol";

contract ProveRecordTest is DisputeKit {
    uint256 private constant K1_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;

    /* GIVEN A BAD SIGNATURE */

    function test_ASignatureOfAnotherKey() public {
        _assertBad(0, recordOf(K1, "stranger", payloadOf(K1)));
    }

    function test_AP256SignatureOfAnotherKey() public {
        _assertBad(1, recordOf(R1, "stranger", payloadOf(R1)));
    }

    function test_ASignatureOverOtherBytes() public {
        bytes memory record = goodRecord(K1);
        record[20] ^= 0x01;
        _assertBad(0, record);
    }

    function test_AP256SignatureOverOtherBytes() public {
        bytes memory record = goodRecord(R1);
        record[20] ^= 0x01;
        _assertBad(1, record);
    }

    function test_ARecordWithoutASignature() public {
        _assertBad(0, bytes("home-01,0.5"));
        assertEq(uint256(book.recordOf(STREAM, disputed).version), 1, "version");
    }

    function test_RevertWhen_TheLeafIsNoReading() public {
        anchorPeriod();
        bytes memory record = recordOf(K1, "stranger", payloadOf(K1));
        IObjectiveDisputes.Reading memory reading = readingOf(0, 0);
        reading.leaf = bytes.concat(reading.leaf, hex"00");
        vm.expectRevert(abi.encodeWithSelector(LeafCodec.NotAReading.selector, 103));
        chamber.proveRecord(evidenceOf(0), reading, record);
        reading = readingOf(0, 0);
        reading.leaf[0] = 0x01;
        vm.expectRevert(abi.encodeWithSelector(LeafCodec.NotAReading.selector, 102));
        chamber.proveRecord(evidenceOf(0), reading, record);
    }

    function test_ASignatureOfZeros() public {
        _assertBad(0, bytes.concat(payloadOf(K1), new bytes(64)));
    }

    function test_AP256SignatureOfZeros() public {
        _assertBad(1, bytes.concat(payloadOf(R1), new bytes(64)));
    }

    function test_AKeyReplacedLongBefore() public {
        rotate(K1, NOW + 1 days, "newer");
        skipPeriod();
        skipPeriod();
        _assertBad(0, goodRecord(K1));
    }

    /* ONCE */

    function test_ARecordCountsOnceForAllItsReadings() public {
        bytes memory record = recordOf(K1, "stranger", payloadOf(K1));
        (first[0].record, first[2].record) = (sha256(record), sha256(record));
        anchorPeriod();
        bytes32 fault = _prove(0, record);
        attest(statement(2));
        expectProvenBefore(fault);
        _prove(2, record);
    }

    function test_AReadingWhoseRecordIsOutCountsNoMore() public {
        bytes memory record = recordOf(K1, "stranger", payloadOf(K1));
        (first[0].record, first[0].end) = (sha256(record), 1);
        anchorPeriod();
        bytes32 fault = _prove(0, record);
        expectProvenBefore(fault);
        prove(0, 0);
    }

    /* GIVEN A GOOD SIGNATURE */

    function test_RevertWhen_TheSignatureIsGood() public {
        anchorPeriod();
        _assertGood(0, goodRecord(K1));
        _assertGood(1, goodRecord(R1));
    }

    function test_RevertWhen_TheSignatureHasAHighS() public {
        _assertHighSIsGood(0, K1, K1_ORDER);
        _assertHighSIsGood(1, R1, P256.N);
        anchorPeriod();
        _assertGood(0, _withHighS(K1, K1_ORDER));
        _assertGood(1, _withHighS(R1, P256.N));
    }

    function test_RevertWhen_TheKeyChangedOnThatDay() public {
        // Within the window of the disputed period's first batch: either key may have signed.
        rotate(K1, NOW + 2 days, "newer");
        skipPeriod();
        first[2].record = sha256(recordOf(K1, "newer", payloadOf(K1)));
        anchorPeriod();
        _assertGood(0, goodRecord(K1));
        _assertGood(2, recordOf(K1, "newer", payloadOf(K1)));
    }

    function test_RevertWhen_TheKeyChangesLater() public {
        rotate(K1, NOW + 1 days, "newer");
        anchorPeriod();
        _assertGood(0, goodRecord(K1));
    }

    function test_RevertWhen_TheRecordIsOlderThanTheFirstKey() public {
        IMeterRegistry.Registration[] memory list = new IMeterRegistry.Registration[](1);
        (IMeterRegistry.Scheme scheme, bytes32 x, bytes32 y) = keyOfMeter(13, "meter");
        list[0] = IMeterRegistry.Registration(13, STREAM, scheme, NOW, NOW + 1, x, y, bytes32(0));
        vm.prank(oracleAdmin);
        meters.register(list);
        (first[0].meter, first[0].record) = (13, sha256(goodRecord(13)));
        anchorPeriod();
        _assertGood(0, goodRecord(13));
    }

    function test_RevertWhen_TheBytesAreOfAnotherRecord() public {
        anchorPeriod();
        bytes memory record = recordOf(K1, "stranger", payloadOf(K1));
        vm.expectRevert(
            abi.encodeWithSelector(IObjectiveDisputes.OtherRecord.selector, first[0].record, sha256(record))
        );
        _prove(0, record);
    }

    function test_RevertWhen_ThePrecompileGetsTooLittleGas() public {
        anchorPeriod();
        bytes memory input = abi.encodeCall(chamber.proveRecord, (evidenceOf(0), readingOf(0, 1), goodRecord(R1)));
        for (uint256 gas = 40_000; gas < 900_000; gas += 7_919) {
            (bool ok,) = address(chamber).call{gas: gas}(input);
            assertFalse(ok, "an honest record was refused for want of gas");
        }
    }

    function test_RevertWhen_RecoveryGetsTooLittleGas() public {
        anchorPeriod();
        bytes memory input = abi.encodeCall(chamber.proveRecord, (evidenceOf(0), readingOf(0, 0), goodRecord(K1)));
        for (uint256 gas = 10_000; gas < 120_000; gas += 331) {
            (bool ok,) = address(chamber).call{gas: gas}(input);
            assertFalse(ok, "an honest record was refused for want of gas");
        }
    }

    function testFuzz_RevertWhen_HonestlySigned(bytes memory payload, uint256 which) public {
        uint64 id = which % 2 == 0 ? K1 : R1;
        uint256 index = which % 2;
        first[index].record = sha256(recordOf(id, "meter", payload));
        anchorPeriod();
        _assertGood(index, recordOf(id, "meter", payload));
    }

    /* HELPERS */

    function _prove(uint256 index, bytes memory record) private returns (bytes32) {
        vm.prank(mallory);
        return chamber.proveRecord(evidenceOf(0), readingOf(0, index), record);
    }

    function _assertBad(uint256 index, bytes memory record) private {
        first[index].record = sha256(record);
        anchorPeriod();
        assertProven(_prove(index, record), IObjectiveDisputes.Fault.BadSignature);
    }

    function _assertGood(uint256 index, bytes memory record) private {
        IObjectiveDisputes.Evidence memory evidence = evidenceOf(0);
        IObjectiveDisputes.Reading memory reading = readingOf(0, index);
        expectNoFault();
        chamber.proveRecord(evidence, reading, record);
    }

    function _assertHighSIsGood(uint256 index, uint64 id, uint256 order) private {
        first[index].record = sha256(_withHighS(id, order));
    }

    /// @dev The other s that signs the same.
    function _withHighS(uint64 id, uint256 order) private pure returns (bytes memory record) {
        record = goodRecord(id);
        uint256 s;
        assembly ("memory-safe") {
            s := mload(add(record, mload(record)))
        }
        if (s < order / 2) s = order - s;
        assembly ("memory-safe") {
            mstore(add(record, mload(record)), s)
        }
    }
}

/// @title The same where the precompile at 0x100 exists.
/// forge-config: default.evm_version = "osaka"
contract ProveRecordOsakaTest is ProveRecordTest {}
