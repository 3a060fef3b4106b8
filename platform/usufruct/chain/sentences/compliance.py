"""Sentences for the errors of compliance: orders over units, recovery, policy, strips, permits."""

from __future__ import annotations

from typing import Final

__all__ = ["COMPLIANCE"]

COMPLIANCE: Final = {
    "NotPolicy(address)": (
        "{caller} is neither the factory of this series nor its jurisdiction policy",
        "change the policy, and let it mark the series",
    ),
    "NotRegistry(address)": (
        "{caller} is not the participant registry",
        "recover the wallet through the registry, or by recoveryAddress",
    ),
    "WalletNotLost(address)": (
        "the registry does not say that {wallet} is lost",
        "have a registrar recover the wallet in the registry first",
    ),
    "NotSameParticipant(address,address)": (
        "{lost} and {replacement} are not wallets of one participant",
        "choose a wallet of the same participant that is not lost itself",
    ),
    "InvalidReplacement(address,address)": (
        "{replacement} cannot take the place of {lost}",
        "choose another wallet of the participant, one that is not lost",
    ),
    "InvalidCompliance(address)": (
        "{compliance} is the series itself",
        "name a compliance contract, or the zero address for none",
    ),
    "FixedAtCreation()": (
        "this is fixed in the code of the series",
        "create another series with other terms",
    ),
    "EnforcedPause()": ("transfers are paused already", "nothing is left to do"),
    "ExpectedPause()": ("transfers are not paused", "nothing is left to do"),
    "FreezeExceeded(address,uint256,uint256)": (
        "{units} units of {wallet} were to be frozen or released, {available} can be",
        "freeze no more than is free, and release no more than is frozen; setFrozenTokens may set any number",
    ),
    "ERC7943CannotSend(address)": (
        "{account} may not send units now",
        "look at checkTransfer for the reason",
    ),
    "ERC7943CannotReceive(address)": (
        "{account} may not hold units of this series",
        "have the registrar admit the wallet, or choose another",
    ),
    "ERC7943CannotTransfer(address,address,uint256)": (
        "a transfer of {amount} from {from_} to {to} is not allowed",
        "look at checkTransfer for the reason",
    ),
    "ERC7943InsufficientUnfrozenBalance(address,uint256,uint256)": (
        "{amount} units of {account} were to move, {unfrozen} are not frozen",
        "move fewer, or have the registrar release some",
    ),
    "ERC2612ExpiredSignature(uint256)": (
        "the permit could be used until {deadline!t}",
        "sign another with a later deadline",
    ),
    "ERC2612InvalidSigner(address,address)": (
        "the permit of {owner} was signed by {signer}, or for another series, chain or number",
        "let the owner sign for this series and the next number",
    ),
    "PermitRefused(address)": (
        "{owner} is frozen, or transfers are paused",
        "use the permit when this is over",
    ),
    "ECDSAInvalidSignature()": ("the signature is none", "sign anew"),
    "ECDSAInvalidSignatureLength(uint256)": (
        "the signature has {length} bytes",
        "give one of 65 bytes",
    ),
    "ECDSAInvalidSignatureS(bytes32)": (
        "the signature's second half {s!h} is in the upper range",
        "give the signature in its lower form",
    ),
    "StringsInsufficientHexLength(uint256,uint256)": (
        "{value} has more than {length} bytes",
        "report this: it cannot happen",
    ),
    "NotConsecutive(uint256,bytes32,uint256,uint256)": (
        "strip {strip} does not continue the one before: {field!f} is {value}, not {expected}",
        "give terms of one stream and rank that follow one another; only the last has a tail",
    ),
    "TooFewStrips(uint256)": (
        "{strips} strips divide nothing",
        "give at least two, or create a single series",
    ),
    "InvalidPolicy(address)": (
        "{policy} cannot be the policy of this factory",
        "a factory has one policy for ever, made for it",
    ),
    "PolicyTooLate(address,uint256)": (
        "{policy} restricts from its beginning, and {series} series are there already, unmarked",
        "name a policy that is open at first and schedule the change, which marks them all",
    ),
    "DisclosuresAlreadySet(address)": (
        "the documents of these series are kept by {disclosures} already",
        "a factory has one registry of documents for ever",
    ),
    "NothingScheduled()": ("no change of the policy is scheduled", "schedule one first"),
    "TooEarly(uint40)": ("the change waits until {from_!t}", "activate it then"),
    "IncompleteList(uint256,uint256)": (
        "{given} series were given, {expected} are needed",
        "give all series of the factory, ascending; none where the policy opens",
    ),
    "NotAscending(address)": (
        "{account} is out of order in the list of accounts, or given twice",
        "sort the list by address and name each once",
    ),
    "StreamsNotAscending(uint32)": (
        "stream {stream} is out of order in the list of streams, or given twice",
        "sort the list by number and name each once",
    ),
    "NotInOrder(address)": (
        "{series} is out of order, given twice, or no series of the factory",
        "sort the list of the factory's series by address",
    ),
    "UnknownSeries(address)": (
        "{series} is no series of the factory",
        "check the address",
    ),
    "InvalidFiling(bytes32,uint40)": (
        "a filing with hash {hash!h} of {filed_on!t} cannot be recorded",
        "give its hash and a date that has come",
    ),
    "NoFiling(address)": ("no filing is recorded for {series}", "record it first"),
    "StillRestricted(address,uint8,uint40)": (
        "{series} is restricted by mode {mode} until {until!t}",
        "wait until then, or record the filing",
    ),
}
"""Sentence and remedy by signature."""
