// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IRevenueRight} from "../../src/interfaces/IRevenueRight.sol";
import {ISeries} from "../../src/interfaces/ISeries.sol";
import {ISeriesFactory} from "../../src/interfaces/ISeriesFactory.sol";
import {SeriesFactory} from "../../src/rights/SeriesFactory.sol";
import {RightsKit} from "./RightsKit.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

/// @title A stream's income divided into consecutive terms: what the strips get is what one series would have got.
contract StripsTest is RightsKit {
    function setUp() public override {
        super.setUp();
        allow(address(factory), SeriesFactory.createStrips.selector, 2);
    }

    function test_MakesConsecutiveSeriesAndReports() public {
        IRevenueRight.Terms[] memory terms = _strips(3, 12);
        address[] memory expected = new address[](3);
        for (uint256 i = 0; i < 3; ++i) {
            expected[i] = factory.addressOf(terms[i], "salt");
        }
        vm.expectEmit(address(factory));
        emit ISeriesFactory.StripsCreated(STREAM, 0, 1, 36, expected);
        address[] memory made = _make(terms);
        assertEq(made, expected, "addresses");
        for (uint256 i = 0; i < 3; ++i) {
            assertTrue(factory.isSeries(made[i]), "known");
        }
        assertEq(factory.seriesCount(), 3, "count");
    }

    function test_RevertWhen_ThereIsAGapOrAnOverlap() public {
        IRevenueRight.Terms[] memory terms = _strips(2, 12);
        terms[1].termFrom = 14;
        _refuses(terms, 1, "termFrom", 14, 13);
        terms[1].termFrom = 12;
        _refuses(terms, 1, "termFrom", 12, 13);
    }

    function test_RevertWhen_StreamsOrRanksDiffer() public {
        IRevenueRight.Terms[] memory terms = _strips(2, 12);
        terms[1].stream = 9;
        _refuses(terms, 1, "stream", 9, STREAM);
        (terms[1].stream, terms[1].rank) = (STREAM, 2);
        _refuses(terms, 1, "rank", 2, 0);
    }

    function test_RevertWhen_ATailReachesIntoTheNextStrip() public {
        IRevenueRight.Terms[] memory terms = _strips(2, 12);
        terms[0].tail = 1;
        _refuses(terms, 0, "tail", 1, 0);
        (terms[0].tail, terms[1].tail) = (0, 3);
        _make(terms);
    }

    function test_RevertWhen_OneStripDividesNothing() public {
        IRevenueRight.Terms[] memory terms = _strips(1, 12);
        vm.expectRevert(abi.encodeWithSelector(ISeriesFactory.TooFewStrips.selector, 1));
        _make(terms);
    }

    function test_RevertWhen_NotIssuer() public {
        IRevenueRight.Terms[] memory terms = _strips(2, 12);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, mallory));
        vm.prank(mallory);
        factory.createStrips(terms, "salt");
    }

    /// @dev In every period exactly one strip takes the money, and holders of all strips get what they would have got of
    /// one series, to the unit that rounding keeps in each account.
    function testFuzz_StripsTogetherGetWhatTheStreamGets(uint256 seed, uint256 count, uint256 length) public {
        (count, length) = (bound(count, 2, 5), bound(length, 1, 6));
        address[] memory made = _make(_strips(count, uint32(length)));
        IRevenueRight.Terms memory whole = _terms();
        whole.termTo = uint32(count * length);
        _launch(whole);
        for (uint256 i = 0; i < count; ++i) {
            _fill(ISeries(made[i]));
        }
        for (uint32 period = 1; period <= count * length; ++period) {
            seed = uint256(keccak256(abi.encode(seed)));
            uint64 amount = uint64(seed % 1e9);
            _distribute(period, amount);
            assertEq(_takers(made, period, amount), 1, "takers");
        }
        uint256 received = 0;
        for (uint256 i = 0; i < count; ++i) {
            received += ISeries(made[i]).state().acc;
            _assertTerm(ISeries(made[i]), i, length);
        }
        assertEq(received, uint256(series.state().acc), "all of it");
    }

    /// @dev Offers a period's money to every strip; says how many took it.
    function _takers(address[] memory made, uint32 period, uint64 amount) private returns (uint256 takers) {
        for (uint256 i = 0; i < made.length; ++i) {
            vm.prank(waterfall);
            (bool taken,) = made[i].call(abi.encodeCall(IRevenueRight.distribute, (period, amount)));
            if (taken) ++takers;
        }
    }

    function _assertTerm(ISeries strip, uint256 index, uint256 length) private view {
        assertEq(uint256(strip.state().lastPeriod), (index + 1) * length, "last period");
        assertEq(uint256(strip.state().distributions), length, "periods");
    }

    function _fill(ISeries strip) private {
        ISeries kept = series;
        series = strip;
        _issue(adam, 5000);
        _issue(barb, 3000);
        _issue(carl, 2000);
        vm.prank(issuer);
        strip.seal();
        series = kept;
    }

    function _strips(uint256 count, uint32 length) private pure returns (IRevenueRight.Terms[] memory terms) {
        terms = new IRevenueRight.Terms[](count);
        for (uint32 i = 0; i < count; ++i) {
            terms[i] = _terms();
            (terms[i].termFrom, terms[i].termTo) = (1 + i * length, (i + 1) * length);
        }
    }

    function _make(IRevenueRight.Terms[] memory terms) private returns (address[] memory) {
        vm.prank(issuer);
        return factory.createStrips(terms, "salt");
    }

    function _refuses(IRevenueRight.Terms[] memory terms, uint256 strip, bytes32 field, uint256 value, uint256 expected)
        private
    {
        vm.expectRevert(abi.encodeWithSelector(ISeriesFactory.NotConsecutive.selector, strip, field, value, expected));
        _make(terms);
    }
}
