// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IIncomeSource} from "./IIncomeSource.sol";
import {IPoolFund} from "./IPoolFund.sol";

/// @title Opens funds, commands them for their manager, and distributes for them.
interface IFundFactory is IIncomeSource {
    /// @notice A fund was opened; its wallet must be admitted by the registrar before it can hold.
    event FundOpened(address indexed fund, address indexed units, uint8 level, IPoolFund.FundTerms terms);
    /// @notice The factory of units was named.
    event UnitsSet(address unitFactory);

    /// @notice Terms have a value their field does not allow.
    error InvalidFund(bytes32 field, uint256 value);
    /// @notice The factory of units was named before.
    error UnitsAlreadySet(address unitFactory);
    /// @notice The address is not a fund.
    error NotFund(address account);

    /// @notice Names the factory that makes the funds' units. Once. @custom:access-control ADMIN
    function setUnits(address unitFactory) external;

    /// @notice Opens a fund for units that were created but not sealed. @custom:access-control ISSUER
    function open(IPoolFund.FundTerms calldata terms) external returns (address fund);

    /// @notice Lets a fund hold a series. @custom:access-control FUND_MANAGER
    function admit(address fund, address series) external;

    /// @notice Strikes a series off of which a fund has nothing left. @custom:access-control FUND_MANAGER
    function dismiss(address fund, address series) external;

    /// @notice Sets the share of its income that a fund distributes from its next collection on.
    /// @custom:access-control FUND_MANAGER
    function setPayout(address fund, uint16 payoutBp) external;

    /// @notice Gives retained income of a fund back to be distributed. @custom:access-control FUND_MANAGER
    function release(address fund, uint64 amount) external;

    /// @notice Pays an expense out of a fund's retained income. @custom:access-control FUND_MANAGER
    function spend(address fund, address to, uint64 amount, bytes32 reason) external;

    /// @notice Distributes a period to the units of the calling fund, which has already sent the currency there.
    function distribute(uint32 period, uint64 amount) external;

    /// @notice Units of a fund, 0 if it is none.
    function unitsOf(address fund) external view returns (address);

    /// @notice Fund of units, 0 if they are of none.
    function fundOf(address units) external view returns (address);

    /// @notice Level of a series: 0 of a stream, that of the fund of fund units.
    /// @return known False if it is neither.
    function levelOf(address series) external view returns (bool known, uint8 level);

    /// @notice Code all funds run.
    function implementation() external view returns (address);

    /// @notice Factory of series of streams.
    function streamFactory() external view returns (address);

    /// @notice Factory of fund units, 0 until it is named.
    function unitFactory() external view returns (address);
}
