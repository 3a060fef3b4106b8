// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IMarket} from "../../src/interfaces/IMarket.sol";
import {IOffering} from "../../src/interfaces/IOffering.sol";
import {ISeriesFactory} from "../../src/interfaces/ISeriesFactory.sol";
import {Listing} from "../../src/libraries/Listing.sol";
import {Offering} from "../../src/market/Offering.sol";
import {Currency} from "../rights/Currency.sol";
import {MarketKit} from "./MarketKit.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

contract OpenOfferingTest is MarketKit {
    IOffering.Terms internal terms;

    function setUp() public override {
        super.setUp();
        series = _create(_terms());
        terms = _offer();
    }

    function _refused(bytes32 field, uint256 value) private {
        vm.expectRevert(abi.encodeWithSelector(IOffering.InvalidOffering.selector, field, value));
        vm.prank(issuer);
        offering.open(terms);
    }

    function test_RevertWhen_CallerIsNotTheIssuer() public {
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, mallory));
        vm.prank(mallory);
        offering.open(terms);
    }

    function test_RevertWhen_SeriesIsUnknown() public {
        terms.series = address(currency);
        vm.expectRevert(abi.encodeWithSelector(IMarket.UnknownSeries.selector, address(currency)));
        vm.prank(issuer);
        offering.open(terms);
    }

    function test_RevertWhen_SeriesPaysInAnotherCurrency() public {
        address[] memory factories = new address[](1);
        factories[0] = address(factory);
        Offering other = new Offering(address(authority), address(new Currency()), factories);
        vm.prank(admin);
        authority.setTargetFunctionRole(address(other), _selectors(), 2);
        vm.expectRevert(abi.encodeWithSelector(IMarket.UnknownSeries.selector, address(series)));
        vm.prank(issuer);
        other.open(terms);
    }

    function _selectors() private pure returns (bytes4[] memory list) {
        list = new bytes4[](1);
        list[0] = IOffering.open.selector;
    }

    function test_RevertWhen_TheCurrencyIsNone() public {
        vm.expectRevert(abi.encodeWithSelector(Listing.UnsuitableCurrency.selector, mallory, bytes32("code"), 0));
        new Offering(address(authority), mallory, new address[](0));
    }

    function test_RevertWhen_SeriesIsSealed() public {
        vm.prank(issuer);
        series.seal();
        _refused("series", uint160(address(series)));
    }

    function test_RevertWhen_WindowIsEmpty() public {
        terms.to = terms.from;
        _refused("to", terms.from);
    }

    function test_RevertWhen_WindowIsOver() public {
        vm.warp(CLOSES);
        _refused("to", CLOSES);
        vm.warp(CLOSES - 1);
        _open(terms);
    }

    function test_RevertWhen_DeliveryIsTooShort() public {
        terms.deliverUntil = CLOSES + 1 days - 1;
        _refused("deliverUntil", terms.deliverUntil);
        terms.deliverUntil = CLOSES + 1 days;
        _open(terms);
    }

    function test_RevertWhen_MoneyWouldLieTooLong() public {
        terms.deliverUntil = CLOSES + 365 days + 1;
        _refused("deliverUntil", terms.deliverUntil);
        uint40 last = uint40(vm.getBlockTimestamp()) + 2 * 365 days;
        (terms.to, terms.deliverUntil) = (last + 1, last + 2 days);
        _refused("to", last + 1);
        (terms.to, terms.deliverUntil) = (last, last + 365 days);
        _open(terms);
    }

    function test_RevertWhen_BeneficiaryIsNobody() public {
        terms.beneficiary = address(0);
        _refused("beneficiary", 0);
        terms.beneficiary = address(offering);
        _refused("beneficiary", uint160(address(offering)));
    }

    function test_RevertWhen_PriceIsZero() public {
        terms.price = 0;
        _refused("price", 0);
    }

    function test_RevertWhen_MaximumIsBelowMinimum() public {
        terms.maxUnits = terms.minUnits - 1;
        _refused("maxUnits", terms.maxUnits);
        (terms.minUnits, terms.maxUnits) = (0, 0);
        _refused("maxUnits", 0);
    }

    function test_RevertWhen_NobodyCouldSubscribe() public {
        terms.minEach = terms.maxUnits + 1;
        _refused("minEach", terms.minEach);
        (terms.minEach, terms.maxEach) = (2, 1);
        _refused("maxEach", 1);
    }

    function test_KeepsTheTerms() public {
        vm.expectEmit(address(offering));
        emit IOffering.OfferingOpened(1, address(series), terms);
        assertEq(_open(terms), 1, "first");
        assertEq(_open(terms), 2, "second");
        assertEq(keccak256(abi.encode(offering.termsOf(2))), keccak256(abi.encode(terms)), "terms");
        assertEq(_status(2), uint256(IOffering.Status.Upcoming), "status");
        assertEq(_status(3), uint256(IOffering.Status.None), "no third");
        vm.expectRevert(abi.encodeWithSelector(IOffering.UnknownOffering.selector, 3));
        offering.termsOf(3);
        assertEq(offering.currency(), address(currency), "currency");
        assertEq(offering.factories()[0], address(factory), "factory");
    }

    function test_KnowsTheSeriesFromThenOn() public {
        _open(terms);
        vm.mockCallRevert(address(factory), abi.encodeCall(ISeriesFactory.isSeries, (address(series))), "asked");
        _open(terms);
    }
}
