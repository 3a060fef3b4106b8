// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IDvpDesk} from "../interfaces/IDvpDesk.sol";
import {Market} from "./Market.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

/// @title Secondary trades.
///
/// DUTY
/// A maker signs an order off-chain; a taker fills it, wholly or in part. Units and currency change hands in the same
/// transaction, directly between the two: this contract never holds either, and nothing that is sent to it by mistake
/// affects a trade. Both sides approve it (or send a permit) for what they give.
///
/// COMPLIANCE
/// Units move by the series' own `transferFrom`, so every rule of the series applies to every fill, at the time of the fill,
/// and its refusal reaches the caller unchanged. The desk has no right of its own on any series.
///
/// PRICE
/// The price is for the whole order. After f of n units ⌈price·f/n⌉ have been paid, so a fill costs the difference of two such
/// amounts: fills add up to the price to the unit however the order is cut, and at no time has the seller had less than
/// the exact share. A fill of a few cheap units may cost nothing; `limit` protects a taker, `minFill` a maker.
///
/// ORDERS
/// An order is known by its EIP-712 digest, which names this chain and this contract: a signature is worth nothing elsewhere.
/// What was filled counts by digest, not by signature, so another form of the same signature fills nothing twice (and
/// the malleable form is refused). An order ends when it is filled, expired or cancelled; nonces need no order, and
/// `cancelBelow` never goes back. The signature is checked at each fill, because a contract may withdraw its consent.
///
/// LIMITS
/// Trading stops while paused; cancelling never does. Whoever sees an open order may fill it before another: name the taker where
/// that matters.
contract DvpDesk is IDvpDesk, Market, EIP712 {
    using SafeERC20 for IERC20;

    bytes32 private constant ORDER_TYPE_HASH = keccak256(
        "Order(address maker,address taker,address series,bool sells,uint64 units,uint64 price,uint64 minFill,uint40 expiry,uint64 nonce)"
    );

    /// @dev One slot.
    struct Progress {
        uint64 filled;
        bool cancelled;
    }

    /* STORAGE */

    mapping(bytes32 order => Progress) private _progress;
    mapping(address maker => uint64) private _lowestNonce;

    /* CONSTRUCTOR */

    constructor(address authority_, address currency_, address[] memory factories_)
        Market(authority_, currency_, factories_)
        EIP712("Usufruct", "1")
    {}

    /* FILL */

    /// @inheritdoc IDvpDesk
    function fill(Order calldata order, bytes calldata signature, uint64 units, uint64 limit)
        external
        nonReentrant
        whenNotPaused
        returns (uint64)
    {
        return _fill(order, signature, units, limit);
    }

    /// @inheritdoc IDvpDesk
    function fillWithPermits(
        Order calldata order,
        bytes calldata signature,
        uint64 units,
        uint64 limit,
        Permit[] calldata permits
    ) external nonReentrant whenNotPaused returns (uint64) {
        _requireKnown(order.series);
        for (uint256 i = 0; i < permits.length; ++i) {
            Permit calldata p = permits[i];
            if (p.token != CURRENCY && p.token != order.series) revert UnknownSeries(p.token);
            // Somebody may have used it before us: then the allowance is there, and if not the transfer fails.
            try IERC20Permit(p.token).permit(p.owner, address(this), p.value, p.deadline, p.v, p.r, p.s) {} catch {}
        }
        return _fill(order, signature, units, limit);
    }

    function _fill(Order calldata order, bytes calldata signature, uint64 units, uint64 limit)
        private
        returns (uint64 cost)
    {
        bytes32 digest = digestOf(order);
        Progress memory progress = _progress[digest];
        _requireFillable(order, digest, progress);
        _requireUnits(order, progress.filled, units);
        _requireKnown(order.series);
        if (!SignatureChecker.isValidSignatureNowCalldata(order.maker, digest, signature)) {
            revert InvalidSignature(order.maker, digest);
        }
        cost = _costUpFrom(order, progress.filled, units);
        if (order.sells ? cost > limit : cost < limit) revert LimitNotMet(cost, limit);
        progress.filled += units;
        _progress[digest] = progress;
        (address seller, address buyer) = order.sells ? (order.maker, msg.sender) : (msg.sender, order.maker);
        emit Filled(digest, seller, buyer, order.series, units, cost, progress.filled);
        if (cost != 0) _pull(buyer, seller, cost);
        IERC20(order.series).safeTransferFrom(seller, buyer, units);
    }

    /* CANCEL */

    /// @inheritdoc IDvpDesk
    function cancel(Order calldata order) external {
        if (msg.sender != order.maker) revert NotMaker(msg.sender, order.maker);
        bytes32 digest = digestOf(order);
        _progress[digest].cancelled = true;
        emit OrderCancelled(digest, msg.sender);
    }

    /// @inheritdoc IDvpDesk
    function cancelBelow(uint64 nonce) external {
        uint64 current = _lowestNonce[msg.sender];
        if (nonce <= current) revert NonceTooLow(msg.sender, nonce, current);
        _lowestNonce[msg.sender] = nonce;
        emit CancelledBelow(msg.sender, nonce);
    }

    /* VIEWS */

    /// @inheritdoc IDvpDesk
    function costOf(Order calldata order, uint64 units) external view returns (uint64) {
        uint64 filled = _progress[digestOf(order)].filled;
        _requireUnits(order, filled, units);
        return _costUpFrom(order, filled, units);
    }

    /// @inheritdoc IDvpDesk
    function statusOf(Order calldata order) external view returns (uint64 filled, bool cancelled) {
        Progress memory progress = _progress[digestOf(order)];
        return (progress.filled, progress.cancelled || order.nonce < _lowestNonce[order.maker]);
    }

    /// @inheritdoc IDvpDesk
    function digestOf(Order calldata order) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(ORDER_TYPE_HASH, order)));
    }

    /* CHECKS */

    function _requireFillable(Order calldata order, bytes32 digest, Progress memory progress) private view {
        if (progress.cancelled || order.nonce < _lowestNonce[order.maker]) revert OrderIsCancelled(digest);
        if (block.timestamp > order.expiry) revert OrderExpired(digest, order.expiry);
        bool named = order.taker == address(0) || order.taker == msg.sender;
        if (!named || msg.sender == order.maker) revert NotTaker(msg.sender, order.taker);
    }

    function _requireUnits(Order calldata order, uint64 filled, uint64 units) private pure {
        if (order.units == 0) revert InvalidOrder("units", 0);
        if (order.minFill > order.units) revert InvalidOrder("minFill", order.minFill);
        uint64 left = order.units - filled;
        uint64 least = order.minFill < left ? order.minFill : left;
        if (units == 0 || units < least || units > left) revert InvalidFill(units, least, left);
    }

    /// @dev What `units` more cost after `filled`: the difference of two shares of the price, each rounded up.
    function _costUpFrom(Order calldata order, uint64 filled, uint64 units) private pure returns (uint64) {
        // At most the price, since filled + units is at most all.
        return uint64(_shareUp(order, uint256(filled) + units) - _shareUp(order, filled));
    }

    function _shareUp(Order calldata order, uint256 units) private pure returns (uint256) {
        return (order.price * units + order.units - 1) / order.units;
    }
}
