// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IFundFactory} from "../interfaces/IFundFactory.sol";
import {IIncomeSource} from "../interfaces/IIncomeSource.sol";
import {IPoolFund} from "../interfaces/IPoolFund.sol";
import {IRevenueRight} from "../interfaces/IRevenueRight.sol";
import {ISeriesFactory} from "../interfaces/ISeriesFactory.sol";
import {Calendar} from "../libraries/Calendar.sol";
import {Listing} from "../libraries/Listing.sol";
import {PoolFund} from "./PoolFund.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";

/// @title Opens funds, and distributes for them.
///
/// UNITS
/// Units of a fund are a series of the same code as any other: same compliance, same accrual, same claims. They come from a
/// factory of their own (`unitFactory`) whose series take distributions from this contract; a fund distributes through
/// here, to its own units only. So one implementation of series and one factory serve all funds, and a fund is a clone with its
/// terms in its code. The issuer creates the units first (`SeriesFactory.create`, any stream number: it is not read),
/// then opens the fund for them, issues or offers them, and seals them.
///
/// LEVELS
/// A series of a stream has level 0. A fund has a level of its own, 1 to MAX_LEVEL, and admits only series of a lower one. Levels
/// never change, so no chain of funds can come back to where it began.
///
/// ROLES
/// The manager of funds commands them through here, so that one role configuration, with its delays, serves every fund. Nobody but a
/// fund can distribute, and a fund distributes only what it has booked.
contract FundFactory is IFundFactory, AccessManaged {
    /// @notice Highest level of a fund. It bounds the depth of the look-through.
    uint8 public constant MAX_LEVEL = 3;

    uint256 private constant MAX_OFFSET = 14 hours;

    /* IMMUTABLES */

    /// @inheritdoc IFundFactory
    address public immutable implementation;
    /// @inheritdoc IFundFactory
    address public immutable streamFactory;
    address private immutable CURRENCY;

    /* STORAGE */

    /// @inheritdoc IFundFactory
    address public unitFactory;
    /// @inheritdoc IFundFactory
    mapping(address fund => address) public unitsOf;
    /// @inheritdoc IFundFactory
    mapping(address units => address) public fundOf;

    /* CONSTRUCTOR */

    constructor(address authority_, address currency_, address streamFactory_) AccessManaged(authority_) {
        Listing.requireSuitable(currency_);
        implementation = address(new PoolFund(currency_));
        (streamFactory, CURRENCY) = (streamFactory_, currency_);
    }

    /* RESTRICTED */

    /// @inheritdoc IFundFactory
    function setUnits(address unitFactory_) external restricted {
        if (unitFactory != address(0)) revert UnitsAlreadySet(unitFactory);
        if (unitFactory_ == address(0) || unitFactory_ == streamFactory) {
            revert InvalidFund("unitFactory", uint160(unitFactory_));
        }
        unitFactory = unitFactory_;
        emit UnitsSet(unitFactory_);
    }

    /// @inheritdoc IFundFactory
    function open(IPoolFund.FundTerms calldata t) external restricted returns (address fund) {
        _requireValid(t);
        (uint256 month,) = Calendar.monthAndDay(uint256(int256(block.timestamp) + t.utcOffset));
        fund = Clones.cloneWithImmutableArgs(implementation, abi.encode(t, month));
        (unitsOf[fund], fundOf[t.units]) = (t.units, fund);
        IPoolFund(fund).start();
        emit FundOpened(fund, t.units, t.level, t);
    }

    function _requireValid(IPoolFund.FundTerms calldata t) private view {
        bool free =
            unitFactory != address(0) && ISeriesFactory(unitFactory).isSeries(t.units) && fundOf[t.units] == address(0);
        _require(free && !IRevenueRight(t.units).state().sealed_, "units", uint160(t.units));
        _require(IRevenueRight(t.units).distributor() == address(this), "distributor", uint160(t.units));
        _require(IRevenueRight(t.units).currency() == CURRENCY, "currency", uint160(t.units));
        _require(t.level != 0 && t.level <= MAX_LEVEL, "level", t.level);
        _require(t.floorBp <= 10_000, "floorBp", t.floorBp);
        _require(t.yearStart != 0 && t.yearStart <= 12, "yearStart", t.yearStart);
        _require(t.passDay != 0 && t.passDay <= 28, "passDay", t.passDay);
        uint256 offset = uint256(int256(t.utcOffset < 0 ? -t.utcOffset : t.utcOffset));
        _require(offset <= MAX_OFFSET, "utcOffset", offset);
    }

    function _require(bool valid, bytes32 field, uint256 value) private pure {
        if (!valid) revert InvalidFund(field, value);
    }

    /* MANAGER */

    /// @inheritdoc IFundFactory
    function admit(address fund, address series) external restricted {
        _fund(fund).admit(series);
    }

    /// @inheritdoc IFundFactory
    function dismiss(address fund, address series) external restricted {
        _fund(fund).dismiss(series);
    }

    /// @inheritdoc IFundFactory
    function setPayout(address fund, uint16 payoutBp) external restricted {
        _fund(fund).setPayout(payoutBp);
    }

    /// @inheritdoc IFundFactory
    function release(address fund, uint64 amount) external restricted {
        _fund(fund).release(amount);
    }

    /// @inheritdoc IFundFactory
    function spend(address fund, address to, uint64 amount, bytes32 reason) external restricted {
        _fund(fund).spend(to, amount, reason);
    }

    function _fund(address fund) private view returns (IPoolFund) {
        if (unitsOf[fund] == address(0)) revert NotFund(fund);
        return IPoolFund(fund);
    }

    /* FUNDS AND THEIR UNITS */

    /// @inheritdoc IFundFactory
    function distribute(uint32 period, uint64 amount) external {
        address units = unitsOf[address(_fund(msg.sender))];
        IRevenueRight(units).distribute(period, amount);
    }

    /// @inheritdoc IIncomeSource
    /// @dev Asked by the units themselves: which fund's they are counts, not the number of their stream.
    function settledThrough(uint32) external view returns (uint32) {
        return _fund(fundOf[msg.sender]).settledThrough();
    }

    /* VIEWS */

    /// @inheritdoc IFundFactory
    function levelOf(address series) external view returns (bool known, uint8 level) {
        address fund = fundOf[series];
        if (fund != address(0)) return (true, IPoolFund(fund).terms().level);
        return (ISeriesFactory(streamFactory).isSeries(series), 0);
    }
}
