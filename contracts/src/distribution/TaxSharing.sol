// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ITaxSharing} from "../interfaces/ITaxSharing.sol";
import {Listing} from "../libraries/Listing.sol";
import {TaxSharingMath} from "../libraries/TaxSharingMath.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// @title TaxSharing: stepped sharing of a tax that a project makes grow.
/// @notice DUTY. It is the payee of tax steps of waterfalls. At the end of each fiscal year it shares what came in: the base and
/// the treasury's part to the treasury, a rebate that steps down with age to the project, a share of the rest to the town.
///
/// YEARS. Tax counts when it comes in: a year's tax is what arrived between the close of the year before and its own close,
/// which anyone may bring about as soon as the year is over. Each unit counts once. What comes between the end of a year and
/// its close counts in it, save the base of every later year that began CLOSING_TIME ago or more: that waits for those
/// years. So a close that comes late shares growth with the oldest open year, and never a base as if it were growth. Whoever
/// wants the growth in its own year closes the one before within CLOSING_TIME.
///
/// MONEY. What this contract holds is what was allotted and not yet paid, and what came in and was not yet shared, to the
/// unit. Closing a year moves nothing; each payee is paid apart, so that one who cannot be paid stops nobody.
///
/// TRUST. Nobody has a right here: plan and payees are fixed at deployment, and every verb is open to anyone.
///
/// LIMITS. A year's tax is below 2⁶⁴; what would be more stays for the next year. 120 fiscal years, by their close.
contract TaxSharing is ITaxSharing {
    using SafeERC20 for IERC20;

    uint256 private constant MAX_BP = 10_000;
    uint256 private constant MAX_YEARS = 120;
    /// @dev Local times on earth are at most 14 hours from UTC.
    int256 private constant MAX_OFFSET = 14 hours;
    /// @dev Time to close a year before the next one keeps its base.
    uint256 private constant CLOSING_TIME = 31 days;

    /* IMMUTABLES */

    IERC20 private immutable CURRENCY;

    /* STORAGE */

    Plan private _plan;
    Payees private _payees;
    uint64[] private _vintages;
    mapping(address payee => uint64) private _owed;
    uint256 private _allotted;

    /* CONSTRUCTOR */

    constructor(address currency_, Plan memory plan_, Payees memory payees_) {
        Listing.requireSuitable(currency_);
        CURRENCY = IERC20(currency_);
        _require(plan_.townBp <= MAX_BP, "townBp", plan_.townBp);
        _require(plan_.firstYear >= 1970 && plan_.firstYear <= 9000, "firstYear", plan_.firstYear);
        _require(plan_.firstMonth != 0 && plan_.firstMonth <= 12, "firstMonth", plan_.firstMonth);
        bool local = plan_.utcOffset >= -MAX_OFFSET && plan_.utcOffset <= MAX_OFFSET;
        _require(local, "utcOffset", uint256(int256(plan_.utcOffset)));
        _require(plan_.rebatesBp.length <= MAX_YEARS, "rebatesBp", plan_.rebatesBp.length);
        for (uint256 i = 0; i < plan_.rebatesBp.length; ++i) {
            _require(plan_.rebatesBp[i] <= MAX_BP, "rebatesBp", plan_.rebatesBp[i]);
        }
        _requirePayee("project", payees_.project);
        _requirePayee("town", payees_.town);
        _requirePayee("treasury", payees_.treasury);
        (_plan, _payees) = (plan_, payees_);
    }

    function _requirePayee(bytes32 field, address payee) private view {
        _require(payee != address(0) && payee != address(this), field, uint160(payee));
    }

    function _require(bool valid, bytes32 field, uint256 value) private pure {
        if (!valid) revert InvalidPlan(field, value);
    }

    /* YEARS */

    /// @inheritdoc ITaxSharing
    function closeYear() external {
        (uint16 year, uint40 end) = openYear();
        if (block.timestamp < end || _vintages.length == MAX_YEARS) revert YearNotOver(year, end);
        // Part of what came in, below 2⁶⁴.
        uint64 tax = uint64(TaxSharingMath.ofYear(received(), _plan.base, _begunAfter(year)));
        (uint256 rebate, uint256 town, uint256 appeared) = _share(tax);
        _vintages.push(uint64(appeared));
        _allotted += tax;
        uint256 treasury = tax - rebate - town;
        // Parts of the tax, each below 2⁶⁴.
        _owed[_payees.project] += uint64(rebate);
        _owed[_payees.town] += uint64(town);
        _owed[_payees.treasury] += uint64(treasury);
        emit YearClosed(year, tax, uint64(rebate), uint64(town), uint64(treasury));
    }

    /// @inheritdoc ITaxSharing
    function pay(address payee) external returns (uint64 amount) {
        amount = _owed[payee];
        if (amount == 0) revert NothingOwed(payee);
        _owed[payee] = 0;
        _allotted -= amount;
        CURRENCY.safeTransfer(payee, amount);
        emit Paid(payee, amount);
    }

    /// @dev Later years that keep their base. A year that could never be closed keeps none.
    function _begunAfter(uint256 year) private view returns (uint256 begun) {
        uint256 most = MAX_YEARS - 1 - _vintages.length;
        (uint256 month, int256 offset) = (_plan.firstMonth, _plan.utcOffset);
        while (begun < most && block.timestamp >= TaxSharingMath.yearEnd(year + begun, month, offset) + CLOSING_TIME) {
            ++begun;
        }
    }

    function _share(uint256 tax) private view returns (uint256 rebate, uint256 town, uint256 appeared) {
        return TaxSharingMath.shareDown(tax, _plan, _vintages);
    }

    /* VIEWS */

    /// @inheritdoc ITaxSharing
    function preview(uint64 tax) external view returns (uint64, uint64, uint64) {
        (uint256 rebate, uint256 town,) = _share(tax);
        return (uint64(rebate), uint64(town), uint64(tax - rebate - town));
    }

    /// @inheritdoc ITaxSharing
    function openYear() public view returns (uint16 year, uint40 end) {
        year = _plan.firstYear + uint16(_vintages.length);
        end = uint40(TaxSharingMath.yearEnd(year, _plan.firstMonth, _plan.utcOffset));
    }

    /// @inheritdoc ITaxSharing
    function received() public view returns (uint64) {
        uint256 waiting = CURRENCY.balanceOf(address(this)) - _allotted;
        return waiting < type(uint64).max ? uint64(waiting) : type(uint64).max;
    }

    /// @inheritdoc ITaxSharing
    function owedTo(address payee) external view returns (uint64) {
        return _owed[payee];
    }

    /// @inheritdoc ITaxSharing
    function plan() external view returns (Plan memory) {
        return _plan;
    }

    /// @inheritdoc ITaxSharing
    function payees() external view returns (Payees memory) {
        return _payees;
    }

    /// @inheritdoc ITaxSharing
    function vintages() external view returns (uint64[] memory) {
        return _vintages;
    }

    /// @inheritdoc ITaxSharing
    function currency() external view returns (address) {
        return address(CURRENCY);
    }
}
