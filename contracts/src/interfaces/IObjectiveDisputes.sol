// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {HeadChain} from "../disputes/HeadChain.sol";
import {IStatementBook} from "./IStatementBook.sol";

/// @title Disputes the chain can decide itself: whoever shows a fault voids the statement that rests on it.
interface IObjectiveDisputes {
    /// @notice What was found. The first group is about a batch or a reading, the second about a pair of readings, the third
    /// about the lines of a statement.
    enum Fault {
        None,
        // The batch's tree has not as many leaves as the batch says.
        WrongCount,
        // The reading's number is not the batch's first number plus its place: a gap, or a number used twice.
        OutOfPlace,
        // The reading names another stream than its batch.
        OtherStream,
        // The reading does not end within the batch's window.
        OutsideWindow,
        // The meter was never registered.
        UnknownMeter,
        // The meter belongs to another stream.
        ForeignMeter,
        // The reading ends after the meter's calibration.
        Uncalibrated,
        // The record's signature is not by a key that was the meter's at the time.
        BadSignature,
        // Two readings have the same number, or the same meter, end, duration and revision.
        Duplicate,
        // Two intervals or sessions of one meter share time.
        Overlap,
        // Two readings of a batch stand in the wrong order.
        Disorder,
        // A line is not that of its row.
        WrongLine,
        // A line's quantity is not what its quantity field says.
        WrongQuantity,
        // A line's amount is not floor(quantity · price / per).
        WrongAmount,
        // The statement's gross is not the sum of its lines.
        WrongTotal,
        // The committed quantities do not add up to the stated ones.
        WrongOpening
    }

    /// @notice A proven fault. Of a pair, the second reading's entry has no challenger: it is out, but pays nothing.
    struct Proven {
        address challenger;
        uint32 stream;
        uint32 period;
        Fault kind;
    }

    /// @notice A period, and the batches from its last one back to the one that is disputed.
    /// @param stream Stream number.
    /// @param period Period number.
    /// @param seq Number of the period's last batch.
    /// @param links Its batches, the newest first.
    struct Evidence {
        uint32 stream;
        uint32 period;
        uint32 seq;
        HeadChain.Link[] links;
    }

    /// @notice A reading of a batch.
    /// @param leaf The 102 bytes.
    /// @param turns Bit i is set where the node at height i of the path is a right child.
    /// @param path Siblings from the leaf upwards.
    struct Reading {
        bytes leaf;
        uint256 turns;
        bytes32[] path;
    }

    /// @notice A fault was proven; the period's newest statement is void. `evidence` is the hash of the (first) leaf, or the
    /// statement's lines root.
    event FaultProven(
        bytes32 indexed fault,
        uint32 indexed stream,
        uint32 indexed period,
        Fault kind,
        address challenger,
        bytes32 evidence
    );

    /// @notice What was submitted shows no fault.
    error NoFault();
    /// @notice The fault was proven before, or the reading is out already by another.
    error ProvenBefore(bytes32 fault);
    /// @notice The batch lies before the period.
    error OutsidePeriod(uint32 stream, uint32 period, uint40 from);
    /// @notice No batches were given, or the named one is not among them.
    error NoSuchBatch(uint256 index);
    /// @notice The path does not lead to the batch's root.
    error NotInBatch(bytes32 root, bytes32 found);
    /// @notice Both readings are the same leaf.
    error SameReading();
    /// @notice The bytes are not the record that the leaf names.
    error OtherRecord(bytes32 named, bytes32 given);
    /// @notice The statement is not the period's newest.
    error NotTheStatement(bytes32 stored, bytes32 given);
    /// @notice The lines are not those of the statement.
    error NotTheLines(bytes32 stated, bytes32 given);
    /// @notice The numbers do not open the sum of the lines' commitments.
    error NotOpened();

    /// @notice Proves a fault in a reading or its batch: WrongCount, OutOfPlace, OtherStream, OutsideWindow, UnknownMeter,
    /// ForeignMeter or Uncalibrated. The reading is in the last of the given batches.
    function proveReading(Evidence calldata evidence, Reading calldata reading) external returns (bytes32 fault);

    /// @notice Proves BadSignature by the device's very bytes.
    /// @param record Payload ‖ signature, whose sha256 the leaf holds.
    function proveRecord(Evidence calldata evidence, Reading calldata reading, bytes calldata record)
        external
        returns (bytes32 fault);

    /// @notice Proves Duplicate, Overlap or Disorder of two readings.
    /// @param index Which of the given batches holds the first reading; the second is in the last of them.
    function provePair(Evidence calldata evidence, uint256 index, Reading calldata first, Reading calldata second)
        external
        returns (bytes32 fault);

    /// @notice Proves WrongLine, WrongQuantity, WrongAmount or WrongTotal of the period's newest statement.
    /// @param lines All line leaves, 92 bytes each, in order.
    function proveLines(IStatementBook.Statement calldata statement, bytes calldata lines)
        external
        returns (bytes32 fault);

    /// @notice Proves WrongOpening: shows what the commitments of the lines, each times its price, add up to.
    /// @param value Σ price · quantity, modulo the order of secp256k1.
    /// @param blinding Σ price · blinding, likewise.
    function proveOpening(
        IStatementBook.Statement calldata statement,
        bytes calldata lines,
        uint256 value,
        uint256 blinding
    ) external returns (bytes32 fault);

    /// @notice A proven fault; all zero if it was not proven.
    function provenOf(bytes32 fault) external view returns (Proven memory);

    /// @notice Whether Σ price · commitment of the lines opens to these numbers, by one ecrecover: so a total is confirmed
    /// without a single reading shown.
    function opensTotal(bytes calldata lines, uint256 value, uint256 blinding) external view returns (bool);

    /// @notice The statement book.
    function book() external view returns (address);

    /// @notice The meter registry.
    function meters() external view returns (address);
}
