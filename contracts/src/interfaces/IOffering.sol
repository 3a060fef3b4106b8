// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IRevenueRight} from "./IRevenueRight.sol";

/// @title Primary issuance by subscription: money first, units against money, all or nothing for the issue as a whole.
interface IOffering {
    /// @notice Where an offering stands.
    enum Status {
        None,
        Upcoming,
        Open,
        Failed,
        Delivering,
        Complete
    }

    /// @notice What is offered; fixed when it opens.
    /// @param series Series of a known factory, not sealed.
    /// @param from First second in which subscriptions are taken.
    /// @param to First second in which they are no longer taken; within two years of the opening.
    /// @param beneficiary Who gets the price of delivered units.
    /// @param deliverUntil Until then only deliveries; afterwards subscriptions that cannot be delivered lapse. One to 365 days
    /// after `to`.
    /// @param withdrawable True if a subscription may be withdrawn before `to`.
    /// @param price Minor units of the currency for one unit.
    /// @param minUnits Below this total the offering fails.
    /// @param maxUnits Most units placed; above this total they are allotted pro rata.
    /// @param minEach Least units of a subscriber, 0 for none.
    /// @param maxEach Most units of a subscriber, 0 for none.
    struct Terms {
        address series;
        uint40 from;
        uint40 to;
        address beneficiary;
        uint40 deliverUntil;
        bool withdrawable;
        uint64 price;
        uint48 minUnits;
        uint48 maxUnits;
        uint48 minEach;
        uint48 maxEach;
    }

    /// @notice Sums of an offering.
    /// @param subscribed Units subscribed, without withdrawn ones.
    /// @param placed Units delivered.
    /// @param waiting Subscribers who are neither delivered, refunded nor lapsed.
    struct Totals {
        uint64 subscribed;
        uint48 placed;
        uint32 waiting;
    }

    /// @notice An offering was opened.
    event OfferingOpened(uint32 indexed offering, address indexed series, Terms terms);
    /// @notice The issuer gave an offering up.
    event OfferingCancelled(uint32 indexed offering);
    /// @notice Units were subscribed and paid for; `lot` is the place in the order.
    event Subscribed(uint32 indexed offering, address indexed subscriber, uint32 lot, uint48 units, uint64 paid);
    /// @notice A subscription was taken back as a whole and its money returned.
    event SubscriptionWithdrawn(uint32 indexed offering, address indexed subscriber, uint48 units, uint64 returned);
    /// @notice Units were delivered against their price, and the rest of the money returned.
    event Delivered(uint32 indexed offering, address indexed subscriber, uint48 units, uint64 price, uint64 returned);
    /// @notice A subscription of a failed offering was refunded.
    event Refunded(uint32 indexed offering, address indexed subscriber, uint64 amount);
    /// @notice A subscription could not be delivered in time: its units lapsed and its money was refunded.
    event Lapsed(uint32 indexed offering, address indexed subscriber, uint48 units, uint64 amount);
    /// @notice A refund could not be paid; it stays owed.
    event RefundFailed(address indexed subscriber, uint64 amount);
    /// @notice Owed money was paid.
    event OwedWithdrawn(address indexed payee, uint64 amount);

    /// @notice Terms have a value their field does not allow.
    error InvalidOffering(bytes32 field, uint256 value);
    /// @notice No such offering.
    error UnknownOffering(uint32 offering);
    /// @notice Subscriptions are taken, changed and cancelled only within the window.
    error NotOpen(uint32 offering, uint40 from, uint40 to);
    /// @notice The window has not ended.
    error WindowStillOpen(uint32 offering, uint40 to);
    /// @notice Subscriptions of this offering are binding.
    error Binding(uint32 offering);
    /// @notice The subscriber's total would be outside the bounds of the offering.
    error OutOfBounds(address subscriber, uint256 units, uint48 least, uint48 most);
    /// @notice The series would refuse the subscriber its units.
    error SubscriptionRefused(address subscriber, uint48 units, IRevenueRight.Refusal reason);
    /// @notice A subscription was raised too often; withdraw it and subscribe anew, or use another wallet.
    error TooManyLots(address subscriber, uint256 limit);
    /// @notice All subscriptions together would cost more than can be counted.
    error AmountTooLarge(uint256 amount);
    /// @notice The subscriber has nothing in this offering, or it was dealt with already.
    error NothingSubscribed(uint32 offering, address subscriber);
    /// @notice The offering has failed: there is nothing to deliver, only to refund.
    error OfferingFailed(uint32 offering);
    /// @notice The offering has not failed: it is delivered, not refunded.
    error OfferingSucceeded(uint32 offering);
    /// @notice Subscriptions lapse only after the time for delivery, unless the series is sealed.
    error TooEarlyToLapse(uint32 offering, uint40 deliverUntil);
    /// @notice The subscription can be delivered; only the subscriber may still ask for the money.
    error Deliverable(uint32 offering, address subscriber);
    /// @notice Nothing is owed.
    error NothingOwed(address payee);

    /// @notice Opens an offering. @custom:access-control ISSUER
    function open(Terms calldata terms) external returns (uint32 offering);

    /// @notice Gives an offering up before its window ends; everybody is refunded. @custom:access-control ISSUER
    function cancel(uint32 offering) external;

    /// @notice Subscribes `units` more for the caller and pulls their full price.
    function subscribe(uint32 offering, uint48 units) external returns (uint64 paid);

    /// @notice Takes the caller's whole subscription back, if the offering allows it and its window is open.
    function withdraw(uint32 offering) external returns (uint64 returned);

    /// @notice Delivers a subscriber's allotment against its price and returns the rest. Anyone may call.
    function deliver(uint32 offering, address subscriber) external returns (uint48 units);

    /// @notice Refunds a subscriber of a failed offering. Anyone may call, money goes to the subscriber only.
    function refund(uint32 offering, address subscriber) external returns (uint64 amount);

    /// @notice Refunds a subscriber whose units could not be delivered in time, or cannot since the series is sealed. Anyone may
    /// call where the series refuses the subscriber or is sealed; the subscriber always.
    function lapse(uint32 offering, address subscriber) external returns (uint64 amount);

    /// @notice Pays a refund that failed earlier. Anyone may call, money goes to the subscriber only.
    function withdrawOwed(address subscriber) external returns (uint64 amount);

    /// @notice Terms of an offering.
    function termsOf(uint32 offering) external view returns (Terms memory);

    /// @notice Where an offering stands and what its sums are.
    function stateOf(uint32 offering) external view returns (Status status, Totals memory totals);

    /// @notice What a subscriber has subscribed, and would be allotted if the window closed now.
    function subscriptionOf(uint32 offering, address subscriber) external view returns (uint48 units, uint48 allotted);

    /// @notice Refunds owed to a subscriber.
    function owedTo(address subscriber) external view returns (uint64);
}
