// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ReinvestmentAccount} from "../../src/distribution/ReinvestmentAccount.sol";
import {ReinvestmentPocket} from "../../src/distribution/ReinvestmentPocket.sol";
import {Roles} from "../../src/governance/Roles.sol";
import {IReinvestmentAccount} from "../../src/interfaces/IReinvestmentAccount.sol";
import {DistributionKit} from "./DistributionKit.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

contract ReinvestmentTest is DistributionKit {
    uint40 private constant WAIT = 5 days;
    bytes32 private constant PURPOSE = "new meters";

    ReinvestmentAccount private account;
    address private builder = makeAddr("builder");

    /// @dev A tenth of the receipts is set aside: 100 of the first period.
    function setUp() public override {
        super.setUp();
        account = new ReinvestmentAccount(address(authority), address(falls), WAIT);
        allow(address(account), IReinvestmentAccount.schedule.selector, Roles.ISSUER);
        allow(address(account), IReinvestmentAccount.cancel.selector, Roles.GUARDIAN);
        _launch();
        _step(OF_RECEIPTS, account.pocketOf(STREAM), 0, 1000);
        _step(RESIDUAL, treasury, 0, 0);
        _setRules(_rules());
        _pass(1000);
    }

    function _schedule(uint64 amount) private returns (uint256) {
        vm.prank(issuer);
        return account.schedule(STREAM, builder, amount, PURPOSE);
    }

    function test_TheStepPaysThePocketOfItsStream() public view {
        assertEq(account.balanceOf(STREAM), 100, "set aside");
        assertEq(account.balanceOf(STREAM + 1), 0, "another stream");
    }

    function test_RevertWhen_CancelledButNeverScheduled() public {
        vm.expectRevert(abi.encodeWithSelector(IReinvestmentAccount.UnknownSpending.selector, 7));
        vm.prank(guardian);
        account.cancel(7, "no");
        assertEq(account.spendingOf(7).amount, 0, "nothing");
        assertEq(account.waterfall(), address(falls), "waterfall");
    }

    function test_SpendsAfterTheWait() public {
        uint40 readyAt = uint40(vm.getBlockTimestamp()) + WAIT;
        vm.expectEmit(address(account));
        emit IReinvestmentAccount.SpendingScheduled(1, STREAM, builder, 60, readyAt, PURPOSE);
        uint256 id = _schedule(60);
        vm.warp(readyAt - 1);
        vm.expectRevert(abi.encodeWithSelector(IReinvestmentAccount.NotReady.selector, id, readyAt));
        account.spend(id);
        vm.warp(readyAt);
        vm.expectEmit(address(account));
        emit IReinvestmentAccount.PocketOpened(STREAM, account.pocketOf(STREAM));
        vm.expectEmit(address(account));
        emit IReinvestmentAccount.Spent(id, STREAM, builder, 60, PURPOSE);
        vm.prank(mallory);
        account.spend(id);
        assertEq(currency.balanceOf(builder), 60, "received");
        assertEq(account.balanceOf(STREAM), 40, "left");
        vm.expectRevert(abi.encodeWithSelector(IReinvestmentAccount.UnknownSpending.selector, id));
        account.spend(id);
    }

    function test_ThePocketServesAgain() public {
        test_SpendsAfterTheWait();
        uint256 id = _schedule(40);
        vm.warp(vm.getBlockTimestamp() + WAIT);
        account.spend(id);
        assertEq(account.balanceOf(STREAM), 0, "all spent");
    }

    function test_RevertWhen_TooLittleWasSetAside() public {
        uint256 id = _schedule(101);
        vm.warp(vm.getBlockTimestamp() + WAIT);
        vm.expectRevert(abi.encodeWithSelector(IReinvestmentAccount.TooLittle.selector, STREAM, 101, 100));
        account.spend(id);
    }

    function test_RevertWhen_ASpendingHasLapsed() public {
        uint256 id = _schedule(60);
        uint40 lapsedAt = uint40(vm.getBlockTimestamp()) + WAIT + 30 days;
        vm.warp(lapsedAt);
        vm.expectRevert(abi.encodeWithSelector(IReinvestmentAccount.Lapsed.selector, id, lapsedAt));
        account.spend(id);
    }

    function test_TheGuardianCancels() public {
        uint256 id = _schedule(60);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, issuer));
        vm.prank(issuer);
        account.cancel(id, "no");
        vm.expectEmit(address(account));
        emit IReinvestmentAccount.SpendingCancelled(id, "no");
        vm.prank(guardian);
        account.cancel(id, "no");
        vm.warp(vm.getBlockTimestamp() + WAIT);
        vm.expectRevert(abi.encodeWithSelector(IReinvestmentAccount.UnknownSpending.selector, id));
        account.spend(id);
        assertEq(account.spendingOf(id).amount, 0, "gone");
    }

    function test_RevertWhen_ASpendingIsWrong() public {
        _refuses(0, builder, 1, PURPOSE, "stream", 0);
        _refuses(STREAM, builder, 0, PURPOSE, "amount", 0);
        _refuses(STREAM, builder, 1, 0, "purposeHash", 0);
        _refuses(STREAM, address(0), 1, PURPOSE, "to", 0);
        _refuses(STREAM, address(series), 1, PURPOSE, "to", uint160(address(series)));
        _refuses(STREAM, address(falls), 1, PURPOSE, "to", uint160(address(falls)));
        _refuses(STREAM, address(account), 1, PURPOSE, "to", uint160(address(account)));
        address pocket = account.pocketOf(STREAM);
        _refuses(STREAM, pocket, 1, PURPOSE, "to", uint160(pocket));
    }

    function test_RevertWhen_AnybodyElseAsks() public {
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, mallory));
        vm.prank(mallory);
        account.schedule(STREAM, mallory, 1, PURPOSE);
        test_SpendsAfterTheWait();
        ReinvestmentPocket pocket = ReinvestmentPocket(account.pocketOf(STREAM));
        vm.expectRevert(abi.encodeWithSelector(ReinvestmentPocket.NotMaker.selector, mallory));
        vm.prank(mallory);
        pocket.send(address(currency), mallory, 1);
    }

    function _refuses(uint32 stream, address to, uint64 amount, bytes32 purpose, bytes32 field, uint256 value) private {
        vm.expectRevert(abi.encodeWithSelector(IReinvestmentAccount.InvalidSpending.selector, field, value));
        vm.prank(issuer);
        account.schedule(stream, to, amount, purpose);
    }
}
