// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IRevenueRight} from "../../src/interfaces/IRevenueRight.sol";
import {DistributionKit} from "./DistributionKit.sol";

/// @dev Gas of a settlement as a whole transaction, with everything cold, the real statement book and a plain ERC-20.
abstract contract SettlementGas is DistributionKit {
    address[] private _touched;

    function _holders() internal pure virtual returns (uint256);

    function setUp() public override {
        super.setUp();
        IRevenueRight.Terms memory terms = _terms();
        terms.minTicket = 1;
        series = _create(terms);
        _issueToCrowd(_holders());
        vm.prank(issuer);
        series.seal();
        _step(RESIDUAL, address(series), 0, 0);
        _step(RESIDUAL, treasury, 0, 0);
        _setRules(_rules());
        // A first period before the one measured, and money beyond it, so that no slot is new and none ends at zero.
        _pass(1_000_000);
        _fund(5_000_000);
        _attest(2_000_000, NO_KPIS);
        _touched = [
            address(implementation),
            address(currency),
            address(series),
            address(book),
            address(factory),
            _rulesPointer()
        ];
    }

    function _issueToCrowd(uint256 size) private {
        for (uint256 i = 0; i < size; ++i) {
            address holder = address(uint160(uint256(keccak256(abi.encode(i)))));
            _admit(holder);
            _issue(holder, 1000);
        }
    }

    /// @dev Where the first version of the stream's rules lies: the first creation of a creator that belongs to both.
    function _rulesPointer() private view returns (address) {
        bytes32 creation = keccak256(hex"67363d3d37363d34f03d5260086018f3");
        bytes32 place = keccak256(abi.encodePacked(hex"ff", address(falls), uint256(STREAM) << 32 | 1, creation));
        bytes memory list = abi.encodePacked(hex"d694", address(uint160(uint256(place))), hex"01");
        return address(uint160(uint256(keccak256(list))));
    }

    /// @dev Of this, 76 600 are the transaction, the book, the currency, the series, the rules and the event; 8 200 the
    /// arithmetic. The bound is the same for one holder and for ten thousand.
    function test_SettlementStaysBelow85000() external {
        bytes memory input = abi.encodeCall(falls.settle, (STREAM, 2));
        uint256 spent = transactionGas(keeper, address(falls), input, _touched);
        assertLe(spent, 85_000, "settlement");
        assertEq(series.state().acc, 3_000_000, "acc");
    }
}

contract SettlementGasOneHolderTest is SettlementGas {
    function _holders() internal pure override returns (uint256) {
        return 1;
    }
}

contract SettlementGasManyHoldersTest is SettlementGas {
    function _holders() internal pure override returns (uint256) {
        return 10_000;
    }
}
