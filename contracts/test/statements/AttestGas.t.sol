// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IStatementBook} from "../../src/interfaces/IStatementBook.sol";
import {StatementKit} from "./StatementKit.sol";

/// @title Transaction gas of `attest` with two of three signatures.
contract AttestGasTest is StatementKit {
    function setUp() public {
        attest(statementOf(1, 1));
    }

    function test_NextPeriod() public {
        assertLe(_spent(statementOf(2, 1)), 155_000, "next period");
    }

    function test_NewVersion() public {
        assertLe(_spent(statementOf(1, 2)), 100_500, "new version");
    }

    function _spent(IStatementBook.Statement memory s) private returns (uint256) {
        address[] memory others = new address[](3);
        (others[0], others[1], others[2]) = (address(oracle), address(registry), table());
        bytes memory input = abi.encodeCall(book.attest, (s, QUORUM, signedBy(QUORUM, digestOf(s))));
        return transactionGas(mallory, address(book), input, others);
    }
}
