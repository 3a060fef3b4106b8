// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IDvpDesk} from "../../src/interfaces/IDvpDesk.sol";
import {IMarket} from "../../src/interfaces/IMarket.sol";
import {IRevenueRight} from "../../src/interfaces/IRevenueRight.sol";
import {DvpDesk} from "../../src/market/DvpDesk.sol";
import {DeskKit} from "./DeskKit.sol";
import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";

/// @title A wallet in a contract: consents to digests its owner names.
contract Vault is IERC1271 {
    mapping(bytes32 digest => bool) public consents;

    function consent(bytes32 digest, bool given) external {
        consents[digest] = given;
    }

    function approve(address token, address spender) external {
        IERC20(token).approve(spender, type(uint256).max);
    }

    function isValidSignature(bytes32 digest, bytes memory) external view returns (bytes4) {
        return consents[digest] ? IERC1271.isValidSignature.selector : bytes4(0);
    }
}

contract FillTest is DeskKit {
    IDvpDesk.Order internal sale;
    IDvpDesk.Order internal purchase;
    bytes internal signature;
    bytes32 internal digest;

    function setUp() public override {
        super.setUp();
        (sale, purchase) = (_sale(), _purchase());
        digest = desk.digestOf(sale);
        signature = _sign("adam", sale);
    }

    function _fill(uint64 units) private returns (uint64) {
        vm.prank(dora);
        return desk.fill(sale, signature, units, type(uint64).max);
    }

    function _refused(bytes memory reason) private {
        vm.expectRevert(reason);
        _fill(1000);
    }

    /* WHEN THE ORDER HAS ENDED, OR IS NONE */

    function test_RevertWhen_Paused() public {
        _pause(address(desk), true);
        _refused(abi.encodeWithSelector(IMarket.MarketPaused.selector));
        _pause(address(desk), false);
        _fill(1000);
    }

    function test_RevertWhen_SeriesIsUnknown() public {
        sale.series = address(currency);
        signature = _sign("adam", sale);
        _refused(abi.encodeWithSelector(IMarket.UnknownSeries.selector, address(currency)));
    }

    function test_RevertWhen_OrderExpired() public {
        vm.warp(sale.expiry + 1);
        _refused(abi.encodeWithSelector(IDvpDesk.OrderExpired.selector, digest, sale.expiry));
        vm.warp(sale.expiry);
        _fill(1000);
    }

    function test_RevertWhen_OrderIsFilled() public {
        _fill(1000);
        vm.expectRevert(abi.encodeWithSelector(IDvpDesk.InvalidFill.selector, 1, 0, 0));
        _fill(1);
        vm.expectRevert(abi.encodeWithSelector(IDvpDesk.InvalidFill.selector, 0, 0, 0));
        _fill(0);
    }

    function test_RevertWhen_OrderIsCancelled() public {
        _fill(500);
        vm.prank(adam);
        desk.cancel(sale);
        vm.expectRevert(abi.encodeWithSelector(IDvpDesk.OrderIsCancelled.selector, digest));
        _fill(500);
    }

    function test_RevertWhen_NonceIsCancelled() public {
        vm.prank(adam);
        desk.cancelBelow(6);
        _refused(abi.encodeWithSelector(IDvpDesk.OrderIsCancelled.selector, digest));
    }

    function test_RevertWhen_OrderIsForNothing() public {
        (sale.units, sale.minFill) = (0, 0);
        signature = _sign("adam", sale);
        _refused(abi.encodeWithSelector(IDvpDesk.InvalidOrder.selector, bytes32("units"), 0));
    }

    function test_RevertWhen_LeastFillIsAboveAll() public {
        sale.minFill = 1001;
        signature = _sign("adam", sale);
        _refused(abi.encodeWithSelector(IDvpDesk.InvalidOrder.selector, bytes32("minFill"), 1001));
    }

    /* WHEN THE SIGNATURE IS NOT THE MAKER'S */

    function _invalid(bytes32 of_) private {
        _refused(abi.encodeWithSelector(IDvpDesk.InvalidSignature.selector, adam, of_));
    }

    function test_RevertWhen_SignerIsAnother() public {
        signature = _sign("mallory", sale);
        _invalid(digest);
        signature = "";
        _invalid(digest);
    }

    function test_RevertWhen_AFieldIsChanged() public {
        IDvpDesk.Order[6] memory changed;
        for (uint256 i = 0; i < 6; ++i) {
            changed[i] = _sale();
        }
        (changed[0].units, changed[1].price, changed[2].minFill) = (2000, 7002, 0);
        (changed[3].expiry, changed[4].nonce, changed[5].taker) = (sale.expiry + 1, 6, dora);
        for (uint256 i = 0; i < 6; ++i) {
            sale = changed[i];
            _invalid(desk.digestOf(sale));
        }
        sale = _sale();
        sale.sells = false;
        vm.expectRevert(abi.encodeWithSelector(IDvpDesk.InvalidSignature.selector, adam, desk.digestOf(sale)));
        vm.prank(barb);
        desk.fill(sale, signature, 1000, 0);
    }

    function test_RevertWhen_SignatureIsMalleated() public {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(keyOf("adam"), digest);
        uint256 order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;
        signature = abi.encodePacked(r, order - uint256(s), v == 27 ? 28 : 27);
        _invalid(digest);
        signature = abi.encodePacked(r, bytes32(uint256(s) | uint256(v - 27) << 255));
        _invalid(digest);
    }

    function test_RevertWhen_SignedForAnotherContract() public {
        address[] memory factories = new address[](1);
        factories[0] = address(factory);
        DvpDesk other = new DvpDesk(address(authority), address(currency), factories);
        signature = _signDigest("adam", other.digestOf(sale));
        _invalid(digest);
    }

    function test_RevertWhen_SignedForAnotherChain() public {
        vm.chainId(777);
        _invalid(desk.digestOf(sale));
        assertNotEq(desk.digestOf(sale), digest, "another digest");
    }

    function test_RevertWhen_AContractWithdrewItsConsent() public {
        Vault vault = _vaultSells();
        _fill(500);
        vault.consent(digest, false);
        vm.expectRevert(abi.encodeWithSelector(IDvpDesk.InvalidSignature.selector, address(vault), digest));
        _fill(500);
    }

    /* WHEN THE CALLER MAY NOT TAKE, OR NOT SO MUCH */

    function test_RevertWhen_TakerIsAnother() public {
        sale.taker = barb;
        signature = _sign("adam", sale);
        _refused(abi.encodeWithSelector(IDvpDesk.NotTaker.selector, dora, barb));
        vm.prank(barb);
        desk.fill(sale, signature, 1000, 7003);
    }

    function test_RevertWhen_TakerIsTheMaker() public {
        vm.expectRevert(abi.encodeWithSelector(IDvpDesk.NotTaker.selector, adam, address(0)));
        vm.prank(adam);
        desk.fill(sale, signature, 1000, 7003);
    }

    function test_RevertWhen_BelowTheLeastFill() public {
        vm.expectRevert(abi.encodeWithSelector(IDvpDesk.InvalidFill.selector, 99, 100, 1000));
        _fill(99);
    }

    function test_AllOrNothingIsFilledWholly() public {
        sale.minFill = 1000;
        signature = _sign("adam", sale);
        vm.expectRevert(abi.encodeWithSelector(IDvpDesk.InvalidFill.selector, 999, 1000, 1000));
        _fill(999);
        _fill(1000);
        assertEq(series.balanceOf(dora), 1000, "all");
    }

    function test_FillsTheRestBelowTheLeastFill() public {
        _fill(950);
        vm.expectRevert(abi.encodeWithSelector(IDvpDesk.InvalidFill.selector, 49, 50, 50));
        _fill(49);
        vm.mockCall(address(series), abi.encodeCall(IERC20.transferFrom, (adam, dora, 50)), abi.encode(true));
        _fill(50);
        (uint64 filled,) = desk.statusOf(sale);
        assertEq(filled, 1000, "filled");
    }

    function test_RevertWhen_MoreThanIsLeft() public {
        _fill(400);
        vm.expectRevert(abi.encodeWithSelector(IDvpDesk.InvalidFill.selector, 601, 100, 600));
        _fill(601);
        _fill(600);
    }

    function test_RevertWhen_ABuyerWouldPayMore() public {
        vm.expectRevert(abi.encodeWithSelector(IDvpDesk.LimitNotMet.selector, 7003, 7002));
        vm.prank(dora);
        desk.fill(sale, signature, 1000, 7002);
    }

    function test_RevertWhen_ASellerWouldGetLess() public {
        signature = _sign("dora", purchase);
        vm.expectRevert(abi.encodeWithSelector(IDvpDesk.LimitNotMet.selector, 7003, 7004));
        vm.prank(barb);
        desk.fill(purchase, signature, 1000, 7004);
    }

    /* WHEN SERIES OR CURRENCY REFUSE */

    function test_RevertWhen_TheSeriesRefuses() public {
        _freeze(dora, true, true);
        IRevenueRight.Refusal reason = IRevenueRight.Refusal.RecipientFrozen;
        _refused(abi.encodeWithSelector(IRevenueRight.TransferRefused.selector, adam, dora, 1000, reason, 0));
        assertEq(currency.balanceOf(adam), WEALTH, "no money moved");
        (uint64 filled,) = desk.statusOf(sale);
        assertEq(filled, 0, "nothing filled");
    }

    function test_RevertWhen_TheSellerLacksUnits() public {
        (sale.units, sale.minFill) = (5001, 1);
        signature = _sign("adam", sale);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, adam, 5000, 5001));
        _fill(5001);
        assertEq(currency.balanceOf(adam), WEALTH, "no money moved");
    }

    function test_RevertWhen_TheBuyerLacksMoney() public {
        vm.prank(dora);
        currency.approve(address(desk), 7002);
        _refused(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, address(desk), 7002, 7003));
        assertEq(series.balanceOf(adam), 5000, "no units moved");
    }

    function test_RevertWhen_TheCurrencyTakesAFee() public {
        vm.mockCall(address(currency), abi.encodeCall(IERC20.transferFrom, (dora, adam, 7003)), abi.encode(true));
        _refused(abi.encodeWithSelector(IMarket.InexactPayment.selector, 7003, 0));
    }

    /// @dev A maker's contract that fills another order while it is asked for its consent.
    function test_RevertWhen_CallingBack() public {
        Caller caller = new Caller(desk);
        sale.maker = address(caller);
        caller.prepare(abi.encodeCall(desk.fill, (sale, "", 500, type(uint64).max)));
        // OpenZeppelin's checker makes a static call, so the attempt fails and no consent is given.
        vm.expectRevert(
            abi.encodeWithSelector(IDvpDesk.InvalidSignature.selector, address(caller), desk.digestOf(sale))
        );
        _fill(500);
    }

    /* WHEN ALL IS IN ORDER */

    function test_SettlesASale() public {
        vm.expectEmit(address(desk));
        emit IDvpDesk.Filled(digest, adam, dora, address(series), 400, 2802, 400);
        assertEq(desk.costOf(sale, 400), 2802, "told before");
        assertEq(_fill(400), 2802, "2 801.2 upwards");
        assertEq(series.balanceOf(adam), 4600, "adam's units");
        assertEq(series.balanceOf(dora), 400, "dora's units");
        assertEq(currency.balanceOf(adam), WEALTH + 2802, "adam's money");
        assertEq(currency.balanceOf(dora), WEALTH - 2802, "dora's money");
        assertEq(_fill(600), 4201, "the rest of the price");
    }

    function test_SettlesAPurchase() public {
        signature = _sign("dora", purchase);
        vm.expectEmit(address(desk));
        emit IDvpDesk.Filled(desk.digestOf(purchase), barb, dora, address(series), 1000, 7003, 1000);
        vm.prank(barb);
        assertEq(desk.fill(purchase, signature, 1000, 7003), 7003, "proceeds");
        assertEq(series.balanceOf(barb), 2000, "barb's units");
        assertEq(series.balanceOf(dora), 1000, "dora's units");
        assertEq(currency.balanceOf(barb), WEALTH + 7003, "barb's money");
        assertEq(currency.balanceOf(dora), WEALTH - 7003, "dora's money");
    }

    function test_AcceptsTheSignatureOfAContract() public {
        Vault vault = _vaultSells();
        _fill(1000);
        assertEq(currency.balanceOf(address(vault)), 7003, "paid");
        assertEq(series.balanceOf(dora), 1000, "units");
    }

    function _vaultSells() private returns (Vault vault) {
        vault = new Vault();
        _admit(address(vault));
        vm.prank(adam);
        series.transfer(address(vault), 2000);
        vault.approve(address(series), address(desk));
        sale.maker = address(vault);
        digest = desk.digestOf(sale);
        vault.consent(digest, true);
        signature = "";
    }

    function _permits(address token, address owner) private pure returns (IDvpDesk.Permit[] memory permits) {
        permits = new IDvpDesk.Permit[](1);
        permits[0] = IDvpDesk.Permit(token, owner, 7003, NOW + 1, 27, "r", "s");
    }

    function _permitCall() private view returns (bytes memory) {
        return abi.encodeCall(IERC20Permit.permit, (dora, address(desk), 7003, NOW + 1, 27, "r", "s"));
    }

    function test_AcceptsPermits() public {
        vm.mockCall(address(currency), _permitCall(), "");
        vm.expectCall(address(currency), _permitCall());
        vm.prank(dora);
        assertEq(desk.fillWithPermits(sale, signature, 1000, 7003, _permits(address(currency), dora)), 7003, "cost");
        assertEq(series.balanceOf(dora), 1000, "units");
    }

    function test_PassesOverAUsedPermit() public {
        vm.mockCallRevert(address(currency), _permitCall(), "used");
        vm.prank(dora);
        desk.fillWithPermits(sale, signature, 1000, 7003, _permits(address(currency), dora));
        assertEq(series.balanceOf(dora), 1000, "units");
    }

    function test_RevertWhen_PermitIsOfAnotherToken() public {
        vm.expectRevert(abi.encodeWithSelector(IMarket.UnknownSeries.selector, address(registry)));
        vm.prank(dora);
        desk.fillWithPermits(sale, signature, 1000, 7003, _permits(address(registry), dora));
    }

    function test_DigestIsThatOfEip712() public view {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Usufruct"),
                keccak256("1"),
                block.chainid,
                address(desk)
            )
        );
        bytes32 type_ = keccak256(
            "Order(address maker,address taker,address series,bool sells,uint64 units,uint64 price,uint64 minFill,uint40 expiry,uint64 nonce)"
        );
        bytes32 body =
            keccak256(abi.encode(type_, adam, address(0), address(series), true, 1000, 7003, 100, NOW + 1 days, 5));
        assertEq(digest, keccak256(abi.encodePacked(hex"1901", domain, body)), "digest");
    }

    /// @dev The same value stands in tests/unit/core/test_orders.py.
    function test_DigestIsTheOneThatPythonComputes() public {
        address place = address(bytes20(hex"3333333333333333333333333333333333333333"));
        vm.etch(place, address(desk).code);
        vm.chainId(31_337);
        IDvpDesk.Order memory order = _sale();
        order.maker = address(bytes20(hex"a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1"));
        order.series = address(bytes20(hex"5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e"));
        order.expiry = 1_790_000_000;
        bytes32 expected = 0x6a7880a442d6e0294de41e2bc519d06c89532829ebfd7700e7900478ffac7658;
        assertEq(DvpDesk(place).digestOf(order), expected, "digest");
    }

    /// @dev 667 of 1 000 units are worth 4 671.001: a share just above a whole unit costs the next one.
    function test_AnyFractionIsRoundedUp() public {
        assertEq(desk.costOf(sale, 667), 4672, "just above");
        assertEq(desk.costOf(sale, 1000), 7003, "whole");
        vm.prank(dora);
        assertEq(desk.fill(sale, signature, 667, 4672), 4672, "paid");
        assertEq(desk.costOf(sale, 333), 2331, "rest");
    }

    function testFuzz_FillsAddUpToThePrice(uint64 units, uint64 price, uint256 cuts, bool sells) public {
        units = uint64(bound(units, 1, 2000));
        price = uint64(bound(price, 0, WEALTH));
        _letTicketsBe();
        IDvpDesk.Order memory order = sells ? sale : purchase;
        (order.series, order.units, order.price, order.minFill) = (address(series), units, price, 0);
        (address maker, address taker) = sells ? (adam, dora) : (dora, adam);
        signature = _sign(sells ? "adam" : "dora", order);
        uint256 paid = 0;
        for (uint256 left = units; left != 0;) {
            uint64 part = uint64(bound(uint256(keccak256(abi.encode(cuts, left))), 1, left));
            vm.prank(taker);
            paid += desk.fill(order, signature, part, sells ? type(uint64).max : 0);
            left -= part;
            // ⌈price·filled/units⌉, from both sides.
            assertGe(paid * units, uint256(price) * (units - left), "never less than the exact share");
            assertLt(paid * units, uint256(price) * (units - left) + units, "less than a unit more");
        }
        assertEq(paid, price, "price");
        (address seller, address buyer) = sells ? (maker, taker) : (taker, maker);
        assertEq(currency.balanceOf(seller), WEALTH + price, "seller");
        assertEq(currency.balanceOf(buyer), WEALTH - price, "buyer");
        assertEq(series.balanceOf(buyer), units, "units");
    }

    function _letTicketsBe() private {
        IRevenueRight.Terms memory terms = _terms();
        (terms.minTicket, terms.symbol) = (0, "OTHER");
        _launch(terms);
        vm.prank(adam);
        series.approve(address(desk), type(uint256).max);
    }
}

/// @title A maker that tries to trade while it is asked for its signature.
contract Caller is IERC1271 {
    DvpDesk private immutable DESK;
    bytes private _call;

    constructor(DvpDesk desk) {
        DESK = desk;
    }

    function prepare(bytes calldata call_) external {
        _call = call_;
    }

    function isValidSignature(bytes32, bytes memory) external view returns (bytes4) {
        (bool done,) = address(DESK).staticcall(_call);
        return done ? IERC1271.isValidSignature.selector : bytes4(0);
    }
}
