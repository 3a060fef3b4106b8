// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IIncomeSource} from "../interfaces/IIncomeSource.sol";
import {IRevenueRight} from "../interfaces/IRevenueRight.sol";
import {IStatementBook} from "../interfaces/IStatementBook.sol";
import {IStreamRegistry} from "../interfaces/IStreamRegistry.sol";
import {IWaterfall} from "../interfaces/IWaterfall.sol";
import {Listing} from "../libraries/Listing.sol";
import {PackedLine} from "../libraries/PackedLine.sol";
import {PackedStep} from "../libraries/PackedStep.sol";
import {Payment} from "../libraries/Payment.sol";
import {RulesCodec} from "../libraries/RulesCodec.sol";
import {WaterfallMath} from "../libraries/WaterfallMath.sol";
import {RuleBook} from "./RuleBook.sol";
import {MAX_ACCOUNTS} from "./RuleCheck.sol";
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
/// A series takes part in the periods of its term; in its tail it is paid arrears only.
///
/// RULES
/// The last step takes all that is left, so nothing is ever left over. Rules wait before they take effect, and where a series
/// says so its holders must pass them; balances carry over by account, whose meaning a change may not alter (see RuleBook). To
/// remove a reserve, set its target to 0; at the next settlement it is released into the period's money.
///
/// TRIGGERS
/// A trigger is judged within the run, on this period's money, before the steps it switches; what was breached stays so until it
/// is cured, across changes of rules too: a trigger begins in the state of the one that had its place before. A reserve
/// covers what a step is short of in the same period, before its own excess or top-up further down is considered.
///
/// PAUSE
/// PAUSER stops `fund` alone. Settlements and withdrawals hand out what is here and are never stopped.
///
/// WIDTHS
/// Escrow stays below 2⁶² (`InvalidAmount`) and each step's amount at most 2⁵⁷, so 31 reserves sum to less than 2⁶² and no payment
/// reaches 2⁶³. Arrears and shortfalls that would pass 2⁶⁴ − 1 stay there.
///
/// CURRENCY
/// A contract with at most 18 decimals and a supply below 2⁶⁴, which is asked at deployment, that moves exactly what it is
/// told to; `fund` refuses what arrives as another amount. Rebasing currencies are not supported.
contract Waterfall is RuleBook, IIncomeSource, ReentrancyGuardTransient {
    using RulesCodec for bytes;
    using SafeERC20 for IERC20;

    uint256 private constant MAX_ESCROW = (1 << 62) - 1;

    /// @dev Later periods whose statements are asked for an open dispute: a bound on what a settlement can cost.
    uint256 private constant MAX_LOOK_AHEAD = 64;

    /* STORAGE */

    /// @inheritdoc IWaterfall
    bool public paused;

    mapping(address payee => uint64) private _owed;

    /* CONSTRUCTOR */

    constructor(address authority_, address book_, address currency_, address factory_, uint40 rulesDelay)
        RuleBook(authority_, book_, currency_, factory_, rulesDelay)
    {
        Listing.requireSuitable(currency_);
    }

    /* MONEY IN */

    /// @inheritdoc IWaterfall
    function fund(uint32 stream, uint64 amount) external nonReentrant {
        if (paused) revert FundingIsPaused();
        StreamLedger ledger = _ledgers[stream];
        if (ledger.newest() == 0) revert NoRules(stream);
        uint256 escrow = uint256(ledger.escrow()) + amount;
        if (amount == 0 || escrow > MAX_ESCROW) revert InvalidAmount(amount);
        _ledgers[stream] = ledger.withMoney(uint64(escrow), ledger.shortfall());
        _pull(amount);
        emit Funded(stream, msg.sender, amount, uint64(escrow));
    }

    /// @inheritdoc IWaterfall
    function setPaused(bool paused_) external restricted {
        paused = paused_;
        emit FundingPaused(paused_);
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
        _payOut(stream, period, rules, _apply(stream, period, ledger, rules, receipts, kpis));
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
    ) private returns (PackedLine[] memory) {
        WaterfallMath.Start memory start = _start(stream, period, ledger, rules, receipts, kpis);
        WaterfallMath.Result memory result = WaterfallMath.run(rules, start);
        if (rules.kpiCount() != 0) ledger = ledger.withMultiplier(result.multiplierBp);
        uint8 before = ledger.breached();
        if (before != result.breached) {
            ledger = ledger.withBreached(result.breached);
            _reportTriggers(stream, period, before, result);
        }
        _ledgers[stream] = ledger;
        for ((uint256 a, uint256 used) = (1, rules.accounts() >> 1); used != 0; (++a, used >>= 1)) {
            if (used & 1 != 0) _balances[stream][a] = start.balances[a];
        }
        _report(stream, period, ledger, receipts, result);
        return result.lines;
    }

    function _start(
        uint32 stream,
        uint32 period,
        StreamLedger ledger,
        bytes memory rules,
        uint64 receipts,
        bytes32 kpis
    ) private view returns (WaterfallMath.Start memory start) {
        (start.period, start.receipts, start.kpis) = (period, receipts, kpis);
        (start.scored, start.lastMultiplierBp) = (ledger.scored(), ledger.multiplierBp());
        uint256 used = rules.accounts() >> 1;
        if (used != 0) start.balances = new uint64[](MAX_ACCOUNTS);
        for (uint256 a = 1; used != 0; (++a, used >>= 1)) {
            if (used & 1 != 0) start.balances[a] = _balances[stream][a];
        }
        uint256 triggers = rules.triggerCount();
        if (triggers == 0) return start;
        start.breached = ledger.breached();
        for (uint256 i = 0; i < triggers; ++i) {
            if (rules.triggerAt(i).kind == TriggerKind.OpenDispute) start.disputed = _disputed(stream, period);
        }
    }

    /// @dev True if one of the next statements is disputed or voided.
    function _disputed(uint32 stream, uint32 period) private view returns (bool) {
        (uint256 last,,) = BOOK.progressOf(stream);
        if (last > period + MAX_LOOK_AHEAD) last = period + MAX_LOOK_AHEAD;
        for (uint256 later = uint256(period) + 1; later <= last; ++later) {
            IStatementBook.Status status = BOOK.recordOf(stream, uint32(later)).status;
            if (status == IStatementBook.Status.Disputed || status == IStatementBook.Status.Voided) return true;
        }
        return false;
    }

    function _reportTriggers(uint32 stream, uint32 period, uint8 before, WaterfallMath.Result memory result) private {
        for (uint8 i = 0; i < 8; ++i) {
            if ((before ^ result.breached) >> i & 1 == 0) continue;
            uint32 ratio = i < result.ratiosBp.length ? result.ratiosBp[i] : type(uint32).max;
            emit TriggerChanged(stream, period, i, result.breached >> i & 1 != 0, ratio);
        }
    }

    /// @dev Emits `Settled`. The data are laid out by hand, the lines copied as a whole: the compiler's encoder goes through
    /// them one by one.
    function _report(
        uint32 stream,
        uint32 period,
        StreamLedger ledger,
        uint64 receipts,
        WaterfallMath.Result memory result
    ) private {
        // Widened here, which cleans the upper bits: assembly would log them as they are.
        (uint256 version, uint256 shortfall, bytes32 topic) = (ledger.inForce(), ledger.shortfall(), Settled.selector);
        (uint256 funded, uint256 multiplier, uint256 breached) = (receipts, result.multiplierBp, result.breached);
        PackedLine[] memory lines = result.lines;
        assembly ("memory-safe") {
            let data := mload(0x40)
            mstore(data, version)
            mstore(add(data, 0x20), funded)
            mstore(add(data, 0x40), shortfall)
            mstore(add(data, 0x60), multiplier)
            mstore(add(data, 0x80), breached)
            mstore(add(data, 0xa0), 0xc0)
            // The list follows: its length, and a word for each line.
            let size := shl(5, add(mload(lines), 1))
            mcopy(add(data, 0xc0), lines, size)
            log3(data, add(0xc0, size), topic, stream, period)
        }
    }

    /* PAYMENTS */

    /// @dev Consumes `lines`: what one payee gets from later steps is paid with the first.
    function _payOut(uint32 stream, uint32 period, bytes memory rules, PackedLine[] memory lines) private {
        for (uint256 i = 0; i < lines.length; ++i) {
            uint64 amount = lines[i].paid();
            if (amount == 0) continue;
            PackedStep step = rules.stepAt(i);
            address payee = step.payee();
            // It stays here as a reserve.
            if (payee == address(0)) continue;
            for (uint256 j = i + 1; j < lines.length; ++j) {
                uint64 later = lines[j].paid();
                if (later == 0 || rules.stepAt(j).payee() != payee) continue;
                amount += later;
                lines[j] = PackedLine.wrap(0);
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
    function preview(uint32 stream, uint64 receipts, bytes32 kpis) external view returns (Outcome memory outcome) {
        (,, uint32 settled) = BOOK.progressOf(stream);
        StreamLedger ledger = _ledgers[stream];
        bytes memory rules = _packedRules(stream, ledger.inForce());
        WaterfallMath.Result memory result =
            WaterfallMath.run(rules, _start(stream, settled + 1, ledger, rules, receipts, kpis));
        outcome.lines = new Line[](result.lines.length);
        for (uint256 i = 0; i < result.lines.length; ++i) {
            outcome.lines[i] = result.lines[i].unpack();
        }
        (outcome.multiplierBp, outcome.breached) = (result.multiplierBp, result.breached);
        outcome.ratiosBp = result.ratiosBp;
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
    function balanceOf(uint32 stream, uint256 account) external view returns (uint64) {
        return account < MAX_ACCOUNTS ? _balances[stream][account] : 0;
    }

    /// @inheritdoc IWaterfall
    function breachedOf(uint32 stream) external view returns (uint8) {
        return _ledgers[stream].breached();
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

    /// @inheritdoc IWaterfall
    function factory() external view returns (address) {
        return FACTORY;
    }

    function _saturated(uint256 value) private pure returns (uint64) {
        return value < type(uint64).max ? uint64(value) : type(uint64).max;
    }
}
