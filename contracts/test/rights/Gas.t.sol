// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IRevenueRight} from "../../src/interfaces/IRevenueRight.sol";
import {RightsKit} from "./RightsKit.sol";

/// @dev Gas of whole transactions, with all accounts and slots cold. What a figure rests on is prepared in setUp, because
/// only what setUp wrote counts as the state before the transaction.
contract RightsGasTest is RightsKit {
    uint256 private constant CROWD = 1000;
    uint64 private constant UNITS = 1000;

    address[] private _crowd;
    address[] private _touched;

    function setUp() public override {
        super.setUp();
        IRevenueRight.Terms memory terms = _terms();
        terms.minTicket = 1;
        series = _create(terms);
        _issueCrowd();
        vm.prank(issuer);
        series.seal();
        _distribute(1, 1_000_000_007);
        series.claimFor(_crowd[0]);
        _distribute(2, 3_000_000_001);
        currency.mint(waterfall, 5_000_000_000);
        _touched = [address(implementation), address(currency), address(registry), address(authority)];
    }

    function _issueCrowd() private {
        uint64[] memory units = new uint64[](CROWD);
        for (uint256 i = 0; i < CROWD; ++i) {
            units[i] = UNITS;
            _crowd.push(address(uint160(uint256(keccak256(abi.encode(i))))));
            _admit(_crowd[i]);
            currency.mint(_crowd[i], 1);
        }
        vm.prank(issuer);
        series.issue(_crowd, units);
    }

    function test_TransferBetweenHoldersStaysBelow44000() external {
        bytes memory input = abi.encodeCall(series.transfer, (_crowd[1], 123));
        uint256 spent = transactionGas(_crowd[0], address(series), input, _touched);
        assertLe(spent, 44_000, "transfer");
    }

    /// @dev Of this, 47 550 belong to what no contract can leave out: 21 064 for the transaction, 2 666 for being a clone, 7 100
    /// for the state and the account, 15 339 for the currency's transfer, 1 381 for the event.
    function test_ClaimStaysBelow48700() external {
        bytes memory input = abi.encodeCall(series.claim, ());
        uint256 spent = transactionGas(_crowd[0], address(series), input, _touched);
        assertLe(spent, 48_700, "claim");
    }

    /// @dev The waterfall's part: the currency moved in and spread over all holders, in one transaction.
    function test_DistributionStaysBelow52000() external {
        bytes memory input = abi.encodeCall(currency.transfer, (address(series), 1_000_000_000));
        uint256 spent = transactionGas(waterfall, address(currency), input, _touched);
        input = abi.encodeCall(series.distribute, (3, 1_000_000_000));
        spent += transactionGas(waterfall, address(series), input, _touched) - 21_000;
        assertLe(spent, 52_000, "distribution");
    }

    function test_PushStaysBelow16500PerHolder() external {
        _push(100);
    }

    function test_PushOf1000StaysBelow16500PerHolder() external {
        _push(1000);
    }

    function _push(uint256 size) private {
        address[] memory page = _crowd;
        assembly {
            mstore(page, size)
        }
        bytes memory input = abi.encodeCall(series.push, (page));
        uint256 spent = transactionGas(keeper, address(series), input, _touched);
        assertLe(spent, 16_500 * size, "push");
    }

    function test_CreateStaysBelow250000() external {
        bytes memory input = abi.encodeCall(factory.create, (_terms(), "another"));
        uint256 spent = transactionGas(issuer, address(factory), input, _touched);
        assertLe(spent, 250_000, "create");
    }
}
