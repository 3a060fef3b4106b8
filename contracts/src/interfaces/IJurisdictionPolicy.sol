// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title Whether the units of a project's series may move at all, as its jurisdiction demands.
interface IJurisdictionPolicy {
    /// @notice Open: no restriction. FilingRequired: a series is locked until its filing is recorded and has cooled off.
    /// EvidenceOnly: data, accounts and payments go on, units do not move and are not sold.
    enum Mode {
        Open,
        FilingRequired,
        EvidenceOnly
    }

    /// @notice The policy in force.
    /// @param mode What is demanded.
    /// @param coolOff Seconds from the recording of a filing to the end of the lock.
    struct Policy {
        Mode mode;
        uint40 coolOff;
    }

    /// @notice A change to come.
    /// @param policy What shall be in force.
    /// @param from Unix time from which it can be activated; 0 if there is none.
    struct Change {
        Policy policy;
        uint40 from;
    }

    /// @notice What was filed for a series.
    /// @param hash Hash of the filing.
    /// @param filedOn Day of the filing, as the authority dates it (unix time).
    /// @param recordedAt When it was recorded here.
    struct Filing {
        bytes32 hash;
        uint40 filedOn;
        uint40 recordedAt;
    }

    /// @notice A change was scheduled; it can be activated from `from` on.
    event ChangeScheduled(Mode mode, uint40 coolOff, uint40 from);
    /// @notice The scheduled change was dropped.
    event ChangeCancelled();
    /// @notice A policy is in force.
    event PolicyActivated(Mode mode, uint40 coolOff, uint256 series);
    /// @notice A filing was recorded; the lock ends at `until`.
    event FilingRecorded(address indexed series, bytes32 hash, uint40 filedOn, uint40 until);
    /// @notice A filing no longer counts.
    event FilingWithdrawn(address indexed series, bytes32 hash);
    /// @notice The units of a series may move again.
    event RestrictionLifted(address indexed series);

    /// @notice No change is scheduled.
    error NothingScheduled();
    /// @notice The change cannot be activated before `from`.
    error TooEarly(uint40 from);
    /// @notice The list is not the complete list of the factory's series, ascending without repetition.
    error IncompleteList(uint256 given, uint256 expected);
    /// @notice The list is not ascending, or has an address that is no series of the factory.
    error NotInOrder(address series);
    /// @notice The address is no series of the factory.
    error UnknownSeries(address series);
    /// @notice A filing needs a hash and a date that is not in the future.
    error InvalidFiling(bytes32 hash, uint40 filedOn);
    /// @notice No filing is recorded for the series.
    error NoFiling(address series);
    /// @notice The restriction stays until `until`, 0 if it does not end by itself.
    error StillRestricted(address series, Mode mode, uint40 until);

    /// @notice Schedules a change in place of any scheduled before. @custom:access-control POLICY
    function scheduleChange(Policy calldata policy) external;

    /// @notice Drops the scheduled change. @custom:access-control POLICY
    function cancelChange() external;

    /// @notice Puts the scheduled change in force. Anyone may call once its time has come.
    /// @param series The complete ascending list of the factory's series, which are all restricted here; empty for Open.
    function activate(address[] calldata series) external;

    /// @notice Records a series' filing, in place of an earlier one; its cool-off begins now. @custom:access-control POLICY
    function recordFiling(address series, bytes32 hash, uint40 filedOn) external;

    /// @notice Declares that a filing no longer counts. @custom:access-control POLICY
    function withdrawFiling(address series) external;

    /// @notice Takes the mark of restriction off a series that is no longer restricted. Anyone may call.
    function liftRestriction(address series) external;

    /// @notice The mode that restricts a series now, Open for none, and when it ends (0 if not by itself).
    function restrictionOf(address series) external view returns (Mode mode, uint40 until);

    /// @notice Policy in force.
    function policy() external view returns (Policy memory);

    /// @notice Scheduled change; `from` is 0 if there is none.
    function scheduled() external view returns (Change memory);

    /// @notice Filing of a series.
    function filingOf(address series) external view returns (Filing memory);

    /// @notice Factory whose series this policy governs.
    function factory() external view returns (address);

    /// @notice Seconds between scheduling a change and the earliest activation.
    function changeDelay() external view returns (uint40);
}
