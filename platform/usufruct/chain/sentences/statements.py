"""Sentences for the errors of streams, meters, batches and statements."""

from __future__ import annotations

from typing import Final

__all__ = ["STATEMENTS", "TELEMETRY"]

TELEMETRY: Final = {
    "UnknownStream(uint32)": ("stream {stream} is not open", "open it with usufruct apply"),
    "StreamExists(uint32)": (
        "stream {stream} is open already",
        "use another number for a new stream",
    ),
    "MissingDependency(uint32,uint32)": (
        "stream {stream} depends on stream {dependency}, which is not open",
        "open stream {dependency} first",
    ),
    "InvalidTerms(uint32,bytes32,uint256)": (
        "stream {stream} cannot be opened: {field!f} = {value} is not allowed",
        "correct this term of the stream",
    ),
    "TariffNotLater(uint32,uint40,uint40)": (
        "a tariff of stream {stream} cannot begin on {given!t}",
        "let it begin on {earliest!t} or later; prices are never changed for the past",
    ),
    "UnknownMeter(uint64)": ("meter {id} is unknown or retired", "register it with usufruct apply"),
    "MeterExists(uint64)": (
        "meter {id} is registered already",
        "use another number, or rotate its key",
    ),
    "InvalidMeter(uint64,bytes32,uint256)": (
        "meter {id}: {field!f} = {value} is not allowed",
        "correct this field of the meter",
    ),
    "StaleHead(uint32,bytes32,bytes32)": (
        "the batch of stream {stream} continues from {given!h}, but the chain is at {current!h}",
        "it was anchored already or one is missing: read the head and build the batch anew",
    ),
    "InvalidWindow(uint32,uint40,uint40)": (
        "the batch window of stream {stream}, {from_!t} to {to!t}, is empty or not over yet",
        "wait until the window has ended",
    ),
    "QuorumTooSmall(uint256,uint256)": (
        "{given} oracle signatures were given, {threshold} are needed",
        "collect signatures of more workers",
    ),
    "BadSignature(uint256)": (
        "the signature at place {index} of the signer table is not that signer's",
        "sign with the present table's keys for this chain and contract",
    ),
    "SignaturesLength(uint256,uint256)": (
        "the signatures are {given} bytes long, the bitmap of signers needs {expected}",
        "give 64 bytes for each set bit",
    ),
    "InvalidSigners(uint256,uint256)": (
        "a table of {count} signers with threshold {threshold} is not allowed",
        "name 1 to 255 different signers and a threshold from 1 to their number",
    ),
    "SignersNotDue(uint40)": (
        "no signer table may be activated now; the scheduled one is due {active_from!t}",
        "schedule one, or wait until it is due",
    ),
    "Paused()": (
        "anchoring is paused",
        "ask a pauser of the project; nothing is lost, batches go on from the same head",
    ),
}

STATEMENTS: Final = {
    "PeriodNotContiguous(uint32,uint32,uint40,uint32,uint40)": (
        "stream {stream}: period {expected_period} from {expected_from!t} is next, not {period} from {from_!t}",
        "attest the periods in order, without gap or overlap",
    ),
    "InvalidPeriod(uint32,uint40,uint40)": (
        "the period of stream {stream}, {from_!t} to {to!t}, is empty or not over yet",
        "wait until the period has ended",
    ),
    "VersionNotNext(uint32,uint32,uint16,uint16)": (
        "period {period} of stream {stream} expects version {expected}, version {given} was given",
        "build the statement as version {expected}",
    ),
    "PeriodBoundsChanged(uint32,uint32)": (
        "a new version for period {period} of stream {stream} must keep its bounds",
        "use the bounds of the first version",
    ),
    "PeriodSettled(uint32,uint32)": (
        "period {period} of stream {stream} is settled",
        "correct it by an adjustment in the next period",
    ),
    "HeadNotAnchored(uint32,uint40,bytes32,bytes32)": (
        "the statement of stream {stream} names head {given!h} at {boundary!t}, the chain has {anchored!h} there",
        "anchor the batches up to that boundary, then build the statement anew",
    ),
    "WrongTariff(uint32,bytes32,bytes32)": (
        "the statement of stream {stream} uses tariff {given!h}, {registered!h} is in force",
        "use the tariff that was in force at the start of the period",
    ),
    "CoverageTooLow(uint32,uint16,uint16)": (
        "the readings of stream {stream} cover {coverage_bp!p}, at least {minimum_bp!p} is needed",
        "bring in the missing readings and build the statement anew",
    ),
    "CoverageTooHigh(uint32,uint16)": (
        "the statement of stream {stream} claims a coverage of {coverage_bp!p}",
        "coverage is at most 100%; build the statement anew",
    ),
    "TooMuchEstimated(uint32,uint16,uint16)": (
        "{estimated_bp!p} of the quantity of stream {stream} is estimated, at most {maximum_bp!p} is allowed",
        "replace estimates by readings and build the statement anew",
    ),
    "NegativeDistributable(uint32,uint64,int64)": (
        "stream {stream} earned {gross!m}, less than the adjustment of {adjustments!m}",
        "spread the adjustment over several periods",
    ),
    "DistributableTooLarge(uint32,uint64,int64)": (
        "{gross!m} with an adjustment of {adjustments!m} for stream {stream} does not fit the accounts",
        "check units and prices of the statement",
    ),
    "WrongStatus(uint32,uint32,uint8)": (
        "period {period} of stream {stream} is {status!s}, the action needs another state",
        "look at the period's statement; a voided one needs a new version",
    ),
    "NotFinal(uint32,uint32,uint40)": (
        "period {period} of stream {stream} may be challenged until {final_at!t}",
        "settle it after that time",
    ),
    "WindowClosed(uint32,uint32,uint40)": (
        "period {period} of stream {stream} became final on {final_at!t}",
        "raise it for the next period; corrections go there as an adjustment",
    ),
    "EarlierPeriodOpen(uint32,uint32,uint32)": (
        "period {given} of stream {stream} cannot settle before period {expected}",
        "settle period {expected} first",
    ),
    "NotWaterfall(address)": (
        "{caller} is not the waterfall of this book",
        "settle through the Waterfall",
    ),
    "WaterfallAlreadySet(address)": (
        "the book is settled by {waterfall} already",
        "a book has one waterfall for ever; deploy anew for another",
    ),
    "NotChamber(address)": (
        "{caller} is not the chamber of this book",
        "prove the fault to ObjectiveDisputes",
    ),
    "ChamberAlreadySet(address)": (
        "provable faults of the book are decided by {chamber} already",
        "a book has one chamber for ever; deploy anew for another",
    ),
}
