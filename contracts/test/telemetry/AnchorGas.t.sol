// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ITelemetryAnchor} from "../../src/interfaces/ITelemetryAnchor.sol";
import {TelemetryKit} from "./TelemetryKit.sol";

/// @title Transaction gas of `anchor`, with all slots cold as in a transaction of its own.
abstract contract AnchorGas is TelemetryKit {
    function prepare(uint256 count, uint8 threshold, uint256 bitmap) internal {
        useSigners(count, threshold);
        anchorBy(bitmap, batchOf(900, 1000, false));
    }

    function spentBy(uint256 bitmap, bool closes) internal returns (uint256) {
        ITelemetryAnchor.Batch memory batch = batchOf(900, 1000, closes);
        bytes memory signatures = signedBy(bitmap, digestOf(batch, cursor));
        bytes memory input = abi.encodeCall(oracle.anchor, (batch, cursor, bitmap, signatures));
        (address[] memory others) = new address[](1);
        others[0] = table();
        return transactionGas(mallory, address(oracle), input, others);
    }
}

contract AnchorGasTwoOfThreeTest is AnchorGas {
    function setUp() public {
        prepare(3, 2, 0x6);
    }

    function test_Batch() public {
        assertLe(spentBy(0x6, false), 51_000, "2 of 3");
    }

    function test_ClosingBatch() public {
        assertLe(spentBy(0x6, true), 74_000, "2 of 3, closing");
    }
}

contract AnchorGasThreeOfSevenTest is AnchorGas {
    function setUp() public {
        prepare(7, 3, 0x52);
    }

    function test_Batch() public {
        assertLe(spentBy(0x52, false), 55_000, "3 of 7");
    }

    function test_ClosingBatch() public {
        assertLe(spentBy(0x52, true), 78_000, "3 of 7, closing");
    }
}
