// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IParticipantRegistry} from "../../src/interfaces/IParticipantRegistry.sol";
import {IRevenueRight} from "../../src/interfaces/IRevenueRight.sol";
import {HolderAccount} from "../../src/rights/HolderAccount.sol";
import {Kit} from "../Kit.sol";

/// @dev The account word against plain arithmetic, up to the limits of its fields.
contract HolderAccountTest is Kit {
    uint256 private constant TODAY = NOW / 1 days;
    uint256 private constant MOST_UNITS = type(uint48).max;
    uint256 private constant MOST = type(uint64).max >> 1;

    function testFuzz_CreditAndDebitAreOpposite(uint64 units, uint64 acc, uint256 profile) public pure {
        (units, acc) = (uint64(units & MOST_UNITS), uint64(acc & MOST));
        HolderAccount empty = HolderAccount.wrap(profile << 208);
        HolderAccount full = empty.credit(units, acc);
        assertEq(full.balance(), units, "balance");
        assertEq(int256(full.debt()), int256(uint256(acc) * units), "debt");
        assertTrue(full.sameProfile(empty), "profile");
        assertEq(HolderAccount.unwrap(full.debit(units, acc)), HolderAccount.unwrap(empty), "and back");
        HolderAccount negative = empty.debit(0, acc).credit(units, 0).debit(units, acc);
        assertEq(int256(negative.debt()), -int256(uint256(acc) * units), "negative debt");
        assertTrue(negative.sameProfile(empty), "profile of a negative debt");
    }

    function testFuzz_PayAndUnpayAreOpposite(uint64 money, uint64 supply, uint64 units, uint256 profile) public pure {
        (money, supply) = (uint64(money & MOST), uint64(bound(supply & MOST_UNITS, 1, MOST_UNITS)));
        units = uint64(bound(units, 0, supply));
        HolderAccount start = HolderAccount.wrap(profile << 208).credit(units, 0);
        (HolderAccount paid, uint256 amount) = start.payAllDown(units, money, supply);
        assertEq(amount, start.claimableDown(money, supply), "all of it");
        assertEq(int256(paid.debt() - start.debt()), int256(amount * supply), "debt");
        assertTrue(paid.sameProfile(start), "profile");
        assertEq(HolderAccount.unwrap(paid.unpay(amount, supply)), HolderAccount.unwrap(start), "and back");
    }

    /// @dev The widest sums: everything ever received, held and claimed by one holder.
    function test_LimitsFit() public pure {
        (uint256 money, uint256 units) = (MOST, MOST_UNITS);
        HolderAccount all = HolderAccount.wrap(type(uint256).max << 208).credit(units, 0);
        assertEq(all.claimableDown(money, units), money, "everything");
        (HolderAccount paid,) = all.payAllDown(units, money, units);
        assertEq(int256(paid.debt()), int256(money * units), "largest debt");
        assertEq(paid.claimableDown(money, units), 0, "nothing left");
        HolderAccount sold = all.debit(units, money);
        assertEq(int256(sold.debt()), -int256(money * units), "smallest debt");
        assertEq(sold.claimableDown(money, units), money, "past income stays");
        (HolderAccount back,) = sold.payAllDown(0, money, units);
        assertEq(back.debt(), 0, "settled");
        assertTrue(back.sameProfile(all), "profile");
    }

    function test_NothingIsClaimableWithoutSupply() public pure {
        assertEq(HolderAccount.wrap(0).claimableDown(5, 0), 0, "claimable");
    }

    function testFuzz_ProfileRoundTrips(uint40 lockedUntil, uint16 kycUntil, uint16 country, bool frozen, uint256 word)
        public
        view
    {
        IParticipantRegistry.Class class = IParticipantRegistry.Class(uint8(word >> 250) & 3);
        country = uint16(bound(country, 0, 999));
        IParticipantRegistry.Wallet memory wallet =
            IParticipantRegistry.Wallet(1, lockedUntil, kycUntil, country, class, frozen, false);
        HolderAccount before = HolderAccount.wrap(word);
        HolderAccount account = before.withProfile(wallet);
        frozen = frozen || before.barred();
        assertEq(account.kycUntil(), wallet.kycUntil, "kycUntil");
        assertEq(account.country(), wallet.country, "country");
        assertEq(account.class(), uint8(wallet.class), "class");
        assertEq(account.frozen(), frozen, "frozen");
        assertEq(account.locked(), wallet.lockedUntil > NOW, "locked");
        assertEq(account.inOrder(TODAY), !frozen && kycUntil >= TODAY, "in order");
        assertEq(account.inOrder(kycUntil), !frozen, "in order on the last day");
        assertFalse(account.inOrder(uint256(kycUntil) + 1), "and not on the next");
        assertFalse(account.inOrder(uint256(type(uint16).max) + 1), "nor after all days");
        assertEq(account.balance(), before.balance(), "balance");
        assertEq(account.debt(), before.debt(), "debt");
        IRevenueRight.Account memory shown = account.unpack();
        assertEq(shown.kycUntil, wallet.kycUntil, "shown");
        assertEq(shown.locked, account.locked(), "shown locked");
    }
}
