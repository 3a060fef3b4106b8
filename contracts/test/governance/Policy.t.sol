// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {JurisdictionPolicy} from "../../src/governance/JurisdictionPolicy.sol";
import {Roles} from "../../src/governance/Roles.sol";
import {IJurisdictionPolicy} from "../../src/interfaces/IJurisdictionPolicy.sol";
import {IRevenueRight} from "../../src/interfaces/IRevenueRight.sol";
import {ISeries} from "../../src/interfaces/ISeries.sol";
import {ISeriesCompliance} from "../../src/interfaces/ISeriesCompliance.sol";
import {ISeriesFactory} from "../../src/interfaces/ISeriesFactory.sol";
import {SeriesFactory} from "../../src/rights/SeriesFactory.sol";
import {RightsKit} from "../rights/RightsKit.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

contract PolicyTest is RightsKit {
    uint40 internal constant DELAY = 7 days;
    uint40 internal constant COOL_OFF = 20 days;
    bytes32 internal constant FILING = keccak256("filing");

    address internal officer = makeAddr("officer");

    JurisdictionPolicy internal policy;
    ISeries internal second;

    function setUp() public override {
        super.setUp();
        policy = _newPolicy();
        vm.startPrank(admin);
        authority.grantRole(Roles.POLICY, officer, 0);
        vm.stopPrank();
        allow(address(policy), IJurisdictionPolicy.scheduleChange.selector, Roles.POLICY);
        allow(address(policy), IJurisdictionPolicy.cancelChange.selector, Roles.POLICY);
        allow(address(policy), IJurisdictionPolicy.recordFiling.selector, Roles.POLICY);
        allow(address(policy), IJurisdictionPolicy.withdrawFiling.selector, Roles.POLICY);
        vm.prank(admin);
        factory.setPolicy(address(policy));
        _launch();
        ISeries first = series;
        IRevenueRight.Terms memory terms = _terms();
        terms.termTo = 60;
        _launch(terms);
        (series, second) = (first, series);
    }

    /* CHANGING */

    function test_NothingHoldsBeforeTheDelay() public {
        uint40 from = uint40(block.timestamp) + DELAY;
        vm.expectEmit(address(policy));
        emit IJurisdictionPolicy.ChangeScheduled(IJurisdictionPolicy.Mode.EvidenceOnly, 0, from);
        _schedule(IJurisdictionPolicy.Mode.EvidenceOnly, 0);
        assertEq(uint256(policy.scheduled().from), from, "scheduled");
        address[] memory all = _all();
        vm.expectRevert(abi.encodeWithSelector(IJurisdictionPolicy.TooEarly.selector, from));
        policy.activate(all);
        _expect(series, IRevenueRight.Refusal.None, 0);
    }

    function test_EvidenceOnlyStopsUnitsEverywhereAtOnce() public {
        address[] memory all = _all();
        _schedule(IJurisdictionPolicy.Mode.EvidenceOnly, 0);
        vm.warp(block.timestamp + DELAY);
        vm.expectEmit(address(policy));
        emit IJurisdictionPolicy.PolicyActivated(IJurisdictionPolicy.Mode.EvidenceOnly, 0, 2);
        policy.activate(all);
        _expect(series, IRevenueRight.Refusal.EvidenceOnly, 0);
        _expect(second, IRevenueRight.Refusal.EvidenceOnly, 0);
        vm.expectPartialRevert(IRevenueRight.TransferRefused.selector);
        vm.prank(adam);
        series.transfer(barb, 100);
    }

    function test_EvidenceOnlyLeavesPaymentsAndAllocations() public {
        _activate(IJurisdictionPolicy.Mode.EvidenceOnly, 0);
        _distribute(1, 10_000);
        assertEq(uint256(series.claimFor(adam)), 5000, "paid");
        ISeries fresh = _create(_other());
        assertTrue(fresh.state().restricted, "restricted at creation");
        series = fresh;
        _issue(adam, 500);
        assertEq(fresh.balanceOf(adam), 500, "issued");
    }

    function test_EvidenceOnlySellsNothing() public {
        _activate(IJurisdictionPolicy.Mode.EvidenceOnly, 0);
        ISeries fresh = _create(_other());
        IRevenueRight.Refusal reason = IRevenueRight.Refusal.EvidenceOnly;
        assertEq(uint256(fresh.checkPlacement(barb, 500)), uint256(reason), "placement");
        allow(address(factory), IRevenueRight.place.selector, Roles.PLACEMENT);
        vm.prank(admin);
        authority.grantRole(Roles.PLACEMENT, mallory, 0);
        vm.expectPartialRevert(IRevenueRight.TransferRefused.selector);
        vm.prank(mallory);
        fresh.place(barb, 500);
    }

    function test_AStricterPolicyHoldsForNewSeries() public {
        _activate(IJurisdictionPolicy.Mode.FilingRequired, COOL_OFF);
        assertTrue(_create(_other()).state().restricted, "restricted");
    }

    function test_OpenNeedsNoListAndPassesAtOnce() public {
        _activate(IJurisdictionPolicy.Mode.EvidenceOnly, 0);
        _schedule(IJurisdictionPolicy.Mode.Open, 0);
        vm.warp(block.timestamp + DELAY);
        policy.activate(new address[](0));
        assertTrue(series.state().restricted, "still marked");
        _expect(series, IRevenueRight.Refusal.None, 0);
        vm.expectEmit(address(policy));
        emit IJurisdictionPolicy.RestrictionLifted(address(series));
        policy.liftRestriction(address(series));
        assertFalse(series.state().restricted, "lifted");
    }

    function test_CancelsAChange() public {
        _schedule(IJurisdictionPolicy.Mode.EvidenceOnly, 0);
        vm.expectEmit(address(policy));
        emit IJurisdictionPolicy.ChangeCancelled();
        vm.prank(officer);
        policy.cancelChange();
        vm.warp(block.timestamp + DELAY);
        address[] memory all = _all();
        vm.expectRevert(IJurisdictionPolicy.NothingScheduled.selector);
        policy.activate(all);
        vm.expectRevert(IJurisdictionPolicy.NothingScheduled.selector);
        vm.prank(officer);
        policy.cancelChange();
    }

    function test_RevertWhen_TheListIsNotComplete() public {
        _schedule(IJurisdictionPolicy.Mode.EvidenceOnly, 0);
        vm.warp(block.timestamp + DELAY);
        address[] memory some = new address[](1);
        some[0] = address(series);
        vm.expectRevert(abi.encodeWithSelector(IJurisdictionPolicy.IncompleteList.selector, 1, 2));
        policy.activate(some);
        address[] memory all = _all();
        (all[0], all[1]) = (all[1], all[0]);
        vm.expectRevert(abi.encodeWithSelector(IJurisdictionPolicy.NotInOrder.selector, all[1]));
        policy.activate(all);
        all[0] = all[1];
        vm.expectRevert(abi.encodeWithSelector(IJurisdictionPolicy.NotInOrder.selector, all[1]));
        policy.activate(all);
        (all[0], all[1]) = (address(1), address(series));
        vm.expectRevert(abi.encodeWithSelector(IJurisdictionPolicy.NotInOrder.selector, address(1)));
        policy.activate(all);
    }

    /* FILINGS */

    function test_AFilingOpensAfterItsCoolOff() public {
        _activate(IJurisdictionPolicy.Mode.FilingRequired, COOL_OFF);
        _expect(series, IRevenueRight.Refusal.FilingRequired, 0);
        uint40 until = uint40(block.timestamp) + COOL_OFF;
        vm.expectEmit(address(policy));
        emit IJurisdictionPolicy.FilingRecorded(address(series), FILING, NOW, until);
        _file(address(series), NOW);
        _expect(series, IRevenueRight.Refusal.FilingRequired, until);
        vm.expectRevert(
            abi.encodeWithSelector(
                IJurisdictionPolicy.StillRestricted.selector,
                address(series),
                IJurisdictionPolicy.Mode.FilingRequired,
                until
            )
        );
        policy.liftRestriction(address(series));
        vm.warp(until - 1);
        _expect(series, IRevenueRight.Refusal.FilingRequired, until);
        vm.warp(until);
        _expect(series, IRevenueRight.Refusal.None, 0);
        _expect(second, IRevenueRight.Refusal.FilingRequired, 0);
        policy.liftRestriction(address(series));
        vm.prank(adam);
        series.transfer(barb, 100);
    }

    function test_NothingIsSoldBeforeTheFiling() public {
        _activate(IJurisdictionPolicy.Mode.FilingRequired, COOL_OFF);
        ISeries fresh = _create(_other());
        IRevenueRight.Refusal reason = IRevenueRight.Refusal.FilingRequired;
        assertEq(uint256(fresh.checkPlacement(adam, 500)), uint256(reason), "placement");
        series = fresh;
        _issue(adam, 500);
    }

    function test_AWithdrawnFilingLocksAgain() public {
        _activate(IJurisdictionPolicy.Mode.FilingRequired, COOL_OFF);
        _file(address(series), NOW);
        vm.warp(block.timestamp + COOL_OFF);
        policy.liftRestriction(address(series));
        vm.expectEmit(address(policy));
        emit IJurisdictionPolicy.FilingWithdrawn(address(series), FILING);
        vm.prank(officer);
        policy.withdrawFiling(address(series));
        _expect(series, IRevenueRight.Refusal.FilingRequired, 0);
    }

    function test_ANewFilingCoolsOffAnew() public {
        _activate(IJurisdictionPolicy.Mode.FilingRequired, COOL_OFF);
        _file(address(series), NOW);
        vm.warp(block.timestamp + COOL_OFF);
        policy.liftRestriction(address(series));
        _file(address(series), NOW);
        _expect(series, IRevenueRight.Refusal.FilingRequired, uint40(block.timestamp) + COOL_OFF);
    }

    function test_RevertWhen_AFilingHasNoHashOrDate() public {
        uint40 future = uint40(block.timestamp) + 1;
        vm.startPrank(officer);
        vm.expectRevert(abi.encodeWithSelector(IJurisdictionPolicy.InvalidFiling.selector, bytes32(0), NOW));
        policy.recordFiling(address(series), 0, NOW);
        vm.expectRevert(abi.encodeWithSelector(IJurisdictionPolicy.InvalidFiling.selector, FILING, 0));
        policy.recordFiling(address(series), FILING, 0);
        vm.expectRevert(abi.encodeWithSelector(IJurisdictionPolicy.InvalidFiling.selector, FILING, future));
        policy.recordFiling(address(series), FILING, future);
        vm.expectRevert(abi.encodeWithSelector(IJurisdictionPolicy.UnknownSeries.selector, mallory));
        policy.recordFiling(mallory, FILING, NOW);
        vm.expectRevert(abi.encodeWithSelector(IJurisdictionPolicy.NoFiling.selector, address(series)));
        policy.withdrawFiling(address(series));
    }

    /* WHO MAY */

    function test_RevertWhen_AnybodyElseSchedulesOrFiles() public {
        bytes memory refusal = abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, mallory);
        vm.startPrank(mallory);
        vm.expectRevert(refusal);
        policy.scheduleChange(IJurisdictionPolicy.Policy(IJurisdictionPolicy.Mode.Open, 0));
        vm.expectRevert(refusal);
        policy.cancelChange();
        vm.expectRevert(refusal);
        policy.recordFiling(address(series), FILING, NOW);
        vm.expectRevert(refusal);
        policy.withdrawFiling(address(series));
    }

    function test_RevertWhen_AnybodyElseMarksASeries() public {
        vm.expectRevert(abi.encodeWithSelector(ISeriesCompliance.NotPolicy.selector, admin));
        vm.prank(admin);
        series.setRestricted(true);
        vm.expectRevert(abi.encodeWithSelector(IJurisdictionPolicy.UnknownSeries.selector, mallory));
        policy.liftRestriction(mallory);
    }

    function test_RevertWhen_ThePolicyIsNamedTwiceOrOfAnotherFactory() public {
        address other = address(_newPolicy());
        vm.expectRevert(abi.encodeWithSelector(ISeriesFactory.InvalidPolicy.selector, other));
        vm.prank(admin);
        factory.setPolicy(other);
        SeriesFactory unnamed = new SeriesFactory(address(authority), address(implementation));
        vm.expectRevert(abi.encodeWithSelector(ISeriesFactory.InvalidPolicy.selector, other));
        vm.prank(admin);
        unnamed.setPolicy(other);
    }

    function test_RevertWhen_ThePolicyRestrictsSeriesMadeBefore() public {
        SeriesFactory late = new SeriesFactory(address(authority), address(implementation));
        JurisdictionPolicy strict = _newPolicy(late, IJurisdictionPolicy.Mode.EvidenceOnly);
        vm.startPrank(admin);
        late.create(_terms(), "salt");
        vm.expectRevert(abi.encodeWithSelector(ISeriesFactory.PolicyTooLate.selector, address(strict), 1));
        late.setPolicy(address(strict));
        late.setPolicy(address(_newPolicy(late, IJurisdictionPolicy.Mode.Open)));
        vm.stopPrank();
    }

    function test_APolicyThatRestrictsFromItsBeginningMarksTheFirstSeries() public {
        SeriesFactory early = new SeriesFactory(address(authority), address(implementation));
        JurisdictionPolicy strict = _newPolicy(early, IJurisdictionPolicy.Mode.EvidenceOnly);
        vm.startPrank(admin);
        early.setPolicy(address(strict));
        assertTrue(ISeries(early.create(_terms(), "salt")).state().restricted, "marked");
        vm.stopPrank();
    }

    /* HELPERS */

    function _newPolicy() private returns (JurisdictionPolicy) {
        return _newPolicy(factory, IJurisdictionPolicy.Mode.Open);
    }

    function _newPolicy(SeriesFactory governed, IJurisdictionPolicy.Mode mode) private returns (JurisdictionPolicy) {
        IJurisdictionPolicy.Policy memory first = IJurisdictionPolicy.Policy(mode, 0);
        return new JurisdictionPolicy(address(authority), address(governed), first, DELAY);
    }

    function _all() private view returns (address[] memory all) {
        all = new address[](2);
        (all[0], all[1]) = (address(series), address(second));
        if (all[0] > all[1]) (all[0], all[1]) = (all[1], all[0]);
    }

    function _other() private pure returns (IRevenueRight.Terms memory terms) {
        terms = _terms();
        terms.termTo = 61;
    }

    function _schedule(IJurisdictionPolicy.Mode mode, uint40 coolOff) private {
        vm.prank(officer);
        policy.scheduleChange(IJurisdictionPolicy.Policy(mode, coolOff));
    }

    function _activate(IJurisdictionPolicy.Mode mode, uint40 coolOff) private {
        _schedule(mode, coolOff);
        vm.warp(block.timestamp + DELAY);
        policy.activate(_all());
    }

    function _file(address target, uint40 filedOn) private {
        vm.prank(officer);
        policy.recordFiling(target, FILING, filedOn);
    }

    function _expect(ISeries target, IRevenueRight.Refusal expected, uint256 lifts) private view {
        (IRevenueRight.Refusal reason, uint40 until) = target.checkTransfer(adam, barb, 100);
        assertEq(uint256(reason), uint256(expected), "reason");
        assertEq(uint256(until), lifts, "until");
    }
}
