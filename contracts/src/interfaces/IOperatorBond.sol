// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title What an operator puts up for each stream, and out of which proven faults are rewarded.
interface IOperatorBond {
    /// @notice A stream's bond.
    /// @param operator Who may withdraw it.
    /// @param reward Paid for each proven fault; what the balance does not cover stays owed.
    /// @param balance What there is.
    /// @param leaving What the operator has announced to withdraw.
    /// @param leavesAt From when it may be withdrawn.
    struct Bond {
        address operator;
        uint96 reward;
        uint96 balance;
        uint96 leaving;
        uint40 leavesAt;
    }

    /// @notice A stream's bond was opened.
    event BondOpened(uint32 indexed stream, address indexed operator, uint96 reward);
    /// @notice Money was added; `amount` is what arrived.
    event BondDeposited(uint32 indexed stream, address indexed from, uint96 amount);
    /// @notice A withdrawal was announced; 0 takes an announcement back.
    event WithdrawalAnnounced(uint32 indexed stream, uint96 amount, uint40 leavesAt);
    /// @notice The operator withdrew.
    event BondWithdrawn(uint32 indexed stream, address indexed operator, uint96 amount);
    /// @notice A proven fault was rewarded, in parts if the bond did not cover the reward at once.
    event RewardPaid(uint32 indexed stream, bytes32 indexed fault, address indexed challenger, uint96 amount);

    /// @notice The bond is open already.
    error BondExists(uint32 stream);
    /// @notice The stream has no bond.
    error NoBond(uint32 stream);
    /// @notice The caller is not the stream's operator.
    error NotOperator(uint32 stream, address caller);
    /// @notice More than there is.
    error BondTooSmall(uint32 stream, uint96 balance, uint96 asked);
    /// @notice Nothing was announced, or it is too early or too late: from `leavesAt` on, for NOTICE.
    error NotLeaving(uint32 stream, uint40 leavesAt);
    /// @notice A statement of the stream is attested and not settled.
    error StatementOpen(uint32 stream, uint32 attested, uint32 settled);
    /// @notice The fault was not proven, or is one that pays nothing.
    error NotProven(bytes32 fault);
    /// @notice The fault was paid for in full.
    error PaidBefore(bytes32 fault);
    /// @notice There is nothing to pay with; once there is, the reward can be had.
    error NothingToPay(uint32 stream);
    /// @notice Nothing arrived, or more than an account holds.
    error InvalidDeposit(uint256 amount);

    /// @notice Opens a stream's bond; operator and reward are fixed. @custom:access-control ISSUER
    function open(uint32 stream, address operator, uint96 reward) external;

    /// @notice Adds to a bond. Anyone may; only the operator can ever withdraw it.
    function deposit(uint32 stream, uint256 amount) external;

    /// @notice Announces a withdrawal, in place of any announced before. Only the operator.
    function announce(uint32 stream, uint96 amount) external;

    /// @notice Withdraws what was announced, or what is left of it. Only the operator, after the notice and while every
    /// attested statement of the stream is settled.
    function withdraw(uint32 stream) external returns (uint96 amount);

    /// @notice Pays the reward of a proven fault to its challenger, or what is still owed of it, as far as the bond goes. Anyone
    /// may call.
    function reward(bytes32 fault) external returns (uint96 amount);

    /// @notice A stream's bond.
    function bondOf(uint32 stream) external view returns (Bond memory);

    /// @notice Whether a fault was paid for in full.
    function isPaid(bytes32 fault) external view returns (bool);

    /// @notice Seconds between announcing and withdrawing.
    function NOTICE() external view returns (uint40);

    /// @notice The currency.
    function currency() external view returns (address);
}
