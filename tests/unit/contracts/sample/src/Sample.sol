// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title Numbers that Python needs too.
library Codes {
    /// @notice The first.
    uint64 internal constant FIRST = 1;
    uint64 internal constant SECOND_ONE = 2;
}

/// @title A library that is linked, not inlined.
library Linked {
    function twice(uint256 value) external pure returns (uint256) {
        return 2 * value;
    }
}

interface ISample {
    /// @notice Colour of a thing.
    enum Colour {
        None,
        DarkRed
    }

    /// @notice A point.
    /// @param x Distance to the right.
    struct Point {
        int32 x;
        uint8 y;
    }

    /// @notice A shape of points.
    struct Shape {
        string name;
        Point[] points;
        Colour colour;
        address owner;
    }

    /// @notice Only values of fixed size.
    /// @param id Which one.
    event Moved(
        bytes32 indexed id, address indexed from, Point to, uint16[2] pair, bool done, bytes4 tag, int64 delta, uint256 big
    );
    /// @notice Values of any size, and one of which only the hash is kept.
    event Named(string indexed name, Shape shape, bytes raw, address[] who);
    event Bare();

    /// @notice Too many.
    /// @param given What was given.
    error TooMany(uint256 given, Shape shape);
    error Simple(address account, bytes4 selector, Colour colour);
    error Empty();
}

/// @title A contract with every kind of signature.
contract Sample is ISample {
    mapping(uint256 => Point) public points;
    uint256 public immutable LIMIT;
    address private immutable _owner;

    /// @param limit Upper bound.
    constructor(uint256 limit, Point[] memory first, address owner_) payable {
        LIMIT = limit;
        _owner = owner_;
        if (first.length > 0) points[0] = first[0];
    }

    /// @notice Echoes a shape. @custom:access-control NOBODY
    /// @dev A "quoted" \ detail.
    /// @param shape The shape.
    /// @return same The same shape.
    function echo(Shape calldata shape) external pure returns (Shape memory same) {
        return shape;
    }

    function echoAll(Shape[][] calldata shapes, Point[2] calldata pair, uint256[] calldata numbers)
        external
        pure
        returns (Shape[][] memory, Point[2] memory, uint256[] memory)
    {
        return (shapes, pair, numbers);
    }

    /// @notice Two results.
    /// @return count How many.
    /// @return colour Which.
    function both(bytes32 id) external view returns (uint256 count, Colour colour, address) {
        return (uint256(id) % LIMIT, Colour.DarkRed, _owner);
    }

    function set(uint256 value) external {}
    function set(address from, bytes[] calldata lambda) external payable {}
    function set() external {}
    function pass(bytes32 id, bytes4 tag, string calldata text, bytes calldata data, bool flag, int8 small) external {}

    function fail(uint256 which, Shape calldata shape) external pure {
        if (which == 0) revert TooMany(shape.points.length, shape);
        if (which == 1) revert Simple(shape.owner, 0xdeadbeef, shape.colour);
        if (which == 2) revert Empty();
        if (which == 3) revert("because");
        if (which == 4) assert(false);
        assembly {
            revert(0, 0)
        }
    }

    function announce(Shape calldata shape) external {
        emit Moved(keccak256("id"), shape.owner, shape.points[0], [uint16(1), 2], true, 0x01020304, -5, type(uint256).max);
        emit Named(shape.name, shape, "raw", new address[](2));
        emit Bare();
    }
}

/// @title Shares types, events and errors with Sample.
contract Other is ISample {
    function twice(uint256 value) external pure returns (uint256) {
        if (value == 0) revert Empty();
        return Linked.twice(value);
    }

    function announce(Point calldata point) external {
        emit Moved(0, msg.sender, point, [uint16(1), 2], true, 0, 0, 0);
    }
}

abstract contract Unfinished {
    function missing() external virtual;
}
