// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IObjectiveDisputes} from "../../src/interfaces/IObjectiveDisputes.sol";
import {DisputeKit} from "./DisputeKit.sol";

/// @title Transaction gas of disputes: the statement voided, the fault kept for its reward, all slots cold. The leaf is the first of a tree of 2^depth leaves whose other half is one hash.
abstract contract DisputeGasKit is DisputeKit {
    uint64 internal meter = K1;
    bytes internal record;
    bytes32[] internal path;

    function build(uint256 depth, uint256 rows) internal {
        bytes memory payload = payloadOf(meter);
        for (uint256 i; i < rows; ++i) {
            payload = bytes.concat(payload, "home-01,2026-10-01T00:00:00+08:00,3600,0.524,kWh,0\n");
        }
        record = recordOf(meter, "stranger", payload);
        delete first;
        first.push(draft(0, meter, 1));
        first[0].record = sha256(record);
        number();
        delete second;
        batches[0] = batchOf(SPAN, uint32(1 << depth), true);
        bytes32 node = keccak256(encode(first[0]));
        for (uint256 i; i < depth; ++i) {
            path.push(keccak256(abi.encode("sibling", i)));
            node = keccak256(abi.encodePacked(hex"01", node, path[i]));
        }
        batches[0].root = node;
        cursors[1] = cursor;
        anchorBy(QUORUM, batches[0]);
        cursors[2] = cursor;
        attest(statement(1));
    }

    function evidence() internal view returns (IObjectiveDisputes.Evidence memory e) {
        e = evidenceOf(1);
        e.links[0] = linkOf(batches[0], cursors[1]);
    }

    function spent(bytes memory input) internal returns (uint256) {
        address[] memory others = new address[](5);
        (others[0], others[1], others[2]) = (address(oracle), address(registry), address(meters));
        (others[3], others[4]) = (address(book), address(authority));
        return transactionGas(mallory, address(chamber), input, others);
    }

    function recordInput() internal view returns (bytes memory) {
        IObjectiveDisputes.Reading memory reading;
        (reading.leaf, reading.path) = (encode(first[0]), path);
        return abi.encodeCall(chamber.proveRecord, (evidence(), reading, record));
    }
}

contract RecordDepth10GasTest is DisputeGasKit {
    function setUp() public {
        build(10, 0);
    }

    function test_Depth10() public {
        assertLe(spent(recordInput()), 114_400, "depth 10");
    }
}

contract RecordDepth20GasTest is DisputeGasKit {
    function setUp() public {
        build(20, 0);
    }

    function test_Depth20() public {
        assertLe(spent(recordInput()), 121_400, "depth 20");
    }
}

contract Record24GasTest is DisputeGasKit {
    function setUp() public {
        build(10, 24);
    }

    function test_DayOf24Rows() public {
        assertLe(spent(recordInput()), 135_200, "24 rows");
    }
}

contract Record96GasTest is DisputeGasKit {
    function setUp() public {
        build(10, 96);
    }

    function test_DayOf96Rows() public {
        assertLe(spent(recordInput()), 248_800, "96 rows");
    }
}

/// forge-config: default.evm_version = "osaka"
contract RecordP256GasTest is DisputeGasKit {
    function setUp() public {
        meter = R1;
        build(10, 0);
    }

    function test_P256AtDepth10() public {
        assertLe(spent(recordInput()), 122_700, "P-256");
    }
}

contract PairGasTest is DisputeGasKit {
    function setUp() public {
        first[4].seq += 1;
        first[2].duration += 1;
        anchorPeriod();
    }

    function test_Gap() public {
        bytes memory input = abi.encodeCall(chamber.proveReading, (evidenceOf(0), readingOf(0, 4)));
        assertLe(spent(input), 91_600, "gap");
    }

    function test_Pair() public {
        bytes memory input = abi.encodeCall(chamber.provePair, (evidenceOf(0), 1, readingOf(0, 0), readingOf(0, 2)));
        assertLe(spent(input), 135_000, "pair");
    }
}

/// @title What an opening costs: a view, measured as the transaction it would be.
contract OpeningGasTest is DisputeGasKit {
    function setUp() public {
        lines = abi.encodePacked(
            hex"000000",
            uint128(1),
            uint64(1),
            uint128(9_000),
            uint128(9_000),
            hex"02d6f4248e0f0422505c7afb9d5c64e9f00b2a7a1bfae4aa3879a5f610352b0fb9"
        );
    }

    function test_OneLine() public {
        bytes memory input = abi.encodeCall(chamber.opensTotal, (lines, 9_000, uint256(0x1234567890abcdef) << 100));
        assertLe(spent(input), 34_000, "opening");
    }

    function test_ThreeLinesTimesTheirPrices() public {
        bytes memory all;
        for (uint16 i; i < 3; ++i) {
            bytes memory line = lines;
            line[13] = 0x08;
            line[14] = 0x3d;
            all = bytes.concat(all, line);
        }
        uint256 blinding = mulmod(
            3 * (uint256(0x083d0000000000) + 1),
            uint256(0x1234567890abcdef) << 100,
            0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
        );
        bytes memory input = abi.encodeCall(chamber.opensTotal, (all, 9_000, blinding));
        assertLe(spent(input), 129_500, "three lines");
    }
}
