"""Sentences for the errors of disputes and bonds."""

from __future__ import annotations

from typing import Final

__all__ = ["DISPUTES"]

DISPUTES: Final = {
    "NoFault()": (
        "what was shown is no fault",
        "usufruct dispute scan lists what can be proven",
    ),
    "ProvenBefore(bytes32)": (
        "the fault {fault!h} was proven before, or what it is about is out already",
        "look for another fault",
    ),
    "OutsidePeriod(uint32,uint32,uint40)": (
        "the batch from {from_!t} lies before period {period} of stream {stream}",
        "dispute the period in which the batch lies",
    ),
    "NoSuchBatch(uint256)": (
        "batch {index} is not among those that were given",
        "give the batches from the period's last one back to the disputed one",
    ),
    "BrokenChain(uint256)": (
        "batch {index} of those given does not lead to the head after it",
        "give the batches as they were anchored, the newest first",
    ),
    "NotAReading(uint256)": (
        "{length} bytes are not the preimage of a reading",
        "a reading has 102 bytes and begins with 0x00",
    ),
    "NotInBatch(bytes32,bytes32)": (
        "the path leads to {found!h}, the batch's root is {root!h}",
        "make the path from the batch's own leaves",
    ),
    "SameReading()": ("both readings are the same leaf", "name two leaves"),
    "OtherRecord(bytes32,bytes32)": (
        "the bytes hash to {given!h}, the reading names the record {named!h}",
        "give the device's very bytes: payload and signature",
    ),
    "NotTheStatement(bytes32,bytes32)": (
        "the statement is {given!h}, the period's newest is {stored!h}",
        "dispute the newest version",
    ),
    "NotTheLines(bytes32,bytes32)": (
        "the lines lead to {given!h}, the statement names {stated!h}",
        "give all lines of the statement in their order",
    ),
    "NotLines(uint256)": (
        "{length} bytes are not a whole number of lines",
        "a line has 92 bytes",
    ),
    "NotOpened()": (
        "the numbers do not open the sum of the lines' commitments",
        "sum price times quantity, and price times blinding, over all lines",
    ),
    "NotAPoint(uint8,uint256)": (
        "a commitment with prefix {prefix} and abscissa {x} is no point of the curve",
        "show a wrong quantity field with the lines instead",
    ),
    "ResolutionOver(uint32,uint32,uint40)": (
        "the time to resolve the dispute of period {period} of stream {stream} ended at {resolve_by!t}",
        "end it with lapse: the stream's terms say how",
    ),
    "ResolutionOpen(uint32,uint32,uint40)": (
        "the guardian may resolve the dispute of period {period} of stream {stream} until {resolve_by!t}",
        "wait until then",
    ),
    "TooManyDisputes(uint32,uint32,uint8)": (
        "this version of period {period} of stream {stream} was disputed {disputes} times",
        "a fault that can be proven may still be shown with usufruct dispute",
    ),
    "TooManyOpen(uint32)": (
        "too many periods of stream {stream} are disputed or voided",
        "resolve the earlier ones first; later ones wait for them anyhow",
    ),
    "BondExists(uint32)": (
        "stream {stream} has a bond already",
        "operator and reward are fixed; deposit into it",
    ),
    "NoBond(uint32)": ("stream {stream} has no bond, or no operator was named", "open one first"),
    "NotOperator(uint32,address)": (
        "{caller} is not the operator of stream {stream}'s bond",
        "sign with the operator's account",
    ),
    "BondTooSmall(uint32,uint96,uint96)": (
        "the bond of stream {stream} has {balance}, {asked} are to be withdrawn",
        "announce no more than there is",
    ),
    "NotLeaving(uint32,uint40)": (
        "no announced withdrawal from stream {stream}'s bond is due (announced for {leaves_at!t})",
        "announce it, wait for the notice, and withdraw before it runs out",
    ),
    "StatementOpen(uint32,uint32,uint32)": (
        "stream {stream} is attested up to period {attested} and settled up to {settled}",
        "withdraw once every attested period is settled",
    ),
    "NotProven(bytes32)": (
        "the fault {fault!h} was not proven, or pays nothing",
        "prove it first; of a pair the first reading's pays",
    ),
    "PaidBefore(bytes32)": ("the fault {fault!h} was paid for", "nothing is left to do"),
    "NothingToPay(uint32)": (
        "the bond of stream {stream} has nothing to pay with",
        "try again after a deposit",
    ),
    "InvalidDeposit(uint256)": (
        "{amount} arrived, which no bond can take",
        "deposit more than nothing, and less than 2^96",
    ),
}
"""Sentence and remedy by signature."""
