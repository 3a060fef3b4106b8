// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title Calendar months of the Gregorian calendar.
library Calendar {
    /// @dev Months from March of the year 0 to January 1970: 1969 · 12 + 10.
    uint256 private constant MONTHS_TO_1970 = 23_638;

    /// @notice Months since January 1970, and the day of the month, from 1, of a time not before 1970.
    /// @dev Years are counted from March, so that the leap day is the last of a year; 400 years have 146 097 days, and the
    /// five months from March have 153 days, like the five from August.
    function monthAndDay(uint256 time) internal pure returns (uint256 month, uint256 day) {
        uint256 days_ = time / 1 days + 719_468;
        uint256 inEra = days_ % 146_097;
        uint256 yearInEra = (inEra - inEra / 1460 + inEra / 36_524 - inEra / 146_096) / 365;
        uint256 inYear = inEra - (365 * yearInEra + yearInEra / 4 - yearInEra / 100);
        uint256 fromMarch = (5 * inYear + 2) / 153;
        day = inYear - (153 * fromMarch + 2) / 5 + 1;
        month = (days_ / 146_097 * 400 + yearInEra) * 12 + fromMarch - MONTHS_TO_1970;
    }
}
