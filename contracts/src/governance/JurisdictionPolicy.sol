// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IJurisdictionPolicy} from "../interfaces/IJurisdictionPolicy.sol";
import {ISeriesCompliance} from "../interfaces/ISeriesCompliance.sol";
import {ISeriesFactory} from "../interfaces/ISeriesFactory.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

/// @title JurisdictionPolicy
/// @notice DUTY. Holds what the jurisdiction of a project demands before units may move: nothing, a filing for each series
/// with a cool-off, or that they never move and the chain serves as evidence only. Evidence, accounts, allocation and
/// payments go on in every mode, and so do orders of a registrar (forced transfer, recovery).
///
/// REACH. A series carries a mark `restricted` and asks here only while it has it, so an unrestricted transfer pays
/// nothing for this contract. A stricter policy must therefore mark every series in the transaction that puts it in force:
/// `activate` takes the complete list, ascending, and compares its length with the factory's count. A series created
/// later is marked at its creation. Where the policy no longer restricts a series, transfers pass at once; taking the
/// mark off, which anyone may do, only makes them cheaper.
///
/// CHANGE. The policy officer schedules, everybody sees it for CHANGE_DELAY, then anybody puts it in force. Until then the old
/// policy holds. Filings take effect without delay, since they only begin a cool-off or end a permission.
///
/// TRUST. The officer is trusted that a recorded filing exists; its hash and date let anybody check. The cool-off counts
/// from the recording, so an early date shortens nothing.
///
/// LIMITS. One transaction marks all series: at some 8 000 gas each, about 2 000 of them.
contract JurisdictionPolicy is IJurisdictionPolicy, AccessManaged {
    /* IMMUTABLES */

    ISeriesFactory private immutable FACTORY;
    uint40 private immutable CHANGE_DELAY;

    /* STORAGE */

    Policy private _policy;
    Change private _change;
    mapping(address series => Filing) private _filings;

    /* CONSTRUCTOR */

    constructor(address authority_, address factory_, Policy memory first, uint40 changeDelay_)
        AccessManaged(authority_)
    {
        FACTORY = ISeriesFactory(factory_);
        CHANGE_DELAY = changeDelay_;
        _policy = first;
        emit PolicyActivated(first.mode, first.coolOff, 0);
    }

    /* POLICY */

    /// @inheritdoc IJurisdictionPolicy
    function scheduleChange(Policy calldata next) external restricted {
        uint40 from = uint40(block.timestamp) + CHANGE_DELAY;
        _change = Change(next, from);
        emit ChangeScheduled(next.mode, next.coolOff, from);
    }

    /// @inheritdoc IJurisdictionPolicy
    function cancelChange() external restricted {
        if (_change.from == 0) revert NothingScheduled();
        delete _change;
        emit ChangeCancelled();
    }

    /// @inheritdoc IJurisdictionPolicy
    function activate(address[] calldata series) external {
        Change memory change = _change;
        if (change.from == 0) revert NothingScheduled();
        if (block.timestamp < change.from) revert TooEarly(change.from);
        uint256 expected = change.policy.mode == Mode.Open ? 0 : FACTORY.seriesCount();
        if (series.length != expected) revert IncompleteList(series.length, expected);
        _policy = change.policy;
        delete _change;
        emit PolicyActivated(change.policy.mode, change.policy.coolOff, series.length);
        _restrictAll(series);
    }

    /* FILINGS */

    /// @inheritdoc IJurisdictionPolicy
    function recordFiling(address series, bytes32 hash, uint40 filedOn) external restricted {
        if (!FACTORY.isSeries(series)) revert UnknownSeries(series);
        if (hash == 0 || filedOn == 0 || filedOn > block.timestamp) revert InvalidFiling(hash, filedOn);
        _filings[series] = Filing(hash, filedOn, uint40(block.timestamp));
        emit FilingRecorded(series, hash, filedOn, uint40(block.timestamp) + _policy.coolOff);
        _mark(series);
    }

    /// @inheritdoc IJurisdictionPolicy
    function withdrawFiling(address series) external restricted {
        bytes32 hash = _filings[series].hash;
        if (hash == 0) revert NoFiling(series);
        delete _filings[series];
        emit FilingWithdrawn(series, hash);
        _mark(series);
    }

    /// @inheritdoc IJurisdictionPolicy
    function liftRestriction(address series) external {
        if (!FACTORY.isSeries(series)) revert UnknownSeries(series);
        (Mode mode, uint40 until) = restrictionOf(series);
        if (mode != Mode.Open) revert StillRestricted(series, mode, until);
        emit RestrictionLifted(series);
        ISeriesCompliance(series).setRestricted(false);
    }

    /* VIEWS */

    /// @inheritdoc IJurisdictionPolicy
    function restrictionOf(address series) public view returns (Mode mode, uint40 until) {
        Policy memory current = _policy;
        if (current.mode != Mode.FilingRequired) return (current.mode, 0);
        uint40 recordedAt = _filings[series].recordedAt;
        if (recordedAt == 0) return (Mode.FilingRequired, 0);
        until = recordedAt + current.coolOff;
        return block.timestamp < until ? (Mode.FilingRequired, until) : (Mode.Open, 0);
    }

    /// @inheritdoc IJurisdictionPolicy
    function policy() external view returns (Policy memory) {
        return _policy;
    }

    /// @inheritdoc IJurisdictionPolicy
    function scheduled() external view returns (Change memory) {
        return _change;
    }

    /// @inheritdoc IJurisdictionPolicy
    function filingOf(address series) external view returns (Filing memory) {
        return _filings[series];
    }

    /// @inheritdoc IJurisdictionPolicy
    function factory() external view returns (address) {
        return address(FACTORY);
    }

    /// @inheritdoc IJurisdictionPolicy
    function changeDelay() external view returns (uint40) {
        return CHANGE_DELAY;
    }

    /* INTERNAL */

    /// @dev As many different series as the factory made are all of them.
    function _restrictAll(address[] calldata series) private {
        address last = address(0);
        for (uint256 i = 0; i < series.length; ++i) {
            address each = series[i];
            if (each <= last || !FACTORY.isSeries(each)) revert NotInOrder(each);
            last = each;
            ISeriesCompliance(each).setRestricted(true);
        }
    }

    /// @dev A changed filing can begin a lock only where filings are asked for.
    function _mark(address series) private {
        if (_policy.mode != Mode.Open) ISeriesCompliance(series).setRestricted(true);
    }
}
