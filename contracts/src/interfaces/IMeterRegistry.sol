// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title Meters and their signing keys. A serial appears only as a salted hash.
interface IMeterRegistry {
    /// @notice Who signs a meter's records: its gateway or the device itself, and with which curve.
    enum Scheme {
        None,
        GatewaySecp256k1,
        DeviceSecp256k1,
        DeviceP256
    }

    /// @notice One meter.
    /// @param stream Stream its readings belong to.
    /// @param scheme Signature scheme.
    /// @param validFrom Unix time from which the newest key is valid; may lie ahead.
    /// @param calibratedUntil Unix time at which the calibration ends.
    /// @param retired True once the meter was taken out of service.
    /// @param keyX X coordinate of the public key.
    /// @param keyY Y coordinate of the public key.
    struct Meter {
        uint32 stream;
        Scheme scheme;
        uint40 validFrom;
        uint40 calibratedUntil;
        bool retired;
        bytes32 keyX;
        bytes32 keyY;
    }

    /// @notice A meter to register.
    struct Registration {
        uint64 id;
        uint32 stream;
        Scheme scheme;
        uint40 validFrom;
        uint40 calibratedUntil;
        bytes32 keyX;
        bytes32 keyY;
        bytes32 serialHash;
    }

    /// @notice A key and the time from which it is the meter's, until the next one is.
    struct Key {
        Scheme scheme;
        uint40 validFrom;
        bytes32 x;
        bytes32 y;
    }

    /// @notice A meter was put into service.
    event MeterRegistered(
        uint64 indexed id,
        uint32 indexed stream,
        Scheme scheme,
        uint40 validFrom,
        uint40 calibratedUntil,
        bytes32 keyX,
        bytes32 keyY,
        bytes32 serialHash
    );
    /// @notice A meter's key was replaced; older records stay under the older key.
    event MeterKeyRotated(uint64 indexed id, Scheme scheme, uint40 validFrom, bytes32 keyX, bytes32 keyY);
    /// @notice A meter was calibrated again.
    event MeterCalibrated(uint64 indexed id, uint40 calibratedUntil);
    /// @notice A meter was taken out of service.
    event MeterRetired(uint64 indexed id);

    /// @notice The meter is unknown or retired.
    error UnknownMeter(uint64 id);
    /// @notice The meter exists already.
    error MeterExists(uint64 id);
    /// @notice A registration has a value its field does not allow.
    error InvalidMeter(uint64 id, bytes32 field, uint256 value);

    /// @notice Registers meters. @custom:access-control ORACLE_ADMIN
    function register(Registration[] calldata meters) external;

    /// @notice Replaces a meter's key from `validFrom` on, which is KEY_DELAY ahead at least and not before the newest key's.
    /// @custom:access-control ORACLE_ADMIN
    function rotateKey(uint64 id, Scheme scheme, uint40 validFrom, bytes32 keyX, bytes32 keyY) external;

    /// @notice Extends the calibration. @custom:access-control ORACLE_ADMIN
    function calibrate(uint64 id, uint40 calibratedUntil) external;

    /// @notice Retires a meter. @custom:access-control ORACLE_ADMIN
    function retire(uint64 id) external;

    /// @notice One meter with its newest key; reverts with UnknownMeter if it was never registered.
    function meterOf(uint64 id) external view returns (Meter memory);

    /// @notice The meter's key at `time`. The first key counts for all time before it, since records may be older than
    /// the registry. Reverts with UnknownMeter if the meter was never registered.
    function keyAt(uint64 id, uint40 time) external view returns (Key memory);

    /// @notice All keys the meter had at some moment from `from` to `to`, both included; the newest first.
    function keysWithin(uint64 id, uint40 from, uint40 to) external view returns (Key[] memory);

    /// @notice Seconds a new key waits.
    function KEY_DELAY() external view returns (uint40);
}
