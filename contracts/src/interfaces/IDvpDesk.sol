// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title Secondary trades: a signed order settles units against currency, both or neither.
interface IDvpDesk {
    /// @notice What a maker signs.
    /// @param maker Who signs: an account, or a contract that answers as ERC-1271 says.
    /// @param taker The only one who may fill, 0 for anyone.
    /// @param series Series of a known factory.
    /// @param sells True if the maker sells units, false if the maker buys.
    /// @param units Units in all.
    /// @param price Minor units of the currency for all of the units.
    /// @param minFill Least units of one fill, unless fewer are left.
    /// @param expiry Last second in which the order may be filled.
    /// @param nonce Tells equal orders apart, and is what `cancelBelow` compares.
    struct Order {
        address maker;
        address taker;
        address series;
        bool sells;
        uint64 units;
        uint64 price;
        uint64 minFill;
        uint40 expiry;
        uint64 nonce;
    }

    /// @notice An owner's ERC-2612 permit for this desk, sent along with a fill.
    struct Permit {
        address token;
        address owner;
        uint256 value;
        uint256 deadline;
        uint8 v;
        bytes32 r;
        bytes32 s;
    }

    /// @notice Units went from seller to buyer, and `cost` from buyer to seller. `filled` counts the order's units so far.
    event Filled(
        bytes32 indexed order,
        address indexed seller,
        address indexed buyer,
        address series,
        uint64 units,
        uint64 cost,
        uint64 filled
    );
    /// @notice The maker cancelled an order.
    event OrderCancelled(bytes32 indexed order, address indexed maker);
    /// @notice The maker cancelled all orders with a nonce below `nonce`.
    event CancelledBelow(address indexed maker, uint64 nonce);

    /// @notice An order is for no units, or its least fill is more than all.
    error InvalidOrder(bytes32 field, uint256 value);
    /// @notice The signature is not the maker's.
    error InvalidSignature(address maker, bytes32 order);
    /// @notice The order may no longer be filled.
    error OrderExpired(bytes32 order, uint40 expiry);
    /// @notice The order was cancelled.
    error OrderIsCancelled(bytes32 order);
    /// @notice Only the taker named in the order may fill it; nobody fills an order of their own.
    error NotTaker(address caller, address taker);
    /// @notice The fill is smaller than the order allows, or larger than what is left.
    error InvalidFill(uint64 units, uint64 least, uint64 left);
    /// @notice The fill would cost the taker more, or bring the taker less, than the limit.
    error LimitNotMet(uint64 cost, uint64 limit);
    /// @notice Only the maker cancels.
    error NotMaker(address caller, address maker);
    /// @notice Nonces below that were cancelled already.
    error NonceTooLow(address maker, uint64 nonce, uint64 current);

    /// @notice Fills `units` of an order for the caller.
    /// @param limit Most the caller pays (the maker sells), or least the caller gets (the maker buys).
    /// @return cost ⌈price·after/all⌉ − ⌈price·before/all⌉, with the units filled after and before; all fills sum to the price.
    function fill(Order calldata order, bytes calldata signature, uint64 units, uint64 limit)
        external
        returns (uint64 cost);

    /// @notice As `fill`, after using permits of the two parties; one that is used already or invalid is passed over.
    function fillWithPermits(
        Order calldata order,
        bytes calldata signature,
        uint64 units,
        uint64 limit,
        Permit[] calldata permits
    ) external returns (uint64 cost);

    /// @notice Cancels an order of the caller.
    function cancel(Order calldata order) external;

    /// @notice Cancels all orders of the caller whose nonce is below `nonce`.
    function cancelBelow(uint64 nonce) external;

    /// @notice What a fill costs now; nothing but the amounts is checked.
    function costOf(Order calldata order, uint64 units) external view returns (uint64);

    /// @notice EIP-712 digest of an order, by which it is known.
    function digestOf(Order calldata order) external view returns (bytes32);

    /// @notice Units filled, and whether the order was cancelled, by itself or by its nonce.
    function statusOf(Order calldata order) external view returns (uint64 filled, bool cancelled);
}
