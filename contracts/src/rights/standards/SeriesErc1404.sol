// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IERC1404} from "../../interfaces/IERC1404.sol";
import {IRevenueRight} from "../../interfaces/IRevenueRight.sol";
import {ISeriesReasons} from "../../interfaces/ISeriesReasons.sol";
import {HolderAccount} from "../HolderAccount.sol";
import {SeriesBase} from "../SeriesBase.sol";
import {SeriesTerms} from "../SeriesTerms.sol";
import {RefusalText} from "./RefusalText.sol";

/// @title Why a transfer is refused: as a code, in words, and with the rule and its values.
/// @dev Asks the series itself, which has the judge, and adds the values.
abstract contract SeriesErc1404 is SeriesBase, ISeriesReasons {
    using SeriesTerms for uint256;

    /// @inheritdoc IERC1404
    function detectTransferRestriction(address from, address to, uint256 value) external view returns (uint8) {
        (IRevenueRight.Refusal reason,) = IRevenueRight(address(this)).checkTransfer(from, to, value);
        return uint8(reason);
    }

    /// @inheritdoc IERC1404
    function messageForTransferRestriction(uint8 restrictionCode) external pure returns (string memory) {
        return RefusalText.sentence(restrictionCode);
    }

    /// @inheritdoc ISeriesReasons
    function holdersIn(uint16 country) external view returns (uint256) {
        return _holders[country];
    }

    /// @inheritdoc ISeriesReasons
    function explainTransfer(address from, address to, uint256 units)
        external
        view
        returns (IRevenueRight.Refusal reason, uint40 until, bytes32 rule, uint256 limit, uint256 actual)
    {
        (reason, until) = IRevenueRight(address(this)).checkTransfer(from, to, units);
        rule = RefusalText.rule(uint8(reason));
        if (until != 0) return (reason, until, rule, until, block.timestamp);
        (limit, actual) = _partyValues(reason, from, to);
        if (limit == 0 && actual == 0) (limit, actual) = _unitValues(reason, from, to, units);
    }

    /// @dev Values of rules on who sends and receives.
    function _partyValues(IRevenueRight.Refusal reason, address from, address to)
        private
        view
        returns (uint256 limit, uint256 actual)
    {
        uint256 rules = SeriesTerms.word(0);
        bool ofSender = reason == IRevenueRight.Refusal.SenderExpired;
        address wallet = ofSender ? from : to;
        (HolderAccount account,) = _refreshed(wallet, _accounts[wallet].word);
        if (ofSender || reason == IRevenueRight.Refusal.RecipientExpired) return (_today(), account.kycUntil());
        if (reason == IRevenueRight.Refusal.CountryNotAllowed) return (rules.countries(), account.country());
        if (reason == IRevenueRight.Refusal.ClassNotAllowed) return (rules.classes(), account.class());
    }

    /// @dev Values of rules on how much is sent and how many hold.
    function _unitValues(IRevenueRight.Refusal reason, address from, address to, uint256 units)
        private
        view
        returns (uint256 limit, uint256 actual)
    {
        uint256 limits = SeriesTerms.word(2);
        uint256 balance = _accounts[from].word.balance();
        if (reason == IRevenueRight.Refusal.InsufficientBalance) return (balance, units);
        if (reason == IRevenueRight.Refusal.UnitsFrozen) {
            uint256 frozen = _extras[from].frozenUnits;
            return (balance > frozen ? balance - frozen : 0, units);
        }
        if (reason == IRevenueRight.Refusal.BelowMinimumTicket) {
            uint256 rules = SeriesTerms.word(0);
            uint256 rest = from == to ? 0 : balance - units;
            bool ofSender = rest != 0 && rest < rules.minTicket();
            return (rules.minTicket(), ofSender ? rest : _accounts[to].word.balance() + units);
        }
        if (reason == IRevenueRight.Refusal.HolderCapReached) return (limits.holderCap(), _holders[0] + 1);
        if (reason == IRevenueRight.Refusal.CountryCapReached) {
            return (limits.countryCap(), _holders[REGISTRY.walletOf(to).country] + 1);
        }
    }
}
