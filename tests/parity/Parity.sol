// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IWaterfall} from "contracts/src/interfaces/IWaterfall.sol";
import {PackedLine} from "contracts/src/libraries/PackedLine.sol";
import {RulesCodec} from "contracts/src/libraries/RulesCodec.sol";
import {WaterfallMath} from "contracts/src/libraries/WaterfallMath.sol";
import {HolderAccount} from "contracts/src/rights/HolderAccount.sol";

/// @title What the parity tests ask: the libraries of the product, many cases a call.
contract Parity {
    /// @dev kind 0: `amount` arrives. 1: `amount` units go from holder `a` to `b`. 2: `a` is paid.
    struct Step {
        uint8 kind;
        uint8 a;
        uint8 b;
        uint64 amount;
    }

    struct Outcome {
        int128[] debts;
        uint64[] balances;
        uint64[] claimables;
        uint64[] paid;
        uint64 acc;
    }

    struct Run {
        uint256[] lines;
        uint16 multiplierBp;
        uint8 breached;
        uint32[] ratiosBp;
        uint64[] balances;
    }

    /// @notice Rules are packed as the product packs them; a series takes part as its term says.
    function waterfalls(
        IWaterfall.Rules[] calldata rules,
        RulesCodec.Term[][] calldata terms,
        WaterfallMath.Start[] calldata starts
    ) external pure returns (Run[] memory runs) {
        runs = new Run[](rules.length);
        for (uint256 i = 0; i < rules.length; ++i) {
            WaterfallMath.Start memory start = starts[i];
            WaterfallMath.Result memory found = WaterfallMath.run(RulesCodec.encode(rules[i], terms[i]), start);
            uint256[] memory lines = new uint256[](found.lines.length);
            for (uint256 j = 0; j < lines.length; ++j) {
                lines[j] = PackedLine.unwrap(found.lines[j]);
            }
            runs[i] = Run(lines, found.multiplierBp, found.breached, found.ratiosBp, start.balances);
        }
    }

    function accruals(uint64[][] calldata units, Step[][] calldata steps)
        external
        pure
        returns (Outcome[] memory outcomes)
    {
        outcomes = new Outcome[](units.length);
        for (uint256 i = 0; i < units.length; ++i) {
            outcomes[i] = _accrue(units[i], steps[i]);
        }
    }

    function _accrue(uint64[] calldata units, Step[] calldata steps) private pure returns (Outcome memory o) {
        HolderAccount[] memory accounts = new HolderAccount[](units.length);
        o.paid = new uint64[](units.length);
        uint64 supply;
        for (uint256 i = 0; i < units.length; ++i) {
            accounts[i] = accounts[i].credit(units[i], 0);
            supply += units[i];
        }
        for (uint256 i = 0; i < steps.length; ++i) {
            _step(o, accounts, steps[i], supply);
        }
        (o.debts, o.balances) = (new int128[](units.length), new uint64[](units.length));
        o.claimables = new uint64[](units.length);
        for (uint256 i = 0; i < units.length; ++i) {
            (o.debts[i], o.balances[i]) = (accounts[i].debt(), accounts[i].balance());
            o.claimables[i] = uint64(accounts[i].claimableDown(o.acc, supply));
        }
    }

    function _step(Outcome memory o, HolderAccount[] memory accounts, Step calldata s, uint64 supply) private pure {
        if (s.kind == 0) {
            o.acc += s.amount;
        } else if (s.kind == 1) {
            accounts[s.a] = accounts[s.a].debit(s.amount, o.acc);
            accounts[s.b] = accounts[s.b].credit(s.amount, o.acc);
        } else {
            uint256 amount;
            (accounts[s.a], amount) = accounts[s.a].payAllDown(accounts[s.a].balance(), o.acc, supply);
            o.paid[s.a] += uint64(amount);
        }
    }

    /// @notice RFC 9162 §2.1.1 with Keccak-256, by its recursive definition; leaves have their prefix.
    function rootOf(bytes[] calldata leaves) external pure returns (bytes32) {
        return leaves.length == 0 ? keccak256("") : _root(leaves, 0, leaves.length);
    }

    function _root(bytes[] calldata leaves, uint256 from, uint256 to) private pure returns (bytes32) {
        if (to - from == 1) return keccak256(leaves[from]);
        uint256 split = 1;
        while (2 * split < to - from) split *= 2;
        split += from;
        return keccak256(abi.encodePacked(bytes1(0x01), _root(leaves, from, split), _root(leaves, split, to)));
    }

    /// @notice RFC 9162 §2.1.3.2 with Keccak-256.
    function verify(bytes calldata leaf, uint256 index, uint256 size, bytes32[] calldata path, bytes32 root)
        external
        pure
        returns (bool)
    {
        if (index >= size) return false;
        (bytes32 node, uint256 fn, uint256 sn) = (keccak256(leaf), index, size - 1);
        for (uint256 i = 0; i < path.length; ++i) {
            if (sn == 0) return false;
            if (fn & 1 == 1 || fn == sn) {
                node = keccak256(abi.encodePacked(bytes1(0x01), path[i], node));
                while (fn & 1 == 0 && fn != 0) (fn, sn) = (fn >> 1, sn >> 1);
            } else {
                node = keccak256(abi.encodePacked(bytes1(0x01), node, path[i]));
            }
            (fn, sn) = (fn >> 1, sn >> 1);
        }
        return sn == 0 && node == root;
    }
}
