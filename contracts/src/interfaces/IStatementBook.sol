// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title Period statements: contiguous, versioned, challengeable, settled once.
interface IStatementBook {
    /// @notice State of a period's newest statement. `Final` is not stored: it is Attested after `finalAt`. Nor is Settled:
    /// it is every period up to the last settled one.
    enum Status {
        None,
        Attested,
        Disputed,
        Voided,
        Settled
    }

    /// @notice Statement of one stream and period, signed by the oracle quorum (EIP-712 type of the same name and order).
    /// @param stream Stream number.
    /// @param period Period number, 1 for the first.
    /// @param version 1 for the first statement of the period, +1 for each that supersedes it.
    /// @param from Period start (unix seconds, inclusive); must equal the previous period's end.
    /// @param to Period end (exclusive).
    /// @param firstHead Anchored head at `from`.
    /// @param lastHead Anchored head at `to`.
    /// @param linesRoot RFC 9162 Keccak root over the statement lines.
    /// @param gross Sum of the lines in minor currency units.
    /// @param adjustments Signed correction of earlier periods.
    /// @param tariffHash Hash of the tariff used; must be the registered one.
    /// @param coverageBp Covered share of expected intervals, rounded down.
    /// @param estimatedBp Estimated share of quantity, rounded up.
    /// @param kpis Sixteen big-endian uint16 values in basis points; 0xFFFF is "missing".
    /// @param documents keccak256 of the list of further documents, 0 if none.
    struct Statement {
        uint32 stream;
        uint32 period;
        uint16 version;
        uint40 from;
        uint40 to;
        bytes32 firstHead;
        bytes32 lastHead;
        bytes32 linesRoot;
        uint64 gross;
        int64 adjustments;
        bytes32 tariffHash;
        uint16 coverageBp;
        uint16 estimatedBp;
        bytes32 kpis;
        bytes32 documents;
    }

    /// @notice Stored record of a period (one slot beside the digest and the KPIs).
    /// @param distributable gross + adjustments.
    /// @param from Period start.
    /// @param to Period end.
    /// @param finalAt End of the challenge window.
    /// @param version Version of the newest statement.
    /// @param status Its state.
    /// @param resolveBy When the newest dispute of this version lapses if nobody has resolved it, 0 if there was none.
    /// @param disputes How often this version was disputed.
    struct Record {
        uint64 distributable;
        uint40 from;
        uint40 to;
        uint40 finalAt;
        uint16 version;
        Status status;
        uint40 resolveBy;
        uint8 disputes;
    }

    /// @notice A statement was attested and may be challenged until `finalAt`.
    event StatementAttested(
        uint32 indexed stream,
        uint32 indexed period,
        uint16 version,
        bytes32 digest,
        uint64 distributable,
        uint40 finalAt,
        uint256 signers,
        Statement statement
    );
    /// @notice A statement was disputed; settlement is blocked.
    event StatementDisputed(
        uint32 indexed stream, uint32 indexed period, uint16 version, address by, bytes32 evidenceHash
    );
    /// @notice A dispute was dismissed; the challenge window runs anew from here for `finalAt`.
    event DisputeDismissed(
        uint32 indexed stream, uint32 indexed period, uint16 version, uint40 finalAt, bytes32 reasonHash
    );
    /// @notice Nobody resolved a dispute in time: the statement is voided if `upheld`, else it stands. DisputeDismissed
    /// or StatementVoided follows, with reason 0.
    event DisputeLapsed(uint32 indexed stream, uint32 indexed period, uint16 version, bool upheld);
    /// @notice A statement was voided; a new version must be attested. Where a fault was proven, the reason is its id.
    event StatementVoided(uint32 indexed stream, uint32 indexed period, uint16 version, bytes32 reasonHash);
    /// @notice The waterfall that may settle was set, once and for all.
    event WaterfallSet(address waterfall);
    /// @notice The chamber was set.
    event ChamberSet(address chamber);
    /// @notice A statement was settled.
    event StatementSettled(uint32 indexed stream, uint32 indexed period, uint16 version, uint64 distributable);

    /// @notice The period does not begin where the last one ended.
    error PeriodNotContiguous(uint32 stream, uint32 expectedPeriod, uint40 expectedFrom, uint32 period, uint40 from);
    /// @notice The period is empty or not over yet.
    error InvalidPeriod(uint32 stream, uint40 from, uint40 to);
    /// @notice The version is not the next one.
    error VersionNotNext(uint32 stream, uint32 period, uint16 expected, uint16 given);
    /// @notice A superseding statement must keep the period's bounds.
    error PeriodBoundsChanged(uint32 stream, uint32 period);
    /// @notice The period was settled; corrections go into the next one as an adjustment.
    error PeriodSettled(uint32 stream, uint32 period);
    /// @notice A head in the statement is not the anchored one at that boundary.
    error HeadNotAnchored(uint32 stream, uint40 boundary, bytes32 anchored, bytes32 given);
    /// @notice The tariff is not the registered one.
    error WrongTariff(uint32 stream, bytes32 registered, bytes32 given);
    /// @notice Too few intervals are covered.
    error CoverageTooLow(uint32 stream, uint16 coverageBp, uint16 minimumBp);
    /// @notice More than the whole is said to be covered.
    error CoverageTooHigh(uint32 stream, uint16 coverageBp);
    /// @notice Too much of the quantity is estimated.
    error TooMuchEstimated(uint32 stream, uint16 estimatedBp, uint16 maximumBp);
    /// @notice gross + adjustments is negative.
    error NegativeDistributable(uint32 stream, uint64 gross, int64 adjustments);
    /// @notice gross + adjustments does not fit the accounts.
    error DistributableTooLarge(uint32 stream, uint64 gross, int64 adjustments);
    /// @notice The statement is not in the state the action needs.
    error WrongStatus(uint32 stream, uint32 period, Status status);
    /// @notice The challenge window is still open.
    error NotFinal(uint32 stream, uint32 period, uint40 finalAt);
    /// @notice The guardian's time for a dispute is over: it lapses.
    error ResolutionOver(uint32 stream, uint32 period, uint40 resolveBy);
    /// @notice The guardian still has time to resolve the dispute.
    error ResolutionOpen(uint32 stream, uint32 period, uint40 resolveBy);
    /// @notice The version was disputed as often as one may be.
    error TooManyDisputes(uint32 stream, uint32 period, uint8 disputes);
    /// @notice As many periods of the stream are disputed or voided as can be counted: settle the matter of the earlier ones
    /// first, this one waits for them anyhow.
    error TooManyOpen(uint32 stream);
    /// @notice The challenge window is over.
    error WindowClosed(uint32 stream, uint32 period, uint40 finalAt);
    /// @notice Periods settle in order.
    error EarlierPeriodOpen(uint32 stream, uint32 expected, uint32 given);
    /// @notice The caller is not the waterfall.
    error NotWaterfall(address caller);
    /// @notice The waterfall was set already.
    error WaterfallAlreadySet(address waterfall);
    /// @notice The caller is not the chamber.
    error NotChamber(address caller);
    /// @notice The chamber was set already.
    error ChamberAlreadySet(address chamber);

    /// @notice Sets the waterfall, whose address is known only after this contract's; refuses a second call.
    /// @custom:access-control ADMIN
    function setWaterfall(address waterfall) external;

    /// @notice Sets the contract that decides provable faults, whose address is known only after this contract's; refuses
    /// a second call. @custom:access-control ADMIN
    function setChamber(address chamber) external;

    /// @notice Attests a statement. Anyone may call; the signatures decide.
    function attest(Statement calldata statement, uint256 signers, bytes calldata signatures) external;

    /// @notice Disputes an attested statement within its window, a version at most MAX_DISPUTES times.
    /// @custom:access-control AUDITOR
    function dispute(uint32 stream, uint32 period, bytes32 evidenceHash) external;

    /// @notice Dismisses a dispute within the stream's resolution time. @custom:access-control GUARDIAN
    function dismiss(uint32 stream, uint32 period, bytes32 reasonHash) external;

    /// @notice Voids an attested statement that is not settled, or a disputed one within the stream's resolution time.
    /// @custom:access-control GUARDIAN
    function voidStatement(uint32 stream, uint32 period, bytes32 reasonHash) external;

    /// @notice Ends a dispute that nobody resolved in time, as the stream's terms say. Anyone may call.
    function lapse(uint32 stream, uint32 period) external;

    /// @notice Voids an unsettled statement in which `fault` was proven; does nothing to one that is voided already.
    /// Only the chamber may call.
    function voidProven(uint32 stream, uint32 period, bytes32 fault) external;

    /// @notice Marks a final statement settled and hands out what every settlement needs. Only the waterfall. The KPIs are
    /// left to `kpisOf`, for rules that use them.
    /// @return distributable Amount to be distributed.
    /// @return finalAt When it became final.
    function consume(uint32 stream, uint32 period) external returns (uint64 distributable, uint40 finalAt);

    /// @notice EIP-712 digest of a statement for this book.
    function hashStatement(Statement calldata statement) external view returns (bytes32);

    /// @notice Begin and end of a period, 0 if it was never stated.
    function boundsOf(uint32 stream, uint32 period) external view returns (uint40 from, uint40 to);

    /// @notice Record of a period.
    function recordOf(uint32 stream, uint32 period) external view returns (Record memory);

    /// @notice Digest of a period's newest statement.
    function digestOf(uint32 stream, uint32 period) external view returns (bytes32);

    /// @notice KPI vector of a period's newest statement.
    function kpisOf(uint32 stream, uint32 period) external view returns (bytes32);

    /// @notice Last attested period, its end, and the last settled period.
    function progressOf(uint32 stream) external view returns (uint32 attested, uint40 to, uint32 settled);

    /// @notice Number of the stream's periods whose newest statement is disputed or voided. All of them are unsettled.
    function openDisputes(uint32 stream) external view returns (uint256);

    /// @notice How often a version may be disputed.
    function MAX_DISPUTES() external view returns (uint8);

    /// @notice Anchor whose heads and quorum the book relies on.
    function anchor() external view returns (address);

    /// @notice Stream registry the book reads.
    function streams() external view returns (address);

    /// @notice Waterfall that may settle, 0 until it is set.
    function waterfall() external view returns (address);

    /// @notice Chamber that may void what it found a fault in, 0 until it is set.
    function chamber() external view returns (address);

    /// @notice True if the statement may be settled now: attested, its window over, all earlier periods settled.
    function isFinal(uint32 stream, uint32 period) external view returns (bool);
}
