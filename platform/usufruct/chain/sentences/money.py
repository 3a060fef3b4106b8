"""Sentences for the errors of waterfalls and of the settlement currency."""

from __future__ import annotations

from typing import Final

__all__ = ["MONEY"]

MONEY: Final = {
    "InvalidRules(uint32,uint256,bytes32,uint256)": (
        "rules of stream {stream}: step {step}, {field!f} = {value} is not allowed",
        "correct this step of the waterfall (steps count from 0)",
    ),
    "NoRules(uint32)": (
        "stream {stream} has no waterfall rules in force",
        "add a [[waterfall]] and run usufruct apply",
    ),
    "Underfunded(uint32,uint32,uint64,uint64,uint40)": (
        "period {period} of stream {stream} needs {required!m}, {funded!m} is there",
        "fund the rest; after {grace_until!t} it settles with what is there and keeps the shortfall",
    ),
    "NothingOwed(address)": ("nothing is owed to {payee}", "nothing is left to do"),
    "InvalidAmount(uint256)": (
        "the amount {amount} is zero, too large, or not what arrived",
        "send a positive amount of a currency that moves exactly what it is told to",
    ),
    "FundingIsPaused()": (
        "bringing money in is stopped",
        "wait until a pauser allows it again; settlements and withdrawals go on",
    ),
    "ConsentMissing(uint32,address,bytes32)": (
        "holders of {series} have a say in the rules of stream {stream} and have not passed motion {motion}",
        "put this motion to their vote first",
    ),
    "HolderVoteAlreadySet(address)": (
        "the waterfall asks {holder_vote} for votes already",
        "it is set once; deploy anew for another",
    ),
    "UnsuitableCurrency(address,bytes32,uint256)": (
        "{currency} cannot be a settlement currency: {field!f} = {value}",
        "use a contract of at most 18 decimals with fewer than 2^64 units in all",
    ),
    "InvalidPlan(bytes32,uint256)": (
        "the tax sharing plan is not possible: {field!f} = {value} is not allowed",
        "correct this value of the plan",
    ),
    "YearNotOver(uint16,uint40)": (
        "fiscal year {year} is not over",
        "close it after {end!t}",
    ),
    "InvalidSpending(bytes32,uint256)": (
        "the spending cannot be announced: {field!f} = {value} is not allowed",
        "correct this value of the spending",
    ),
    "UnknownSpending(uint256)": (
        "there is no open spending {id}",
        "it was made or cancelled, or was never announced",
    ),
    "NotReady(uint256,uint40)": ("spending {id} still waits", "make it after {ready_at!t}"),
    "Lapsed(uint256,uint40)": (
        "spending {id} was not made before {lapsed_at!t}",
        "announce it anew",
    ),
    "TooLittle(uint32,uint64,uint256)": (
        "stream {stream} has set aside {available!m}, {amount!m} are to be spent",
        "wait until more was set aside, or cancel and announce less",
    ),
    "NotMaker(address)": (
        "{caller} did not make this pocket",
        "spend through the ReinvestmentAccount",
    ),
    "AccountBlocked(address)": ("the currency blocks {account}", "ask a registrar to release it"),
    "SupplyTooLarge(uint256)": (
        "a supply of {supply!m} is more than the currency can count",
        "mint less",
    ),
    "SafeERC20FailedOperation(address)": (
        "the currency {token} refused to move the money",
        "check balance and allowance",
    ),
    "ERC20InsufficientBalance(address,uint256,uint256)": (
        "{sender} has {balance} units, {needed} are needed",
        "reduce the amount or bring in more",
    ),
    "ERC20InsufficientAllowance(address,uint256,uint256)": (
        "{spender} may move {allowance} units, {needed} are needed",
        "approve at least {needed} first",
    ),
    "ERC20InvalidSender(address)": ("{sender} cannot send", "send from an account"),
    "ERC20InvalidReceiver(address)": ("{receiver} cannot receive", "name an account"),
    "ERC20InvalidApprover(address)": ("{approver} cannot approve", "approve from an account"),
    "ERC20InvalidSpender(address)": ("{spender} cannot be approved", "approve an account"),
    "ReentrancyGuardReentrantCall()": (
        "the contract was called back while it was working",
        "use a currency that does not call back",
    ),
}
