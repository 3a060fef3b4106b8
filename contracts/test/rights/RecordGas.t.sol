// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IRevenueRight} from "../../src/interfaces/IRevenueRight.sol";
import {RightsKit} from "./RightsKit.sol";

/// @title Transfers after a record date whose money has not come, as whole transactions.
contract RecordGasTest is RightsKit {
    address[] private _crowd;
    address[] private _touched;

    function setUp() public override {
        super.setUp();
        IRevenueRight.Terms memory terms = _terms();
        terms.minTicket = 1;
        series = _create(terms);
        for (uint256 i = 0; i < 4; ++i) {
            _crowd.push(address(uint160(uint256(keccak256(abi.encode(i))))));
            _admit(_crowd[i], type(uint16).max, CHINA, PROFESSIONAL, 0);
            _issue(_crowd[i], 1000);
        }
        vm.prank(issuer);
        series.seal();
        _distribute(1, 1_000_000_007);
        vm.prank(issuer);
        series.scheduleRecord(2, NOW + 1);
        vm.warp(NOW + 1);
        _touched = [address(implementation), address(currency), address(registry), address(authority)];
    }

    function _transfer(uint256 from, uint256 to) private returns (uint256) {
        bytes memory input = abi.encodeCall(series.transfer, (_crowd[to], 123));
        return transactionGas(_crowd[from], address(series), input, _touched);
    }

    /// @dev It marks both accounts and sets a flag of the series; later ones only mark.
    function test_TheFirstTransferStaysBelow47300() external {
        assertLe(_transfer(0, 1), 47_300, "first");
        assertLe(_transfer(2, 3), 44_100, "of others");
    }
}
