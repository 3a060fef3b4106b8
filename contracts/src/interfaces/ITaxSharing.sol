// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title Shares the growth of a tax between project, town and treasury, year by year.
interface ITaxSharing {
    /// @notice What was agreed, for good.
    /// @param base Tax of a year before the project, minor units; it always goes to the treasury.
    /// @param townBp Town's share of the growth that is not rebated, basis points.
    /// @param vintage What a year of rebate counts from: false, the first fiscal year, for all growth alike; true, the year in
    /// which a part of the growth first appeared, for that part alone.
    /// @param firstYear First fiscal year, a year of the Gregorian calendar.
    /// @param firstMonth Month in which fiscal years begin, 1 to 12.
    /// @param utcOffset Seconds that local time is ahead of UTC.
    /// @param rebatesBp Share of the growth that is rebated to the project in its first, second … year; none after the last.
    struct Plan {
        uint64 base;
        uint16 townBp;
        bool vintage;
        uint16 firstYear;
        uint8 firstMonth;
        int32 utcOffset;
        uint16[] rebatesBp;
    }

    /// @notice Who gets what.
    struct Payees {
        address project;
        address town;
        address treasury;
    }

    /// @notice A fiscal year was closed: `tax` came in and counts in it, and is rebate + town + treasury.
    event YearClosed(uint16 indexed year, uint64 tax, uint64 rebate, uint64 town, uint64 treasury);
    /// @notice A payee was paid what it had been allotted.
    event Paid(address indexed payee, uint64 amount);

    /// @notice The plan has a value its field does not allow.
    error InvalidPlan(bytes32 field, uint256 value);
    /// @notice The fiscal year is not over.
    error YearNotOver(uint16 year, uint40 end);
    /// @notice Nothing is owed.
    error NothingOwed(address payee);

    /// @notice Closes the oldest open fiscal year once it is over. Anyone may call. Of what came in, all counts in it but the
    /// base of each later year that began 31 days ago or more.
    function closeYear() external;

    /// @notice Pays what a payee was allotted. Anyone may call; money goes to the payee only.
    function pay(address payee) external returns (uint64 amount);

    /// @notice What `closeYear` would make of `tax` now, for the oldest open year.
    function preview(uint64 tax) external view returns (uint64 rebate, uint64 town, uint64 treasury);

    /// @notice Oldest fiscal year that is not closed, and when it ends.
    function openYear() external view returns (uint16 year, uint40 end);

    /// @notice Tax that came in and has not been shared.
    function received() external view returns (uint64);

    /// @notice What a payee was allotted and has not been paid.
    function owedTo(address payee) external view returns (uint64);

    /// @notice The plan.
    function plan() external view returns (Plan memory);

    /// @notice Who gets what.
    function payees() external view returns (Payees memory);

    /// @notice Growth by the year in which it first appeared, from the first year on.
    function vintages() external view returns (uint64[] memory);

    /// @notice Currency the tax comes in.
    function currency() external view returns (address);
}
