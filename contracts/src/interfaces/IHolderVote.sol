// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title Motions on a series, decided by its holders.
interface IHolderVote {
    /// @notice A part of a whole that is reached, or exceeded.
    /// @param numerator Upper part of the fraction.
    /// @param denominator Lower part, not 0 and not less than the upper one.
    /// @param exceeded True if the part must be more than the fraction; exactly the fraction is not enough then.
    struct Fraction {
        uint16 numerator;
        uint16 denominator;
        bool exceeded;
    }

    /// @notice The rule of all votes, fixed at deployment.
    /// @param votingTime Seconds in which votes are cast.
    /// @param approvalTime Seconds that an approval can be used after the end of the vote.
    /// @param proposalBp Least share of the units that a holder needs to propose (basis points).
    /// @param quorum Part of the outstanding units that must vote, abstentions included.
    /// @param majority Part of the units that voted yes or no that must vote yes.
    struct Rule {
        uint32 votingTime;
        uint32 approvalTime;
        uint16 proposalBp;
        Fraction quorum;
        Fraction majority;
    }

    /// @notice What a holder says.
    enum Choice {
        None,
        Yes,
        No,
        Abstain
    }

    /// @notice Where a vote stands.
    enum Outcome {
        Open,
        Passed,
        Failed,
        Expired
    }

    /// @notice A vote and its count.
    /// @param series The series whose holders decide.
    /// @param snapshot Number of the series' snapshot that weighs the votes.
    /// @param end Last second in which votes are cast.
    /// @param motion What is decided, see docs/protocol.md.
    /// @param supply Units outstanding at the snapshot.
    /// @param yes Units for it.
    /// @param no Units against it.
    /// @param abstain Units that only count for the quorum.
    struct Vote {
        address series;
        uint32 snapshot;
        uint40 end;
        bytes32 motion;
        uint64 supply;
        uint64 yes;
        uint64 no;
        uint64 abstain;
    }

    /// @notice The rule of all votes.
    event RuleFixed(Rule rule);
    /// @notice A vote has begun; balances are those of this moment.
    event Proposed(
        uint256 indexed id,
        address indexed series,
        bytes32 indexed motion,
        address proposer,
        bytes32 document,
        uint32 snapshot,
        uint40 end
    );
    /// @notice A holder has voted, or voted anew.
    event Cast(uint256 indexed id, address indexed holder, Choice choice, uint256 units);

    /// @notice The rule has a value that is not allowed.
    error InvalidRule(bytes32 field, uint256 value);
    /// @notice A motion must not be empty.
    error EmptyMotion(address series);
    /// @notice There is no such vote.
    error UnknownVote(uint256 id);
    /// @notice Too few units to propose.
    error TooFewUnits(address series, address holder, uint256 units, uint256 needed);
    /// @notice Holders' next proposal on a series must wait, whoever makes it.
    error ProposedTooSoon(address series, address holder, uint40 earliest);
    /// @notice The motion is approved already.
    error StillApproved(address series, bytes32 motion, uint40 until);
    /// @notice The vote is over.
    error VotingEnded(uint256 id, uint40 end);
    /// @notice The caller held no units at the snapshot.
    error NoUnits(uint256 id, address holder);
    /// @notice The wallet was given up: another wallet of its participant votes in its place.
    error LostWallet(address wallet);
    /// @notice The wallet is not one that the caller's participant gave up.
    error NotALostWalletOf(address caller, address wallet);
    /// @notice `None` is not a vote.
    error InvalidChoice(uint256 id);

    /// @notice Begins a vote on a series.
    /// @param series The series; no other vote on it may be under way.
    /// @param motion Hash of what is decided.
    /// @param document keccak256 of what the holders are given to read, 0 for none.
    /// @custom:access-control ISSUER
    function propose(address series, bytes32 motion, bytes32 document) external returns (uint256 id);

    /// @notice Begins a vote, as a holder of enough units; the holders' next one waits three voting times from the end.
    function proposeAsHolder(address series, bytes32 motion, bytes32 document) external returns (uint256 id);

    /// @notice Votes with all units held at the snapshot; may be changed until the end.
    function cast(uint256 id, Choice choice) external;

    /// @notice Votes with the units that a wallet, given up by the caller's participant, held at the snapshot.
    function castFor(uint256 id, address lost, Choice choice) external;

    /// @notice True if the holders of `series` passed `motion` and the approval has not expired.
    function isApproved(address series, bytes32 motion) external view returns (bool);

    /// @notice Where a vote stands.
    function outcomeOf(uint256 id) external view returns (Outcome);

    /// @notice A vote and its count.
    function voteOf(uint256 id) external view returns (Vote memory);

    /// @notice What a wallet said and the units counted for it.
    function choiceOf(uint256 id, address holder) external view returns (Choice choice, uint256 units);

    /// @notice Number of the last vote on a motion, 0 if there was none.
    function lastVote(address series, bytes32 motion) external view returns (uint256);

    /// @notice The rule of all votes.
    function rule() external view returns (Rule memory);
}
