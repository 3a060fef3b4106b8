// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IDvpDesk} from "../../src/interfaces/IDvpDesk.sol";
import {MarketKit} from "./MarketKit.sol";

/// @title A sealed series whose holders let the desk take units and money; Dora and Eric have money only.
abstract contract DeskKit is MarketKit {
    function setUp() public virtual override {
        super.setUp();
        _launch();
        for (uint256 i = 0; i < investors.length; ++i) {
            vm.prank(investors[i]);
            series.approve(address(desk), type(uint256).max);
        }
    }

    /// @dev Adam sells 1 000 units for 7 003.
    function _sale() internal view returns (IDvpDesk.Order memory) {
        return IDvpDesk.Order({
            maker: adam,
            taker: address(0),
            series: address(series),
            sells: true,
            units: 1000,
            price: 7003,
            minFill: 100,
            expiry: NOW + 1 days,
            nonce: 5
        });
    }

    /// @dev Dora buys 1 000 units for 7 003.
    function _purchase() internal view returns (IDvpDesk.Order memory order) {
        order = _sale();
        (order.maker, order.sells) = (dora, false);
    }

    function _sign(string memory maker, IDvpDesk.Order memory order) internal view returns (bytes memory) {
        return _signDigest(maker, desk.digestOf(order));
    }

    function _signDigest(string memory maker, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(keyOf(maker), digest);
        return abi.encodePacked(r, s, v);
    }
}
