// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IRevenueRight} from "../../src/interfaces/IRevenueRight.sol";
import {RightsKit} from "./RightsKit.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

contract TransferTest is RightsKit {
    function setUp() public override {
        super.setUp();
        _launch();
    }

    /* GIVEN BOTH SIDES ARE IN ORDER */

    function test_MovesUnits() public {
        vm.expectEmit(address(series));
        emit IERC20.Transfer(adam, barb, 1000);
        vm.prank(adam);
        assertTrue(series.transfer(barb, 1000), "returns");
        assertEq(series.balanceOf(adam), 4000, "adam");
        assertEq(series.balanceOf(barb), 4000, "barb");
        assertEq(series.totalSupply(), 10_000, "supply");
    }

    function test_LeavesPastIncomeWhereItWas() public {
        _distribute(1, 10_003);
        (uint64 adams, uint64 barbs) = (series.claimable(adam), series.claimable(barb));
        _transfer(adam, barb, 5000);
        assertEq(series.claimable(adam), adams, "adam");
        assertEq(series.claimable(barb), barbs, "barb");
        _distribute(2, 10_000);
        assertEq(series.claimable(adam), adams, "adam sold all");
        assertEq(series.claimable(barb), barbs + 8000, "barb bought");
    }

    function test_ToOneselfChangesNothing() public {
        _distribute(1, 10_003);
        IRevenueRight.Account memory before = series.accountOf(adam);
        vm.expectEmit(address(series));
        emit IERC20.Transfer(adam, adam, 5000);
        _transfer(adam, adam, 5000);
        assertEq(keccak256(abi.encode(series.accountOf(adam))), keccak256(abi.encode(before)), "account");
    }

    function test_OfNothingIsAllowed() public {
        _admit(dora);
        _transfer(adam, dora, 0);
        assertEq(series.balanceOf(dora), 0, "dora");
    }

    function test_AdmittedWalletNeedsNoSync() public {
        _admit(dora);
        vm.expectEmit(address(series));
        emit IRevenueRight.Synced(dora, NEXT_YEAR, CHINA, uint8(PROFESSIONAL), false);
        _transfer(adam, dora, 100);
        assertEq(series.accountOf(dora).kycUntil, NEXT_YEAR, "cached");
    }

    function test_RenewedCheckNeedsNoSync() public {
        vm.warp(NOW + 366 days);
        _refuses(adam, barb, 100, IRevenueRight.Refusal.SenderExpired, 0);
        _admit(adam, NEXT_YEAR + 365, CHINA, PROFESSIONAL, 0);
        _refuses(adam, barb, 100, IRevenueRight.Refusal.RecipientExpired, 0);
        _admit(barb, NEXT_YEAR + 365, CHINA, PROFESSIONAL, 0);
        _transfer(adam, barb, 100);
    }

    function test_CheckIsValidThroughItsLastDay() public {
        vm.warp(uint256(NEXT_YEAR) * 1 days + 1 days - 1);
        _transfer(adam, barb, 100);
        vm.warp(uint256(NEXT_YEAR) * 1 days + 1 days);
        _refuses(adam, barb, 100, IRevenueRight.Refusal.SenderExpired, 0);
    }

    function test_SenderMayLeaveWhateverCountryAndClass() public {
        _admit(adam, NEXT_YEAR, 840, RETAIL, 0);
        series.sync(adam);
        _transfer(adam, barb, 5000);
    }

    /* WHEN REFUSED */

    function test_RevertWhen_NotSealed() public {
        IRevenueRight.Terms memory terms = _terms();
        terms.termTo = 121;
        series = _create(terms);
        _issue(adam, 5000);
        _refuses(adam, barb, 100, IRevenueRight.Refusal.NotSealed, 0);
    }

    function test_RevertWhen_Paused() public {
        vm.prank(pauser);
        series.pause();
        _refuses(adam, barb, 100, IRevenueRight.Refusal.Paused, 0);
        vm.prank(pauser);
        series.unpause();
        _transfer(adam, barb, 100);
    }

    function test_RevertWhen_SeriesIsLocked() public {
        IRevenueRight.Terms memory terms = _terms();
        terms.lockedUntil = NOW + 90 days;
        _launch(terms);
        vm.warp(NOW + 90 days - 1);
        _refuses(adam, barb, 100, IRevenueRight.Refusal.SeriesLocked, NOW + 90 days);
        vm.warp(NOW + 90 days);
        _transfer(adam, barb, 100);
    }

    function test_RevertWhen_SenderIsFrozen() public {
        _freeze(adam, true, true);
        _refuses(adam, barb, 100, IRevenueRight.Refusal.SenderFrozen, 0);
        // Released in the registry alone: the refusal is not decided on the cache.
        _freeze(adam, false, false);
        _transfer(adam, barb, 100);
    }

    function test_RevertWhen_SenderIsLockedUp() public {
        _admit(adam, NEXT_YEAR, CHINA, PROFESSIONAL, NOW + 10 days);
        series.sync(adam);
        assertTrue(series.accountOf(adam).locked, "cached");
        _refuses(adam, barb, 100, IRevenueRight.Refusal.SenderLocked, NOW + 10 days);
        // Being paid in units is no matter of the lock-up.
        _transfer(barb, adam, 100);
        vm.warp(NOW + 10 days);
        _transfer(adam, barb, 100);
        assertFalse(series.accountOf(adam).locked, "cleared");
    }

    function test_LockUpIsKnownFromTheFirstIssue() public {
        _admit(dora, NEXT_YEAR, CHINA, PROFESSIONAL, NOW + 10 days);
        _transfer(adam, dora, 1000);
        _refuses(dora, adam, 100, IRevenueRight.Refusal.SenderLocked, NOW + 10 days);
    }

    function test_RevertWhen_RecipientIsFrozen() public {
        _freeze(barb, true, true);
        _refuses(adam, barb, 100, IRevenueRight.Refusal.RecipientFrozen, 0);
    }

    function test_RevertWhen_RecipientIsUnknown() public {
        _refuses(adam, mallory, 100, IRevenueRight.Refusal.RecipientUnknown, 0);
    }

    function test_RevertWhen_CountryIsNotAllowed() public {
        _admit(dora, NEXT_YEAR, 840, PROFESSIONAL, 0);
        _refuses(adam, dora, 100, IRevenueRight.Refusal.CountryNotAllowed, 0);
        _admit(dora, NEXT_YEAR, SINGAPORE, PROFESSIONAL, 0);
        _transfer(adam, dora, 100);
    }

    function test_AnyCountryIfNoneIsListed() public {
        IRevenueRight.Terms memory terms = _terms();
        terms.countries = 0;
        _launch(terms);
        _admit(dora, NEXT_YEAR, 840, PROFESSIONAL, 0);
        _transfer(adam, dora, 100);
    }

    function test_RevertWhen_ClassIsNotAllowed() public {
        _admit(dora, NEXT_YEAR, CHINA, RETAIL, 0);
        _refuses(adam, dora, 100, IRevenueRight.Refusal.ClassNotAllowed, 0);
    }

    function test_RevertWhen_ATicketWouldBeTooSmall() public {
        _admit(dora);
        _refuses(adam, dora, TICKET - 1, IRevenueRight.Refusal.BelowMinimumTicket, 0);
        _refuses(adam, dora, 5000 - TICKET + 1, IRevenueRight.Refusal.BelowMinimumTicket, 0);
        _transfer(adam, dora, TICKET);
        _transfer(adam, dora, 1);
        _transfer(adam, dora, 5000 - TICKET - 1);
        assertEq(series.balanceOf(adam), 0, "adam");
    }

    function test_RevertWhen_BalanceIsTooSmall() public {
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, adam, 5000, 5001));
        _transfer(adam, barb, 5001);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, adam, 5000, type(uint256).max)
        );
        _transfer(adam, barb, type(uint256).max);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, adam, 5000, 5001));
        _transfer(adam, adam, 5001);
    }

    function test_RevertWhen_RecipientIsNobody() public {
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InvalidReceiver.selector, address(0)));
        _transfer(adam, address(0), 100);
    }

    /* ALLOWANCES */

    function test_AllowanceIsSpent() public {
        vm.expectEmit(address(series));
        emit IERC20.Approval(adam, carl, 300);
        vm.prank(adam);
        series.approve(carl, 300);
        vm.prank(carl);
        series.transferFrom(adam, barb, 200);
        assertEq(series.allowance(adam, carl), 100, "allowance");
        assertEq(series.balanceOf(barb), 3200, "barb");
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, carl, 100, 101));
        vm.prank(carl);
        series.transferFrom(adam, barb, 101);
    }

    function test_UnlimitedAllowanceStays() public {
        vm.prank(adam);
        series.approve(mallory, type(uint256).max);
        vm.prank(mallory);
        series.transferFrom(adam, barb, 200);
        assertEq(series.allowance(adam, mallory), type(uint256).max, "allowance");
    }

    function test_RevertWhen_ApprovingNobody() public {
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InvalidSpender.selector, address(0)));
        vm.prank(adam);
        series.approve(address(0), 1);
    }

    function test_RevertWhen_SpenderIsFrozen() public {
        vm.prank(adam);
        series.approve(carl, 1000);
        _freeze(carl, true, true);
        vm.expectRevert(_refusal(adam, barb, 100, IRevenueRight.Refusal.SpenderFrozen, 0));
        vm.prank(carl);
        series.transferFrom(adam, barb, 100);
        _freeze(carl, false, false);
        vm.prank(carl);
        series.transferFrom(adam, barb, 100);
    }

    /* PROPERTIES */

    /// @dev checkTransfer says None exactly if the transfer goes through, and otherwise the reason and time of the refusal.
    function testFuzz_CheckTransferTellsTheTruth(uint256 seed, uint256 units, bool toSelf) public {
        units = bound(units, 0, 6000);
        _disturb(adam, seed);
        address to = toSelf ? adam : barb;
        if (!toSelf) _disturb(barb, seed >> 64);
        if (seed >> 128 & 7 == 0) {
            vm.prank(pauser);
            series.pause();
        }
        (IRevenueRight.Refusal reason, uint40 until) = series.checkTransfer(adam, to, units);
        vm.prank(adam);
        (bool made, bytes memory answer) = address(series).call(abi.encodeCall(series.transfer, (to, units)));
        assertEq(made, reason == IRevenueRight.Refusal.None, "made");
        if (reason == IRevenueRight.Refusal.InsufficientBalance) {
            assertEq(bytes4(answer), IERC20Errors.ERC20InsufficientBalance.selector, "balance");
        } else if (!made) {
            assertEq(answer, _refusal(adam, to, units, reason, until), "refusal");
        }
    }

    /// @dev Gives a wallet other attributes, seen by the series or not, and lets time pass.
    function _disturb(address wallet, uint256 seed) private {
        uint16 country = [CHINA, SINGAPORE, 840, CHINA][seed & 3];
        uint16 kycUntil = [NEXT_YEAR, TODAY, TODAY + 20, NEXT_YEAR][seed >> 2 & 3];
        uint40 lockedUntil = [uint40(0), NOW + 5 days, NOW + 50 days, uint40(0)][seed >> 4 & 3];
        _admit(wallet, kycUntil, country, seed >> 6 & 3 == 0 ? RETAIL : PROFESSIONAL, lockedUntil);
        if (seed >> 8 & 3 == 0) _freeze(wallet, true, seed >> 10 & 1 == 0);
        if (seed >> 11 & 1 == 0) series.sync(wallet);
        if (seed >> 12 & 3 == 0) _admit(wallet);
        if (seed >> 14 & 3 == 0) _freeze(wallet, false, seed >> 16 & 1 == 0);
        vm.warp(vm.getBlockTimestamp() + (seed >> 20 & 0xff) * 1 hours);
    }

    function testFuzz_TransferMovesNoIncome(uint64 first, uint64 second, uint64 units) public {
        first = uint64(bound(first, 0, 1 << 50));
        second = uint64(bound(second, 0, 1 << 50));
        units = uint64(bound(units, TICKET, 5000 - TICKET));
        _distribute(1, first);
        series.claimFor(barb);
        _distribute(2, second);
        (uint64 adams, uint64 barbs) = (series.claimable(adam), series.claimable(barb));
        _transfer(adam, barb, units);
        assertEq(series.claimable(adam), adams, "adam");
        assertEq(series.claimable(barb), barbs, "barb");
        _transfer(barb, adam, units);
        assertEq(series.claimable(adam), adams, "adam again");
        assertEq(series.claimable(barb), barbs, "barb again");
    }

    function _transfer(address from, address to, uint256 units) private {
        vm.prank(from);
        series.transfer(to, units);
    }

    function _refusal(address from, address to, uint256 units, IRevenueRight.Refusal reason, uint40 until)
        private
        pure
        returns (bytes memory)
    {
        return abi.encodeWithSelector(IRevenueRight.TransferRefused.selector, from, to, units, reason, until);
    }

    function _refuses(address from, address to, uint256 units, IRevenueRight.Refusal reason, uint40 until) private {
        (IRevenueRight.Refusal said, uint40 saidUntil) = series.checkTransfer(from, to, units);
        assertEq(uint256(said), uint256(reason), "checkTransfer reason");
        assertEq(saidUntil, until, "checkTransfer until");
        vm.expectRevert(_refusal(from, to, units, reason, until));
        vm.prank(from);
        series.transfer(to, units);
    }
}
