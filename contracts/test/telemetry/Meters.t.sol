// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Roles} from "../../src/governance/Roles.sol";
import {IMeterRegistry} from "../../src/interfaces/IMeterRegistry.sol";
import {MeterRegistry} from "../../src/telemetry/MeterRegistry.sol";
import {Kit} from "../Kit.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

/// @title A meter registry with one registered meter.
abstract contract MeterKit is Kit {
    uint64 internal constant ID = 4711;
    // Generators of the curves.
    bytes32 internal constant K1_X = 0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798;
    bytes32 internal constant K1_Y = 0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8;
    bytes32 internal constant R1_X = 0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296;
    bytes32 internal constant R1_Y = 0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5;

    MeterRegistry internal meters;

    constructor() {
        meters = new MeterRegistry(address(authority));
        allow(address(meters), meters.register.selector, Roles.ORACLE_ADMIN);
        allow(address(meters), meters.rotateKey.selector, Roles.ORACLE_ADMIN);
        allow(address(meters), meters.calibrate.selector, Roles.ORACLE_ADMIN);
        allow(address(meters), meters.retire.selector, Roles.ORACLE_ADMIN);
    }

    function meter() internal pure returns (IMeterRegistry.Registration memory) {
        return IMeterRegistry.Registration({
            id: ID,
            stream: 3,
            scheme: IMeterRegistry.Scheme.GatewaySecp256k1,
            validFrom: NOW,
            calibratedUntil: NOW + 8 * 365 days,
            keyX: K1_X,
            keyY: K1_Y,
            serialHash: keccak256("salted serial")
        });
    }

    function register(IMeterRegistry.Registration memory one) internal {
        IMeterRegistry.Registration[] memory list = new IMeterRegistry.Registration[](1);
        list[0] = one;
        vm.prank(oracleAdmin);
        meters.register(list);
    }

    function expectInvalid(bytes32 field, uint256 value) internal {
        vm.expectRevert(abi.encodeWithSelector(IMeterRegistry.InvalidMeter.selector, ID, field, value));
    }

    function expectUnknown(uint64 id) internal {
        vm.expectRevert(abi.encodeWithSelector(IMeterRegistry.UnknownMeter.selector, id));
    }
}

contract RegisterMeterTest is MeterKit {
    function test_StoresAllButTheSerial() public {
        register(meter());
        IMeterRegistry.Meter memory stored = meters.meterOf(ID);
        assertEq(uint256(stored.stream), 3, "stream");
        assertEq(uint256(stored.scheme), 1, "scheme");
        assertEq(uint256(stored.validFrom), NOW, "valid from");
        assertEq(uint256(stored.calibratedUntil), NOW + 8 * 365 days, "calibrated until");
        assertFalse(stored.retired, "retired");
        assertEq(stored.keyX, K1_X, "x");
        assertEq(stored.keyY, K1_Y, "y");
    }

    function test_IsReported() public {
        IMeterRegistry.Registration memory m = meter();
        vm.expectEmit(address(meters));
        emit IMeterRegistry.MeterRegistered(
            ID, 3, m.scheme, m.validFrom, m.calibratedUntil, m.keyX, m.keyY, m.serialHash
        );
        register(m);
    }

    function test_TakesManyAtOnce() public {
        IMeterRegistry.Registration[] memory list = new IMeterRegistry.Registration[](3);
        for (uint64 i; i < 3; ++i) {
            list[i] = meter();
            list[i].id = i;
        }
        vm.prank(oracleAdmin);
        meters.register(list);
        assertEq(uint256(meters.meterOf(0).stream), 3, "first");
        assertEq(uint256(meters.meterOf(2).stream), 3, "last");
    }

    function test_TakesAP256Key() public {
        IMeterRegistry.Registration memory m = meter();
        (m.scheme, m.keyX, m.keyY) = (IMeterRegistry.Scheme.DeviceP256, R1_X, R1_Y);
        register(m);
        assertEq(uint256(meters.meterOf(ID).scheme), 3, "scheme");
    }

    function test_RevertWhen_IdIsTaken() public {
        register(meter());
        vm.expectRevert(abi.encodeWithSelector(IMeterRegistry.MeterExists.selector, ID));
        register(meter());
    }

    function test_RevertWhen_StreamIsZero() public {
        IMeterRegistry.Registration memory m = meter();
        m.stream = 0;
        expectInvalid("stream", 0);
        register(m);
    }

    function test_RevertWhen_CalibrationEndsBeforeTheKeyStarts() public {
        IMeterRegistry.Registration memory m = meter();
        m.calibratedUntil = m.validFrom;
        expectInvalid("calibratedUntil", m.calibratedUntil);
        register(m);
    }

    function test_RevertWhen_SchemeIsNone() public {
        IMeterRegistry.Registration memory m = meter();
        m.scheme = IMeterRegistry.Scheme.None;
        expectInvalid("scheme", 0);
        register(m);
    }

    function test_RevertWhen_KeyIsOfTheOtherCurve() public {
        IMeterRegistry.Registration memory m = meter();
        m.scheme = IMeterRegistry.Scheme.DeviceP256;
        expectInvalid("key", uint256(K1_X));
        register(m);
        (m.scheme, m.keyX, m.keyY) = (IMeterRegistry.Scheme.DeviceSecp256k1, R1_X, R1_Y);
        expectInvalid("key", uint256(R1_X));
        register(m);
    }

    function test_RevertWhen_KeyIsZero() public {
        IMeterRegistry.Registration memory m = meter();
        (m.keyX, m.keyY) = (0, 0);
        expectInvalid("key", 0);
        register(m);
    }

    function test_RevertWhen_CallerIsNotOracleAdmin() public {
        vm.prank(mallory);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, mallory));
        meters.register(new IMeterRegistry.Registration[](0));
    }

    function test_RevertWhen_AskedForAnUnknownMeter() public {
        expectUnknown(ID);
        meters.meterOf(ID);
    }
}

contract KeepMeterTest is MeterKit {
    function setUp() public {
        register(meter());
    }

    /* ROTATION */

    function test_RotationReplacesTheKey() public {
        vm.expectEmit(address(meters));
        emit IMeterRegistry.MeterKeyRotated(ID, IMeterRegistry.Scheme.DeviceP256, NOW + 1 days, R1_X, R1_Y);
        _rotate(ID, IMeterRegistry.Scheme.DeviceP256, NOW + 1 days, R1_X, R1_Y);
        IMeterRegistry.Meter memory stored = meters.meterOf(ID);
        assertEq(uint256(stored.scheme), 3, "scheme");
        assertEq(uint256(stored.validFrom), NOW + 1 days, "valid from");
        assertEq(stored.keyX, R1_X, "x");
        assertEq(stored.keyY, R1_Y, "y");
        assertEq(uint256(stored.calibratedUntil), NOW + 8 * 365 days, "calibrated until");
    }

    function test_RevertWhen_RotatedBeforeThePresentKey() public {
        _rotate(ID, IMeterRegistry.Scheme.DeviceP256, NOW + 3 days, R1_X, R1_Y);
        expectInvalid("validFrom", NOW + 3 days - 1);
        _rotate(ID, IMeterRegistry.Scheme.DeviceP256, NOW + 3 days - 1, R1_X, R1_Y);
    }

    function test_RevertWhen_RotatedWithoutTheDelay() public {
        expectInvalid("validFrom", NOW + 1 days - 1);
        _rotate(ID, IMeterRegistry.Scheme.DeviceP256, NOW + 1 days - 1, R1_X, R1_Y);
    }

    function test_TheOldKeyStaysValidUntilThen() public {
        _rotate(ID, IMeterRegistry.Scheme.DeviceP256, NOW + 2 days, R1_X, R1_Y);
        _rotate(ID, IMeterRegistry.Scheme.GatewaySecp256k1, NOW + 4 days, K1_X, K1_Y);
        assertEq(uint256(meters.keyAt(ID, 1).scheme), 1, "before the first");
        assertEq(uint256(meters.keyAt(ID, NOW + 2 days - 1).scheme), 1, "the first");
        assertEq(uint256(meters.keyAt(ID, NOW + 2 days).scheme), 3, "the second");
        assertEq(meters.keyAt(ID, NOW + 4 days - 1).x, R1_X, "its key");
        assertEq(uint256(meters.keyAt(ID, NOW + 4 days).scheme), 1, "the third");
        assertEq(uint256(meters.keyAt(ID, NOW + 4 days).validFrom), NOW + 4 days, "its time");
        assertEq(meters.keysWithin(ID, 1, NOW + 2 days - 1).length, 1, "only the first");
        assertEq(meters.keysWithin(ID, NOW + 2 days - 1, NOW + 2 days).length, 2, "the first two");
        assertEq(meters.keysWithin(ID, 1, NOW + 9 days).length, 3, "all");
        assertEq(meters.keysWithin(ID, NOW + 2 days, NOW + 4 days).length, 2, "the last two");
        assertEq(meters.keysWithin(ID, NOW + 4 days, NOW + 9 days).length, 1, "only the last");
    }

    function test_AKeyReplacedAtOnceWasNeverValid() public {
        _rotate(ID, IMeterRegistry.Scheme.DeviceP256, NOW + 2 days, R1_X, R1_Y);
        _rotate(ID, IMeterRegistry.Scheme.DeviceSecp256k1, NOW + 2 days, K1_X, K1_Y);
        assertEq(uint256(meters.keyAt(ID, NOW + 2 days).scheme), 2, "the newest");
        assertEq(meters.keysWithin(ID, NOW, NOW + 9 days).length, 2, "two of three");
        assertEq(uint256(meters.keyAt(ID, NOW).scheme), 1, "the first");
    }

    function test_RevertWhen_AskedForTheKeyOfAnUnknownMeter() public {
        expectUnknown(1);
        meters.keyAt(1, NOW);
    }

    function test_RevertWhen_RotatedToAWrongKey() public {
        expectInvalid("key", uint256(R1_X));
        _rotate(ID, IMeterRegistry.Scheme.DeviceP256, NOW + 1 days, R1_X, K1_Y);
        expectInvalid("scheme", 0);
        _rotate(ID, IMeterRegistry.Scheme.None, NOW + 1 days, R1_X, R1_Y);
    }

    function test_RevertWhen_RotatedUnknown() public {
        expectUnknown(1);
        _rotate(1, IMeterRegistry.Scheme.DeviceP256, NOW, R1_X, R1_Y);
    }

    function test_RevertWhen_RotatorIsNotOracleAdmin() public {
        vm.prank(mallory);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, mallory));
        meters.rotateKey(ID, IMeterRegistry.Scheme.DeviceP256, NOW, R1_X, R1_Y);
    }

    /* CALIBRATION */

    function test_CalibrationIsExtended() public {
        uint40 until = NOW + 16 * 365 days;
        vm.expectEmit(address(meters));
        emit IMeterRegistry.MeterCalibrated(ID, until);
        _calibrate(ID, until);
        assertEq(uint256(meters.meterOf(ID).calibratedUntil), until, "calibrated until");
    }

    function test_RevertWhen_CalibrationIsNotExtended() public {
        expectInvalid("calibratedUntil", NOW + 8 * 365 days);
        _calibrate(ID, NOW + 8 * 365 days);
    }

    function test_RevertWhen_CalibratedUnknown() public {
        expectUnknown(1);
        _calibrate(1, NOW);
    }

    function test_RevertWhen_CalibratorIsNotOracleAdmin() public {
        vm.prank(mallory);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, mallory));
        meters.calibrate(ID, NOW);
    }

    /* RETIREMENT */

    function test_RetirementIsFinalAndLeavesTheDataReadable() public {
        vm.expectEmit(address(meters));
        emit IMeterRegistry.MeterRetired(ID);
        _retire(ID);
        assertTrue(meters.meterOf(ID).retired, "retired");
        assertEq(meters.meterOf(ID).keyX, K1_X, "x");
        expectUnknown(ID);
        _rotate(ID, IMeterRegistry.Scheme.DeviceP256, NOW, R1_X, R1_Y);
        expectUnknown(ID);
        _calibrate(ID, NOW + 20 * 365 days);
        expectUnknown(ID);
        _retire(ID);
        vm.expectRevert(abi.encodeWithSelector(IMeterRegistry.MeterExists.selector, ID));
        register(meter());
    }

    function test_RevertWhen_RetirerIsNotOracleAdmin() public {
        vm.prank(mallory);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, mallory));
        meters.retire(ID);
    }

    /* HELPERS */

    function _rotate(uint64 id, IMeterRegistry.Scheme scheme, uint40 validFrom, bytes32 x, bytes32 y) private {
        vm.prank(oracleAdmin);
        meters.rotateKey(id, scheme, validFrom, x, y);
    }

    function _calibrate(uint64 id, uint40 until) private {
        vm.prank(oracleAdmin);
        meters.calibrate(id, until);
    }

    function _retire(uint64 id) private {
        vm.prank(oracleAdmin);
        meters.retire(id);
    }
}
