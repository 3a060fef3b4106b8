// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IRevenueRight} from "../../src/interfaces/IRevenueRight.sol";
import {ISeries} from "../../src/interfaces/ISeries.sol";
import {ISeriesFactory} from "../../src/interfaces/ISeriesFactory.sol";
import {RightsKit} from "./RightsKit.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

contract CreateTest is RightsKit {
    function test_KeepsTheTerms() public {
        ISeries made = _create(_terms());
        assertEq(keccak256(abi.encode(made.terms())), keccak256(abi.encode(_terms())), "terms");
        assertEq(made.name(), "VPP senior 2026", "name");
        assertEq(made.symbol(), "VPP-S26", "symbol");
        assertEq(made.decimals(), 0, "decimals");
        assertEq(made.registry(), address(registry), "registry");
        assertEq(made.currency(), address(currency), "currency");
        assertEq(made.distributor(), waterfall, "distributor");
        assertTrue(factory.isSeries(address(made)), "known");
    }

    function test_StartsEmpty() public {
        ISeries made = _create(_terms());
        assertEq(made.totalSupply(), 0, "supply");
        assertFalse(made.state().sealed_, "sealed");
        assertEq(made.claimable(adam), 0, "claimable");
    }

    function test_TakesTheForetoldAddressAndReports() public {
        IRevenueRight.Terms memory terms = _terms();
        address expected = factory.addressOf(terms, "salt");
        vm.expectEmit(address(factory));
        emit ISeriesFactory.SeriesCreated(expected, STREAM, 0, "salt", terms);
        assertEq(address(_create(terms)), expected, "address");
    }

    function test_AddressDependsOnTermsAndSalt() public view {
        IRevenueRight.Terms memory terms = _terms();
        address first = factory.addressOf(terms, "salt");
        assertNotEq(factory.addressOf(terms, "other"), first, "salt");
        terms.termTo += 1;
        assertNotEq(factory.addressOf(terms, "salt"), first, "terms");
    }

    function test_RevertWhen_MadeTwice() public {
        _create(_terms());
        IRevenueRight.Terms memory terms = _terms();
        vm.expectRevert();
        vm.prank(issuer);
        factory.create(terms, "salt");
    }

    function test_RevertWhen_NotIssuer() public {
        IRevenueRight.Terms memory terms = _terms();
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, mallory));
        vm.prank(mallory);
        factory.create(terms, "salt");
    }

    function testFuzz_TermsRoundTrip(IRevenueRight.Terms memory terms) public {
        (terms.name, terms.symbol) = ("Water of the east gate, 32 chars", "W");
        terms.stream = uint32(bound(terms.stream, 1, type(uint32).max));
        terms.tail %= 120;
        terms.termFrom = uint32(bound(terms.termFrom, 1, type(uint24).max - 60_120));
        terms.termTo = uint32(bound(terms.termTo, terms.termFrom, terms.termFrom + 60_000));
        (terms.rank, terms.decimals) = (terms.rank % 4, terms.decimals % 19);
        terms.classes = uint8(2 * bound(terms.classes, 1, 7));
        terms.countries = uint128(bound(uint16(terms.countries), 1, 999));
        terms.minTicket &= type(uint48).max;
        terms.windowEvery = uint32(bound(terms.windowEvery, 2, type(uint32).max));
        terms.windowLength = uint32(bound(terms.windowLength, 1, terms.windowEvery - 1));
        ISeries made = _create(terms);
        assertEq(keccak256(abi.encode(made.terms())), keccak256(abi.encode(terms)), "terms");
        assertEq(made.name(), "Water of the east gate, 32 chars", "name");
        assertEq(made.symbol(), "W", "symbol");
    }

    /* REFUSED TERMS */

    function test_RevertWhen_NameIsEmpty() public {
        IRevenueRight.Terms memory terms = _terms();
        terms.name = "";
        _refuses(terms, "name", 0);
    }

    function test_RevertWhen_SymbolIsNoText() public {
        IRevenueRight.Terms memory terms = _terms();
        terms.symbol = "A\nB";
        _refuses(terms, "symbol", uint256(terms.symbol));
        terms.symbol = bytes32(uint256(0x41));
        _refuses(terms, "symbol", 0x41);
    }

    function test_RevertWhen_StreamIsZero() public {
        IRevenueRight.Terms memory terms = _terms();
        terms.stream = 0;
        _refuses(terms, "stream", 0);
    }

    function test_RevertWhen_TermIsEmpty() public {
        IRevenueRight.Terms memory terms = _terms();
        terms.termFrom = 0;
        _refuses(terms, "termFrom", 0);
        (terms.termFrom, terms.termTo) = (5, 4);
        _refuses(terms, "termTo", 4);
    }

    function test_RevertWhen_TermIsTooFarAway() public {
        IRevenueRight.Terms memory terms = _terms();
        terms.termTo = 1 << 24;
        _refuses(terms, "termTo", terms.termTo);
    }

    function test_RevertWhen_RankOrDecimalsAreTooLarge() public {
        IRevenueRight.Terms memory terms = _terms();
        terms.rank = 4;
        _refuses(terms, "rank", 4);
        (terms.rank, terms.decimals) = (3, 19);
        _refuses(terms, "decimals", 19);
    }

    function test_RevertWhen_ClassesAreUnknown() public {
        IRevenueRight.Terms memory terms = _terms();
        terms.classes = 0;
        _refuses(terms, "classes", 0);
        terms.classes = 1;
        _refuses(terms, "classes", 1);
        terms.classes = 16;
        _refuses(terms, "classes", 16);
    }

    function test_RevertWhen_CountryIsUnknown() public {
        IRevenueRight.Terms memory terms = _terms();
        terms.countries = 1000;
        _refuses(terms, "countries", 1000);
        terms.countries = uint128(CHINA) << 16;
        _refuses(terms, "countries", terms.countries);
    }

    function test_RevertWhen_TicketIsAboveAnySupply() public {
        IRevenueRight.Terms memory terms = _terms();
        terms.minTicket = 1 << 48;
        _refuses(terms, "minTicket", 1 << 48);
    }

    function test_RevertWhen_TermAndTailAreTooLong() public {
        IRevenueRight.Terms memory terms = _terms();
        (terms.termFrom, terms.termTo, terms.tail) = (2, 65_000, 537);
        _refuses(terms, "tail", 537);
        terms.tail = 536;
        _create(terms);
    }

    function test_RevertWhen_TailEndsAfterTheLastPeriodThereIs() public {
        IRevenueRight.Terms memory terms = _terms();
        (terms.termFrom, terms.termTo, terms.tail) = (type(uint24).max - 9, type(uint24).max - 1, 2);
        _refuses(terms, "tail", 2);
        terms.tail = 1;
        _create(terms);
    }

    function test_RevertWhen_WindowsDoNotOpenOrNeverClose() public {
        IRevenueRight.Terms memory terms = _terms();
        terms.windowLength = 1;
        _refuses(terms, "windowLength", 1);
        (terms.windowEvery, terms.windowLength) = (10, 0);
        _refuses(terms, "windowLength", 0);
        terms.windowLength = 10;
        _refuses(terms, "windowLength", 10);
        terms.windowLength = 9;
        _create(terms);
    }

    function _refuses(IRevenueRight.Terms memory terms, bytes32 field, uint256 value) private {
        vm.expectRevert(abi.encodeWithSelector(ISeriesFactory.InvalidTerms.selector, field, value));
        vm.prank(issuer);
        factory.create(terms, "salt");
    }
}
