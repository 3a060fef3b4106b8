// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IOwnerVote} from "../../src/interfaces/IOwnerVote.sol";
import {IStreamRegistry} from "../../src/interfaces/IStreamRegistry.sol";
import {StreamKit} from "./StreamKit.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

contract OpenStreamTest is StreamKit {
    uint32 internal constant STREAM = 3;

    IStreamRegistry.Terms internal terms = termsFrom(NOW);
    uint32[] internal dependsOn;

    /* GIVEN VALID TERMS */

    function test_StoresAllThatIsGiven() public {
        _letOwnersAgree();
        openStream(1, NOW);
        openStream(2, NOW);
        dependsOn = [1, 2];
        (terms.committed, terms.lapseUpholds, terms.commonParts) = (true, true, true);
        _open(STREAM, "WATER", TARIFF);
        assertEq(keccak256(abi.encode(registry.termsOf(STREAM))), keccak256(abi.encode(terms)), "terms");
        assertEq(registry.codeOf(STREAM), bytes32("WATER"), "code");
        assertEq(registry.tariffAt(STREAM, NOW), TARIFF, "tariff");
        assertEq(keccak256(abi.encode(registry.dependenciesOf(STREAM))), keccak256(abi.encode(dependsOn)), "needs");
    }

    function test_IsReported() public {
        vm.expectEmit(address(registry));
        emit IStreamRegistry.StreamOpened(STREAM, "VPP", terms, dependsOn);
        vm.expectEmit(address(registry));
        emit IStreamRegistry.TariffSet(STREAM, NOW, TARIFF);
        _open(STREAM, "VPP", TARIFF);
    }

    function test_TakesAStartInThePastOrFuture() public {
        openStream(1, 1);
        openStream(2, NOW + 365 days);
        assertEq(uint256(registry.termsOf(1).start), 1, "past");
        assertEq(uint256(registry.termsOf(2).start), NOW + 365 days, "future");
    }

    function test_TakesTheLargestValues() public {
        terms.challengeWindow = 90 days;
        terms.fundingGrace = 365 days;
        (terms.minCoverageBp, terms.maxEstimatedBp, terms.kind) = (10_000, 10_000, 6);
        (terms.resolutionTime, terms.ownersShareBp) = (90 days, 10_000);
        _open(STREAM, "VPP", TARIFF);
        assertEq(keccak256(abi.encode(registry.termsOf(STREAM))), keccak256(abi.encode(terms)), "terms");
    }

    /* GIVEN A WRONG VALUE */

    function test_RevertWhen_StreamIsZero() public {
        _expectRefused(0, "stream", 0);
        _open(0, "VPP", TARIFF);
    }

    function test_RevertWhen_CodeIsEmpty() public {
        _expectRefused(STREAM, "code", 0);
        _open(STREAM, 0, TARIFF);
    }

    function test_RevertWhen_TariffIsEmpty() public {
        _expectRefused(STREAM, "tariffHash", 0);
        _open(STREAM, "VPP", 0);
    }

    function test_RevertWhen_StartIsZero() public {
        terms.start = 0;
        _expectRefused(STREAM, "start", 0);
        _open(STREAM, "VPP", TARIFF);
    }

    function test_RevertWhen_KindIsZero() public {
        terms.kind = 0;
        _expectRefused(STREAM, "kind", 0);
        _open(STREAM, "VPP", TARIFF);
    }

    function test_RevertWhen_KindIsUnknown() public {
        terms.kind = 7;
        _expectRefused(STREAM, "kind", 7);
        _open(STREAM, "VPP", TARIFF);
    }

    function test_RevertWhen_ChallengeWindowIsTooLong() public {
        terms.challengeWindow = 90 days + 1;
        _expectRefused(STREAM, "challengeWindow", 90 days + 1);
        _open(STREAM, "VPP", TARIFF);
    }

    function test_RevertWhen_FundingGraceIsTooLong() public {
        terms.fundingGrace = 365 days + 1;
        _expectRefused(STREAM, "fundingGrace", 365 days + 1);
        _open(STREAM, "VPP", TARIFF);
    }

    function test_RevertWhen_MinCoverageExceedsTheWhole() public {
        terms.minCoverageBp = 10_001;
        _expectRefused(STREAM, "minCoverageBp", 10_001);
        _open(STREAM, "VPP", TARIFF);
    }

    function test_RevertWhen_MaxEstimatedExceedsTheWhole() public {
        terms.maxEstimatedBp = 10_001;
        _expectRefused(STREAM, "maxEstimatedBp", 10_001);
        _open(STREAM, "VPP", TARIFF);
    }

    function test_RevertWhen_ResolutionTimeIsTooShort() public {
        terms.resolutionTime = 1 days - 1;
        _expectRefused(STREAM, "resolutionTime", 1 days - 1);
        _open(STREAM, "VPP", TARIFF);
    }

    function test_RevertWhen_ResolutionTimeIsTooLong() public {
        terms.resolutionTime = 90 days + 1;
        _expectRefused(STREAM, "resolutionTime", 90 days + 1);
        _open(STREAM, "VPP", TARIFF);
    }

    function test_RevertWhen_OwnersShareExceedsTheWhole() public {
        terms.ownersShareBp = 10_001;
        _expectRefused(STREAM, "ownersShareBp", 10_001);
        _open(STREAM, "VPP", TARIFF);
    }

    function test_RevertWhen_OpenAlready() public {
        openStream(STREAM, NOW);
        vm.expectRevert(abi.encodeWithSelector(IStreamRegistry.StreamExists.selector, STREAM));
        _open(STREAM, "VPP", TARIFF);
    }

    function test_RevertWhen_DependencyIsNotOpen() public {
        openStream(1, NOW);
        dependsOn = [1, 2];
        vm.expectRevert(abi.encodeWithSelector(IStreamRegistry.MissingDependency.selector, STREAM, 2));
        _open(STREAM, "VPP", TARIFF);
    }

    function test_RevertWhen_DependsOnItself() public {
        dependsOn = [STREAM];
        vm.expectRevert(abi.encodeWithSelector(IStreamRegistry.MissingDependency.selector, STREAM, STREAM));
        _open(STREAM, "VPP", TARIFF);
    }

    function test_RevertWhen_CallerIsNotIssuer() public {
        vm.prank(mallory);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, mallory));
        registry.open(STREAM, "VPP", terms, TARIFF, dependsOn);
    }

    /* GIVEN NO STREAM */

    function test_RevertWhen_AskedForAnUnknownStream() public {
        vm.expectRevert(abi.encodeWithSelector(IStreamRegistry.UnknownStream.selector, STREAM));
        registry.termsOf(STREAM);
        assertEq(registry.codeOf(STREAM), bytes32(0), "code");
        assertEq(registry.dependenciesOf(STREAM).length, 0, "needs");
    }

    /* HELPERS */

    function _open(uint32 stream, bytes32 code, bytes32 tariff) private {
        vm.prank(issuer);
        registry.open(stream, code, terms, tariff, dependsOn);
    }

    function _expectRefused(uint32 stream, bytes32 field, uint256 value) private {
        vm.expectRevert(abi.encodeWithSelector(IStreamRegistry.InvalidTerms.selector, stream, field, value));
    }

    /// @dev Activation.t.sol asks real owners.
    function _letOwnersAgree() private {
        vm.prank(admin);
        registry.setOwnerVote(adam);
        vm.mockCall(adam, abi.encodeWithSelector(IOwnerVote.isPassed.selector), abi.encode(true));
    }
}
