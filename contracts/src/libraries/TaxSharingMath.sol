// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ITaxSharing} from "../interfaces/ITaxSharing.sol";

/// @title Stepped tax sharing as pure arithmetic.
/// @notice Growth is what a year's tax is above the base. Each part of it has an age: with the fixed clock the number of
/// years since the first, with the vintage clock since the year in which that part first appeared. Of each part the project is
/// rebated ⌊part·rebate(age)/10⁴⌋, the town gets ⌊(part − rebate)·townBp/10⁴⌋, and the treasury all the rest with the base: the
/// three always sum to the tax. Every division rounds down, in favour of the treasury.
/// @dev Vintages measure growth above all years before: a fall takes from the youngest part first, and growth that comes back
/// has the age of its part, so that an up and down of the tax renews no rebate.
library TaxSharingMath {
    uint256 private constant ONE_BP = 10_000;

    /// @notice Splits the tax of year `vintages.length` (0 for the first). `appeared` is the growth that is new in it.
    function shareDown(uint256 tax, ITaxSharing.Plan memory plan, uint64[] memory vintages)
        internal
        pure
        returns (uint256 rebate, uint256 town, uint256 appeared)
    {
        uint256 growth = tax > plan.base ? tax - plan.base : 0;
        uint256 year = vintages.length;
        appeared = growth;
        for (uint256 i = 0; i < year && appeared != 0; ++i) {
            uint256 part = appeared < vintages[i] ? appeared : vintages[i];
            appeared -= part;
            if (!plan.vintage) continue;
            (uint256 r, uint256 t) = _partDown(plan, part, year - i);
            (rebate, town) = (rebate + r, town + t);
        }
        (uint256 rest, uint256 age) = plan.vintage ? (appeared, 0) : (growth, year);
        (uint256 lastRebate, uint256 lastTown) = _partDown(plan, rest, age);
        (rebate, town) = (rebate + lastRebate, town + lastTown);
    }

    /// @notice What of the tax that waits is the oldest open year's, if each of `later` years keeps its base: at least its own
    /// base, as far as there is that much.
    function ofYear(uint256 waiting, uint256 base, uint256 later) internal pure returns (uint256) {
        uint256 bases = base * (later + 1);
        if (waiting > bases) return waiting - bases + base;
        return waiting < base ? waiting : base;
    }

    /// @notice Unix time at which the fiscal year that begins in `month` of `year` ends.
    function yearEnd(uint256 year, uint256 month, int256 utcOffset) internal pure returns (uint256) {
        return uint256(int256(_days(year + 1, month) * 1 days) - utcOffset);
    }

    function _partDown(ITaxSharing.Plan memory plan, uint256 part, uint256 age)
        private
        pure
        returns (uint256 rebate, uint256 town)
    {
        rebate = age < plan.rebatesBp.length ? part * plan.rebatesBp[age] / ONE_BP : 0;
        town = (part - rebate) * plan.townBp / ONE_BP;
    }

    /// @dev Days from 1970-01-01 to the first of a month (Gregorian, from 1970 on). Years are counted from March, so that a leap
    /// day is the last of its year.
    function _days(uint256 year, uint256 month) private pure returns (uint256) {
        if (month <= 2) year -= 1;
        uint256 dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5;
        return 365 * year + year / 4 - year / 100 + year / 400 + dayOfYear - 719_468;
    }
}
