// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IFundFactory} from "../interfaces/IFundFactory.sol";
import {IPoolFund} from "../interfaces/IPoolFund.sol";
import {IRevenueRight} from "../interfaces/IRevenueRight.sol";
import {Calendar} from "../libraries/Calendar.sol";
import {LookThrough} from "./LookThrough.sol";
import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

/// @title A fund that holds series and passes their income on.
///
/// DUTY
/// A static pool. The fund is a wallet like any other: the registrar admits it, and units come to it by ordinary transfer,
/// trade or placement. It holds them to the end: no function moves units out, so no manager can. It has no votes.
///
/// INCOME
/// Whatever currency the fund has beyond what it has booked is income of the year, when somebody collects. It cannot be told
/// apart by where it came from: anyone may have a series pay the fund (`claimFor`, `push`), which must not lose the money.
/// A gift is thus income of the holders: nobody's claim shrinks by it, and no price is computed from the balance. What a held
/// series pays at its maturity is income as well: the fund ends by paying everything out.
///
/// BOOKS
/// What the fund owns is, after each collection and to the unit, distributable + retained. With income I of a fiscal year and a
/// payout p (10 000 by default, never below the floor f), what is kept back in the year is never more than
/// ⌊I·(10⁴ − f)/10⁴⌋; everything else is distributable. Expenses are paid out of what is retained, and nothing else leaves but
/// distributions. A year is closed by distributing all that is distributable, so that
///     distributed ≥ ⌈I·f/10⁴⌉
/// for every closed year; until the year is closed nothing can be spent and nothing is passed on in the next one.
///
/// TIME
/// Months and years are those of the calendar at the fund's offset from UTC. The period of a distribution is the last month that
/// has ended, counted from the fund's opening: a record date of that period may lie in it. One distribution a month, from the
/// payment day on: who passes on early cannot make later money wait another month before that day. For PATIENCE days from
/// then on, less than one minor unit for each unit of the fund leaves the month open, so that a gift of next to nothing does
/// not take it before the series have paid; after that anything is passed on. Income that is collected after the end of a year, before it is closed, belongs to the year.
///
/// LIMITS
/// At most MAX_HOLDINGS series, so a collection is bounded. A series that does not pay (the fund frozen, its identity check run
/// out) is passed over and can be collected later. The term of the units must outlast that of the holdings:
/// after it nothing can be distributed. The currency's supply is assumed to be below 2⁶³.
contract PoolFund is IPoolFund, LookThrough, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @notice Series a fund may hold.
    uint256 public constant MAX_HOLDINGS = 16;

    uint256 private constant BP = 10_000;
    /// @dev Days in which a month waits for more than next to nothing.
    uint256 private constant PATIENCE = 2;

    /* IMMUTABLES */

    address private immutable CURRENCY;

    /* STORAGE */

    Books private _books;

    /* CONSTRUCTOR */

    /// @dev Deployed by the factory of funds.
    constructor(address currency_) LookThrough(msg.sender) {
        CURRENCY = currency_;
    }

    /* MODIFIERS */

    /// @dev The factory has checked the role: one configuration serves every fund, delays included.
    modifier onlyFactory() {
        if (msg.sender != address(FACTORY)) revert NotFactory(msg.sender);
        _;
    }

    /* FACTORY, FOR THE MANAGER */

    /// @inheritdoc IPoolFund
    function start() external onlyFactory {
        (_books.year, _books.payoutBp) = (_yearNow(), uint16(BP));
    }

    /// @inheritdoc IPoolFund
    function admit(address series) external onlyFactory {
        (bool known, uint8 level) = FACTORY.levelOf(series);
        if (!known) revert UnknownSeries(series);
        uint8 own = terms().level;
        if (level >= own) revert LevelTooHigh(series, level, own);
        if (_held[series]) revert AlreadyAdmitted(series);
        if (_holdings.length == MAX_HOLDINGS) revert TooManyHoldings(MAX_HOLDINGS);
        _held[series] = true;
        _holdings.push(series);
        emit Admitted(series, level);
    }

    /// @inheritdoc IPoolFund
    function dismiss(address series) external onlyFactory {
        if (!_held[series]) revert NotAdmitted(series);
        (uint256 units, uint64 claimable) =
            (IERC20(series).balanceOf(address(this)), IRevenueRight(series).claimable(address(this)));
        if (units != 0 || claimable != 0) revert StillHeld(series, units, claimable);
        _held[series] = false;
        uint256 i = 0;
        while (_holdings[i] != series) ++i;
        _holdings[i] = _holdings[_holdings.length - 1];
        _holdings.pop();
        emit Dismissed(series);
    }

    /// @inheritdoc IPoolFund
    function setPayout(uint16 payoutBp) external onlyFactory {
        uint16 floorBp = terms().floorBp;
        if (payoutBp < floorBp || payoutBp > BP) revert InvalidPayout(payoutBp, floorBp);
        _books.payoutBp = payoutBp;
        emit PayoutSet(payoutBp);
    }

    /// @inheritdoc IPoolFund
    function release(uint64 amount) external onlyFactory nonReentrant {
        Books storage books_ = _books;
        _takeRetained(books_, amount);
        books_.distributable += amount;
        emit Released(books_.year, amount);
    }

    /// @inheritdoc IPoolFund
    function spend(address to, uint64 amount, bytes32 reason) external onlyFactory nonReentrant {
        Books storage books_ = _books;
        _requireYearOpen(books_.year);
        _takeRetained(books_, amount);
        emit ExpensePaid(books_.year, to, amount, reason);
        IERC20(CURRENCY).safeTransfer(to, amount);
    }

    function _takeRetained(Books storage books_, uint64 amount) private {
        uint64 retained = books_.retained;
        if (amount > retained) revert ExceedsRetained(amount, retained);
        books_.retained = retained - amount;
    }

    /* ANYONE */

    /// @inheritdoc IPoolFund
    function collect() external nonReentrant returns (uint64 amount) {
        Books memory books_ = _books;
        amount = _collect(books_);
        _books = books_;
    }

    /// @inheritdoc IPoolFund
    function passThrough() external nonReentrant returns (uint64 amount) {
        Books memory books_ = _books;
        _requireYearOpen(books_.year);
        (uint32 period_, bool due) = _clock();
        if (!due || period_ <= books_.lastPeriod) revert NotDue(period_, books_.lastPeriod);
        _collect(books_);
        if (!_isWaiting(books_.distributable)) amount = _pass(books_, period_);
        _books = books_;
        _distribute(period_, amount);
    }

    /// @inheritdoc IPoolFund
    function closeYear() external nonReentrant returns (uint64 amount) {
        Books memory books_ = _books;
        uint16 now_ = _yearNow();
        (uint32 period_, bool due) = _clock();
        if (!due || now_ == books_.year) revert YearNotOver(books_.year);
        _collect(books_);
        // Not passed on before: a year ends with a month, and nothing is passed on between its end and its closing.
        amount = _pass(books_, period_);
        emit YearClosed(books_.year, books_.income, books_.withheld, books_.distributed);
        (books_.year, books_.income, books_.withheld, books_.distributed) = (now_, 0, 0, 0);
        _books = books_;
        _distribute(period_, amount);
    }

    /// @dev Claims, then books whatever has arrived since the last time.
    function _collect(Books memory books_) private returns (uint64 amount) {
        for (uint256 i = 0; i < _holdings.length; ++i) {
            address series = _holdings[i];
            try IRevenueRight(series).claimFor(address(this)) {}
            catch {
                emit ClaimFailed(series);
            }
        }
        uint256 balance = IERC20(CURRENCY).balanceOf(address(this));
        // Below 2⁶³, as the currency's supply is.
        amount = uint64(balance - books_.distributable - books_.retained);
        if (amount == 0) return 0;
        uint64 kept = _keptDown(books_, amount);
        books_.income += amount;
        books_.withheld += kept;
        books_.retained += kept;
        books_.distributable += amount - kept;
        emit Collected(books_.year, amount, kept);
    }

    /// @dev What of new income is kept back: as much as makes it the year's share, and never more than is new.
    function _keptDown(Books memory books_, uint64 amount) private pure returns (uint64) {
        uint256 share = (uint256(books_.income) + amount) * (BP - books_.payoutBp) / BP;
        if (share <= books_.withheld) return 0;
        share -= books_.withheld;
        return share < amount ? uint64(share) : amount;
    }

    function _pass(Books memory books_, uint32 period_) private returns (uint64 amount) {
        amount = books_.distributable;
        if (amount == 0) return 0;
        (books_.distributable, books_.lastPeriod) = (0, period_);
        books_.distributed += amount;
        emit PassedThrough(books_.year, period_, amount);
    }

    function _distribute(uint32 period_, uint64 amount) private {
        if (amount == 0) return;
        IERC20(CURRENCY).safeTransfer(terms().units, amount);
        FACTORY.distribute(period_, amount);
    }

    /* VIEWS */

    /// @inheritdoc IPoolFund
    function terms() public view returns (FundTerms memory t) {
        (t,) = _decoded();
    }

    /// @inheritdoc IPoolFund
    function books() external view returns (Books memory) {
        return _books;
    }

    /// @inheritdoc IPoolFund
    function period() external view returns (uint32 period_) {
        (period_,) = _clock();
    }

    /// @inheritdoc IPoolFund
    function settledThrough() external view returns (uint32) {
        (uint32 ended,) = _clock();
        // The last month that has ended may still be passed on; those before it no longer.
        return ended == 0 ? 0 : ended - 1;
    }

    /* CLOCK */

    function _decoded() private view returns (FundTerms memory, uint256 firstMonth) {
        return abi.decode(Clones.fetchCloneArgs(address(this)), (FundTerms, uint256));
    }

    /// @dev Months ended since the fund was opened, and whether this month's payment day has come.
    function _clock() private view returns (uint32, bool due) {
        (FundTerms memory t, uint256 firstMonth) = _decoded();
        (uint256 month, uint256 day) = Calendar.monthAndDay(uint256(int256(block.timestamp) + t.utcOffset));
        return (uint32(month - firstMonth), day >= t.passDay);
    }

    /// @dev Whether the month stays open for more to come. The payment day has come.
    function _isWaiting(uint64 amount) private view returns (bool) {
        (FundTerms memory t,) = _decoded();
        if (amount >= IERC20(t.units).totalSupply()) return false;
        (, uint256 day) = Calendar.monthAndDay(uint256(int256(block.timestamp) + t.utcOffset));
        return day < t.passDay + PATIENCE;
    }

    function _yearNow() private view returns (uint16) {
        (FundTerms memory t,) = _decoded();
        (uint256 month,) = Calendar.monthAndDay(uint256(int256(block.timestamp) + t.utcOffset));
        return uint16(1970 + (month + 1 - t.yearStart) / 12);
    }

    function _requireYearOpen(uint16 year) private view {
        if (_yearNow() != year) revert YearOver(year);
    }
}
