// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IObjectiveDisputes} from "../interfaces/IObjectiveDisputes.sol";
import {Pedersen} from "../libraries/Pedersen.sol";
import {LeafCodec} from "./LeafCodec.sol";
import {MerkleProof} from "./MerkleProof.sol";

/// @title The lines of a statement as a whole: their root, what is wrong with them, what their commitments add up to.
/// @dev Lines come as one string of 92 bytes each, in order.
library LineCheck {
    using LeafCodec for bytes;

    /// @notice Not a whole number of lines.
    error NotLines(uint256 length);

    /// @dev Root over the lines.
    function root(bytes calldata lines) internal pure returns (bytes32) {
        uint256 length = LeafCodec.LINE_LENGTH;
        if (lines.length % length != 0) revert NotLines(lines.length);
        bytes32[] memory hashes = new bytes32[](lines.length / length);
        for (uint256 i; i < hashes.length; ++i) {
            hashes[i] = keccak256(_at(lines, i));
        }
        return MerkleProof.root(hashes);
    }

    /// @dev The first fault of the lines and of their sum, None if there is none.
    function faultOf(bytes calldata lines, uint256 gross, bool committed)
        internal
        pure
        returns (IObjectiveDisputes.Fault)
    {
        uint256 sum;
        for (uint256 i; i * LeafCodec.LINE_LENGTH < lines.length; ++i) {
            LeafCodec.Line memory l = _at(lines, i).line();
            if (l.tag != 0 || l.row != i) return IObjectiveDisputes.Fault.WrongLine;
            if (!_isStated(l, committed)) return IObjectiveDisputes.Fault.WrongQuantity;
            // Two factors of 128 bits do not overflow, nor do their quotients' sums.
            if (l.per == 0 || l.amount != uint256(l.quantity) * l.price / l.per) {
                return IObjectiveDisputes.Fault.WrongAmount;
            }
            sum += l.amount;
        }
        return sum == gross ? IObjectiveDisputes.Fault.None : IObjectiveDisputes.Fault.WrongTotal;
    }

    /// @dev Whether Σ price · commitment opens to the value.
    function opens(bytes calldata lines, uint256 value, uint256 blinding) internal view returns (bool) {
        uint256 count = lines.length / LeafCodec.LINE_LENGTH;
        Pedersen.Point[] memory points = new Pedersen.Point[](count);
        uint256[] memory prices = new uint256[](count);
        for (uint256 i; i < count; ++i) {
            LeafCodec.Line memory l = _at(lines, i).line();
            (points[i], prices[i]) = (Pedersen.decode(l.prefix, l.number), l.price);
        }
        return Pedersen.opens(Pedersen.weightedSum(points, prices), value, blinding);
    }

    /// @dev Σ price · stated quantity modulo the order.
    function stated(bytes calldata lines) internal pure returns (uint256 sum) {
        for (uint256 i; i * LeafCodec.LINE_LENGTH < lines.length; ++i) {
            LeafCodec.Line memory l = _at(lines, i).line();
            sum = addmod(sum, mulmod(l.price, l.quantity, Pedersen.N), Pedersen.N);
        }
    }

    /// @dev Whether the quantity field has the right form and, where it can be read, the line's quantity. In committed
    /// streams a commitment is not opened here, and the open form says that the row has no readings.
    function _isStated(LeafCodec.Line memory l, bool committed) private pure returns (bool) {
        if (l.prefix == 0) return uint256(l.number) == l.quantity && (!committed || l.quantity == 0);
        return committed && (l.prefix == 2 || l.prefix == 3);
    }

    function _at(bytes calldata lines, uint256 i) private pure returns (bytes calldata) {
        return lines[i * LeafCodec.LINE_LENGTH:(i + 1) * LeafCodec.LINE_LENGTH];
    }
}
