// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title A fund that holds series of several streams, or units of other funds, and passes their income on to its own units.
interface IPoolFund {
    /// @notice What the fund is; fixed when it opens.
    /// @param units Series of the fund's own units.
    /// @param level At least 1; the fund holds series of streams and units of funds of a lower level.
    /// @param floorBp Least share of a fiscal year's income that is distributed.
    /// @param yearStart Month in which fiscal years begin, 1 to 12.
    /// @param passDay Day of the month, 1 to 28, from which a month's income is passed on.
    /// @param utcOffset Seconds by which the fund's time is ahead of UTC.
    struct FundTerms {
        address units;
        uint8 level;
        uint16 floorBp;
        uint8 yearStart;
        uint8 passDay;
        int32 utcOffset;
    }

    /// @notice What the fund owns in currency, and how the fiscal year stands.
    /// @param distributable Income that waits to be passed on.
    /// @param retained Income kept back in this and earlier years, less expenses.
    /// @param lastPeriod Last period distributed.
    /// @param payoutBp Share of income that is distributed, at least the floor.
    /// @param year Fiscal year of the books, by the calendar year in which it begins.
    /// @param income Income of the year.
    /// @param withheld Part of it that was kept back.
    /// @param distributed Distributed in the year.
    struct Books {
        uint64 distributable;
        uint64 retained;
        uint32 lastPeriod;
        uint16 payoutBp;
        uint16 year;
        uint64 income;
        uint64 withheld;
        uint64 distributed;
    }

    /// @notice A share of a series of a stream, held by the fund itself or through other funds.
    /// @param share In 1e18ths of the series' units, rounded down.
    struct Exposure {
        address series;
        uint32 stream;
        uint256 share;
    }

    /// @notice The fund may hold a series.
    event Admitted(address indexed series, uint8 level);
    /// @notice A series that is held no longer was struck off.
    event Dismissed(address indexed series);
    /// @notice Income was booked; part of it is kept back.
    event Collected(uint16 indexed year, uint64 amount, uint64 withheld);
    /// @notice A series did not pay; what is claimable stays so.
    event ClaimFailed(address indexed series);
    /// @notice Income was distributed to the fund's units as that of a period.
    event PassedThrough(uint16 indexed year, uint32 indexed period, uint64 amount);
    /// @notice The share of income that is distributed was changed.
    event PayoutSet(uint16 payoutBp);
    /// @notice Retained income was spent; `reason` is the hash of the voucher.
    event ExpensePaid(uint16 indexed year, address indexed to, uint64 amount, bytes32 reason);
    /// @notice Retained income was given back to be distributed.
    event Released(uint16 indexed year, uint64 amount);
    /// @notice A fiscal year was closed: `distributed` is at least the floor's share of `income`.
    event YearClosed(uint16 indexed year, uint64 income, uint64 withheld, uint64 distributed);

    /// @notice Only the factory commands a fund; the manager calls there.
    error NotFactory(address caller);
    /// @notice The series is of no known factory.
    error UnknownSeries(address series);
    /// @notice A fund holds only what is of a lower level than its own.
    error LevelTooHigh(address series, uint8 level, uint8 own);
    /// @notice The series is held already.
    error AlreadyAdmitted(address series);
    /// @notice No more series may be held.
    error TooManyHoldings(uint256 limit);
    /// @notice The series was not admitted.
    error NotAdmitted(address series);
    /// @notice The fund still owns units or income of the series.
    error StillHeld(address series, uint256 units, uint64 claimable);
    /// @notice The payout is below the floor, or above everything.
    error InvalidPayout(uint16 payoutBp, uint16 floorBp);
    /// @notice More than is retained.
    error ExceedsRetained(uint64 amount, uint64 retained);
    /// @notice The fiscal year is over; it must be closed first.
    error YearOver(uint16 year);
    /// @notice The fiscal year is not over, or its last month's payment day has not come.
    error YearNotOver(uint16 year);
    /// @notice The last ended month was passed on already, or its payment day has not come.
    error NotDue(uint32 period, uint32 lastPeriod);

    /// @notice Begins the first fiscal year. Only the factory, as of all of the following.
    function start() external;

    /// @notice Lets the fund hold a series.
    function admit(address series) external;

    /// @notice Strikes off a series of which nothing is left.
    function dismiss(address series) external;

    /// @notice Sets the share of income that is distributed from the next collection on.
    function setPayout(uint16 payoutBp) external;

    /// @notice Gives retained income back to be distributed.
    function release(uint64 amount) external;

    /// @notice Pays an expense out of retained income.
    function spend(address to, uint64 amount, bytes32 reason) external;

    /// @notice Claims from all series held and books what has arrived. Anyone may call.
    function collect() external returns (uint64 amount);

    /// @notice Collects and distributes to the fund's units, once a month from the payment day on. Anyone may call.
    /// @return amount Distributed; with nothing to distribute the month stays open, as it does in the first two days for less
    /// than one minor unit for each unit of the fund.
    function passThrough() external returns (uint64 amount);

    /// @notice Collects and distributes what the year still owes, and begins the next year. Anyone may call.
    function closeYear() external returns (uint64 amount);

    /// @notice What the fund is.
    function terms() external view returns (FundTerms memory);

    /// @notice What it owns in currency.
    function books() external view returns (Books memory);

    /// @notice Series it may hold.
    function holdings() external view returns (address[] memory);

    /// @notice Number of the last month that has ended since the fund was opened.
    function period() external view returns (uint32);

    /// @notice Last month for which nothing can be distributed any more.
    function settledThrough() external view returns (uint32);

    /// @notice The series of streams behind the fund, through all funds it holds; one line for each way to a series.
    function exposures() external view returns (Exposure[] memory);

    /// @notice The streams behind the fund, and the sum of the shares of their series, in 1e18ths of a series, rounded down.
    function lookThrough() external view returns (uint32[] memory streams, uint256[] memory shares);
}
