"""One sentence and one remedy for every error that the contracts declare, by its Solidity
signature.

Fields stand in braces under the names of the generated bindings. A conversion after `!` makes them
readable: t time, m money, p percentage, f text in 32 bytes, h shortened hash, r refusal, s status.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from usufruct.chain.sentences_compliance import COMPLIANCE
from usufruct.chain.sentences_disputes import DISPUTES
from usufruct.chain.sentences_market import FUNDS, MARKET

__all__ = ["REFUSALS", "SENTENCES", "STATUSES"]

_ACCESS: Final = {
    "AccessManagedUnauthorized(address)": (
        "{caller} does not hold the office this function needs",
        "sign with an account of that office, or grant it in [roles] and run usufruct apply",
    ),
    "AccessManagedRequiredDelay(address,uint32)": (
        "{caller} may call this only {delay} s after announcing it",
        "schedule the call with AccessManager and execute it after the delay",
    ),
    "AccessManagedInvalidAuthority(address)": (
        "{authority} is not a contract and cannot decide on access",
        "name an AccessManager",
    ),
    "AccessManagerUnauthorizedAccount(address,uint64)": (
        "{msgsender} does not hold role {role_id} of the AccessManager",
        "sign with an account of that role; 0 is the administrators'",
    ),
    "AccessManagerUnauthorizedCall(address,address,bytes4)": (
        "{caller} may not call {selector!h} of {target} through the AccessManager",
        "sign with an account of the office, or grant it first",
    ),
    "AccessManagerUnauthorizedCancel(address,address,address,bytes4)": (
        "{msgsender} may not cancel what {caller} scheduled, {selector!h} of {target}",
        "let the one who scheduled it, an administrator or its guardian cancel it",
    ),
    "AccessManagerUnauthorizedConsume(address)": (
        "{target} is not consuming a scheduled operation",
        "call the AccessManager's execute instead",
    ),
    "AccessManagerAlreadyScheduled(bytes32)": (
        "operation {operation_id!h} is scheduled already",
        "wait for it, or cancel it first",
    ),
    "AccessManagerNotScheduled(bytes32)": (
        "operation {operation_id!h} is not scheduled",
        "schedule it first",
    ),
    "AccessManagerNotReady(bytes32)": (
        "operation {operation_id!h} still waits for its delay",
        "execute it later",
    ),
    "AccessManagerExpired(bytes32)": (
        "operation {operation_id!h} was not executed in time and has expired",
        "schedule it again",
    ),
    "AccessManagerBadConfirmation()": (
        "an account can renounce its own role only",
        "sign with the account that renounces",
    ),
    "AccessManagerInvalidInitialAdmin(address)": (
        "{initial_admin} cannot be the first administrator",
        "deploy with an account as administrator",
    ),
    "AccessManagerLockedFunction(bytes4)": (
        "function {selector!h} of the AccessManager has fixed access",
        "leave it as it is",
    ),
    "AccessManagerLockedRole(uint64)": (
        "role {role_id} of the AccessManager is fixed",
        "grant one of the project's offices",
    ),
    "NotAuthorized(address,bytes4)": (
        "{caller} does not hold the office that function {selector!h} of a series needs",
        "sign with an account of that office, or grant it in [roles] and run usufruct apply",
    ),
}

_OFFICES: Final = {
    "DutiesConflict(address,uint64,uint64)": (
        "{account} holds role {held} and cannot get role {role}: the two are separated duties",
        "name another account for one of the two offices",
    ),
    "UnknownRole(uint64)": (
        "there is no role {role}",
        "grant one of the project's offices",
    ),
    "RoleNeedsContract(uint64,address)": (
        "role {role} belongs to a contract, and {account} has no code",
        "leave it to usufruct apply, which grants it to the contract",
    ),
    "DelayNotAllowed(uint64,uint32)": (
        "role {role} cannot wait {delay} s",
        "choose at most 90 days; roles that stop, freeze or judge act at once",
    ),
    "AdminMustAccept(address)": (
        "{account} cannot be made an administrator without its consent",
        "offer it the role; it accepts by itself",
    ),
    "AlreadyAdmin(address)": (
        "{account} is an administrator already",
        "nothing is to be done",
    ),
    "NoAdminOffer(address)": (
        "{account} was not offered the administrators' role",
        "let an administrator offer it",
    ),
    "AdminOfferWaits(address,uint40)": (
        "{account} may accept the administrators' role from {accept_from!t}",
        "accept it then",
    ),
    "AdminOfferLapsed(address,uint40)": (
        "the offer to {account} lapsed on {expired!t}",
        "let an administrator offer it anew",
    ),
    "AdminOfferVoid(address,address)": (
        "the offer to {account} was made by {by}, who is no administrator any more",
        "let an administrator offer it anew",
    ),
    "LastAdmin(address)": (
        "{account} is the last administrator",
        "let another account accept the role first",
    ),
    "ManagerLocked(address)": (
        "access to the manager {manager} itself cannot be changed",
        "leave it as it is",
    ),
    "SetupIsFinished()": (
        "the set-up was finished before",
        "nothing is to be done",
    ),
    "UnknownDocument(bytes32,bytes32)": (
        "nothing is attached to {subject!h} under the name {document!f}",
        "look up the names that are attached",
    ),
    "UnknownVersion(bytes32,bytes32,uint256)": (
        "document {document!f} of {subject!h} has no version {version}",
        "ask for a version from 1 to the number of its versions",
    ),
    "InvalidDocument(bytes32,bytes32,bytes32,uint256)": (
        "document {document!f} cannot be attached to {subject!h}: {field!f} = {value} is not allowed",
        "correct this field",
    ),
}

_VOTES: Final = {
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

_GATE: Final = {
    "InvalidOwnerVote(address,address)": (
        "{given} cannot be named as the owners' vote; {current} is",
        "name it once, and not as nobody",
    ),
    "OwnersNotAgreed(uint32,bytes32)": (
        "stream {stream} uses common parts, and the owners have not passed motion {motion!h}",
        "let the owners pass it in OwnerVote as a special motion, then run usufruct apply",
    ),
}

_PEOPLE: Final = {
    "NotRegistrar(address)": (
        "{caller} is not an appointed registrar",
        "add it to roles.registrar and run usufruct apply, or sign as a registrar",
    ),
    "InvalidRegistration(address,bytes32,uint256)": (
        "wallet {wallet} cannot be registered: {field!f} = {value} is not allowed",
        "correct this field of the participant",
    ),
    "UnknownWallet(address)": (
        "wallet {wallet} was never registered",
        "add it to a [[participant]] and run usufruct apply",
    ),
    "ParticipantMismatch(address,uint64,uint64)": (
        "wallet {wallet} belongs to participant {current} and cannot move to {given}",
        "give participant {given} another wallet",
    ),
}

_TELEMETRY: Final = {
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

_STATEMENTS: Final = {
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

_RIGHTS: Final = {
    "TransferRefused(address,address,uint256,uint8,uint40)": (
        "a transfer of {units} from {from_} to {to} is refused: {reason!r}; this lifts: {until!t}",
        "wait until then, or have the registrar correct the wallet",
    ),
    "PaymentWithheld(address,uint8)": (
        "{holder} cannot be paid now: {reason!r}",
        "the amount stays claimable; have the registrar correct the wallet",
    ),
    "PaymentRejected(address,uint64)": (
        "the currency refused the payment of {amount!m} to {holder}",
        "the amount stays claimable; ask the currency's issuer why the account is refused",
    ),
    "NotDistributor(address)": (
        "{caller} is not the waterfall of this series",
        "settle through the Waterfall",
    ),
    "AlreadySealed()": (
        "the series is sealed, its supply is fixed",
        "create another series for more units",
    ),
    "NotSealed()": (
        "the series is not sealed yet",
        "run usufruct apply to its end; it issues and seals",
    ),
    "SeriesIsClosed()": (
        "the series is closed: no more money can come",
        "claim or redeem what is left",
    ),
    "RecordInThePast(uint40)": (
        "the record date {record_at!t} does not lie ahead",
        "announce record dates before they pass; they are never set back",
    ),
    "TooManyOpenRecords()": (
        "five record dates wait for their money",
        "settle the oldest period first, or let this one be closed by its settlement",
    ),
    "NotOutstanding(uint32)": (
        "period {period} is not closed yet, or its money has come",
        "ask between its record date and its distribution",
    ),
    "SnapshotStillOpen(uint32,uint40)": (
        "snapshot {id} is open until {until!t}",
        "wait for its end; a series keeps one snapshot at a time",
    ),
    "SnapshotEnded(uint40)": (
        "the snapshot ends {until!t}, which has passed",
        "read balances while it is open, and let it end in the future",
    ),
    "TermNotOver(uint32,uint32)": (
        "the series may still be paid up to period {end}; {reached} is reached",
        "close it once the last period is settled",
    ),
    "NotClosed()": (
        "the series is not closed, its units are not redeemed yet",
        "close it once the last period is settled",
    ),
    "NothingToRedeem(address)": (
        "{holder} has no units, or had them redeemed",
        "claim what may be left",
    ),
    "PeriodOutOfTerm(uint32,uint32,uint32)": (
        "the series is paid for periods {earliest} to {latest}, not for period {period}",
        "settle the periods in order",
    ),
    "LimitExceeded(uint256,uint256)": (
        "{value} is above the limit of {limit}",
        "use fewer units or smaller amounts",
    ),
    "LengthMismatch(uint256,uint256)": (
        "{holders} holders and {units} amounts were given",
        "give one amount for each holder",
    ),
    "InvalidTerms(bytes32,uint256)": (
        "the series cannot be created: {field!f} = {value} is not allowed",
        "correct this term of the series",
    ),
    "GasTooLow(uint256,uint256)": (
        "{left} gas are left, the next payment needs {needed}",
        "send the transaction with more gas, or push fewer holders at once",
    ),
}

_MONEY: Final = {
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

_MACHINE: Final = {
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

SENTENCES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    _ACCESS
    | _OFFICES
    | _VOTES
    | _GATE
    | _PEOPLE
    | _TELEMETRY
    | _STATEMENTS
    | _RIGHTS
    | COMPLIANCE
    | _MONEY
    | MARKET
    | FUNDS
    | DISPUTES
    | _MACHINE
)
"""Sentence and remedy by signature."""

REFUSALS: Final = (
    "no reason",
    "transfers of the series are paused",
    "the sender's wallet is frozen",
    "the sender's wallet is locked up",
    "the recipient's wallet is frozen",
    "the recipient's wallet is not registered",
    "the recipient's identity check has expired",
    "the recipient's country is not allowed",
    "the recipient's investor class is not allowed",
    "a holding would fall below the minimum ticket",
    "the sender has fewer units",
    "the series is locked up",
    "the series is not sealed yet",
    "the sender's identity check has expired",
    "the currency rejects the payment",
    "the spender's wallet is frozen",
    "the series is closed",
    "an order holds units of the sender",
    "as many participants hold units as may",
    "as many participants of the recipient's country hold units as may",
    "the transfer window is closed",
    "the filing of the series is not recorded or has not cooled off",
    "the jurisdiction allows evidence only",
    "the compliance contract refuses",
)
"""IRevenueRight.Refusal in words, by number."""

STATUSES: Final = ("not attested", "attested", "disputed", "voided", "settled")
"""IStatementBook.Status in words, by number."""
