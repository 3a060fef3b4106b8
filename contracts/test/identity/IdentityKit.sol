// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ParticipantRegistry} from "../../src/identity/ParticipantRegistry.sol";
import {IParticipantRegistry} from "../../src/interfaces/IParticipantRegistry.sol";
import {Kit} from "../Kit.sol";

/// @title A registry with one appointed registrar.
abstract contract IdentityKit is Kit {
    uint16 internal constant KYC_UNTIL = 20_819; // 2027-01-01
    uint16 internal constant GERMANY = 276;

    ParticipantRegistry internal participants;

    constructor() {
        participants = new ParticipantRegistry(address(authority));
        vm.prank(admin);
        participants.appointRegistrar(registrar, true);
    }

    function registrationOf(address wallet, uint64 participant)
        internal
        pure
        returns (IParticipantRegistry.Registration memory)
    {
        return IParticipantRegistry.Registration({
            wallet: wallet,
            participant: participant,
            kycUntil: KYC_UNTIL,
            country: GERMANY,
            class: IParticipantRegistry.Class.Professional,
            lockedUntil: 0,
            identityHash: keccak256(abi.encode("salt", participant))
        });
    }

    /// @dev The wallet's slot, as events show it.
    function attributesOf(IParticipantRegistry.Registration memory r) internal pure returns (uint256) {
        return uint256(r.participant) | uint256(r.lockedUntil) << 64 | uint256(r.kycUntil) << 104 | uint256(r.country)
            << 120 | uint256(r.class) << 136;
    }

    function admit(address wallet, uint64 participant) internal {
        vm.prank(registrar);
        participants.register(registrationOf(wallet, participant));
    }
}
