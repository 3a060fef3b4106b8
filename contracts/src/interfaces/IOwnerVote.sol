// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title Motions decided by the owners of a building, by area and by heads.
interface IOwnerVote {
    /// @notice Which majority a motion needs.
    enum Kind {
        Ordinary,
        Special,
        Conversion
    }

    /// @notice What an owner says.
    enum Choice {
        None,
        Yes,
        No,
        Abstain
    }

    /// @notice Where a motion stands.
    enum Outcome {
        Open,
        Passed,
        Failed
    }

    /// @notice An owned unit.
    /// @param unit Number of the unit, not 0.
    /// @param owner Participant number of its owner, not 0. Co-owners share one number: they have one vote.
    /// @param area Exclusive area in hundredths of a square metre, not 0.
    struct Unit {
        uint32 unit;
        uint64 owner;
        uint32 area;
    }

    /// @notice A motion and its count: areas in hundredths of a square metre, and heads.
    /// @param motion What is decided, see docs/protocol.md.
    /// @param end Last second in which ballots are cast.
    /// @param kind The majority it needs.
    /// @param affected Number of owners who must all agree, for a conversion.
    /// @param agreed How many of them have.
    /// @param area Area of the register.
    /// @param heads Owners of the register.
    /// @param castArea Area whose owners took part.
    /// @param castHeads Owners who took part.
    /// @param yesArea Area for it.
    /// @param yesHeads Owners for it.
    struct Motion {
        bytes32 motion;
        uint40 end;
        Kind kind;
        uint32 affected;
        uint32 agreed;
        uint64 area;
        uint32 heads;
        uint64 castArea;
        uint32 castHeads;
        uint64 yesArea;
        uint32 yesHeads;
    }

    /// @notice A unit was entered.
    event UnitAdded(uint32 indexed unit, uint64 indexed owner, uint32 area);
    /// @notice A unit has another owner.
    event UnitMoved(uint32 indexed unit, uint64 indexed from, uint64 indexed to, uint32 area);
    /// @notice A vote has begun.
    event OwnersAsked(
        uint256 indexed id, bytes32 indexed motion, Kind kind, uint64[] affected, bytes32 document, uint40 end
    );
    /// @notice A ballot counts; `evidence` is the hash of the paper if the registrar entered it, 0 if the owner's wallet
    /// cast it.
    event Ballot(uint256 indexed id, uint64 indexed owner, Choice choice, uint256 area, bytes32 evidence);

    /// @notice A number or an area must not be 0.
    error InvalidUnit(uint32 unit, bytes32 field);
    /// @notice The wallet was given up: another one of its participant votes.
    error LostWallet(address wallet);
    /// @notice The unit is entered already.
    error UnitExists(uint32 unit);
    /// @notice The unit is not entered.
    error UnknownUnit(uint32 unit);
    /// @notice The register stands still while owners vote.
    error RegisterFixed(uint40 until);
    /// @notice There are no owners to ask.
    error RegisterEmpty();
    /// @notice There is no such motion.
    error UnknownMotion(uint256 id);
    /// @notice The motion was passed already.
    error AlreadyPassed(bytes32 motion);
    /// @notice The motion is being voted on.
    error MotionStillOpen(bytes32 motion, uint40 end);
    /// @notice A motion must not be empty; a conversion names whom it affects, other motions name nobody.
    error InvalidMotion(bytes32 motion, bytes32 field);
    /// @notice Voting is over.
    error BallotsClosed(uint256 id, uint40 end);
    /// @notice The participant owns nothing in the register.
    error NotAnOwner(uint64 participant);
    /// @notice The owner is named twice.
    error NamedTwice(uint64 owner);
    /// @notice The owner has voted with a wallet; paper does not take that back.
    error VotedByWallet(uint256 id, uint64 owner);
    /// @notice Lists must be equally long, and `None` is not a choice.
    error InvalidBallots(uint256 id, uint256 owners, uint256 choices);
    /// @notice The voting time is not allowed.
    error InvalidVotingTime(uint32 votingTime);

    /// @notice Enters units.
    /// @custom:access-control REGISTRAR
    function addUnits(Unit[] calldata units) external;

    /// @notice Enters a new owner of a unit.
    /// @custom:access-control REGISTRAR
    function moveUnit(uint32 unit, uint64 to) external;

    /// @notice Asks the owners.
    /// @param motion Hash of what is decided.
    /// @param kind The majority it needs.
    /// @param affected For a conversion, the owners who must all agree; else empty.
    /// @param document keccak256 of what the owners are given to read.
    /// @custom:access-control ISSUER
    function propose(bytes32 motion, Kind kind, uint64[] calldata affected, bytes32 document)
        external
        returns (uint256 id);

    /// @notice Votes as the owner to whom the caller's wallet belongs; may be changed until the end.
    function cast(uint256 id, Choice choice) external;

    /// @notice Enters ballots on paper.
    /// @param evidence keccak256 of the scanned ballots.
    /// @custom:access-control REGISTRAR
    function record(uint256 id, uint64[] calldata owners, Choice[] calldata choices, bytes32 evidence) external;

    /// @notice True if the owners passed `motion` with the special majority. Other contracts ask for nothing less.
    function isPassed(bytes32 motion) external view returns (bool);

    /// @notice Where a motion stands.
    function outcomeOf(uint256 id) external view returns (Outcome);

    /// @notice A motion and its count.
    function motionOf(uint256 id) external view returns (Motion memory);

    /// @notice What an owner said.
    function choiceOf(uint256 id, uint64 owner) external view returns (Choice);

    /// @notice Number of the last vote on a motion with that majority, 0 if there was none.
    function lastVote(bytes32 motion, Kind kind) external view returns (uint256);

    /// @notice Owner and area of a unit; zeros if it is not entered.
    function unitOf(uint32 unit) external view returns (uint64 owner, uint32 area);

    /// @notice Area of all units of an owner.
    function areaOf(uint64 owner) external view returns (uint256);

    /// @notice Area and heads of the register.
    function totals() external view returns (uint256 area, uint256 heads);

    /// @notice Seconds in which ballots are cast.
    function votingTime() external view returns (uint32);
}
