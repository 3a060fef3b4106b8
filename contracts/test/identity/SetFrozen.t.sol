// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Roles} from "../../src/governance/Roles.sol";
import {ParticipantRegistry} from "../../src/identity/ParticipantRegistry.sol";
import {IParticipantRegistry} from "../../src/interfaces/IParticipantRegistry.sol";
import {IRevenueRight} from "../../src/interfaces/IRevenueRight.sol";
import {IdentityKit} from "./IdentityKit.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

/// @title Notes what the registry says about a wallet at the moment of `sync`.
contract SeriesDouble {
    ParticipantRegistry private immutable REGISTRY;
    mapping(address wallet => bool) public frozen;
    uint256 public syncs;

    constructor(ParticipantRegistry registry) {
        REGISTRY = registry;
    }

    function sync(address wallet) external {
        frozen[wallet] = REGISTRY.walletOf(wallet).frozen;
        ++syncs;
    }
}

contract SetFrozenTest is IdentityKit {
    bytes32 internal constant ORDER = keccak256("court order");

    address[] internal series;

    function setUp() public {
        admit(adam, 7);
        series.push(address(new SeriesDouble(participants)));
        series.push(address(new SeriesDouble(participants)));
    }

    function test_FreezesReportsAndPushes() public {
        vm.expectEmit(address(participants));
        emit IParticipantRegistry.WalletFrozen(adam, true, ORDER);
        _setFrozen(adam, true);
        assertTrue(participants.walletOf(adam).frozen, "frozen");
        for (uint256 i; i < series.length; ++i) {
            assertTrue(SeriesDouble(series[i]).frozen(adam), "pushed");
        }
    }

    function test_Releases() public {
        _setFrozen(adam, true);
        _setFrozen(adam, false);
        assertFalse(participants.walletOf(adam).frozen, "frozen");
        assertFalse(SeriesDouble(series[1]).frozen(adam), "pushed");
    }

    function test_LeavesTheOtherAttributes() public {
        IParticipantRegistry.Wallet memory expected = participants.walletOf(adam);
        expected.frozen = true;
        _setFrozen(adam, true);
        assertEq(keccak256(abi.encode(participants.walletOf(adam))), keccak256(abi.encode(expected)), "wallet");
    }

    function test_NeedsNoSeries() public {
        vm.prank(registrar);
        participants.setFrozen(adam, true, ORDER, new address[](0));
        assertTrue(participants.walletOf(adam).frozen, "frozen");
        assertEq(SeriesDouble(series[0]).syncs(), 0, "pushed");
    }

    function test_FreezesAllWalletsOfAParticipant() public {
        admit(barb, 7);
        address[] memory wallets = new address[](2);
        (wallets[0], wallets[1]) = (adam, barb);
        vm.prank(registrar);
        participants.setFrozenBatch(wallets, true, ORDER, series);
        assertTrue(participants.walletOf(adam).frozen && participants.walletOf(barb).frozen, "frozen");
        assertTrue(SeriesDouble(series[0]).frozen(adam) && SeriesDouble(series[1]).frozen(barb), "pushed");
    }

    function test_RevertWhen_OneOfManyIsUnknown() public {
        address[] memory wallets = new address[](2);
        (wallets[0], wallets[1]) = (adam, barb);
        vm.prank(registrar);
        vm.expectRevert(abi.encodeWithSelector(IParticipantRegistry.UnknownWallet.selector, barb));
        participants.setFrozenBatch(wallets, true, ORDER, series);
    }

    function test_RevertWhen_ManyAreFrozenByAnybody() public {
        vm.prank(mallory);
        vm.expectRevert(abi.encodeWithSelector(IParticipantRegistry.NotRegistrar.selector, mallory));
        participants.setFrozenBatch(new address[](0), true, ORDER, series);
    }

    function test_RevertWhen_WalletIsUnknown() public {
        vm.expectRevert(abi.encodeWithSelector(IParticipantRegistry.UnknownWallet.selector, barb));
        _setFrozen(barb, true);
    }

    function test_RevertWhen_ASeriesReverts() public {
        vm.mockCallRevert(series[1], abi.encodeCall(IRevenueRight.sync, (adam)), "broken");
        vm.prank(registrar);
        vm.expectRevert(bytes("broken"));
        participants.setFrozen(adam, true, ORDER, series);
        assertFalse(participants.walletOf(adam).frozen, "frozen");
    }

    function test_RevertWhen_CallerIsNotAppointed() public {
        vm.prank(admin);
        vm.expectRevert(abi.encodeWithSelector(IParticipantRegistry.NotRegistrar.selector, admin));
        participants.setFrozen(adam, true, ORDER, series);
    }

    function _setFrozen(address wallet, bool frozen) private {
        vm.prank(registrar);
        participants.setFrozen(wallet, frozen, ORDER, series);
    }
}

contract AppointRegistrarTest is IdentityKit {
    function test_AppointsAndRemoves() public {
        assertFalse(participants.isRegistrar(carl), "before");
        vm.prank(admin);
        authority.grantRole(Roles.REGISTRAR, carl, 0);
        vm.expectEmit(address(participants));
        emit IParticipantRegistry.RegistrarAppointed(carl, true);
        vm.prank(admin);
        participants.appointRegistrar(carl, true);
        assertTrue(participants.isRegistrar(carl), "appointed");
        vm.prank(admin);
        participants.appointRegistrar(carl, false);
        assertFalse(participants.isRegistrar(carl), "removed");
        vm.prank(carl);
        vm.expectRevert(abi.encodeWithSelector(IParticipantRegistry.NotRegistrar.selector, carl));
        participants.register(registrationOf(adam, 7));
    }

    function test_RevertWhen_TheAppointedHoldsNoRole() public {
        vm.startPrank(admin);
        authority.grantRole(Roles.TREASURER, carl, 0);
        vm.expectRevert(abi.encodeWithSelector(IParticipantRegistry.RegistrarWithoutRole.selector, carl));
        participants.appointRegistrar(carl, true);
        participants.appointRegistrar(carl, false);
        vm.stopPrank();
        assertFalse(participants.isRegistrar(carl), "appointed");
    }

    function test_RevertWhen_CallerIsNotAdmin() public {
        vm.prank(registrar);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, registrar));
        participants.appointRegistrar(mallory, true);
    }
}
