// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Roles} from "../src/governance/Roles.sol";
import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";

/// @title The cheatcodes the tests use; forge answers them at one fixed address.
interface Vm {
    struct Log {
        bytes32[] topics;
        bytes data;
        address emitter;
    }

    struct Gas {
        uint64 limit;
        uint64 total;
        uint64 memoryUsed;
        int64 refunded;
        uint64 remaining;
    }

    /* WORLD */

    function warp(uint256 time) external;
    function roll(uint256 number) external;
    function chainId(uint256 id) external;
    function deal(address account, uint256 amount) external;
    function etch(address target, bytes calldata code) external;
    function store(address target, bytes32 slot, bytes32 value) external;
    function load(address target, bytes32 slot) external view returns (bytes32);
    function cool(address target) external;
    function lastCallGas() external view returns (Gas memory);
    function snapshotState() external returns (uint256 id);
    function revertToState(uint256 id) external returns (bool);
    function getBlockTimestamp() external view returns (uint256);

    /* CALLERS */

    function prank(address sender) external;
    function startPrank(address sender) external;
    function stopPrank() external;
    function label(address account, string calldata name) external;

    /* KEYS */

    function addr(uint256 key) external pure returns (address);
    function sign(uint256 key, bytes32 digest) external pure returns (uint8 v, bytes32 r, bytes32 s);
    function signP256(uint256 key, bytes32 digest) external pure returns (bytes32 r, bytes32 s);
    function publicKeyP256(uint256 key) external pure returns (uint256 x, uint256 y);

    /* EXPECTATIONS */

    function assume(bool condition) external pure;
    function expectRevert() external;
    function expectRevert(bytes4 selector) external;
    function expectRevert(bytes calldata data) external;
    function expectPartialRevert(bytes4 selector) external;
    function expectEmit() external;
    function expectEmit(address emitter) external;
    function expectEmit(bool topic1, bool topic2, bool topic3, bool data) external;
    function expectCall(address callee, bytes calldata data) external;
    function mockCall(address callee, bytes calldata data, bytes calldata result) external;
    function mockCallRevert(address callee, bytes calldata data, bytes calldata reason) external;
    function clearMockedCalls() external;
    function recordLogs() external;
    function getRecordedLogs() external returns (Log[] memory);

    /* FILES AND TEXT */

    function readFile(string calldata path) external view returns (string memory);
    function parseJson(string calldata json, string calldata key) external pure returns (bytes memory);
    function parseJsonUint(string calldata json, string calldata key) external pure returns (uint256);
    function parseJsonBytes32(string calldata json, string calldata key) external pure returns (bytes32);
    function parseJsonBytes(string calldata json, string calldata key) external pure returns (bytes memory);
    function toString(uint256 value) external pure returns (string memory);

    /* ASSERTIONS */

    function assertTrue(bool condition, string calldata message) external pure;
    function assertEq(bool left, bool right, string calldata message) external pure;
    function assertEq(uint256 left, uint256 right, string calldata message) external pure;
    function assertEq(int256 left, int256 right, string calldata message) external pure;
    function assertEq(address left, address right, string calldata message) external pure;
    function assertEq(bytes32 left, bytes32 right, string calldata message) external pure;
    function assertEq(string calldata left, string calldata right, string calldata message) external pure;
    function assertEq(bytes calldata left, bytes calldata right, string calldata message) external pure;
    function assertEq(address[] calldata left, address[] calldata right, string calldata message) external pure;
    function assertNotEq(uint256 left, uint256 right, string calldata message) external pure;
    function assertNotEq(address left, address right, string calldata message) external pure;
    function assertNotEq(bytes32 left, bytes32 right, string calldata message) external pure;
    function assertLt(uint256 left, uint256 right, string calldata message) external pure;
    function assertLe(uint256 left, uint256 right, string calldata message) external pure;
    function assertLe(int256 left, int256 right, string calldata message) external pure;
    function assertGt(uint256 left, uint256 right, string calldata message) external pure;
    function assertGe(uint256 left, uint256 right, string calldata message) external pure;
    function assertGe(int256 left, int256 right, string calldata message) external pure;
}

/// @title Base of all tests: cheatcodes, assertions, actors, roles. Nothing else is shared.
/// @dev The clock starts at NOW (2026-01-01) in every test. Actors have a name in traces. Call `targetContract` and
/// `targetSelectors` in the setUp of invariant tests; forge reads the lists below.
abstract contract Kit {
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    /// @dev 2026-01-01T00:00:00Z, a day boundary.
    uint40 internal constant NOW = 1_767_225_600;

    /// @dev Forge looks for this marker.
    // forge-lint: disable-next-line(screaming-snake-case-const)
    bool public constant IS_TEST = true;

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    AccessManager internal authority;

    // Offices, one per role.
    address internal admin = makeAddr("admin");
    address internal registrar = makeAddr("registrar");
    address internal issuer = makeAddr("issuer");
    address internal oracleAdmin = makeAddr("oracleAdmin");
    address internal treasurer = makeAddr("treasurer");
    address internal pauser = makeAddr("pauser");
    address internal guardian = makeAddr("guardian");
    address internal auditor = makeAddr("auditor");

    // Holders, and one who is nobody.
    address internal adam = makeAddr("adam");
    address internal barb = makeAddr("barb");
    address internal carl = makeAddr("carl");
    address internal dora = makeAddr("dora");
    address internal eric = makeAddr("eric");
    address internal mallory = makeAddr("mallory");

    address[] private _targets;
    FuzzSelector[] private _selectors;

    constructor() {
        vm.warp(NOW);
        authority = new AccessManager(admin);
        vm.startPrank(admin);
        authority.grantRole(Roles.REGISTRAR, registrar, 0);
        authority.grantRole(Roles.ISSUER, issuer, 0);
        authority.grantRole(Roles.ORACLE_ADMIN, oracleAdmin, 0);
        authority.grantRole(Roles.TREASURER, treasurer, 0);
        authority.grantRole(Roles.PAUSER, pauser, 0);
        authority.grantRole(Roles.GUARDIAN, guardian, 0);
        authority.grantRole(Roles.AUDITOR, auditor, 0);
        vm.stopPrank();
    }

    /* ROLES */

    /// @dev Lets `role` call `selector` on `target`.
    function allow(address target, bytes4 selector, uint64 role) internal {
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = selector;
        vm.prank(admin);
        authority.setTargetFunctionRole(target, selectors, role);
    }

    /* ACTORS */

    function makeAddr(string memory name) internal returns (address account) {
        account = vm.addr(keyOf(name));
        vm.label(account, name);
    }

    /// @dev Private key of a named actor.
    function keyOf(string memory name) internal pure returns (uint256) {
        return uint256(keccak256(bytes(name)));
    }

    /* VALUES */

    /// @dev Folds `x` into [low, high]; values already inside stay as they are.
    function bound(uint256 x, uint256 low, uint256 high) internal pure returns (uint256) {
        vm.assertLe(low, high, "bound: empty range");
        if (x >= low && x <= high) return x;
        uint256 size;
        unchecked {
            size = high - low + 1; // 0 means the full range, which the line above has answered
        }
        return low + x % size;
    }

    function bound(int256 x, int256 low, int256 high) internal pure returns (int256) {
        vm.assertLe(low, high, "bound: empty range");
        if (x >= low && x <= high) return x;
        unchecked {
            // Offsets from `low` are computed modulo 2^256, so that no sign matters and no cast cuts.
            return low + int256(bound(uint256(x) - uint256(low), 0, uint256(high) - uint256(low)));
        }
    }

    /* INVARIANT TARGETS */

    function targetContract(address target) internal {
        _targets.push(target);
    }

    function targetSelectors(address target, bytes4[] memory selectors) internal {
        _selectors.push(FuzzSelector({addr: target, selectors: selectors}));
    }

    function targetContracts() public view returns (address[] memory) {
        return _targets;
    }

    function targetSelectors() public view returns (FuzzSelector[] memory) {
        return _selectors;
    }

    /* ASSERTIONS */

    function assertTrue(bool condition) internal pure {
        vm.assertTrue(condition, "");
    }

    function assertTrue(bool condition, string memory message) internal pure {
        vm.assertTrue(condition, message);
    }

    function assertFalse(bool condition) internal pure {
        vm.assertTrue(!condition, "");
    }

    function assertFalse(bool condition, string memory message) internal pure {
        vm.assertTrue(!condition, message);
    }

    function assertEq(bool left, bool right) internal pure {
        vm.assertEq(left, right, "");
    }

    function assertEq(bool left, bool right, string memory message) internal pure {
        vm.assertEq(left, right, message);
    }

    function assertEq(uint256 left, uint256 right) internal pure {
        vm.assertEq(left, right, "");
    }

    function assertEq(uint256 left, uint256 right, string memory message) internal pure {
        vm.assertEq(left, right, message);
    }

    function assertEq(int256 left, int256 right) internal pure {
        vm.assertEq(left, right, "");
    }

    function assertEq(int256 left, int256 right, string memory message) internal pure {
        vm.assertEq(left, right, message);
    }

    function assertEq(address left, address right) internal pure {
        vm.assertEq(left, right, "");
    }

    function assertEq(address left, address right, string memory message) internal pure {
        vm.assertEq(left, right, message);
    }

    function assertEq(bytes32 left, bytes32 right) internal pure {
        vm.assertEq(left, right, "");
    }

    function assertEq(bytes32 left, bytes32 right, string memory message) internal pure {
        vm.assertEq(left, right, message);
    }

    function assertEq(string memory left, string memory right) internal pure {
        vm.assertEq(left, right, "");
    }

    function assertEq(string memory left, string memory right, string memory message) internal pure {
        vm.assertEq(left, right, message);
    }

    function assertEq(bytes memory left, bytes memory right) internal pure {
        vm.assertEq(left, right, "");
    }

    function assertEq(bytes memory left, bytes memory right, string memory message) internal pure {
        vm.assertEq(left, right, message);
    }

    function assertEq(address[] memory left, address[] memory right) internal pure {
        vm.assertEq(left, right, "");
    }

    function assertEq(address[] memory left, address[] memory right, string memory message) internal pure {
        vm.assertEq(left, right, message);
    }

    function assertNotEq(uint256 left, uint256 right, string memory message) internal pure {
        vm.assertNotEq(left, right, message);
    }

    function assertNotEq(address left, address right, string memory message) internal pure {
        vm.assertNotEq(left, right, message);
    }

    function assertNotEq(bytes32 left, bytes32 right, string memory message) internal pure {
        vm.assertNotEq(left, right, message);
    }

    function assertLt(uint256 left, uint256 right, string memory message) internal pure {
        vm.assertLt(left, right, message);
    }

    function assertLe(uint256 left, uint256 right) internal pure {
        vm.assertLe(left, right, "");
    }

    function assertLe(uint256 left, uint256 right, string memory message) internal pure {
        vm.assertLe(left, right, message);
    }

    function assertLe(int256 left, int256 right) internal pure {
        vm.assertLe(left, right, "");
    }

    function assertGt(uint256 left, uint256 right, string memory message) internal pure {
        vm.assertGt(left, right, message);
    }

    function assertGe(uint256 left, uint256 right) internal pure {
        vm.assertGe(left, right, "");
    }

    function assertGe(uint256 left, uint256 right, string memory message) internal pure {
        vm.assertGe(left, right, message);
    }

    function assertGe(int256 left, int256 right) internal pure {
        vm.assertGe(left, right, "");
    }

    /* GAS */

    /// @dev What a transaction pays before its first instruction: 21 000, and 4 or 16 per byte of input; never less
    /// than the floor of EIP-7623.
    function intrinsicGas(bytes memory input) internal pure returns (uint256) {
        return 21_000 + 4 * calldataTokens(input);
    }

    /// @dev Tokens of EIP-7623: 1 for a zero byte, 4 for another.
    function calldataTokens(bytes memory input) internal pure returns (uint256 tokens) {
        for (uint256 i; i < input.length; ++i) {
            tokens += input[i] == 0 ? 1 : 4;
        }
    }

    /// @dev Gas of a transaction from `sender` to `target` with `input` as its receipt would show it, refunds aside.
    /// All slots of `target` and `others` are cold. State the call overwrites must date from setUp: forge runs a test
    /// as one transaction, and a slot written twice in one is cheaper the second time.
    function transactionGas(address sender, address target, bytes memory input, address[] memory others)
        internal
        returns (uint256 spent)
    {
        for (uint256 i; i < others.length; ++i) {
            vm.cool(others[i]);
        }
        vm.cool(target);
        vm.prank(sender);
        (bool ok, bytes memory result) = target.call(input);
        spent = intrinsicGas(input) + vm.lastCallGas().total;
        uint256 floor = 21_000 + 10 * calldataTokens(input);
        if (spent < floor) spent = floor;
        if (!ok) _bubble(result);
    }

    function _bubble(bytes memory reason) private pure {
        assembly ("memory-safe") {
            revert(add(reason, 32), mload(reason))
        }
    }
}
