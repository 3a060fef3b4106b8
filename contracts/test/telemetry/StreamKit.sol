// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Roles} from "../../src/governance/Roles.sol";
import {IStreamRegistry} from "../../src/interfaces/IStreamRegistry.sol";
import {StreamRegistry} from "../../src/telemetry/StreamRegistry.sol";
import {Kit} from "../Kit.sol";

/// @title A stream registry and valid terms.
abstract contract StreamKit is Kit {
    bytes32 internal constant TARIFF = keccak256("first tariff");

    StreamRegistry internal registry;

    constructor() {
        registry = new StreamRegistry(address(authority));
        allow(address(registry), registry.open.selector, Roles.ISSUER);
        allow(address(registry), registry.setTariff.selector, Roles.ISSUER);
    }

    function termsFrom(uint40 start) internal pure returns (IStreamRegistry.Terms memory) {
        return IStreamRegistry.Terms({
            start: start,
            challengeWindow: 3 days,
            fundingGrace: 14 days,
            minCoverageBp: 9500,
            maxEstimatedBp: 500,
            kind: 4,
            committed: false,
            resolutionTime: 7 days,
            lapseUpholds: false,
            commonParts: false,
            ownersShareBp: 0
        });
    }

    function openStream(uint32 stream, uint40 start) internal {
        vm.prank(issuer);
        registry.open(stream, "VPP", termsFrom(start), TARIFF, new uint32[](0));
    }

    function setTariff(uint32 stream, uint40 validFrom, bytes32 tariffHash) internal {
        vm.prank(issuer);
        registry.setTariff(stream, validFrom, tariffHash);
    }
}
