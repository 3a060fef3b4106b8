// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IStreamRegistry} from "../../src/interfaces/IStreamRegistry.sol";
import {StreamKit} from "./StreamKit.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

contract SetTariffTest is StreamKit {
    uint32 internal constant STREAM = 3;
    bytes32 internal constant NEXT = keccak256("next tariff");

    function setUp() public {
        openStream(STREAM, NOW - 30 days);
    }

    function test_AppliesFromItsTime() public {
        setTariff(STREAM, NOW + 1 days, NEXT);
        assertEq(registry.tariffAt(STREAM, NOW + 1 days - 1), TARIFF, "before");
        assertEq(registry.tariffAt(STREAM, NOW + 1 days), NEXT, "at");
        assertEq(registry.tariffAt(STREAM, type(uint40).max), NEXT, "after");
    }

    function test_MayApplyFromNow() public {
        setTariff(STREAM, NOW, NEXT);
        assertEq(registry.tariffAt(STREAM, NOW), NEXT, "now");
    }

    function test_IsReported() public {
        vm.expectEmit(address(registry));
        emit IStreamRegistry.TariffSet(STREAM, NOW, NEXT);
        setTariff(STREAM, NOW, NEXT);
    }

    function test_RevertWhen_InThePast() public {
        _expectLater(NOW, NOW - 1);
        setTariff(STREAM, NOW - 1, NEXT);
    }

    function test_RevertWhen_NotLaterThanTheLast() public {
        setTariff(STREAM, NOW + 10 days, NEXT);
        _expectLater(NOW + 10 days + 1, NOW + 10 days);
        setTariff(STREAM, NOW + 10 days, NEXT);
    }

    function test_RevertWhen_BeforeTheStart() public {
        openStream(STREAM + 1, NOW + 5 days);
        vm.expectRevert(
            abi.encodeWithSelector(IStreamRegistry.TariffNotLater.selector, STREAM + 1, NOW + 5 days + 1, NOW + 5 days)
        );
        setTariff(STREAM + 1, NOW + 5 days, NEXT);
    }

    function test_RevertWhen_HashIsEmpty() public {
        vm.expectRevert(abi.encodeWithSelector(IStreamRegistry.InvalidTerms.selector, STREAM, bytes32("tariffHash"), 0));
        setTariff(STREAM, NOW, 0);
    }

    function test_RevertWhen_StreamIsUnknown() public {
        vm.expectRevert(abi.encodeWithSelector(IStreamRegistry.UnknownStream.selector, 99));
        setTariff(99, NOW, NEXT);
    }

    function test_RevertWhen_AskedForATimeBeforeTheStart() public {
        vm.expectRevert(abi.encodeWithSelector(IStreamRegistry.UnknownStream.selector, STREAM));
        registry.tariffAt(STREAM, NOW - 30 days - 1);
    }

    function test_RevertWhen_CallerIsNotIssuer() public {
        vm.prank(mallory);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, mallory));
        registry.setTariff(STREAM, NOW, NEXT);
    }

    /// @dev The search agrees with a plain scan, for any history and any time.
    function testFuzz_SearchAgreesWithAScan(uint40[20] memory gaps, uint256 length, uint40 time) public {
        length = bound(length, 0, gaps.length);
        uint40[] memory times = new uint40[](length + 1);
        times[0] = NOW - 30 days;
        uint40 last = NOW;
        for (uint256 i; i < length; ++i) {
            last += 1 + gaps[i] % 100;
            times[i + 1] = last;
            setTariff(STREAM, last, keccak256(abi.encode(i + 1)));
        }
        time = uint40(bound(time, NOW - 10, last + 10));
        uint256 found;
        for (uint256 i; i < times.length; ++i) {
            if (times[i] <= time) found = i;
        }
        assertEq(registry.tariffAt(STREAM, time), found == 0 ? TARIFF : keccak256(abi.encode(found)), "tariff");
    }

    function _expectLater(uint40 earliest, uint40 given) private {
        vm.expectRevert(abi.encodeWithSelector(IStreamRegistry.TariffNotLater.selector, STREAM, earliest, given));
    }
}
