// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Calendar} from "../../src/libraries/Calendar.sol";
import {Kit} from "../Kit.sol";

contract CalendarTest is Kit {
    function _is(uint256 time, uint256 year, uint256 month, uint256 day) private pure {
        (uint256 months, uint256 days_) = Calendar.monthAndDay(time);
        assertEq(months, (year - 1970) * 12 + month - 1, "month");
        assertEq(days_, day, "day");
    }

    function test_KnowsLeapDaysAndTurnsOfYears() public pure {
        _is(0, 1970, 1, 1);
        _is(951_782_400, 2000, 2, 29);
        _is(951_868_800, 2000, 3, 1);
        _is(1_767_225_599, 2025, 12, 31);
        _is(NOW, 2026, 1, 1);
        _is(1_835_395_200, 2028, 2, 29);
        _is(4_107_542_399, 2100, 2, 28);
        _is(4_107_542_400, 2100, 3, 1);
    }

    /// @dev Each day is the next of its month or the first of the next month, and months have their length.
    function testFuzz_DaysFollowOneAnother(uint40 time) public pure {
        (uint256 month, uint256 day) = Calendar.monthAndDay(time);
        (uint256 nextMonth, uint256 nextDay) = Calendar.monthAndDay(uint256(time) + 1 days);
        uint256 length = _length(1970 + month / 12, month % 12 + 1);
        bool last = day == length;
        assertLe(day, length, "length");
        assertEq(nextMonth, last ? month + 1 : month, "month");
        assertEq(nextDay, last ? 1 : day + 1, "day");
    }

    function _length(uint256 year, uint256 month) private pure returns (uint256) {
        if (month == 2) return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
        return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
    }
}
