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
/// is refused at once. Only the present key is stored. Rotation keeps the older key in its event; a record taken before
/// the rotation is checked against that one, off-chain. A key may be announced ahead (`validFrom` in the future).
///
/// LIFE. A meter belongs to one stream for ever; moving a device means retiring it and registering it under a new id.
/// Retirement is final and leaves the data readable.
///
/// LIMITS. Whether the stream is open is not checked here: meters may be prepared before their stream. A serial number
/// appears only as a salted hash in the event.
contract MeterRegistry is IMeterRegistry, AccessManaged {
    /* STORAGE */

    mapping(uint64 id => Meter) private _meters;

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
        if (validFrom < meter.validFrom) revert InvalidMeter(id, "validFrom", validFrom);
        _requireKey(id, scheme, keyX, keyY);
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

    /* INTERNAL */

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
