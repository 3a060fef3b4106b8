// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {HolderAccount} from "./HolderAccount.sol";
import {SeriesRecords} from "./SeriesRecords.sol";
import {SeriesState} from "./SeriesState.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title What offices may do to an account: hold some of its units, move units, move everything to another wallet.
/// @dev Accounting only. Who may command it, who may receive, and the events of the standards are the callers' matter.
abstract contract SeriesMoves is SeriesRecords {
    /* FROZEN UNITS */

    /// @dev Units an order holds; it may name more than there are.
    function _frozenUnits(address holder) internal view returns (uint256) {
        return _accounts[holder].word.extra() ? _extras[holder].frozenUnits : 0;
    }

    /// @dev Replaces the number of units an order holds.
    function _setFrozenUnits(address holder, uint256 amount) internal {
        HolderAccount account = _accounts[holder].word;
        if (amount == 0 && !account.extra()) return;
        Extra storage second = _extras[holder];
        second.frozenUnits = amount;
        _accounts[holder].word = account.withExtra(amount != 0 || second.older != 0);
    }

    /* MOVES */

    /// @dev Moves units whether they are frozen or not; past income stays with `from`, as in any transfer. Free units go first;
    /// for the rest the order is lowered. Returns what is frozen afterwards, and whether that changed.
    function _forcedMove(address from, address to, uint256 units) internal returns (uint256 frozen, bool lowered) {
        if (from == to) revert IERC20Errors.ERC20InvalidReceiver(to);
        uint256 balance = _accounts[from].word.balance();
        if (units > balance) revert IERC20Errors.ERC20InsufficientBalance(from, balance, units);
        frozen = _frozenUnits(from);
        uint256 free = balance > frozen ? balance - frozen : 0;
        lowered = units > free;
        if (lowered) {
            frozen -= units - free;
            _setFrozenUnits(from, frozen);
        }
        _shift(from, _accounts[from].word, to, _accounts[to].word, units);
        emit IERC20.Transfer(from, to, units);
    }

    /// @dev Moves all an account owns onto another: units, marks, what it may claim to the last fraction, and frozen units.
    /// The balance at a snapshot stays where it was. The other may own something already. Returns the units moved.
    function _moveAll(address from, address to) internal returns (uint256 units) {
        if (from == to) revert IERC20Errors.ERC20InvalidReceiver(to);
        SeriesState s = _state;
        (HolderAccount a, uint256 olderA) = _settled(from, _accounts[from].word, s);
        (HolderAccount b, uint256 olderB) = _settled(to, _accounts[to].word, s);
        units = a.balance();
        if (s.snapshotOpen()) s = _keepBalances(s, from, units, to, b.balance());
        uint256 frozen = _saturatedSum(_frozenUnits(from), _frozenUnits(to));
        (uint256 older, uint256 mark, uint256 held) = _merged(a, olderA, b, olderB, s);
        _store(from, a.emptied());
        delete _extras[from];
        b = b.plus(units).withDebtOf(a).withMark(mark, held);
        _store(to, _withOlder(to, b, older));
        _setFrozenUnits(to, frozen);
        emit IERC20.Transfer(from, to, units);
    }

    /// @dev The marks of two settled accounts put together: at each mark of either the units of both.
    function _merged(HolderAccount a, uint256 olderA, HolderAccount b, uint256 olderB, SeriesState s)
        private
        view
        returns (uint256 older, uint256 mark, uint256 held)
    {
        for (uint256 list = _outstanding(s); list != 0; list >>= 24) {
            uint256 next = _markOf(uint24(list));
            if (!_hasMark(a, olderA, next) && !_hasMark(b, olderB, next)) continue;
            if (mark != 0) older = _appended(older, mark, held);
            (mark, held) = (next, _unitsAtMark(a, olderA, next) + _unitsAtMark(b, olderB, next));
        }
    }

    function _hasMark(HolderAccount a, uint256 older, uint256 mark) private pure returns (bool) {
        for (; older != 0; older >>= 64) {
            if (uint16(older) == mark) return true;
        }
        return a.mark() == mark;
    }

    function _saturatedSum(uint256 a, uint256 b) private pure returns (uint256) {
        return a > type(uint256).max - b ? type(uint256).max : a + b;
    }
}
