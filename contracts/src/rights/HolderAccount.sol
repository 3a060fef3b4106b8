// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IParticipantRegistry} from "../interfaces/IParticipantRegistry.sol";
import {IRevenueRight} from "../interfaces/IRevenueRight.sol";

/// @title One holder's account as a single word: what a holder owns, and who the registry says the holder is.
/// @notice Bits, from the lowest: balance 64 | debt 128 (signed) | country 16 | class 8 | locked 1 | free 22 | kycUntil 16 |
/// frozen 1. The last two lie so that one comparison answers whether the holder may be paid.
/// A word instead of a struct, because each verb changes several fields at once and must write the slot only once.
/// @dev The widths hold because a series keeps supply < 2⁶³ and acc < 2⁶³: balances and payments are parts of these, so
/// every product acc·units or paid·supply is below 2¹²⁶. The numerator N = acc·balance − debt of a claim is never
/// negative and never above acc·supply, hence −2¹²⁶ < debt < 2¹²⁶, a bit inside int128 on both sides.
type HolderAccount is uint256;

using HolderAccountLib for HolderAccount global;

/// @title Reading and changing an account word.
library HolderAccountLib {
    uint256 private constant DEBT_AT = 64;
    uint256 private constant DEBT_FIELD = uint256(type(uint128).max) << DEBT_AT;
    uint256 private constant PROFILE_AT = 192;
    uint256 private constant COUNTRY_AT = 192;
    uint256 private constant CLASS_AT = 208;
    uint256 private constant LOCKED_AT = 216;
    uint256 private constant KYC_AT = 239;
    uint256 private constant FROZEN_AT = 255;

    /* WHAT THE HOLDER OWNS */

    /// @notice Units held.
    function balance(HolderAccount a) internal pure returns (uint64) {
        return uint64(HolderAccount.unwrap(a));
    }

    /// @notice What the holder was already credited for, times the supply.
    function debt(HolderAccount a) internal pure returns (int128) {
        return int128(uint128(HolderAccount.unwrap(a) >> DEBT_AT));
    }

    /// @notice Whole currency units the holder may claim, given the accumulator and the supply; 0 before issuance.
    function claimableDown(HolderAccount a, uint256 acc, uint256 supply) internal pure returns (uint256 amount) {
        (uint256 units, int256 debt_) = (a.balance(), a.debt());
        assembly ("memory-safe") {
            // The numerator is never negative (see above the type). Dividing by a supply of 0 gives the 0 we want.
            amount := div(sub(mul(acc, units), debt_), supply)
        }
    }

    /// @notice Adds units that carry no past income.
    function credit(HolderAccount a, uint256 units, uint256 acc) internal pure returns (HolderAccount) {
        unchecked {
            // No balance is above the supply, so the lowest field takes the sum.
            return HolderAccount.wrap(HolderAccount.unwrap(_addDebt(a, acc * units)) + units);
        }
    }

    /// @notice Takes units away; past income stays. The caller has checked the balance.
    function debit(HolderAccount a, uint256 units, uint256 acc) internal pure returns (HolderAccount) {
        unchecked {
            return HolderAccount.wrap(HolderAccount.unwrap(_subDebt(a, acc * units)) - units);
        }
    }

    /// @notice Records a payment.
    function pay(HolderAccount a, uint256 amount, uint256 supply) internal pure returns (HolderAccount) {
        unchecked {
            return _addDebt(a, amount * supply);
        }
    }

    /// @notice Takes a recorded payment back.
    function unpay(HolderAccount a, uint256 amount, uint256 supply) internal pure returns (HolderAccount) {
        unchecked {
            return _subDebt(a, amount * supply);
        }
    }

    /* WHO THE HOLDER IS */

    /// @notice Last valid day of the identity check.
    function kycUntil(HolderAccount a) internal pure returns (uint16) {
        return uint16(HolderAccount.unwrap(a) >> KYC_AT);
    }

    /// @notice ISO 3166-1 numeric code.
    function country(HolderAccount a) internal pure returns (uint16) {
        return uint16(HolderAccount.unwrap(a) >> COUNTRY_AT);
    }

    /// @notice Investor class, 0 if unknown.
    function class(HolderAccount a) internal pure returns (uint8) {
        return uint8(HolderAccount.unwrap(a) >> CLASS_AT);
    }

    /// @notice Frozen when last refreshed.
    function frozen(HolderAccount a) internal pure returns (bool) {
        return HolderAccount.unwrap(a) >> FROZEN_AT != 0;
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
        return HolderAccount.unwrap(a) >> PROFILE_AT == HolderAccount.unwrap(b) >> PROFILE_AT;
    }

    /// @notice Replaces the cached attributes.
    function withProfile(HolderAccount a, IParticipantRegistry.Wallet memory wallet)
        internal
        view
        returns (HolderAccount)
    {
        uint256 owned = uint192(HolderAccount.unwrap(a));
        uint256 profile = uint256(wallet.kycUntil) << KYC_AT | uint256(wallet.country) << COUNTRY_AT
            | uint256(wallet.class) << CLASS_AT;
        if (wallet.frozen) profile |= 1 << FROZEN_AT;
        if (wallet.lockedUntil > block.timestamp) profile |= 1 << LOCKED_AT;
        return HolderAccount.wrap(profile | owned);
    }

    /// @notice The account as the interface shows it.
    function unpack(HolderAccount a) internal pure returns (IRevenueRight.Account memory) {
        return IRevenueRight.Account({
            balance: a.balance(),
            debt: a.debt(),
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

    function _subDebt(HolderAccount a, uint256 value) private pure returns (HolderAccount) {
        unchecked {
            uint256 word = HolderAccount.unwrap(a);
            return HolderAccount.wrap((word & ~DEBT_FIELD) | ((word - (value << DEBT_AT)) & DEBT_FIELD));
        }
    }
}
