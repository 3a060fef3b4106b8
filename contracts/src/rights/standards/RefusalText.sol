// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IRevenueRight} from "../../interfaces/IRevenueRight.sol";

/// @title Refusals in words.
library RefusalText {
    /// @notice A sentence for a refusal's number.
    function sentence(uint8 code) internal pure returns (string memory) {
        if (code > uint8(type(IRevenueRight.Refusal).max)) return "Unknown code.";
        IRevenueRight.Refusal reason = IRevenueRight.Refusal(code);
        if (reason == IRevenueRight.Refusal.None) return "No restriction.";
        if (reason == IRevenueRight.Refusal.PaymentRejected) return "The currency refused the payment.";
        if (_isOfSeries(reason)) return _ofSeries(reason);
        return _isOfSender(reason) ? _ofSender(reason) : _ofRecipient(reason);
    }

    /// @notice Name of the rule that a refusal rests on, zero for none.
    function rule(uint8 code) internal pure returns (bytes32) {
        // Sixteen bytes for each, in the order of IRevenueRight.Refusal.
        bytes memory names = bytes(
            "                paused          frozen          walletLock      frozen          identity        "
            "kycUntil        countries       classes         minTicket       balance         lockedUntil     "
            "sealed          kycUntil        currency        frozen          closed          frozenUnits     "
            "holderCap       countryCap      transferWindow  filing          evidenceOnly    compliance      "
        );
        if (code == 0 || 16 * uint256(code) >= names.length) return 0;
        bytes32 padded;
        assembly ("memory-safe") {
            padded := and(mload(add(add(names, 0x20), mul(16, code))), shl(128, sub(shl(128, 1), 1)))
        }
        return _trimmed(padded);
    }

    function _isOfSeries(IRevenueRight.Refusal reason) private pure returns (bool) {
        return reason == IRevenueRight.Refusal.Paused || reason == IRevenueRight.Refusal.SeriesLocked
            || reason == IRevenueRight.Refusal.NotSealed || reason == IRevenueRight.Refusal.SeriesClosed
            || reason >= IRevenueRight.Refusal.HolderCapReached;
    }

    function _isOfSender(IRevenueRight.Refusal reason) private pure returns (bool) {
        return reason == IRevenueRight.Refusal.SenderFrozen || reason == IRevenueRight.Refusal.SenderLocked
            || reason == IRevenueRight.Refusal.SenderExpired || reason == IRevenueRight.Refusal.InsufficientBalance
            || reason == IRevenueRight.Refusal.UnitsFrozen || reason == IRevenueRight.Refusal.SpenderFrozen
            || reason == IRevenueRight.Refusal.BelowMinimumTicket;
    }

    function _ofSeries(IRevenueRight.Refusal reason) private pure returns (string memory) {
        if (reason == IRevenueRight.Refusal.Paused) return "Transfers are paused.";
        if (reason == IRevenueRight.Refusal.SeriesLocked) return "The lock-up of the series has not ended.";
        if (reason == IRevenueRight.Refusal.NotSealed) return "Issuance has not ended.";
        if (reason == IRevenueRight.Refusal.SeriesClosed) return "The series is closed.";
        if (reason == IRevenueRight.Refusal.HolderCapReached) return "As many participants hold units as may.";
        if (reason == IRevenueRight.Refusal.CountryCapReached) {
            return "As many participants of the receiver's country hold units as may.";
        }
        if (reason == IRevenueRight.Refusal.OutsideWindow) return "The transfer window is closed.";
        if (reason == IRevenueRight.Refusal.FilingRequired) {
            return "The filing of the series is not recorded or has not cooled off.";
        }
        if (reason == IRevenueRight.Refusal.EvidenceOnly) {
            return "The jurisdiction allows evidence only; units do not move.";
        }
        return "The compliance contract refuses the transfer.";
    }

    function _ofSender(IRevenueRight.Refusal reason) private pure returns (string memory) {
        if (reason == IRevenueRight.Refusal.SenderFrozen) return "The sender is frozen.";
        if (reason == IRevenueRight.Refusal.SenderLocked) return "The sender's lock-up has not ended.";
        if (reason == IRevenueRight.Refusal.SenderExpired) return "The sender's identity check has expired.";
        if (reason == IRevenueRight.Refusal.InsufficientBalance) return "The sender has fewer units.";
        if (reason == IRevenueRight.Refusal.UnitsFrozen) return "The units are frozen by an order.";
        if (reason == IRevenueRight.Refusal.SpenderFrozen) return "The spender is frozen.";
        return "Sender or receiver would hold less than the minimum ticket.";
    }

    function _ofRecipient(IRevenueRight.Refusal reason) private pure returns (string memory) {
        if (reason == IRevenueRight.Refusal.RecipientFrozen) return "The receiver is frozen.";
        if (reason == IRevenueRight.Refusal.RecipientUnknown) return "The receiver is not registered.";
        if (reason == IRevenueRight.Refusal.RecipientExpired) return "The receiver's identity check has expired.";
        if (reason == IRevenueRight.Refusal.CountryNotAllowed) return "The receiver's country is not allowed.";
        return "The receiver's investor class is not allowed.";
    }

    /// @dev Spaces at the end become zeros.
    function _trimmed(bytes32 text) private pure returns (bytes32) {
        for (uint256 i = 16; i != 0; --i) {
            if (text[i - 1] != " ") return text;
            text &= ~(bytes32(uint256(0xff)) << (8 * (32 - i)));
        }
        return text;
    }
}
