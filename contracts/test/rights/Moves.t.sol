// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IRevenueRight} from "../../src/interfaces/IRevenueRight.sol";
import {MovesExtension} from "./MovesExtension.sol";
import {RightsKit} from "./RightsKit.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

contract MovesTest is RightsKit {
    MovesExtension internal moves;

    function setUp() public override {
        super.setUp();
        _launch();
        moves = MovesExtension(address(series));
        _distribute(1, 10_007);
    }

    function _newExtension(address money, address source) internal override returns (address) {
        return address(new MovesExtension(address(authority), address(registry), money, source));
    }

    /* FROZEN UNITS */

    function test_FrozenUnitsStay() public {
        moves.freezeUnits(adam, 2000);
        _transfer(adam, barb, 3000);
        (IRevenueRight.Refusal reason,) = series.checkTransfer(adam, barb, 100);
        assertEq(uint256(reason), uint256(IRevenueRight.Refusal.UnitsFrozen), "the rest is frozen");
        moves.freezeUnits(adam, 0);
        _transfer(adam, barb, 2000);
        assertFalse(series.accountOf(adam).extra, "given back");
    }

    function test_MoreThanTheBalanceMayBeFrozen() public {
        moves.freezeUnits(adam, type(uint256).max);
        assertEq(moves.unitsFrozen(adam), type(uint256).max, "frozen");
        (IRevenueRight.Refusal reason,) = series.checkTransfer(adam, barb, 0);
        assertEq(uint256(reason), uint256(IRevenueRight.Refusal.None), "nothing may still be moved");
        _transfer(barb, adam, 3000);
        assertEq(series.claimFor(adam), 5003, "income is not frozen");
    }

    /* FORCED MOVES */

    function test_ForcedMoveLeavesPastIncome() public {
        moves.forceMove(adam, barb, 5000);
        assertEq(series.claimable(adam), 5003, "adam");
        assertEq(series.claimable(barb), 3002, "barb");
    }

    function test_ForcedMoveTakesFreeUnitsFirst() public {
        moves.freezeUnits(adam, 2000);
        (uint256 frozen, bool lowered) = moves.forceMove(adam, barb, 3000);
        assertEq(frozen, 2000, "not needed");
        assertFalse(lowered, "not lowered");
        (frozen, lowered) = moves.forceMove(adam, barb, 500);
        assertEq(frozen, 1500, "lowered by what was needed");
        assertTrue(lowered, "lowered");
    }

    function test_RevertWhen_ForcedMoveIsToOneselfOrTooLarge() public {
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InvalidReceiver.selector, adam));
        moves.forceMove(adam, adam, 1);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, adam, 5000, 5001));
        moves.forceMove(adam, barb, 5001);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InvalidReceiver.selector, adam));
        moves.moveAll(adam, adam);
    }

    /* MOVING EVERYTHING */

    function test_MoveAllMovesUnitsAndMoneyToTheLastFraction() public {
        _admit(dora);
        series.claimFor(adam);
        moves.moveAll(adam, dora);
        assertEq(series.balanceOf(dora), 5000, "units");
        assertEq(series.claimable(adam), 0, "nothing is left");
        // Adam was owed 5 003.5: the half went along.
        _distribute(2, 1);
        assertEq(series.claimable(dora), 1, "dora");
    }

    function test_MoveAllOntoAnAccountThatHoldsUnits() public {
        moves.moveAll(adam, barb);
        assertEq(series.balanceOf(barb), 8000, "units");
        assertEq(series.claimable(barb), 8005, "5 003.5 and 3 002.1 are 8 005.6");
        assertEq(series.accountOf(adam).debt, 0, "no fraction stays");
    }

    function test_MoveAllMovesWhatIsAwaited() public {
        vm.prank(issuer);
        series.scheduleRecord(2, NOW + 1);
        vm.warp(NOW + 1);
        _transfer(adam, carl, 4000);
        moves.moveAll(adam, barb);
        assertEq(series.unitsAt(barb, 2), 8000, "5 000 of adam, 3 000 of barb");
        assertEq(series.unitsAt(adam, 2), 0, "adam");
        _distribute(2, 10_000);
        assertEq(series.claimable(barb), 8005 + 8000, "barb");
        assertEq(series.claimable(carl), 2001 + 2000, "carl");
        _distribute(3, 10_000);
        assertEq(series.claimable(barb), 8005 + 8000 + 4000, "later by what is held now");
    }

    function test_MoveAllMovesFrozenUnits() public {
        moves.freezeUnits(adam, 700);
        moves.freezeUnits(barb, 50);
        moves.moveAll(adam, barb);
        assertEq(moves.unitsFrozen(barb), 750, "together");
        assertEq(moves.unitsFrozen(adam), 0, "adam");
        assertFalse(series.accountOf(adam).extra, "nothing behind");
        moves.freezeUnits(carl, type(uint256).max);
        moves.moveAll(carl, barb);
        assertEq(moves.unitsFrozen(barb), type(uint256).max, "no overflow");
    }

    function _transfer(address from, address to, uint256 units) private {
        vm.prank(from);
        series.transfer(to, units);
    }
}
