// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IParticipantRegistry} from "../interfaces/IParticipantRegistry.sol";
import {IRevenueRight} from "../interfaces/IRevenueRight.sol";

/// @title One holder's account as a single word: what a holder owns, and who the registry says the holder is.
/// @notice Bits, from the lowest: balance 48 | held 48 | debt 112 (signed) | mark 16 | country 10 | class 2 | locked 1 |
/// extra 1 | barred 1 | kycUntil 16 | frozen 1. The last two lie so that one comparison answers whether the holder may be paid.
/// A word instead of a struct, because each verb changes several fields at once and must write the slot only once.
///
/// mark ≠ 0 says that the balance changed after the record date of the period with this mark (1 is the first of the term)
/// while the money of that period was still to come; `held` is the balance as it was at the record date. See SeriesRecords.
/// `extra` says that a second word of this account is in use; whoever has neither mark nor extra is *plain*.
/// @dev The widths hold because a series keeps supply < 2⁴⁸ and acc < 2⁶³: balances and payments are parts of these, so
/// every product acc·units or paid·supply is below 2¹¹¹. The numerator N = acc·units − debt of a claim is never
/// negative and never above acc·supply, hence −2¹¹¹ < debt < 2¹¹¹, which is what int112 holds.
type HolderAccount is uint256;

using HolderAccountLib for HolderAccount global;

/// @title Reading and changing an account word.
library HolderAccountLib {
    uint256 private constant BALANCE_FIELD = type(uint48).max;
    uint256 private constant HELD_AT = 48;
    uint256 private constant DEBT_AT = 96;
    uint256 private constant DEBT_FIELD = uint256(type(uint112).max) << DEBT_AT;
    uint256 private constant MARK_AT = 208;
    uint256 private constant MARK_FIELD = uint256(type(uint16).max) << MARK_AT;
    uint256 private constant COUNTRY_AT = 224;
    uint256 private constant CLASS_AT = 234;
    uint256 private constant LOCKED_AT = 236;
    uint256 private constant EXTRA = 1 << 237;
    uint256 private constant BARRED = 1 << 238;
    uint256 private constant KYC_AT = 239;
    uint256 private constant FROZEN_AT = 255;
    uint256 private constant PROFILE_FIELD = ~((uint256(1) << COUNTRY_AT) - 1) & ~(EXTRA | BARRED);

    /* WHAT THE HOLDER OWNS */

    /// @notice Units held.
    function balance(HolderAccount a) internal pure returns (uint48) {
        return uint48(HolderAccount.unwrap(a));
    }

    /// @notice Units held at the record date of `mark`; without meaning if there is no mark.
    function held(HolderAccount a) internal pure returns (uint48) {
        return uint48(HolderAccount.unwrap(a) >> HELD_AT);
    }

    /// @notice The newest record date after which the balance changed, 0 if none is outstanding.
    function mark(HolderAccount a) internal pure returns (uint16) {
        return uint16(HolderAccount.unwrap(a) >> MARK_AT);
    }

    /// @notice Whether a second word of the account is in use.
    function extra(HolderAccount a) internal pure returns (bool) {
        return HolderAccount.unwrap(a) & EXTRA != 0;
    }

    /// @notice What the holder was already credited for, times the supply.
    function debt(HolderAccount a) internal pure returns (int112) {
        return int112(uint112(HolderAccount.unwrap(a) >> DEBT_AT));
    }

    /// @notice Whether the balance alone says what the holder earns: no mark, no second word.
    function isPlain(HolderAccount a) internal pure returns (bool) {
        return HolderAccount.unwrap(a) & (MARK_FIELD | EXTRA) == 0;
    }

    /// @notice Whether both are.
    function arePlain(HolderAccount a, HolderAccount b) internal pure returns (bool) {
        return (HolderAccount.unwrap(a) | HolderAccount.unwrap(b)) & (MARK_FIELD | EXTRA) == 0;
    }

    /// @notice Whole currency units a plain holder may claim, given the accumulator and the supply; 0 before issuance.
    function claimableDown(HolderAccount a, uint256 acc, uint256 supply) internal pure returns (uint256) {
        return a.claimableDown(a.balance(), acc, supply);
    }

    /// @notice The same for `units` that have counted since the debt was last settled.
    function claimableDown(HolderAccount a, uint256 units, uint256 acc, uint256 supply)
        internal
        pure
        returns (uint256 amount)
    {
        int256 debt_ = a.debt();
        assembly ("memory-safe") {
            // The numerator is never negative (see above the type). Dividing by a supply of 0 gives the 0 we want.
            amount := div(sub(mul(acc, units), debt_), supply)
        }
    }

    /// @notice Adds units that carry no past income.
    function credit(HolderAccount a, uint256 units, uint256 acc) internal pure returns (HolderAccount) {
        unchecked {
            return _addDebt(a, acc * units).plus(units);
        }
    }

    /// @notice Takes units away; past income stays. The caller has checked the balance.
    function debit(HolderAccount a, uint256 units, uint256 acc) internal pure returns (HolderAccount) {
        unchecked {
            return _addDebt(a, 0 - acc * units).minus(units);
        }
    }

    /// @notice Adds units and leaves the debt.
    function plus(HolderAccount a, uint256 units) internal pure returns (HolderAccount) {
        unchecked {
            // No balance is above the supply, so the lowest field takes the sum.
            return HolderAccount.wrap(HolderAccount.unwrap(a) + units);
        }
    }

    /// @notice Takes units away and leaves the debt. The caller has checked the balance.
    function minus(HolderAccount a, uint256 units) internal pure returns (HolderAccount) {
        unchecked {
            return HolderAccount.wrap(HolderAccount.unwrap(a) - units);
        }
    }

    /// @notice Records the payment of all that can be paid, which is what `claimableDown` says.
    function payAllDown(HolderAccount a, uint256 units, uint256 acc, uint256 supply)
        internal
        pure
        returns (HolderAccount paid, uint256 amount)
    {
        uint256 field = DEBT_FIELD;
        assembly ("memory-safe") {
            // Bits 96 to 207 as a signed number.
            amount := div(sub(mul(acc, units), sar(144, shl(48, a))), supply)
            paid := or(and(a, not(field)), and(add(a, shl(96, mul(amount, supply))), field))
        }
    }

    /// @notice Takes a recorded payment back.
    function unpay(HolderAccount a, uint256 amount, uint256 supply) internal pure returns (HolderAccount) {
        unchecked {
            return _addDebt(a, 0 - amount * supply);
        }
    }

    /// @notice From `acc` on other units count: `later` instead of `sooner`.
    function reweigh(HolderAccount a, uint256 acc, uint256 sooner, uint256 later)
        internal
        pure
        returns (HolderAccount)
    {
        unchecked {
            return _addDebt(a, acc * later - acc * sooner);
        }
    }

    /// @notice Remembers what was held at a record date; mark 0 forgets it.
    function withMark(HolderAccount a, uint256 mark_, uint256 held_) internal pure returns (HolderAccount) {
        uint256 rest = HolderAccount.unwrap(a) & ~(MARK_FIELD | BALANCE_FIELD << HELD_AT);
        return HolderAccount.wrap(rest | mark_ << MARK_AT | held_ << HELD_AT);
    }

    /// @notice Says whether the second word is in use.
    function withExtra(HolderAccount a, bool used) internal pure returns (HolderAccount) {
        uint256 rest = HolderAccount.unwrap(a) & ~EXTRA;
        return HolderAccount.wrap(used ? rest | EXTRA : rest);
    }

    /// @notice The same wallet owning nothing: balance, marks and debt are gone.
    function emptied(HolderAccount a) internal pure returns (HolderAccount) {
        return HolderAccount.wrap(HolderAccount.unwrap(a) & (PROFILE_FIELD | BARRED));
    }

    /// @notice Adds another account's debt.
    function withDebtOf(HolderAccount a, HolderAccount other) internal pure returns (HolderAccount) {
        return _addDebt(a, uint256(int256(other.debt())));
    }

    /* WHO THE HOLDER IS */

    /// @notice Last valid day of the identity check.
    function kycUntil(HolderAccount a) internal pure returns (uint16) {
        return uint16(HolderAccount.unwrap(a) >> KYC_AT);
    }

    /// @notice ISO 3166-1 numeric code.
    function country(HolderAccount a) internal pure returns (uint16) {
        return uint16(HolderAccount.unwrap(a) >> COUNTRY_AT) & 0x3ff;
    }

    /// @notice Investor class, 0 if unknown.
    function class(HolderAccount a) internal pure returns (uint8) {
        return uint8(HolderAccount.unwrap(a) >> CLASS_AT) & 3;
    }

    /// @notice Frozen when last refreshed.
    function frozen(HolderAccount a) internal pure returns (bool) {
        return HolderAccount.unwrap(a) >> FROZEN_AT != 0;
    }

    /// @notice Frozen for this series alone, whatever the registry says.
    function barred(HolderAccount a) internal pure returns (bool) {
        return HolderAccount.unwrap(a) & BARRED != 0;
    }

    /// @notice Freezes for this series alone, or ends that. The profile has to be read anew.
    function withBarred(HolderAccount a, bool on) internal pure returns (HolderAccount) {
        uint256 rest = HolderAccount.unwrap(a) & ~BARRED;
        return HolderAccount.wrap(on ? rest | BARRED : rest);
    }

    /// @notice Locked up when last refreshed.
    function locked(HolderAccount a) internal pure returns (bool) {
        return (HolderAccount.unwrap(a) >> LOCKED_AT) & 1 != 0;
    }

    /// @notice True if the cached attributes allow a payment on day `today`: not frozen, identity check valid.
    function inOrder(HolderAccount a, uint256 today) internal pure returns (bool) {
        // What is above kycUntil is the frozen bit: flipped, it makes the account larger than any day if it is not set.
        unchecked {
            return (HolderAccount.unwrap(a) >> KYC_AT) ^ 0x10000 >= 0x10000 + today;
        }
    }

    /// @notice True if both words cache the same attributes.
    function sameProfile(HolderAccount a, HolderAccount b) internal pure returns (bool) {
        return (HolderAccount.unwrap(a) ^ HolderAccount.unwrap(b)) & PROFILE_FIELD == 0;
    }

    /// @notice Replaces the cached attributes by another word's.
    function withProfileOf(HolderAccount a, HolderAccount other) internal pure returns (HolderAccount) {
        uint256 owned = HolderAccount.unwrap(a) & ~PROFILE_FIELD;
        return HolderAccount.wrap(owned | HolderAccount.unwrap(other) & PROFILE_FIELD);
    }

    /// @notice Replaces the cached attributes.
    function withProfile(HolderAccount a, IParticipantRegistry.Wallet memory wallet)
        internal
        view
        returns (HolderAccount)
    {
        uint256 owned = HolderAccount.unwrap(a) & ~PROFILE_FIELD;
        uint256 profile = uint256(wallet.kycUntil) << KYC_AT | uint256(wallet.country & 0x3ff) << COUNTRY_AT
            | uint256(wallet.class) << CLASS_AT;
        if (wallet.frozen || wallet.lost || a.barred()) profile |= 1 << FROZEN_AT;
        if (wallet.lockedUntil > block.timestamp) profile |= 1 << LOCKED_AT;
        return HolderAccount.wrap(profile | owned);
    }

    /// @notice The account as the interface shows it.
    function unpack(HolderAccount a) internal pure returns (IRevenueRight.Account memory) {
        return IRevenueRight.Account({
            balance: a.balance(),
            held: a.held(),
            debt: a.debt(),
            mark: a.mark(),
            extra: a.extra(),
            kycUntil: a.kycUntil(),
            country: a.country(),
            class: a.class(),
            frozen: a.frozen(),
            locked: a.locked()
        });
    }

    /// @dev Adds to the debt where it lies. What is carried out of the field (from a negative to a positive debt) is cut off, as
    /// it should be in two's complement.
    function _addDebt(HolderAccount a, uint256 value) private pure returns (HolderAccount) {
        unchecked {
            uint256 word = HolderAccount.unwrap(a);
            return HolderAccount.wrap((word & ~DEBT_FIELD) | ((word + (value << DEBT_AT)) & DEBT_FIELD));
        }
    }
}
