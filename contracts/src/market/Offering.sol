// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IOffering} from "../interfaces/IOffering.sol";
import {IRevenueRight} from "../interfaces/IRevenueRight.sol";
import {Payment} from "../libraries/Payment.sol";
import {Market} from "./Market.sol";
import {SubscriptionBook} from "./SubscriptionBook.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// @title Offerings of series that are not sealed yet.
///
/// DUTY
/// Takes subscriptions with their full price, and after the window gives every subscriber either units against their price
/// or the money back. Until then the money lies here; no role can take it out. The issuer seals the series when the
/// offering is complete.
///
/// ALLOTMENT
/// Pro rata in the order of arrival, exact to the unit (SubscriptionBook). The order decides only where the odd units fall; being
/// early gives no larger share.
///
/// MONEY
/// What this contract owns is, to the unit, the price of all subscriptions not yet dealt with and what is owed to
/// subscribers whose refund failed. Currency sent here in any other way belongs to nobody. Each payment follows
/// the writing of all accounts.
///
/// DELIVERY
/// One subscriber, one transaction: units placed, price paid to the beneficiary, the rest returned; if the units or the
/// price do not go through, nothing does. Who cannot be admitted at delivery (identity check expired, frozen, allotment
/// below the minimum ticket) may put that right until `deliverUntil`. After it the subscription lapses: all money back, the
/// units are given to nobody. A subscriber who was not delivered by then may also walk away, whatever the
/// reason, so that no money can be kept by a role taken away or a beneficiary who cannot be paid. A series sealed too early
/// takes no more money, and what was paid lapses as soon as the window is over. Money lies here for three years at most.
///
/// TRUST AND LIMITS
/// ISSUER opens and cancels, and cannot change terms. Deliveries need the PLACEMENT role on the factory of the series.
/// Pausing stops `subscribe` alone. A subscriber has at most MAX_LOTS lots; all subscriptions of one offering cost
/// less than 2⁶⁴.
contract Offering is SubscriptionBook, Market {
    using SafeERC20 for IERC20;

    /// @notice Least time between the end of the window and the first lapse.
    uint40 public constant MIN_DELIVERY = 1 days;
    /// @notice Most time between the end of the window and the first lapse.
    uint40 public constant MAX_DELIVERY = 365 days;
    /// @notice Most time between the opening of an offering and the end of its window.
    uint40 public constant MAX_WAIT = 2 * 365 days;

    /* STORAGE */

    uint32 private _count;
    mapping(uint32 offering => Terms) private _terms;
    mapping(address subscriber => uint64) private _owed;

    /* CONSTRUCTOR */

    constructor(address authority_, address currency_, address[] memory factories_)
        Market(authority_, currency_, factories_)
    {}

    /* ISSUER */

    /// @inheritdoc IOffering
    function open(Terms calldata t) external restricted returns (uint32 offering) {
        _requireKnown(t.series);
        _requireValid(t);
        offering = ++_count;
        _terms[offering] = t;
        emit OfferingOpened(offering, t.series, t);
    }

    /// @inheritdoc IOffering
    function cancel(uint32 offering) external restricted {
        Terms storage t = _offer(offering);
        Book storage book = _books[offering];
        if (book.cancelled || block.timestamp >= t.to) revert NotOpen(offering, t.from, t.to);
        book.cancelled = true;
        emit OfferingCancelled(offering);
    }

    /* SUBSCRIPTION */

    /// @inheritdoc IOffering
    function subscribe(uint32 offering, uint48 units) external nonReentrant whenNotPaused returns (uint64 paid) {
        Terms storage t = _offer(offering);
        Book memory book = _books[offering];
        _requireWindow(offering, t, book);
        uint256 total = uint256(_unitsOf(offering, msg.sender)) + units;
        _requireBounds(t, units, total);
        // Within the bounds of the offering, hence in 48 bits.
        _requireWelcome(t.series, uint48(total));
        uint256 value = (uint256(book.line) - book.withdrawn + units) * t.price;
        if (value > type(uint64).max) revert AmountTooLarge(value);
        uint32 number = _append(offering, msg.sender, book, units);
        _books[offering] = book;
        paid = units * t.price;
        _pull(msg.sender, address(this), paid);
        emit Subscribed(offering, msg.sender, number, units, paid);
    }

    /// @inheritdoc IOffering
    function withdraw(uint32 offering) external nonReentrant returns (uint64 returned) {
        Terms storage t = _offer(offering);
        Book memory book = _books[offering];
        _requireWindow(offering, t, book);
        if (!t.withdrawable) revert Binding(offering);
        uint48 units = _takeBack(offering, msg.sender, book);
        _books[offering] = book;
        returned = units * t.price;
        IERC20(CURRENCY).safeTransfer(msg.sender, returned);
        emit SubscriptionWithdrawn(offering, msg.sender, units, returned);
    }

    /* DELIVERY AND REFUND */

    /// @inheritdoc IOffering
    function deliver(uint32 offering, address subscriber) external nonReentrant returns (uint48 units) {
        Terms memory t = _offer(offering);
        Book memory book = _books[offering];
        _requireClosed(offering, t, book);
        if (_failed(t, book)) revert OfferingFailed(offering);
        units = _allotment(offering, subscriber, book, t.maxUnits);
        uint64 paid = _settle(offering, subscriber, book) * t.price;
        book.placed += units;
        _books[offering] = book;
        uint64 price = units * t.price;
        if (units != 0) {
            IRevenueRight(t.series).place(subscriber, units);
            IERC20(CURRENCY).safeTransfer(t.beneficiary, price);
        }
        _return(subscriber, paid - price);
        emit Delivered(offering, subscriber, units, price, paid - price);
    }

    /// @inheritdoc IOffering
    function refund(uint32 offering, address subscriber) external nonReentrant returns (uint64 amount) {
        Terms memory t = _offer(offering);
        Book memory book = _books[offering];
        _requireClosed(offering, t, book);
        if (!_failed(t, book)) revert OfferingSucceeded(offering);
        amount = _settle(offering, subscriber, book) * t.price;
        _books[offering] = book;
        _return(subscriber, amount);
        emit Refunded(offering, subscriber, amount);
    }

    /// @inheritdoc IOffering
    function lapse(uint32 offering, address subscriber) external nonReentrant returns (uint64 amount) {
        Terms memory t = _offer(offering);
        Book memory book = _books[offering];
        _requireClosed(offering, t, book);
        if (_failed(t, book)) revert OfferingFailed(offering);
        if (!IRevenueRight(t.series).state().sealed_) {
            if (block.timestamp < t.deliverUntil) revert TooEarlyToLapse(offering, t.deliverUntil);
            if (msg.sender != subscriber) _requireUndeliverable(offering, t, book, subscriber);
        }
        uint48 units = _settle(offering, subscriber, book);
        _books[offering] = book;
        amount = units * t.price;
        _return(subscriber, amount);
        emit Lapsed(offering, subscriber, units, amount);
    }

    /// @inheritdoc IOffering
    function withdrawOwed(address subscriber) external nonReentrant returns (uint64 amount) {
        amount = _owed[subscriber];
        if (amount == 0) revert NothingOwed(subscriber);
        _owed[subscriber] = 0;
        IERC20(CURRENCY).safeTransfer(subscriber, amount);
        emit OwedWithdrawn(subscriber, amount);
    }

    /* VIEWS */

    /// @inheritdoc IOffering
    function termsOf(uint32 offering) external view returns (Terms memory) {
        return _offer(offering);
    }

    /// @inheritdoc IOffering
    function stateOf(uint32 offering) external view returns (Status status, Totals memory totals) {
        Terms memory t = _terms[offering];
        Book memory book = _books[offering];
        totals = Totals(book.line - book.withdrawn, book.placed, book.waiting);
        if (t.series == address(0)) return (Status.None, totals);
        if (book.cancelled) return (Status.Failed, totals);
        if (block.timestamp < t.from) return (Status.Upcoming, totals);
        if (block.timestamp < t.to) return (Status.Open, totals);
        if (_failed(t, book)) return (Status.Failed, totals);
        return (book.waiting == 0 ? Status.Complete : Status.Delivering, totals);
    }

    /// @inheritdoc IOffering
    function subscriptionOf(uint32 offering, address subscriber) external view returns (uint48 units, uint48 allotted) {
        units = _unitsOf(offering, subscriber);
        if (units != 0) allotted = _allotment(offering, subscriber, _books[offering], _terms[offering].maxUnits);
    }

    /// @inheritdoc IOffering
    function owedTo(address subscriber) external view returns (uint64) {
        return _owed[subscriber];
    }

    /* CHECKS */

    function _offer(uint32 offering) private view returns (Terms storage t) {
        t = _terms[offering];
        if (t.series == address(0)) revert UnknownOffering(offering);
    }

    function _requireValid(Terms calldata t) private view {
        _require(!IRevenueRight(t.series).state().sealed_, "series", uint160(t.series));
        bool soon = t.to > block.timestamp && t.to <= block.timestamp + MAX_WAIT;
        _require(t.from < t.to && soon, "to", t.to);
        (uint256 least, uint256 most) = (uint256(t.to) + MIN_DELIVERY, uint256(t.to) + MAX_DELIVERY);
        _require(t.deliverUntil >= least && t.deliverUntil <= most, "deliverUntil", t.deliverUntil);
        _require(t.beneficiary != address(0) && t.beneficiary != address(this), "beneficiary", uint160(t.beneficiary));
        _require(t.price != 0, "price", t.price);
        _require(t.maxUnits != 0 && t.maxUnits >= t.minUnits, "maxUnits", t.maxUnits);
        _require(t.minEach <= t.maxUnits, "minEach", t.minEach);
        _require(t.maxEach == 0 || t.maxEach >= t.minEach, "maxEach", t.maxEach);
    }

    function _require(bool valid, bytes32 field, uint256 value) private pure {
        if (!valid) revert InvalidOffering(field, value);
    }

    function _requireWindow(uint32 offering, Terms storage t, Book memory book) private view {
        (uint40 from, uint40 to) = (t.from, t.to);
        bool inside = block.timestamp >= from && block.timestamp < to;
        if (!inside || book.cancelled) revert NotOpen(offering, from, to);
    }

    function _requireBounds(Terms storage t, uint48 units, uint256 total) private view {
        (uint48 least, uint48 most) = (t.minEach, t.maxEach);
        if (most == 0) most = type(uint48).max;
        if (units == 0 || total < least || total > most) revert OutOfBounds(msg.sender, total, least, most);
    }

    /// @dev The reason of the series at the earliest moment, so that a refusal costs nobody anything later.
    function _requireWelcome(address series, uint48 units) private view {
        if (IRevenueRight(series).state().sealed_) revert IRevenueRight.AlreadySealed();
        IRevenueRight.Refusal reason = IRevenueRight(series).checkPlacement(msg.sender, units);
        if (reason != IRevenueRight.Refusal.None) revert SubscriptionRefused(msg.sender, units, reason);
    }

    function _requireClosed(uint32 offering, Terms memory t, Book memory book) private view {
        if (block.timestamp < t.to && !book.cancelled) revert WindowStillOpen(offering, t.to);
    }

    /// @dev Of an offering whose window has ended.
    function _failed(Terms memory t, Book memory book) private pure returns (bool) {
        return book.cancelled || book.line - book.withdrawn < t.minUnits;
    }

    function _requireUndeliverable(uint32 offering, Terms memory t, Book memory book, address subscriber) private view {
        uint48 units = _allotment(offering, subscriber, book, t.maxUnits);
        IRevenueRight.Refusal reason;
        if (units != 0) reason = IRevenueRight(t.series).checkPlacement(subscriber, units);
        if (reason == IRevenueRight.Refusal.None) revert Deliverable(offering, subscriber);
    }

    /* PAYMENTS */

    /// @dev Returns money to a subscriber, or owes it. The last thing a verb does.
    function _return(address subscriber, uint64 amount) private {
        if (amount == 0) return;
        Payment.requireGas();
        if (Payment.tryTransfer(CURRENCY, subscriber, amount, Payment.GAS)) return;
        _owed[subscriber] += amount;
        emit RefundFailed(subscriber, amount);
    }
}
