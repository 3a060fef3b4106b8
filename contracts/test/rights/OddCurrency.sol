// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Currency} from "./Currency.sol";

/// @title A currency that behaves differently to each payee.
contract OddCurrency is Currency {
    enum Mood {
        Fine,
        Reverts,
        SaysFalse,
        SaysTwo,
        SaysNothing,
        SaysTooMuch,
        BurnsGas,
        CallsBack
    }

    mapping(address payee => Mood) public moods;
    mapping(address payee => bytes) private _calls;

    function setMood(address payee, Mood mood) external {
        moods[payee] = mood;
    }

    /// @dev What the payee does when it is paid, before the money has moved.
    function setCall(address payee, bytes calldata data) external {
        (moods[payee], _calls[payee]) = (Mood.CallsBack, data);
    }

    function transfer(address to, uint256 amount) public override returns (bool) {
        Mood mood = moods[to];
        if (mood == Mood.Reverts) revert("no");
        if (mood == Mood.SaysFalse) return false;
        if (mood == Mood.SaysTwo) _answer(2, 32);
        if (mood == Mood.BurnsGas) {
            assembly {
                invalid()
            }
        }
        if (mood == Mood.CallsBack) _callBack(to);
        _transfer(msg.sender, to, amount);
        if (mood == Mood.SaysNothing) _answer(0, 0);
        if (mood == Mood.SaysTooMuch) _answer(1, 20_000);
        return true;
    }

    function _callBack(address payee) private {
        (bool done, bytes memory answer) = msg.sender.call(_calls[payee]);
        if (!done) {
            assembly ("memory-safe") {
                revert(add(answer, 0x20), mload(answer))
            }
        }
    }

    function _answer(uint256 word, uint256 length) private pure {
        assembly {
            mstore(0, word)
            return(0, length)
        }
    }
}
