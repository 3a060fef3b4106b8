"""Sentences for the errors of Solidity itself and of library code."""

from __future__ import annotations

from typing import Final

__all__ = ["MACHINE"]

MACHINE: Final = {
    "Error(string)": ("the contract says: {message}", "correct the input"),
    "Panic(uint256)": (
        "a check of the compiler failed (code {code})",
        "this is a defect: report it with the transaction",
    ),
    "InsufficientBalance(uint256,uint256)": (
        "{balance} wei are there, {needed} wei are needed",
        "send native currency to the account",
    ),
    "AddressEmptyCode(address)": ("{target} is not a contract", "check the address"),
    "FailedCall()": ("a call inside the transaction failed", "simulate the inner call alone"),
    "SafeCastOverflowedUintDowncast(uint8,uint256)": (
        "{value} does not fit {bits} bits",
        "use a smaller value",
    ),
    "CloneArgumentsTooLong()": ("the terms of the series are too long", "shorten them"),
    "Create2EmptyBytecode()": ("there is no code to deploy", "deploy the implementation first"),
    "FailedDeployment()": (
        "the series could not be created",
        "a series with these terms and this code exists already",
    ),
    "CreationFailed()": (
        "the chain refused to store the data as code",
        "send the transaction with more gas",
    ),
    "DataTooLong(uint256,uint256)": (
        "{length} bytes are more than the {limit} a contract's code may have",
        "use fewer steps or signers",
    ),
    "InvalidShortString()": ("a text is longer than 31 bytes", "shorten it"),
    "StringTooLong(string)": ("the text {str} is longer than 31 bytes", "shorten it"),
}
