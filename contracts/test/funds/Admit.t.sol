// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {PoolFund} from "../../src/funds/PoolFund.sol";
import {IPoolFund} from "../../src/interfaces/IPoolFund.sol";
import {IRevenueRight} from "../../src/interfaces/IRevenueRight.sol";
import {ISeries} from "../../src/interfaces/ISeries.sol";
import {FundKit} from "./FundKit.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

contract AdmitTest is FundKit {
    function _notAllowed() private {
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, issuer));
        vm.prank(issuer);
    }

    function test_RevertWhen_CallerIsNotTheManager() public {
        _notAllowed();
        funds.admit(address(fund), address(vpp));
    }

    function test_RevertWhen_SeriesIsUnknown() public {
        address lone = address(_createUnits("LONE"));
        address[2] memory strangers = [address(currency), lone];
        for (uint256 i = 0; i < 2; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IPoolFund.UnknownSeries.selector, strangers[i]));
            vm.prank(manager);
            funds.admit(address(fund), strangers[i]);
        }
    }

    function _tooHigh(PoolFund into, ISeries what, uint8 level, uint8 own) private {
        vm.expectRevert(abi.encodeWithSelector(IPoolFund.LevelTooHigh.selector, address(what), level, own));
        vm.prank(manager);
        funds.admit(address(into), address(what));
    }

    function test_RevertWhen_UnitsAreItsOwn() public {
        _tooHigh(fund, units, 1, 1);
    }

    function test_RevertWhen_LevelIsNotLower() public {
        (, ISeries equal) = _openFund(1, "EQUAL");
        (PoolFund parent, ISeries higher) = _openFund(2, "HIGHER");
        _admitTo(parent, units);
        _tooHigh(fund, equal, 1, 1);
        _tooHigh(fund, higher, 2, 1);
    }

    function test_AdmitsUnitsOfALowerLevel() public {
        (PoolFund parent,) = _openFund(3, "PARENT");
        vm.expectEmit(address(parent));
        emit IPoolFund.Admitted(address(units), 1);
        _admitTo(parent, units);
        vm.expectEmit(address(parent));
        emit IPoolFund.Admitted(address(vpp), 0);
        _admitTo(parent, vpp);
        assertEq(parent.holdings().length, 2, "holdings");
    }

    function test_RevertWhen_AdmittedBefore() public {
        _admitTo(fund, vpp);
        vm.expectRevert(abi.encodeWithSelector(IPoolFund.AlreadyAdmitted.selector, address(vpp)));
        _admitTo(fund, vpp);
    }

    function test_RevertWhen_ThereAreTooMany() public {
        for (uint256 i = 0; i < 16; ++i) {
            _admitTo(fund, _another(i));
        }
        address last = address(_another(16));
        vm.expectRevert(abi.encodeWithSelector(IPoolFund.TooManyHoldings.selector, 16));
        vm.prank(manager);
        funds.admit(address(fund), last);
    }

    function _another(uint256 i) private returns (ISeries) {
        IRevenueRight.Terms memory terms = _terms();
        terms.symbol = bytes32(bytes1(uint8(65 + i)));
        return _create(terms);
    }

    /* STRIKING OFF */

    function test_RevertWhen_DismissingIsNotTheManagers() public {
        _admitTo(fund, vpp);
        _notAllowed();
        funds.dismiss(address(fund), address(vpp));
    }

    function test_RevertWhen_DismissingAStranger() public {
        vm.expectRevert(abi.encodeWithSelector(IPoolFund.NotAdmitted.selector, address(vpp)));
        vm.prank(manager);
        funds.dismiss(address(fund), address(vpp));
    }

    function test_RevertWhen_StillHeld() public {
        _contribute();
        _earn(vpp, 1000);
        vm.expectRevert(abi.encodeWithSelector(IPoolFund.StillHeld.selector, address(vpp), 5000, 500));
        vm.prank(manager);
        funds.dismiss(address(fund), address(vpp));
    }

    function test_DismissesWhatIsGone() public {
        _admitTo(fund, vpp);
        _admitTo(fund, parking);
        vm.expectEmit(address(fund));
        emit IPoolFund.Dismissed(address(vpp));
        vm.prank(manager);
        funds.dismiss(address(fund), address(vpp));
        assertEq(fund.holdings().length, 1, "one is left");
        assertEq(fund.holdings()[0], address(parking), "the other");
        vm.prank(manager);
        funds.dismiss(address(fund), address(parking));
        assertEq(fund.holdings().length, 0, "none");
        _admitTo(fund, vpp);
    }
}
