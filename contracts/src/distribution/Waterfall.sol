// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IIncomeSource} from "../interfaces/IIncomeSource.sol";
import {IRevenueRight} from "../interfaces/IRevenueRight.sol";
import {IStatementBook} from "../interfaces/IStatementBook.sol";
import {IStreamRegistry} from "../interfaces/IStreamRegistry.sol";
import {IWaterfall} from "../interfaces/IWaterfall.sol";
import {Payment} from "../libraries/Payment.sol";
import {PackedStep, RulesCodec} from "../libraries/RulesCodec.sol";
import {WaterfallMath} from "../libraries/WaterfallMath.sol";
import {RuleBook} from "./RuleBook.sol";
import {MAX_STEPS} from "./RuleCheck.sol";
import {StreamLedger} from "./StreamLedger.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

/// @title The waterfall: holds the money of all streams and hands it out period by period.
///
/// MONEY
/// What this contract owns is, at all times and to the unit, the sum of the escrows, the reserves and what is owed to payees
/// who could not be paid. Nothing else is counted: currency sent here without `fund` belongs to nobody. No role can take
/// money out; it leaves by the rules in force alone.
///
/// SETTLEMENT
/// Anyone may settle a final statement, in the order of the periods (the book sees to both, once each). What is required is the
/// statement's amount plus what earlier periods were short of. A full escrow is settled at once; a short one only after
/// the stream's funding grace, in the order of the steps, and the shortfall is brought forward. Money above what is
/// required waits for the next period. A period that distributes nothing is settled all the same: dues become arrears.
///
/// PAYMENTS
/// All accounts are written before the first payment. Payments to one payee in one period are made as one, since a series takes one
/// distribution a period. A plain payee whose payment fails is owed it and does not stop the others. A series is code we know: it
/// is paid in full or the settlement does not happen. That can be so only if the currency refuses the series' address, or
/// at the width limit of the series.
/// A series whose term does not include the period takes nothing; arrears to it stay on record.
///
/// RULES
/// The last step takes all that is left, so nothing is ever left over. Rules wait before they take effect; balances of
/// steps carry over by index, so a step that may have one must keep its kind and payee (see RuleBook). To remove a
/// reserve, set its target to 0; at the next settlement it is released into the period's money.
///
/// WIDTHS
/// Escrow stays below 2⁶² (`InvalidAmount`) and each step's amount at most 2⁵⁷, so reserves sum to at most 2⁶² and no payment
/// reaches 2⁶³. Arrears and shortfalls that would pass 2⁶⁴ − 1 stay there.
///
/// CURRENCY
/// Any ERC-20 with a supply below 2⁶⁴ that moves exactly what it is told to; `fund` refuses what arrives as another
/// amount. Rebasing currencies are not supported.
contract Waterfall is RuleBook, IIncomeSource, ReentrancyGuardTransient {
    using RulesCodec for bytes;
    using SafeERC20 for IERC20;

    uint256 private constant MAX_ESCROW = (1 << 62) - 1;

    /* IMMUTABLES */

    IStatementBook private immutable BOOK;

    /* STORAGE */

    mapping(address payee => uint64) private _owed;

    /* CONSTRUCTOR */

    constructor(address authority_, address book_, address currency_, address factory_, uint40 rulesDelay)
        RuleBook(authority_, currency_, factory_, rulesDelay)
    {
        BOOK = IStatementBook(book_);
    }

    /* MONEY IN */

    /// @inheritdoc IWaterfall
    function fund(uint32 stream, uint64 amount) external nonReentrant {
        StreamLedger ledger = _ledgers[stream];
        if (ledger.newest() == 0) revert NoRules(stream);
        uint256 escrow = uint256(ledger.escrow()) + amount;
        if (amount == 0 || escrow > MAX_ESCROW) revert InvalidAmount(amount);
        _ledgers[stream] = ledger.withMoney(uint64(escrow), ledger.shortfall());
        _pull(amount);
        emit Funded(stream, msg.sender, amount, uint64(escrow));
    }

    function _pull(uint256 amount) private {
        uint256 before = IERC20(CURRENCY).balanceOf(address(this));
        IERC20(CURRENCY).safeTransferFrom(msg.sender, address(this), amount);
        uint256 received = IERC20(CURRENCY).balanceOf(address(this)) - before;
        if (received != amount) revert InvalidAmount(received);
    }

    /* SETTLEMENT */

    /// @inheritdoc IWaterfall
    function settle(uint32 stream, uint32 period) external nonReentrant {
        (uint64 distributable, uint40 finalAt) = BOOK.consume(stream, period);
        StreamLedger ledger = _ledgers[stream];
        (uint64 escrow, uint64 required) = (ledger.escrow(), _saturated(uint256(distributable) + ledger.shortfall()));
        uint64 receipts = escrow < required ? escrow : required;
        if (receipts < required) _requireGraceOver(stream, period, required, receipts, finalAt);
        unchecked {
            // Receipts are the smaller of the two.
            ledger = ledger.withMoney(escrow - receipts, required - receipts);
        }
        bytes memory rules = _packedRules(stream, ledger.inForce());
        bytes32 kpis = rules.kpiCount() == 0 ? bytes32(0) : BOOK.kpisOf(stream, period);
        Line[] memory lines = _apply(stream, period, ledger, rules, receipts, kpis);
        _payOut(stream, period, rules, lines);
    }

    function _requireGraceOver(uint32 stream, uint32 period, uint64 required, uint64 funded, uint40 finalAt)
        private
        view
    {
        uint40 graceUntil = finalAt + IStreamRegistry(BOOK.streams()).termsOf(stream).fundingGrace;
        if (block.timestamp < graceUntil) revert Underfunded(stream, period, required, funded, graceUntil);
    }

    /// @dev Runs the steps and writes all accounts.
    function _apply(
        uint32 stream,
        uint32 period,
        StreamLedger ledger,
        bytes memory rules,
        uint64 receipts,
        bytes32 kpis
    ) private returns (Line[] memory lines) {
        uint16 multiplierBp;
        (lines, multiplierBp) = _run(stream, period, ledger, rules, receipts, kpis);
        if (rules.kpiCount() != 0) ledger = ledger.withMultiplier(multiplierBp);
        _ledgers[stream] = ledger;
        for ((uint256 i, uint256 holders) = (0, rules.holders()); holders != 0; (++i, holders >>= 1)) {
            if (holders & 1 != 0) _balances[stream][i] = lines[i].balance;
        }
        _report(stream, period, ledger, receipts, multiplierBp, lines);
    }

    /// @dev Emits `Settled`. The data are laid out by hand, each line copied as a whole: the compiler's encoder takes the
    /// lines apart field by field, for four times the gas.
    function _report(
        uint32 stream,
        uint32 period,
        StreamLedger ledger,
        uint64 receipts,
        uint16 multiplierBp,
        Line[] memory lines
    ) private {
        // Widened here, which cleans the upper bits: assembly would log them as they are.
        (uint256 version, uint256 shortfall, bytes32 topic) = (ledger.inForce(), ledger.shortfall(), Settled.selector);
        (uint256 funded, uint256 multiplier) = (receipts, multiplierBp);
        assembly ("memory-safe") {
            let data := mload(0x40)
            mstore(data, version)
            // Required: does not overflow, since it was split into these two.
            mstore(add(data, 0x20), add(funded, shortfall))
            mstore(add(data, 0x40), funded)
            mstore(add(data, 0x60), shortfall)
            mstore(add(data, 0x80), multiplier)
            mstore(add(data, 0xa0), 0xc0)
            // The list follows: its length, and the four words of each line.
            let length := mload(lines)
            let end := add(data, 0xe0)
            mstore(add(data, 0xc0), length)
            for { let last := add(lines, shl(5, length)) } lt(lines, last) {} {
                lines := add(lines, 0x20)
                mcopy(end, mload(lines), 0x80)
                end := add(end, 0x80)
            }
            log3(data, sub(end, data), topic, stream, period)
        }
    }

    /// @dev What the rules make of the receipts; changes nothing.
    function _run(uint32 stream, uint32 period, StreamLedger ledger, bytes memory rules, uint64 receipts, bytes32 kpis)
        private
        view
        returns (Line[] memory, uint16 multiplierBp)
    {
        WaterfallMath.Start memory start;
        (start.period, start.receipts, start.kpis) = (period, receipts, kpis);
        (start.scored, start.lastMultiplierBp) = (ledger.scored(), ledger.multiplierBp());
        if (rules.holders() != 0) start.balances = _balancesOf(stream, rules.stepCount());
        return WaterfallMath.run(rules, start);
    }

    function _balancesOf(uint32 stream, uint256 count) private view returns (uint64[] memory balances) {
        balances = new uint64[](count);
        for (uint256 i = 0; i < count; ++i) {
            balances[i] = _balances[stream][i];
        }
    }

    /* PAYMENTS */

    /// @dev Consumes `lines`: what one payee gets from later steps is paid with the first.
    function _payOut(uint32 stream, uint32 period, bytes memory rules, Line[] memory lines) private {
        for (uint256 i = 0; i < lines.length; ++i) {
            uint64 amount = lines[i].paid;
            if (amount == 0) continue;
            PackedStep step = rules.stepAt(i);
            address payee = step.payee();
            // It stays here as a reserve.
            if (payee == address(0)) continue;
            for (uint256 j = i + 1; j < lines.length; ++j) {
                Line memory later = lines[j];
                if (later.paid == 0 || rules.stepAt(j).payee() != payee) continue;
                amount += later.paid;
                later.paid = 0;
            }
            if (step.toSeries()) _paySeries(period, payee, amount);
            else _payPlain(stream, period, payee, amount);
        }
    }

    function _paySeries(uint32 period, address series, uint64 amount) private {
        IERC20(CURRENCY).safeTransfer(series, amount);
        IRevenueRight(series).distribute(period, amount);
    }

    function _payPlain(uint32 stream, uint32 period, address payee, uint64 amount) private {
        Payment.requireGas();
        if (Payment.tryTransfer(CURRENCY, payee, amount, Payment.GAS)) return;
        _owed[payee] += amount;
        emit PaymentFailed(stream, period, payee, amount);
    }

    /// @inheritdoc IWaterfall
    function withdrawOwed(address payee) external nonReentrant returns (uint64 amount) {
        amount = _owed[payee];
        if (amount == 0) revert NothingOwed(payee);
        _owed[payee] = 0;
        IERC20(CURRENCY).safeTransfer(payee, amount);
        emit OwedWithdrawn(payee, amount);
    }

    /* VIEWS */

    /// @inheritdoc IWaterfall
    function preview(uint32 stream, uint64 receipts, bytes32 kpis)
        external
        view
        returns (Line[] memory lines, uint16 multiplierBp)
    {
        (,, uint32 settled) = BOOK.progressOf(stream);
        StreamLedger ledger = _ledgers[stream];
        return _run(stream, settled + 1, ledger, _packedRules(stream, ledger.inForce()), receipts, kpis);
    }

    /// @inheritdoc IIncomeSource
    function settledThrough(uint32 stream) external view returns (uint32 period) {
        (,, period) = BOOK.progressOf(stream);
    }

    /// @inheritdoc IWaterfall
    function accountOf(uint32 stream) external view returns (uint64 escrow, uint64 shortfall, uint16 multiplierBp) {
        StreamLedger ledger = _ledgers[stream];
        return (ledger.escrow(), ledger.shortfall(), ledger.multiplierBp());
    }

    /// @inheritdoc IWaterfall
    function balanceOfStep(uint32 stream, uint256 step) external view returns (uint64) {
        return step < MAX_STEPS ? _balances[stream][step] : 0;
    }

    /// @inheritdoc IWaterfall
    function owedTo(address payee) external view returns (uint64) {
        return _owed[payee];
    }

    /// @inheritdoc IWaterfall
    function book() external view returns (address) {
        return address(BOOK);
    }

    /// @inheritdoc IWaterfall
    function currency() external view returns (address) {
        return CURRENCY;
    }

    function _saturated(uint256 value) private pure returns (uint64) {
        return value < type(uint64).max ? uint64(value) : type(uint64).max;
    }
}
