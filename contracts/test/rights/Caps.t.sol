// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IParticipantRegistry} from "../../src/interfaces/IParticipantRegistry.sol";
import {IRevenueRight} from "../../src/interfaces/IRevenueRight.sol";
import {RightsKit} from "./RightsKit.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title Holders are counted as participants, all and by country, and never exceed what the terms allow.
contract CapsTest is RightsKit {
    /// @dev Wallets 0 to 5 of participants 101 to 104: the first two have two wallets each. Countries alternate.
    address[6] internal wallets;

    function setUp() public override {
        super.setUp();
        for (uint256 i = 0; i < wallets.length; ++i) {
            wallets[i] = makeAddr(string.concat("wallet", vm.toString(i)));
            uint64 participant = uint64(101 + (i < 4 ? i / 2 : i - 2));
            _enrol(wallets[i], participant, participant % 2 == 0 ? SINGAPORE : CHINA);
        }
    }

    function test_CountsParticipantsNotWallets() public {
        _open(2, 0);
        _issueTo(0, 300);
        _issueTo(1, 300);
        assertEq(series.holdersIn(0), 1, "one participant");
        _issueTo(2, 300);
        assertEq(series.holdersIn(0), 2, "two participants");
        assertEq(series.holdersIn(CHINA) + series.holdersIn(SINGAPORE), 2, "by country");
    }

    function test_RevertWhen_ThereIsNoPlace() public {
        _openSealed(2, 0);
        _refused(0, 4, 100, IRevenueRight.Refusal.HolderCapReached);
        _send(0, 1, 100);
    }

    function test_RevertWhen_TheCountryHasNoPlace() public {
        _openSealed(0, 1);
        _refused(0, 4, 100, IRevenueRight.Refusal.CountryCapReached);
        assertEq(series.holdersIn(CHINA), 1, "china");
    }

    function test_RevertWhen_IssuedBeyondTheCap() public {
        _open(1, 0);
        _issueTo(0, 300);
        (address[] memory holders, uint64[] memory units) = (new address[](1), new uint64[](1));
        (holders[0], units[0]) = (wallets[2], 300);
        vm.expectPartialRevert(IRevenueRight.TransferRefused.selector);
        vm.prank(issuer);
        series.issue(holders, units);
        assertEq(
            uint256(series.checkPlacement(wallets[2], 300)), uint256(IRevenueRight.Refusal.HolderCapReached), "place"
        );
    }

    function test_WhoLeavesFreesAPlace() public {
        _openSealed(2, 0);
        _send(0, 4, 1000);
        assertEq(series.holdersIn(0), 2, "as many");
        _refused(4, 0, 100, IRevenueRight.Refusal.HolderCapReached);
    }

    function test_WhoLeavesFreesAPlaceInItsCountryOnly() public {
        _openSealed(0, 1);
        _refused(2, 4, 1000, IRevenueRight.Refusal.CountryCapReached);
        _send(0, 4, 1000);
        assertEq(series.holdersIn(CHINA), 1, "china");
    }

    function test_WhoKeepsAnotherWalletDoesNotLeave() public {
        _openSealed(2, 0);
        _send(0, 1, 500);
        _refused(0, 4, 500, IRevenueRight.Refusal.HolderCapReached);
        _send(1, 0, 500);
        _send(0, 4, 1000);
    }

    function test_UncountsTheCountryThatWasCounted() public {
        _openSealed(0, 2);
        _enrol(wallets[0], 101, SINGAPORE);
        assertEq(series.holdersIn(CHINA), 1, "still counted in china");
        _send(0, 2, 1000);
        assertEq(series.holdersIn(CHINA), 0, "china");
        assertEq(series.holdersIn(SINGAPORE), 1, "singapore");
    }

    function test_AForcedReceiverIsCountedToo() public {
        allow(address(factory), series_forced(), 1);
        _openSealed(2, 0);
        vm.expectPartialRevert(IRevenueRight.TransferRefused.selector);
        vm.prank(registrar);
        series.forcedTransfer(wallets[0], wallets[4], 500);
        vm.prank(registrar);
        series.forcedTransfer(wallets[0], wallets[4], 1000);
        assertEq(series.holdersIn(0), 2, "holders");
    }

    function test_WithoutACapNobodyIsCounted() public {
        _openSealed(0, 0);
        assertEq(series.holdersIn(0), 0, "holders");
    }

    function test_TellsTheRuleAndItsValues() public {
        _openSealed(2, 0);
        (IRevenueRight.Refusal reason,, bytes32 rule, uint256 limit, uint256 actual) =
            series.explainTransfer(wallets[0], wallets[4], 100);
        assertEq(uint256(reason), uint256(IRevenueRight.Refusal.HolderCapReached), "reason");
        assertEq(rule, "holderCap", "rule");
        assertEq(limit, 2, "limit");
        assertEq(actual, 3, "actual");
    }

    /// @dev Any transfers between any wallets: the count is exact and never above either cap.
    function testFuzz_NeverAboveTheCapAndAlwaysExact(uint256 seed, uint8 cap, uint8 within) public {
        (uint32 most, uint32 same) = (uint32(bound(cap, 2, 4)), uint32(bound(within, 1, 3)));
        _openSealed(most, same);
        for (uint256 i = 0; i < 24; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            (uint256 from, uint256 to) = (seed % 6, (seed >> 8) % 6);
            uint256 balance = series.balanceOf(wallets[from]);
            uint256 units = seed & (1 << 20) == 0 ? balance : (seed >> 24) % (balance + 1);
            bool foretold = series.canTransfer(wallets[from], wallets[to], units);
            vm.prank(wallets[from]);
            (bool made,) = address(series).call(abi.encodeCall(IERC20.transfer, (wallets[to], units)));
            assertEq(made, foretold, "foretold");
            _assertExact(most, same);
        }
    }

    function _assertExact(uint256 most, uint256 same) private view {
        uint256[4] memory held;
        for (uint256 i = 0; i < wallets.length; ++i) {
            held[i < 4 ? i / 2 : i - 2] += series.balanceOf(wallets[i]);
        }
        uint256 china = (held[0] != 0 ? 1 : 0) + (held[2] != 0 ? 1 : 0);
        uint256 singapore = (held[1] != 0 ? 1 : 0) + (held[3] != 0 ? 1 : 0);
        assertEq(series.holdersIn(CHINA), china, "china");
        assertEq(series.holdersIn(SINGAPORE), singapore, "singapore");
        assertEq(series.holdersIn(0), china + singapore, "all");
        assertLe(china + singapore, most, "cap");
        assertLe(china > singapore ? china : singapore, same, "country cap");
    }

    /* HELPERS */

    function series_forced() private view returns (bytes4) {
        return series.forcedTransfer.selector;
    }

    function _enrol(address wallet, uint64 participant, uint16 country) private {
        vm.prank(registrar);
        registry.register(
            IParticipantRegistry.Registration(wallet, participant, NEXT_YEAR, country, PROFESSIONAL, 0, 0)
        );
    }

    function _open(uint32 holderCap, uint32 countryCap) private {
        IRevenueRight.Terms memory terms = _terms();
        (terms.holderCap, terms.countryCap) = (holderCap, countryCap);
        series = _create(terms);
    }

    /// @dev Participants 101 (China, wallet 0) and 102 (Singapore, wallet 2) hold 1 000 each.
    function _openSealed(uint32 holderCap, uint32 countryCap) private {
        _open(holderCap, countryCap);
        _issueTo(0, 1000);
        _issueTo(2, 1000);
        vm.prank(issuer);
        series.seal();
    }

    function _issueTo(uint256 wallet, uint64 units) private {
        _issue(wallets[wallet], units);
    }

    function _send(uint256 from, uint256 to, uint256 units) private {
        vm.prank(wallets[from]);
        series.transfer(wallets[to], units);
    }

    function _refused(uint256 from, uint256 to, uint256 units, IRevenueRight.Refusal expected) private {
        (IRevenueRight.Refusal reason,) = series.checkTransfer(wallets[from], wallets[to], units);
        assertEq(uint256(reason), uint256(expected), "reason");
        vm.expectRevert(
            abi.encodeWithSelector(
                IRevenueRight.TransferRefused.selector, wallets[from], wallets[to], units, expected, 0
            )
        );
        vm.prank(wallets[from]);
        series.transfer(wallets[to], units);
    }
}
