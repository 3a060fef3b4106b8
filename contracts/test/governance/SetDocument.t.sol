// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {DisclosureRegistry} from "../../src/governance/DisclosureRegistry.sol";
import {Roles} from "../../src/governance/Roles.sol";
import {IDisclosureRegistry} from "../../src/interfaces/IDisclosureRegistry.sol";
import {Kit} from "../Kit.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

contract SetDocumentTest is Kit {
    bytes32 private constant NAME = "prospectus";
    bytes32 private constant FIRST = keccak256("first edition");
    bytes32 private constant SECOND = keccak256("second edition");
    string private constant URI = "ipfs://first";

    DisclosureRegistry private registry;
    bytes32 private subject;

    function setUp() public {
        registry = new DisclosureRegistry(address(authority));
        allow(address(registry), registry.setDocument.selector, Roles.ISSUER);
        allow(address(registry), registry.removeDocument.selector, Roles.ISSUER);
        subject = registry.subjectOfContract(address(this));
    }

    /* ATTACHING */

    function test_IsFoundUnderItsName() public {
        _set(NAME, FIRST);
        (string memory uri, bytes32 hash, uint256 modified) = registry.getDocument(subject, NAME);
        assertEq(uri, URI, "uri");
        assertEq(hash, FIRST, "hash");
        assertEq(modified, NOW, "modified");
        assertEq(registry.getAllDocuments(subject).length, 1, "count");
        assertEq(registry.getAllDocuments(subject)[0], NAME, "name");
    }

    function test_IsReported() public {
        vm.expectEmit(address(registry));
        emit IDisclosureRegistry.DocumentUpdated(subject, NAME, 1, IDisclosureRegistry.Kind.Terms, 3, URI, FIRST);
        _set(NAME, FIRST);
    }

    function test_ReplacingSupersedesTheVersionBefore() public {
        _set(NAME, FIRST);
        vm.warp(NOW + 1 days);
        _set(NAME, SECOND);
        IDisclosureRegistry.Entry memory entry = registry.versionAt(subject, NAME, 2);
        assertEq(entry.supersedes, 1, "supersedes");
        assertEq(entry.hash, SECOND, "hash");
        assertEq(entry.since, NOW + 1 days, "at");
        assertEq(entry.period, 3, "period");
        assertTrue(entry.kind == IDisclosureRegistry.Kind.Terms && entry.attached, "kind");
        assertEq(registry.versionAt(subject, NAME, 1).hash, FIRST, "the first stays");
        assertEq(registry.namesOf(subject).length, 1, "one name");
    }

    function test_EmptyValuesWhereNothingIsAttached() public view {
        (string memory uri, bytes32 hash, uint256 modified) = registry.getDocument(subject, NAME);
        assertEq(uri, "", "uri");
        assertEq(hash, 0, "hash");
        assertEq(modified, 0, "modified");
    }

    function test_SubjectsAreApart() public {
        _set(NAME, FIRST);
        (, bytes32 hash,) = registry.getDocument(registry.subjectOfStream(1), NAME);
        assertEq(hash, 0, "another subject");
        assertEq(registry.subjectOfProject(), bytes32(uint256(1) << 248), "project");
        assertEq(registry.subjectOfStream(7), bytes32(uint256(2) << 248 | 7), "stream");
        assertEq(subject, bytes32(uint256(3) << 248 | uint160(address(this))), "contract");
    }

    function test_TakesTheThreeFormsOfSubject() public {
        bytes32[3] memory subjects = [registry.subjectOfProject(), registry.subjectOfStream(type(uint32).max), subject];
        vm.startPrank(issuer);
        for (uint256 i; i < 3; ++i) {
            registry.setDocument(subjects[i], NAME, "", FIRST, IDisclosureRegistry.Kind.Filing, 0);
        }
        vm.stopPrank();
    }

    /* REMOVING */

    function test_RemovalIsAnEntry() public {
        _set(NAME, FIRST);
        vm.warp(NOW + 1 days);
        vm.expectEmit(address(registry));
        emit IDisclosureRegistry.DocumentRemoved(subject, NAME, 2, URI, FIRST);
        _remove();
        (, bytes32 hash,) = registry.getDocument(subject, NAME);
        assertEq(hash, 0, "now");
        assertEq(registry.getAllDocuments(subject).length, 0, "none now");
        assertEq(registry.attachedAt(subject, NAME, NOW).hash, FIRST, "before");
        assertEq(registry.versionsOf(subject, NAME), 2, "history");
        assertFalse(registry.versionAt(subject, NAME, 2).attached, "removal");
    }

    function test_AttachedAgainSupersedesNothing() public {
        _set(NAME, FIRST);
        _remove();
        _set(NAME, SECOND);
        assertEq(registry.versionAt(subject, NAME, 3).supersedes, 0, "supersedes");
        assertEq(registry.namesOf(subject).length, 1, "one name");
    }

    function test_RevertWhen_RemovingWhatIsNotAttached() public {
        vm.expectRevert(abi.encodeWithSelector(IDisclosureRegistry.UnknownDocument.selector, subject, NAME));
        _remove();
        _set(NAME, FIRST);
        _remove();
        vm.expectRevert(abi.encodeWithSelector(IDisclosureRegistry.UnknownDocument.selector, subject, NAME));
        _remove();
    }

    /* THE PAST */

    /// @dev Against a plain list that is searched from its end.
    function testFuzz_TellsWhatWasAttached(uint8[12] memory gaps, uint16 removals, uint40 time) public {
        uint40[12] memory times;
        bytes32[12] memory hashes;
        uint40 clock = NOW;
        bool attached;
        for (uint256 i; i < 12; ++i) {
            clock += gaps[i];
            vm.warp(clock);
            times[i] = clock;
            attached = !attached || removals >> i & 1 == 0;
            if (attached) {
                hashes[i] = keccak256(abi.encode(i));
                _set(NAME, hashes[i]);
            } else {
                _remove();
            }
        }
        time = uint40(bound(time, NOW - 1, clock + 1));
        bytes32 wanted;
        for (uint256 i; i < 12 && times[i] <= time; ++i) {
            wanted = hashes[i];
        }
        (bytes32[] memory names, bytes32[] memory found) = registry.allAttachedAt(subject, time);
        assertEq(names.length, wanted == 0 ? 0 : 1, "names");
        if (wanted == 0) {
            vm.expectRevert(abi.encodeWithSelector(IDisclosureRegistry.UnknownDocument.selector, subject, NAME));
            registry.attachedAt(subject, NAME, time);
        } else {
            assertEq(registry.attachedAt(subject, NAME, time).hash, wanted, "attached");
            assertEq(found[0], wanted, "all");
        }
    }

    function test_TellsAllNamesOfADay() public {
        _set("terms", FIRST);
        vm.warp(NOW + 1 days);
        _set("filing", SECOND);
        vm.warp(NOW + 2 days);
        (bytes32[] memory names, bytes32[] memory hashes) = registry.allAttachedAt(subject, NOW);
        assertEq(names.length, 1, "first day");
        assertEq(names[0], "terms", "name");
        (names, hashes) = registry.allAttachedAt(subject, NOW + 1 days);
        assertEq(names.length, 2, "second day");
        assertEq(hashes[1], SECOND, "hash");
    }

    function test_LookingUpCostsTheLogarithm() public {
        for (uint256 i; i < 256; ++i) {
            vm.warp(NOW + i);
            _set(NAME, FIRST);
        }
        vm.cool(address(registry));
        registry.attachedAt(subject, NAME, NOW + 100);
        // 9 probes of a cold slot each, and the entry itself.
        assertLt(vm.lastCallGas().total, 50_000, "gas");
    }

    /* REFUSALS */

    function test_RevertWhen_AFieldIsNotAllowed() public {
        _refused(subject, 0, FIRST, "", "name", 0);
        _refused(subject, NAME, 0, "", "hash", 0);
        _refused(subject, NAME, FIRST, string(new bytes(1_025)), "uri", 1_025);
        bytes32[6] memory subjects = [
            bytes32(0),
            bytes32(uint256(1) << 248 | 1),
            bytes32(uint256(2) << 248),
            bytes32(uint256(2) << 248 | 1 << 32),
            bytes32(uint256(3) << 248),
            bytes32(uint256(3) << 248 | 1 << 160)
        ];
        for (uint256 i; i < 6; ++i) {
            _refused(subjects[i], NAME, FIRST, "", "subject", uint256(subjects[i]));
        }
    }

    function test_RevertWhen_TheVersionDoesNotExist() public {
        _set(NAME, FIRST);
        vm.expectRevert(abi.encodeWithSelector(IDisclosureRegistry.UnknownVersion.selector, subject, NAME, 0));
        registry.versionAt(subject, NAME, 0);
        vm.expectRevert(abi.encodeWithSelector(IDisclosureRegistry.UnknownVersion.selector, subject, NAME, 2));
        registry.versionAt(subject, NAME, 2);
    }

    function test_RevertWhen_CallerIsNotIssuer() public {
        bytes memory refusal = abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, mallory);
        vm.startPrank(mallory);
        vm.expectRevert(refusal);
        registry.setDocument(subject, NAME, URI, FIRST, IDisclosureRegistry.Kind.Terms, 0);
        vm.expectRevert(refusal);
        registry.removeDocument(subject, NAME);
        vm.stopPrank();
    }

    /* HELPERS */

    function _set(bytes32 name, bytes32 hash) private {
        vm.prank(issuer);
        registry.setDocument(subject, name, URI, hash, IDisclosureRegistry.Kind.Terms, 3);
    }

    function _remove() private {
        vm.prank(issuer);
        registry.removeDocument(subject, NAME);
    }

    function _refused(bytes32 of_, bytes32 name, bytes32 hash, string memory uri, bytes32 field, uint256 value)
        private
    {
        vm.expectRevert(abi.encodeWithSelector(IDisclosureRegistry.InvalidDocument.selector, of_, name, field, value));
        vm.prank(issuer);
        registry.setDocument(of_, name, uri, hash, IDisclosureRegistry.Kind.Other, 0);
    }
}
