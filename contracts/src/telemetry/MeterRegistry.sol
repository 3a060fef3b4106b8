// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IMeterRegistry} from "../interfaces/IMeterRegistry.sol";
import {Secp256k1} from "../libraries/Secp256k1.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {P256} from "@openzeppelin/contracts/utils/cryptography/P256.sol";

/// @title MeterRegistry
/// @notice DUTY. Which key signs the records of which meter, since when, and how long its calibration lasts. Workers
/// check every record against it, and a dispute about a record is decided by the key found here.
///
/// KEYS. A key must be a point on its curve: a signature under any other could never be checked, so a mistaken entry
/// is refused at once. A new key is announced KEY_DELAY ahead: until then the old one stays valid, and whoever watches
/// has that time to object to a key that is not the device's. Older keys are kept, so that a record can be checked against
/// the key of its time.
///
/// LIFE. A meter belongs to one stream for ever; moving a device means retiring it and registering it under a new id.
/// Retirement is final and leaves the data readable.
///
/// LIMITS. A stolen key is valid until the delay is over; the oracle leaves out the meter's records meanwhile. Whether the stream is open is not checked here: meters may be prepared before their stream. A serial number
/// appears only as a salted hash in the event.
contract MeterRegistry is IMeterRegistry, AccessManaged {
    /* CONSTANTS */

    /// @inheritdoc IMeterRegistry
    uint40 public constant KEY_DELAY = 1 days;

    /* STORAGE */

    mapping(uint64 id => Meter) private _meters;
    // Replaced keys, in the order of their times.
    mapping(uint64 id => Key[]) private _olderKeys;

    /* CONSTRUCTOR */

    constructor(address authority) AccessManaged(authority) {}

    /* RESTRICTED */

    /// @inheritdoc IMeterRegistry
    function register(Registration[] calldata meters) external restricted {
        for (uint256 i; i < meters.length; ++i) {
            _register(meters[i]);
        }
    }

    /// @inheritdoc IMeterRegistry
    function rotateKey(uint64 id, Scheme scheme, uint40 validFrom, bytes32 keyX, bytes32 keyY) external restricted {
        Meter storage meter = _inService(id);
        if (validFrom < meter.validFrom || validFrom < block.timestamp + KEY_DELAY) {
            revert InvalidMeter(id, "validFrom", validFrom);
        }
        _requireKey(id, scheme, keyX, keyY);
        _olderKeys[id].push(Key(meter.scheme, meter.validFrom, meter.keyX, meter.keyY));
        (meter.scheme, meter.validFrom, meter.keyX, meter.keyY) = (scheme, validFrom, keyX, keyY);
        emit MeterKeyRotated(id, scheme, validFrom, keyX, keyY);
    }

    /// @inheritdoc IMeterRegistry
    function calibrate(uint64 id, uint40 calibratedUntil) external restricted {
        Meter storage meter = _inService(id);
        if (calibratedUntil <= meter.calibratedUntil) revert InvalidMeter(id, "calibratedUntil", calibratedUntil);
        meter.calibratedUntil = calibratedUntil;
        emit MeterCalibrated(id, calibratedUntil);
    }

    /// @inheritdoc IMeterRegistry
    function retire(uint64 id) external restricted {
        _inService(id).retired = true;
        emit MeterRetired(id);
    }

    /* VIEWS */

    /// @inheritdoc IMeterRegistry
    function meterOf(uint64 id) external view returns (Meter memory meter) {
        meter = _meters[id];
        if (meter.scheme == Scheme.None) revert UnknownMeter(id);
    }

    /// @inheritdoc IMeterRegistry
    function keyAt(uint64 id, uint40 time) external view returns (Key memory key) {
        return keysWithin(id, time, time)[0];
    }

    /// @inheritdoc IMeterRegistry
    function keysWithin(uint64 id, uint40 from, uint40 to) public view returns (Key[] memory keys) {
        Meter storage meter = _meters[id];
        if (meter.scheme == Scheme.None) revert UnknownMeter(id);
        Key memory key = Key(meter.scheme, meter.validFrom, meter.keyX, meter.keyY);
        // Nearly always: one key, without a look at the others.
        if (key.validFrom <= from) {
            keys = new Key[](1);
            keys[0] = key;
            return keys;
        }
        return _history(_olderKeys[id], key, from, to);
    }

    /* INTERNAL */

    /// @dev Of `older` and then `newest`, those in force at some moment within the bounds. A key replaced at the very
    /// moment it became valid was never in force.
    function _history(Key[] storage older, Key memory newest, uint40 from, uint40 to)
        private
        view
        returns (Key[] memory keys)
    {
        uint256 left = older.length;
        keys = new Key[](left + 1);
        uint256 count;
        Key memory key = newest;
        uint256 until = type(uint256).max;
        while (true) {
            bool begun = key.validFrom <= to || left == 0;
            if (begun && (key.validFrom < until || left == 0)) keys[count++] = key;
            if (left == 0 || (begun && key.validFrom <= from)) break;
            until = key.validFrom;
            key = older[--left];
        }
        assembly ("memory-safe") {
            mstore(keys, count)
        }
    }

    function _register(Registration calldata r) private {
        if (_meters[r.id].scheme != Scheme.None) revert MeterExists(r.id);
        if (r.stream == 0) revert InvalidMeter(r.id, "stream", 0);
        if (r.calibratedUntil <= r.validFrom) revert InvalidMeter(r.id, "calibratedUntil", r.calibratedUntil);
        _requireKey(r.id, r.scheme, r.keyX, r.keyY);
        _meters[r.id] = Meter(r.stream, r.scheme, r.validFrom, r.calibratedUntil, false, r.keyX, r.keyY);
        emit MeterRegistered(r.id, r.stream, r.scheme, r.validFrom, r.calibratedUntil, r.keyX, r.keyY, r.serialHash);
    }

    function _inService(uint64 id) private view returns (Meter storage meter) {
        meter = _meters[id];
        if (meter.scheme == Scheme.None || meter.retired) revert UnknownMeter(id);
    }

    function _requireKey(uint64 id, Scheme scheme, bytes32 x, bytes32 y) private pure {
        if (scheme == Scheme.None) revert InvalidMeter(id, "scheme", 0);
        bool valid = scheme == Scheme.DeviceP256
            ? P256.isValidPublicKey(x, y)
            : Secp256k1.isValidPublicKey(uint256(x), uint256(y));
        if (!valid) revert InvalidMeter(id, "key", uint256(x));
    }
}
