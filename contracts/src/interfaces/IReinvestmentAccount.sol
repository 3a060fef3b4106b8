// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title Money a stream sets aside for reinvestment: comes in by its waterfall, leaves after a public wait.
interface IReinvestmentAccount {
    /// @notice A spending that was announced.
    /// @param stream Stream whose money is spent; 0 for one that was spent or cancelled.
    /// @param to Receiver.
    /// @param amount Minor units.
    /// @param readyAt Unix time from which on it can be made.
    /// @param purposeHash keccak256 of the document that says what for.
    struct Spending {
        uint32 stream;
        address to;
        uint64 amount;
        uint40 readyAt;
        bytes32 purposeHash;
    }

    /// @notice The pocket of a stream was made; its address was known before.
    event PocketOpened(uint32 indexed stream, address pocket);
    /// @notice A spending was announced.
    event SpendingScheduled(
        uint256 indexed id, uint32 indexed stream, address to, uint64 amount, uint40 readyAt, bytes32 purposeHash
    );
    /// @notice A spending was cancelled.
    event SpendingCancelled(uint256 indexed id, bytes32 reasonHash);
    /// @notice A spending was made.
    event Spent(uint256 indexed id, uint32 indexed stream, address indexed to, uint64 amount, bytes32 purposeHash);

    /// @notice The spending has a value its field does not allow.
    error InvalidSpending(bytes32 field, uint256 value);
    /// @notice There is no such spending, or it was made or cancelled.
    error UnknownSpending(uint256 id);
    /// @notice The wait is not over.
    error NotReady(uint256 id, uint40 readyAt);
    /// @notice The spending was not made in time; it must be announced anew.
    error Lapsed(uint256 id, uint40 lapsedAt);
    /// @notice The stream has set aside less.
    error TooLittle(uint32 stream, uint64 amount, uint256 available);

    /// @notice Announces a spending. @custom:access-control ISSUER
    function schedule(uint32 stream, address to, uint64 amount, bytes32 purposeHash) external returns (uint256 id);

    /// @notice Cancels an announced spending. @custom:access-control GUARDIAN
    function cancel(uint256 id, bytes32 reasonHash) external;

    /// @notice Makes an announced spending whose wait is over. Anyone may call.
    function spend(uint256 id) external;

    /// @notice Where a stream's money lies, the payee for its waterfall's step; the same for ever.
    function pocketOf(uint32 stream) external view returns (address);

    /// @notice What a stream has set aside.
    function balanceOf(uint32 stream) external view returns (uint256);

    /// @notice An announced spending.
    function spendingOf(uint256 id) external view returns (Spending memory);

    /// @notice Seconds between announcement and spending.
    function SPENDING_DELAY() external view returns (uint40);

    /// @notice Waterfall whose money this is.
    function waterfall() external view returns (address);
}
