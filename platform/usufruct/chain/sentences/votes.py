"""Sentences for the errors of votes of holders and owners, and of what waits for them."""

from __future__ import annotations

from typing import Final

__all__ = ["GATE", "VOTES"]

VOTES: Final = {
    "InvalidRule(bytes32,uint256)": (
        "holders cannot vote by this rule: {field!f} = {value} is not allowed",
        "correct [votes] in the file",
    ),
    "EmptyMotion(address)": ("a motion on series {series} is empty", "pass the motion's hash"),
    "UnknownVote(uint256)": ("there is no vote {id}", "look up the number of the vote"),
    "TooFewUnits(address,address,uint256,uint256)": (
        "{holder} holds {units} units of {series} and needs {needed} to propose",
        "propose together with others, or ask the issuer to",
    ),
    "ProposedTooSoon(address,address,uint40)": (
        "holders of series {series}, {holder} among them, may propose again from {earliest!t}",
        "wait until then, or ask the issuer to propose",
    ),
    "LostWallet(address)": (
        "wallet {wallet} was given up and does not vote",
        "vote with another wallet of the participant",
    ),
    "NotALostWalletOf(address,address)": (
        "{wallet} is not a wallet that the participant of {caller} gave up",
        "vote with that wallet itself, or name one that was recovered",
    ),
    "RegistrarWithoutRole(address)": (
        "{account} does not hold the role REGISTRAR",
        "grant the role first, and appoint once it is in force",
    ),
    "AuthorityIsFixed(address)": (
        "{target} stays under its access manager for good",
        "deploy the contract anew if it must answer to another",
    ),
    "StillApproved(address,bytes32,uint40)": (
        "motion {motion!h} on series {series} is approved until {until!t}",
        "use the approval, or propose again afterwards",
    ),
    "VotingEnded(uint256,uint40)": (
        "vote {id} ended on {end!t}",
        "nothing can be changed any more",
    ),
    "NoUnits(uint256,address)": (
        "{holder} held no units when vote {id} was called",
        "vote with the wallet that held them then",
    ),
    "InvalidChoice(uint256)": ("nothing is chosen in vote {id}", "choose yes, no or abstain"),
    "InvalidUnit(uint32,bytes32)": (
        "unit {unit} cannot be entered: {field!f} must not be 0",
        "correct this field",
    ),
    "UnitExists(uint32)": ("unit {unit} is entered already", "move it to its new owner instead"),
    "UnknownUnit(uint32)": ("unit {unit} is not entered", "enter it first"),
    "RegisterFixed(uint40)": (
        "the register of owners stands still until {until!t}: a motion is open",
        "change it afterwards",
    ),
    "RegisterEmpty()": ("there are no owners to ask", "enter the units and their owners first"),
    "UnknownMotion(uint256)": ("there is no motion {id}", "look up the number of the motion"),
    "AlreadyPassed(bytes32)": ("motion {motion!h} was passed", "nothing is to be done"),
    "MotionStillOpen(bytes32,uint40)": (
        "motion {motion!h} is being voted on until {end!t}",
        "wait for its end",
    ),
    "InvalidMotion(bytes32,bytes32)": (
        "motion {motion!h} cannot be proposed: {field!f} is not allowed",
        "name a motion; name affected owners for a conversion, and only then",
    ),
    "BallotsClosed(uint256,uint40)": (
        "ballots on motion {id} closed on {end!t}",
        "nothing can be changed any more",
    ),
    "NotAnOwner(uint64)": (
        "participant {participant} owns nothing in the register",
        "use a wallet of an owner, or have the unit entered",
    ),
    "NamedTwice(uint64)": ("owner {owner} is named twice", "name each owner once"),
    "VotedByWallet(uint256,uint64)": (
        "owner {owner} voted on motion {id} with a wallet; paper does not take that back",
        "leave this ballot out",
    ),
    "InvalidBallots(uint256,uint256,uint256)": (
        "ballots on motion {id} are incomplete: {owners} owners, {choices} choices",
        "give each owner one choice, and the hash of the paper",
    ),
    "InvalidVotingTime(uint32)": (
        "owners cannot vote for {voting_time} s",
        "choose from an hour to 180 days",
    ),
}

GATE: Final = {
    "InvalidOwnerVote(address,address)": (
        "{given} cannot be named as the owners' vote; {current} is",
        "name it once, and not as nobody",
    ),
    "OwnersNotAgreed(uint32,bytes32)": (
        "stream {stream} uses common parts, and the owners have not passed motion {motion!h}",
        "let the owners pass it in OwnerVote as a special motion, then run usufruct apply",
    ),
}
