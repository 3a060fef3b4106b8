// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {HealthCheck} from "../../src/governance/HealthCheck.sol";
import {JurisdictionPolicy} from "../../src/governance/JurisdictionPolicy.sol";
import {Roles} from "../../src/governance/Roles.sol";
import {UsufructAccessManager} from "../../src/governance/UsufructAccessManager.sol";
import {IHealthCheck} from "../../src/interfaces/IHealthCheck.sol";
import {IJurisdictionPolicy} from "../../src/interfaces/IJurisdictionPolicy.sol";
import {IStatementBook} from "../../src/interfaces/IStatementBook.sol";
import {IUsufructAccessManager} from "../../src/interfaces/IUsufructAccessManager.sol";
import {HealthKit} from "../HealthKit.sol";
import {DistributionKit} from "../distribution/DistributionKit.sol";
import {Currency} from "../rights/Currency.sol";
import {OddCurrency} from "../rights/OddCurrency.sol";

contract HealthTest is HealthKit, DistributionKit {
    UsufructAccessManager private _manager;
    OddCurrency private _odd;
    address[] private _holders;
    address[] private _payees;
    uint32[] private _streams;

    function setUp() public override {
        super.setUp();
        _manager = new UsufructAccessManager(admin, 0, new IUsufructAccessManager.RoleDelay[](0));
        health = new HealthCheck(address(_manager), address(falls));
        _launch();
        _step(FIXED, operator, 1000, 0);
        _step(RESERVE, address(0), 500, 0);
        _carrying(FIXED, taxOffice, 2000);
        _step(OF_AVAILABLE, address(series), 0, 10_000);
        _step(RESIDUAL, treasury, 0, 0);
        _setRules(_rules());
        (_holders, _payees, _streams) = (_sorted(adam, barb, carl), _sorted(operator, taxOffice, treasury), [STREAM]);
        _odd.setMood(operator, OddCurrency.Mood.Reverts);
        _pass(10_001);
        _fund(77);
        series.claimFor(adam);
    }

    function _newCurrency() internal override returns (Currency) {
        _odd = new OddCurrency();
        return _odd;
    }

    function _sorted(address one, address two, address three) private pure returns (address[] memory list) {
        list = new address[](3);
        (list[0], list[1], list[2]) = (one, two, three);
        ascend(list);
    }

    function _expect(IHealthCheck.Result memory result, bytes32 name, bool ok, uint256 actual, uint256 bound_)
        private
        pure
    {
        assertEq(result.name, name, "name");
        assertEq(result.actual, actual, "actual");
        assertEq(result.bound, bound_, "bound");
        assertEq(result.ok, ok, "ok");
    }

    function _hold(address account, uint256 amount) private {
        vm.mockCall(address(currency), abi.encodeCall(currency.balanceOf, (account)), abi.encode(amount));
    }

    /* SERIES */

    function test_ASoundSeriesIsHealthy() public view {
        requireHealthy(health.checkSeries(address(series), _holders, 0));
        requireHealthy(health.checkCaches(address(series), _holders));
    }

    function test_MissingMoneyIsSeen() public {
        uint256 owed = series.claimable(barb) + series.claimable(carl);
        _hold(address(series), owed - 1);
        _expect(health.checkSeries(address(series), _holders, 0)[0], "series/covered", false, owed - 1, owed);
        _hold(address(series), owed);
        requireHealthy(health.checkSeries(address(series), _holders, 0));
    }

    function test_MoneyNobodyAccountsForIsSeen() public {
        uint256 most = series.claimable(barb) + series.claimable(carl) + 3;
        _hold(address(series), most + 1);
        _expect(health.checkSeries(address(series), _holders, 0)[1], "series/excess", false, most + 1, most);
        requireHealthy(health.checkSeries(address(series), _holders, 1));
    }

    function test_AMissingHolderIsSeen() public view {
        address[] memory two = new address[](2);
        (two[0], two[1]) = (_holders[0], _holders[1]);
        IHealthCheck.Result[] memory results = health.checkSeries(address(series), two, 0);
        assertTrue(results[0].ok, "the lower bound holds for any list");
        uint256 missing = series.balanceOf(_holders[2]);
        _expect(results[2], "series/units", false, 10_000 - missing, 10_000);
    }

    function test_RevertWhen_AHolderIsNamedTwice() public {
        _holders[1] = _holders[0];
        vm.expectRevert(abi.encodeWithSelector(IHealthCheck.NotAscending.selector, _holders[0]));
        health.checkSeries(address(series), _holders, 0);
    }

    function test_AFreezeNotPushedIsSeen() public {
        _freeze(barb, true, false);
        _expect(health.checkCaches(address(series), _holders)[0], "series/caches", false, 1, 0);
        series.sync(barb);
        requireHealthy(health.checkCaches(address(series), _holders));
    }

    function test_AnIdentityCheckCutShortIsSeenAndALongerOneIsNot() public {
        _admit(barb, NEXT_YEAR + 1, CHINA, PROFESSIONAL, 0);
        requireHealthy(health.checkCaches(address(series), _holders));
        _admit(barb, NEXT_YEAR - 1, CHINA, PROFESSIONAL, 0);
        _expect(health.checkCaches(address(series), _holders)[0], "series/caches", false, 1, 0);
    }

    /* WATERFALL */

    function test_TheWaterfallHoldsEscrowReserveAndOwed() public {
        assertEq(falls.owedTo(operator), 1000, "owed");
        IHealthCheck.Result[] memory results = health.checkWaterfall(_streams, _payees, 0);
        _expect(results[0], "waterfall/covered", true, 1577, 1577);
        _expect(results[1], "waterfall/excess", true, 1577, 1577);
        _hold(address(falls), 1576);
        assertTrue(!health.checkWaterfall(_streams, _payees, 0)[0].ok, "short");
        _hold(address(falls), 1578);
        assertTrue(!health.checkWaterfall(_streams, _payees, 0)[1].ok, "excess");
        requireHealthy(health.checkWaterfall(_streams, _payees, 1));
    }

    function test_AStreamWithoutRulesHoldsNothing() public {
        _streams.push(STREAM + 1);
        requireHealthy(health.checkWaterfall(_streams, _payees, 0));
    }

    function test_RevertWhen_AStreamIsNamedTwice() public {
        _streams.push(STREAM);
        vm.expectRevert(abi.encodeWithSelector(IHealthCheck.StreamsNotAscending.selector, STREAM));
        health.checkWaterfall(_streams, _payees, 0);
    }

    /* STATEMENTS */

    function test_StatementsAreInOrder() public {
        _attest(5, NO_KPIS);
        requireHealthy(health.checkStatements(STREAM));
        _expect(health.checkStatements(STREAM)[0], "statements/order", true, 1, 2);
        requireHealthy(health.checkStatements(STREAM + 1));
    }

    function test_AnEndThatIsNotTheLastStatementsIsSeen() public {
        uint40 end = book.recordOf(STREAM, 1).to + 1;
        vm.mockCall(address(book), abi.encodeCall(book.progressOf, (STREAM)), abi.encode(1, end, 1));
        _expect(health.checkStatements(STREAM)[1], "statements/contiguous", false, 1, 0);
    }

    function test_AGapBetweenStatementsIsSeen() public {
        _attest(5, NO_KPIS);
        IStatementBook.Record memory record = book.recordOf(STREAM, 2);
        ++record.from;
        vm.mockCall(address(book), abi.encodeCall(book.recordOf, (STREAM, 2)), abi.encode(record));
        _expect(health.checkStatements(STREAM)[1], "statements/contiguous", false, 1, 0);
    }

    function test_ADisputeThatIsNotCountedIsSeen() public {
        _attest(5, NO_KPIS);
        IStatementBook.Record memory record = book.recordOf(STREAM, 2);
        record.status = IStatementBook.Status.Disputed;
        vm.mockCall(address(book), abi.encodeCall(book.recordOf, (STREAM, 2)), abi.encode(record));
        _expect(health.checkStatements(STREAM)[2], "statements/open", false, 1, 0);
    }

    /* PEOPLE AND LAW */

    function test_SeparatedDutiesHold() public {
        vm.prank(admin);
        _manager.grantRole(Roles.ISSUER, issuer, 0);
        address[] memory people = _sorted(admin, issuer, mallory);
        requireHealthy(health.checkDuties(people));
        bytes memory both = abi.encode(uint256(1 << Roles.ISSUER | 1 << Roles.TREASURER));
        vm.mockCall(address(_manager), abi.encodeCall(_manager.rolesOf, (mallory)), both);
        _expect(health.checkDuties(people)[0], "duties/separated", false, 1, 0);
    }

    function test_AnythingButASeriesIsNotCounted() public view {
        address[] memory all = new address[](2);
        (all[0], all[1]) = address(series) < mallory ? (address(series), mallory) : (mallory, address(series));
        requireHealthy(health.checkPolicy(all));
    }

    function test_ARestrictedSeriesAsksThePolicy() public {
        address[] memory all = new address[](1);
        all[0] = address(series);
        requireHealthy(health.checkPolicy(all));
        _expect(health.checkPolicy(new address[](0))[0], "policy/complete", false, 0, 1);
        IJurisdictionPolicy.Policy memory open = IJurisdictionPolicy.Policy(IJurisdictionPolicy.Mode.Open, 0);
        address law = address(new JurisdictionPolicy(address(authority), address(factory), open, 0));
        vm.prank(admin);
        factory.setPolicy(law);
        // No verb leaves a series unmarked: a policy that restricts all the same.
        bytes memory strict = abi.encode(IJurisdictionPolicy.Mode.EvidenceOnly, 0);
        vm.mockCall(law, abi.encodeCall(IJurisdictionPolicy.restrictionOf, (address(series))), strict);
        _expect(health.checkPolicy(all)[1], "policy/marked", false, 1, 0);
        vm.prank(law);
        series.setRestricted(true);
        requireHealthy(health.checkPolicy(all));
    }
}
