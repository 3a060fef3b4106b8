// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {DisclosureRegistry} from "../../src/governance/DisclosureRegistry.sol";
import {IDisclosureRegistry} from "../../src/interfaces/IDisclosureRegistry.sol";
import {IERC1404} from "../../src/interfaces/IERC1404.sol";
import {IERC3643} from "../../src/interfaces/IERC3643.sol";
import {IRevenueRight} from "../../src/interfaces/IRevenueRight.sol";
import {ISeriesFactory} from "../../src/interfaces/ISeriesFactory.sol";
import {SeriesFactory} from "../../src/rights/SeriesFactory.sol";
import {StandardsKit} from "./StandardsKit.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";

contract ReasonsTest is StandardsKit {
    /* ERC-1404 */

    function test_TheCodeIsTheReason() public {
        assertEq(uint256(series.detectTransferRestriction(adam, barb, 100)), 0, "none");
        vm.prank(pauser);
        series.pause();
        assertEq(
            uint256(series.detectTransferRestriction(adam, barb, 100)), uint256(IRevenueRight.Refusal.Paused), "paused"
        );
    }

    function test_EveryCodeHasASentenceOfItsOwn() public view {
        bytes32[] memory seen = new bytes32[](25);
        for (uint8 code = 0; code <= uint8(type(IRevenueRight.Refusal).max); ++code) {
            string memory text = series.messageForTransferRestriction(code);
            assertTrue(bytes(text).length > 10, "text");
            seen[code] = keccak256(bytes(text));
            for (uint8 other = 0; other < code; ++other) {
                assertTrue(seen[other] != seen[code], text);
            }
        }
        assertEq(series.messageForTransferRestriction(255), "Unknown code.", "unknown");
    }

    /* VALUES */

    function test_ExplainsATicket() public view {
        _explains(adam, barb, 4950, "minTicket", TICKET, 50);
    }

    function test_ExplainsBalances() public {
        _explains(adam, barb, 5001, "balance", 5000, 5001);
        _freezeUnits(adam, 4500);
        _explains(adam, barb, 600, "frozenUnits", 500, 600);
    }

    function test_ExplainsWhoReceives() public {
        _admit(barb, NEXT_YEAR, 276, PROFESSIONAL, 0);
        series.sync(barb);
        _explains(adam, barb, 100, "countries", _terms().countries, 276);
        _admit(barb, NEXT_YEAR, CHINA, RETAIL, 0);
        series.sync(barb);
        _explains(adam, barb, 100, "classes", _terms().classes, uint256(RETAIL));
        _admit(barb, TODAY - 1, CHINA, PROFESSIONAL, 0);
        series.sync(barb);
        _explains(adam, barb, 100, "kycUntil", TODAY, TODAY - 1);
    }

    function test_ExplainsAWalletsLockUp() public {
        _admit(adam, NEXT_YEAR, CHINA, PROFESSIONAL, NOW + 1 days);
        series.sync(adam);
        _explains(adam, barb, 100, "walletLock", NOW + 1 days, NOW);
    }

    function test_ExplainsCaps() public {
        _admit(dora, NEXT_YEAR, CHINA, PROFESSIONAL, 0);
        IRevenueRight.Terms memory terms = _terms();
        (terms.termTo, terms.holderCap) = (60, 3);
        _launch(terms);
        _explains(adam, dora, 100, "holderCap", 3, 4);
        (terms.termTo, terms.holderCap, terms.countryCap) = (61, 0, 3);
        _launch(terms);
        _explains(adam, dora, 100, "countryCap", 3, 4);
    }

    function test_HasNothingToExplain() public view {
        _explains(adam, barb, 100, 0, 0, 0);
    }

    /* DESCRIPTION */

    function test_SupportsWhatItSays() public view {
        bytes4[7] memory ids = [
            bytes4(0x01ffc9a7), // ERC-165
            0x36372b07, // ERC-20
            0xa219a025, // its metadata
            0x3edbb4c4, // ERC-7943
            0x9d8ff7da, // ERC-2612
            0x84b0196e, // ERC-5267
            0xab84a5c8 // ERC-1404
        ];
        for (uint256 i = 0; i < ids.length; ++i) {
            assertTrue(series.supportsInterface(ids[i]), vm.toString(i));
        }
        assertTrue(series.supportsInterface(type(IERC3643).interfaceId), "ERC-3643");
        assertFalse(series.supportsInterface(0xffffffff), "none");
        assertEq(bytes32(type(IERC1404).interfaceId), bytes32(bytes4(0xab84a5c8)), "ERC-1404 id");
    }

    function test_IsDescribedUnderTheFactorysAddress() public {
        assertEq(series.contractURI(), "", "none");
        allow(address(factory), SeriesFactory.setBaseURI.selector, 2);
        vm.prank(issuer);
        factory.setBaseURI("https://example.org/series/");
        string memory expected = string.concat("https://example.org/series/", Strings.toHexString(address(series)));
        assertEq(series.contractURI(), expected, "uri");
    }

    /* ERC-1643 */

    function test_TellsItsDocuments() public {
        (string memory uri, bytes32 hash, uint256 modified) = series.getDocument("terms");
        assertTrue(bytes(uri).length == 0 && hash == 0 && modified == 0, "no registry");
        assertEq(series.getAllDocuments().length, 0, "no names");
        DisclosureRegistry documents = new DisclosureRegistry(address(authority));
        bytes32 subject = documents.subjectOfContract(address(series));
        vm.startPrank(admin);
        factory.setDisclosures(address(documents));
        documents.setDocument(subject, "terms", "ipfs://terms", keccak256("terms"), IDisclosureRegistry.Kind.Terms, 0);
        vm.stopPrank();
        (uri, hash, modified) = series.getDocument("terms");
        assertEq(uri, "ipfs://terms", "uri");
        assertEq(hash, keccak256("terms"), "hash");
        assertEq(modified, NOW, "modified");
        assertEq(series.getAllDocuments()[0], bytes32("terms"), "name");
        (uri,,) = series.getDocument("other");
        assertEq(uri, "", "other");
    }

    function test_RevertWhen_ItsRegistryIsNamedTwiceOrByAnybody() public {
        vm.startPrank(admin);
        factory.setDisclosures(address(7));
        vm.expectRevert(abi.encodeWithSelector(ISeriesFactory.DisclosuresAlreadySet.selector, address(7)));
        factory.setDisclosures(address(8));
        vm.stopPrank();
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, issuer));
        vm.prank(issuer);
        factory.setDisclosures(address(8));
    }

    /* ERC-2222 */

    function test_WithdrawsWhatItSays() public {
        _distribute(1, 10_000);
        assertEq(series.withdrawableFundsOf(adam), 5000, "withdrawable");
        vm.expectEmit(address(series));
        emit IRevenueRight.FundsWithdrawn(adam, 5000);
        vm.prank(adam);
        series.withdrawFunds();
        assertEq(currency.balanceOf(adam), 5000, "paid");
    }

    function test_RevertWhen_NobodyKnowsTheFunction() public {
        (bool done,) = address(series).call(abi.encodeWithSignature("unknown()"));
        assertFalse(done, "done");
    }

    function _explains(address from, address to, uint256 units, bytes32 name, uint256 demanded, uint256 found)
        private
        view
    {
        (,, bytes32 rule, uint256 limit, uint256 actual) = series.explainTransfer(from, to, units);
        assertEq(rule, name, "rule");
        assertEq(limit, demanded, "limit");
        assertEq(actual, found, "actual");
    }
}
