// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IReinvestmentAccount} from "../interfaces/IReinvestmentAccount.sol";
import {ISeriesFactory} from "../interfaces/ISeriesFactory.sol";
import {IWaterfall} from "../interfaces/IWaterfall.sol";
import {ReinvestmentPocket} from "./ReinvestmentPocket.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Create2} from "@openzeppelin/contracts/utils/Create2.sol";

/// @title ReinvestmentAccount: money set aside leaves by announced spendings alone.
/// @notice DUTY. A percentage step of a waterfall pays the pocket of its stream, whose address follows from the stream's number and
/// is known before anything is paid. Each stream's money lies apart, so what one set aside cannot be spent for another, and
/// the currency itself keeps the accounts.
///
/// SPENDING. ISSUER announces a spending with its receiver, amount and the hash of what for; after SPENDING_DELAY anyone may make
/// it, until it lapses 30 days later; GUARDIAN may cancel it at any time before. Announcing reserves nothing: of two spendings the
/// one that finds too little waits.
///
/// TRUST. ISSUER decides where money goes but not at once, GUARDIAN can only prevent. There is no other way out.
///
/// LIMITS. A receiver that is a series, the waterfall, this account or the stream's own pocket is refused: plain money there would
/// belong to nobody, or not leave at all. The pocket of another stream is a receiver like any other: what it gets is set aside
/// for that stream, and leaves by a spending of its own.
contract ReinvestmentAccount is IReinvestmentAccount, AccessManaged {
    uint40 private constant LAPSE = 30 days;

    /* IMMUTABLES */

    /// @inheritdoc IReinvestmentAccount
    uint40 public immutable SPENDING_DELAY;
    IWaterfall private immutable WATERFALL;
    address private immutable CURRENCY;
    ISeriesFactory private immutable FACTORY;

    /* STORAGE */

    uint256 private _count;
    mapping(uint256 id => Spending) private _spendings;

    /* CONSTRUCTOR */

    constructor(address authority_, address waterfall_, uint40 spendingDelay) AccessManaged(authority_) {
        (WATERFALL, SPENDING_DELAY) = (IWaterfall(waterfall_), spendingDelay);
        CURRENCY = WATERFALL.currency();
        FACTORY = ISeriesFactory(WATERFALL.factory());
    }

    /* SPENDING */

    /// @inheritdoc IReinvestmentAccount
    function schedule(uint32 stream, address to, uint64 amount, bytes32 purposeHash)
        external
        restricted
        returns (uint256 id)
    {
        if (stream == 0) revert InvalidSpending("stream", 0);
        if (amount == 0) revert InvalidSpending("amount", 0);
        if (purposeHash == 0) revert InvalidSpending("purposeHash", 0);
        bool own = to == address(this) || to == address(WATERFALL) || to == pocketOf(stream);
        if (to == address(0) || own || FACTORY.isSeries(to)) revert InvalidSpending("to", uint160(to));
        id = ++_count;
        uint40 readyAt = uint40(block.timestamp) + SPENDING_DELAY;
        _spendings[id] = Spending(stream, to, amount, readyAt, purposeHash);
        emit SpendingScheduled(id, stream, to, amount, readyAt, purposeHash);
    }

    /// @inheritdoc IReinvestmentAccount
    function cancel(uint256 id, bytes32 reasonHash) external restricted {
        if (_spendings[id].stream == 0) revert UnknownSpending(id);
        delete _spendings[id];
        emit SpendingCancelled(id, reasonHash);
    }

    /// @inheritdoc IReinvestmentAccount
    function spend(uint256 id) external {
        Spending memory s = _spendings[id];
        if (s.stream == 0) revert UnknownSpending(id);
        if (block.timestamp < s.readyAt) revert NotReady(id, s.readyAt);
        if (block.timestamp >= s.readyAt + LAPSE) revert Lapsed(id, s.readyAt + LAPSE);
        uint256 available = balanceOf(s.stream);
        if (available < s.amount) revert TooLittle(s.stream, s.amount, available);
        delete _spendings[id];
        ReinvestmentPocket pocket = _opened(s.stream);
        emit Spent(id, s.stream, s.to, s.amount, s.purposeHash);
        pocket.send(CURRENCY, s.to, s.amount);
    }

    /// @dev The pocket of a stream, made when its money is first needed.
    function _opened(uint32 stream) private returns (ReinvestmentPocket pocket) {
        pocket = ReinvestmentPocket(pocketOf(stream));
        if (address(pocket).code.length != 0) return pocket;
        emit PocketOpened(stream, address(pocket));
        new ReinvestmentPocket{salt: bytes32(uint256(stream))}();
    }

    /* VIEWS */

    /// @inheritdoc IReinvestmentAccount
    function pocketOf(uint32 stream) public view returns (address) {
        return Create2.computeAddress(bytes32(uint256(stream)), keccak256(type(ReinvestmentPocket).creationCode));
    }

    /// @inheritdoc IReinvestmentAccount
    function balanceOf(uint32 stream) public view returns (uint256) {
        return IERC20(CURRENCY).balanceOf(pocketOf(stream));
    }

    /// @inheritdoc IReinvestmentAccount
    function spendingOf(uint256 id) external view returns (Spending memory) {
        return _spendings[id];
    }

    /// @inheritdoc IReinvestmentAccount
    function waterfall() external view returns (address) {
        return address(WATERFALL);
    }
}
