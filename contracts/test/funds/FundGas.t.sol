// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {PoolFund} from "../../src/funds/PoolFund.sol";
import {ISeries} from "../../src/interfaces/ISeries.sol";
import {FundKit} from "./FundKit.sol";

/// @dev Gas of whole transactions, all accounts and slots cold; what a figure rests on dates from setUp.
contract FundGasTest is FundKit {
    uint256 private constant CROWD = 1000;

    PoolFund internal crowded;
    ISeries internal crowdUnits;
    ISeries internal freeUnits;
    address[] private _touched;

    function setUp() public override {
        super.setUp();
        _contribute();
        crowdUnits = _createUnits("CROWD");
        vm.prank(issuer);
        crowded = PoolFund(funds.open(_fundTerms(address(crowdUnits), 1)));
        series = crowdUnits;
        for (uint256 i = 0; i < CROWD; ++i) {
            address who = address(uint160(uint256(keccak256(abi.encode(i)))));
            _admit(who);
            _issue(who, 1000);
        }
        vm.prank(issuer);
        crowdUnits.seal();
        _admit(address(crowded), type(uint16).max, CHINA, PROFESSIONAL, 0);
        _admitTo(crowded, vpp);
        _admitTo(crowded, parking);
        vm.startPrank(adam);
        vpp.transfer(address(crowded), 5000);
        parking.transfer(address(crowded), 2500);
        vm.stopPrank();
        _earnAndPass(FEBRUARY + TO_PASS_DAY, true);
        _earnAndPass(MARCH + TO_PASS_DAY, false);
        freeUnits = _createUnits("FREE");
        _touched = [
            address(vpp),
            address(parking),
            address(units),
            address(crowdUnits),
            address(currency),
            address(funds),
            funds.implementation(),
            factory.implementation(),
            unitFactory.implementation(),
            address(authority),
            address(registry),
            address(unitFactory),
            address(freeUnits)
        ];
    }

    function _earnAndPass(uint40 time, bool pass) private {
        _earn(vpp, 2_000_000);
        _earn(parking, 1_000_001);
        vm.warp(time);
        if (!pass) return;
        fund.passThrough();
        crowded.passThrough();
    }

    function _pass(PoolFund which) private returns (uint256) {
        return transactionGas(keeper, address(which), abi.encodeCall(which.passThrough, ()), _touched);
    }

    function test_PassThroughOfTwoSeriesStaysBelow166000() external {
        assertLe(_pass(fund), 166_000, "pass-through");
    }

    function test_PassThroughCostsTheSameForAThousandHolders() external {
        uint256 id = vm.snapshotState();
        uint256 few = _pass(fund);
        vm.revertToState(id);
        assertEq(_pass(crowded), few, "two holders and a thousand");
    }

    function test_OpeningStaysBelow235000() external {
        bytes memory input = abi.encodeCall(funds.open, (_fundTerms(address(freeUnits), 1)));
        assertLe(transactionGas(issuer, address(funds), input, _touched), 235_000, "open");
    }
}
