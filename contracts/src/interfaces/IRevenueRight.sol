// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title A series of income rights (stream, term, rank): ERC-20 units with exact O(1) accrual.
/// @notice claimable(w) = ⌊(acc·balance − debt)/supply⌋, where acc counts all currency units ever received. A transfer
/// of v moves acc·v of debt, a claim of p adds p·supply: no division per share, no rounding loss per distribution.
interface IRevenueRight {
    /// @notice Why a transfer or payment is refused.
    enum Refusal {
        None,
        Paused,
        SenderFrozen,
        SenderLocked,
        RecipientFrozen,
        RecipientUnknown,
        RecipientExpired,
        CountryNotAllowed,
        ClassNotAllowed,
        BelowMinimumTicket,
        InsufficientBalance,
        SeriesLocked,
        NotSealed,
        SenderExpired,
        PaymentRejected,
        SpenderFrozen,
        SeriesClosed,
        UnitsFrozen,
        HolderCapReached,
        CountryCapReached,
        OutsideWindow,
        FilingRequired,
        EvidenceOnly,
        ComplianceRefused
    }

    /// @notice What the series is; fixed in the clone's code.
    /// @param name ASCII, left aligned, at most 32 bytes.
    /// @param symbol ASCII, left aligned, at most 32 bytes.
    /// @param stream Stream the income comes from.
    /// @param termFrom First period paid.
    /// @param termTo Last period paid.
    /// @param rank 0 senior, 1 mezzanine, 2 junior, 3 residual.
    /// @param decimals Decimals of the units.
    /// @param classes Bit mask of allowed investor classes.
    /// @param countries Up to eight ISO numeric codes, 16 bits each from the lowest; 0 = any country.
    /// @param minTicket Least balance a holder may have after a transfer (unless zero).
    /// @param lockedUntil Unix time before which units do not move.
    /// @param tail Periods after `termTo` in which arrears and the final distribution may still be paid.
    /// @param holderCap Participants (not wallets) that may hold units at the same time; 0 = any number.
    /// @param countryCap The same within each country; 0 = any number.
    /// @param windowEvery Seconds from one transfer window to the next, counted from `lockedUntil`; 0 = always open.
    /// @param windowLength Seconds that each window is open, less than `windowEvery`.
    /// @param consent True if a change of the waterfall's rules needs a vote of the holders.
    struct Terms {
        bytes32 name;
        bytes32 symbol;
        uint32 stream;
        uint32 termFrom;
        uint32 termTo;
        uint8 rank;
        uint8 decimals;
        uint8 classes;
        uint128 countries;
        uint64 minTicket;
        uint40 lockedUntil;
        uint16 tail;
        uint32 holderCap;
        uint32 countryCap;
        uint32 windowEvery;
        uint32 windowLength;
        bool consent;
    }

    /// @notice One holder's account (exactly one slot). kycUntil, country, class, frozen and locked are a cache of the
    /// registry, refreshed by `sync`; `locked` says that the wallet had a lock-up when it was last refreshed.
    /// @param balance Units held.
    /// @param held Units held at the record date of `mark`.
    /// @param debt What the holder was already credited for, times the supply.
    /// @param mark 1 + (period − termFrom) of the newest record date after which the balance changed while the period's money
    /// was to come; 0 if none. Settled at the next touch, so it may be of a period already paid.
    /// @param extra True if the account has frozen units or older marks.
    struct Account {
        uint48 balance;
        uint48 held;
        int112 debt;
        uint16 mark;
        bool extra;
        uint16 kycUntil;
        uint16 country;
        uint8 class;
        bool frozen;
        bool locked;
    }

    /// @notice Series-wide state (exactly one slot).
    /// @param acc All currency units ever received.
    /// @param supply Units issued. Income is divided by it for ever; `totalSupply` falls when units are redeemed.
    /// @param recordAt Time of the newest record date announced; it may lie ahead.
    /// @param recordPeriod Period of that record date, 0 if there never was one.
    /// @param prevRecord Period of the record date before the newest.
    /// @param lastPeriod Last period distributed; once closed, the last that could have been.
    /// @param distributions Number of distributions.
    /// @param paused True while units do not move (claims go on).
    /// @param sealed_ True once issuance is finished.
    /// @param restricted True while the jurisdiction policy is asked before a transfer.
    /// @param closed True once no more money can come.
    struct State {
        uint64 acc;
        uint64 supply;
        uint40 recordAt;
        uint32 recordPeriod;
        uint32 prevRecord;
        uint32 lastPeriod;
        uint32 distributions;
        bool paused;
        bool sealed_;
        bool restricted;
        bool closed;
    }

    /// @notice Issuance is finished; the supply is fixed.
    event Sealed(uint64 supply);
    /// @notice A period's money arrived for all holders. `acc` is the accumulator after it.
    event Distributed(uint32 indexed period, uint32 indexed number, uint64 amount, uint64 acc, uint64 supply);
    /// @notice A holder was paid (ERC-2222).
    event FundsWithdrawn(address indexed by, uint256 fundsWithdrawn);
    /// @notice A holder of a page was not paid; the amount stays claimable.
    event PaymentSkipped(address indexed holder, uint64 amount, Refusal reason);
    /// @notice The cached attributes of a wallet were refreshed.
    event Synced(address indexed wallet, uint16 kycUntil, uint16 country, uint8 class, bool frozen);

    /// @notice A transfer is refused. `until` is the unix time at which the refusal lifts, 0 if it does not by itself.
    error TransferRefused(address from, address to, uint256 units, Refusal reason, uint40 until);
    /// @notice A payment is withheld: the holder is frozen or the identity check expired. It stays claimable.
    error PaymentWithheld(address holder, Refusal reason);
    /// @notice The currency refused the payment.
    error PaymentRejected(address holder, uint64 amount);
    /// @notice The caller is not the waterfall.
    error NotDistributor(address caller);
    /// @notice The caller lacks the role for this function.
    error NotAuthorized(address caller, bytes4 selector);
    /// @notice Issuance is finished.
    error AlreadySealed();
    /// @notice Issuance is not finished.
    error NotSealed();
    /// @notice No more money can come and units no longer move.
    error SeriesIsClosed();
    /// @notice The period is outside the term, or not after the last one.
    error PeriodOutOfTerm(uint32 period, uint32 earliest, uint32 latest);
    /// @notice A width limit would be passed.
    error LimitExceeded(uint256 value, uint256 limit);
    /// @notice Two lists that belong together differ in length.
    error LengthMismatch(uint256 holders, uint256 units);

    /// @notice Issues units to admitted wallets before the first distribution. @custom:access-control ISSUER
    function issue(address[] calldata holders, uint64[] calldata units) external;

    /// @notice Issues units to one admitted wallet, as `issue` does. @custom:access-control PLACEMENT
    function place(address holder, uint64 units) external;

    /// @notice Whether `holder` could be placed `units` now, and if not why; the seal is not looked at.
    function checkPlacement(address holder, uint64 units) external view returns (Refusal reason);

    /// @notice Ends issuance and fixes the supply. @custom:access-control ISSUER
    function seal() external;

    /// @notice Adds a period's money, which the caller has already sent here. Only the waterfall.
    function distribute(uint32 period, uint64 amount) external;

    /// @notice Pays the caller what is claimable. Returns the amount.
    function claim() external returns (uint64);

    /// @notice Pays `holder` what is claimable; anyone may call, money goes to the holder only.
    function claimFor(address holder) external returns (uint64);

    /// @notice Pays a page of holders; one that cannot be paid is skipped and stays claimable.
    /// @return paid Number of holders paid.
    function push(address[] calldata holders) external returns (uint256 paid);

    /// @notice Refreshes the cached attributes of a wallet from the registry. Anyone may call.
    function sync(address wallet) external;

    /// @notice What `holder` may claim now.
    function claimable(address holder) external view returns (uint64);

    /// @notice Account of a holder.
    function accountOf(address holder) external view returns (Account memory);

    /// @notice Series-wide state.
    function state() external view returns (State memory);

    /// @notice What the series is.
    function terms() external view returns (Terms memory);

    /// @notice Whether a transfer by `from` itself would go through, and if not why and until when (0 if unknown).
    function checkTransfer(address from, address to, uint256 units) external view returns (Refusal reason, uint40 until);

    /// @notice Several transfers of the caller (ERC-3643).
    function batchTransfer(address[] calldata toList, uint256[] calldata amounts) external;

    /// @notice Contract that runs every function not listed here, on this series' storage; see ISeriesExtension.
    function extension() external view returns (address);

    /// @notice Participant registry.
    function registry() external view returns (address);

    /// @notice Settlement currency.
    function currency() external view returns (address);

    /// @notice Waterfall that may distribute.
    function distributor() external view returns (address);
}
