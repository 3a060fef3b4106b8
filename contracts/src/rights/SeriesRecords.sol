// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {HolderAccount} from "./HolderAccount.sol";
import {SeriesBase} from "./SeriesBase.sol";
import {SeriesState} from "./SeriesState.sol";
import {SeriesTerms} from "./SeriesTerms.sol";

/// @title Who earned what when: units move, periods close at their record dates, and money comes later.
///
/// RULE. Each period is closed for buyers at its record date, at that of a later period, or at its settlement, whichever
/// is first; who holds at that moment earns its money, whenever it comes. Record dates are announced ahead and pass by
/// the clock, so nothing happens on the chain at the moment itself. A period that gets no money earns nothing for anybody.
///
/// ACCOUNTS. Until something else is said, the balance of an account counts for all money after its debt was last settled. The
/// first change of a balance after a record date leaves a *mark* with the units held before. From then on these count for
/// all money up to and including the marked period, and the balance, which may change at will, for what comes after. While
/// there is a mark a change of balance therefore leaves the debt alone. A balance that changes in the windows of several
/// outstanding periods leaves a mark for each: the newest in the account, up to four older ones in a second word. A
/// window in which nothing changed needs no mark: the next mark, or the balance, says what was held.
///
/// SETTLING. When the money of a marked period has come, or can come no more, the accumulator C as it was right after it
/// is kept (once for all holders, and only if anybody is marked). The next touch of the account settles the mark:
///     debt + C·(next − held), where next are the units of the next mark or, after the last one, the balance.
/// The numerator acc·units − debt is the same before and after, so no claim needs the mark settled first, and nothing is
/// ever divided: a holder's numerator is the sum of A_k·u_k over all distributions k less what was paid, times the supply.
///
/// LIMITS. At most five record dates are outstanding at once, which is what an account can hold marks for.
abstract contract SeriesRecords is SeriesBase {
    /// @dev Marks an entry of `_kept`; above every balance.
    uint256 internal constant KEPT = 1 << 255;

    /* SETTLING */

    /// @dev The account without the marks whose money has come, and the older marks that are left. Nothing is stored.
    function _settled(address holder, HolderAccount a, SeriesState s)
        internal
        view
        returns (HolderAccount, uint256 older)
    {
        if (a.isPlain()) return (a, 0);
        uint256 paid = _markOf(s.lastPeriod());
        if (a.extra()) older = _extras[holder].older;
        while (older != 0 && uint16(older) <= paid) {
            uint256 rest = older >> 64;
            a = a.reweigh(_closing[uint16(older)], _heldIn(older), rest == 0 ? a.held() : _heldIn(rest));
            older = rest;
        }
        uint256 mark = a.mark();
        if (mark != 0 && mark <= paid) {
            a = a.reweigh(_closing[mark], a.held(), a.balance()).withMark(0, 0);
        }
        return (a, older);
    }

    /// @dev Units of a settled account that count for the money to come next.
    function _counting(HolderAccount a, uint256 older) internal pure returns (uint256) {
        if (older != 0) return _heldIn(older);
        return a.mark() == 0 ? a.balance() : a.held();
    }

    /// @dev Units of a settled account at the record date of an outstanding mark: those of the next mark, or the balance.
    function _unitsAtMark(HolderAccount a, uint256 older, uint256 mark) internal pure returns (uint256) {
        for (; older != 0; older >>= 64) {
            if (uint16(older) >= mark) return _heldIn(older);
        }
        return a.mark() >= mark ? a.held() : a.balance();
    }

    /// @dev What a holder may claim.
    function _claimable(address holder) internal view returns (uint256) {
        SeriesState s = _state;
        (HolderAccount a, uint256 older) = _settled(holder, _accounts[holder].word, s);
        return a.claimableDown(_counting(a, older), s.acc(), s.supply());
    }

    /// @dev Puts the older marks of a settled account into its second word. The account itself is left to the caller.
    function _withOlder(address holder, HolderAccount a, uint256 older) internal returns (HolderAccount) {
        if (!a.extra() && older == 0) return a;
        Extra storage second = _extras[holder];
        second.older = older;
        return a.withExtra(older != 0 || second.frozenUnits != 0);
    }

    /* MOVING UNITS */

    /// @dev Moves units between two accounts that are not the same and stores both. The caller has judged the move.
    function _shift(address from, HolderAccount sender, address to, HolderAccount recipient, uint256 units) internal {
        SeriesState s = _state;
        if (s.snapshotOpen()) s = _keepBalances(s, from, sender.balance(), to, recipient.balance());
        uint256 open = s.openRecord();
        if (open != 0) {
            uint256 mark = _markOf(open);
            if (!s.moved()) _state = s.withMoved(true);
            _store(to, _marked(to, recipient, s, mark).plus(units));
            _store(from, _marked(from, sender, s, mark).minus(units));
            return;
        }
        if (!sender.arePlain(recipient)) {
            sender = _settledFully(from, sender, s);
            recipient = _settledFully(to, recipient, s);
        }
        uint256 acc = s.acc();
        _store(to, recipient.credit(units, acc));
        _store(from, sender.debit(units, acc));
    }

    /// @dev The account settled, while no record date is outstanding: no mark is left.
    function _settledFully(address holder, HolderAccount a, SeriesState s) private returns (HolderAccount) {
        (a,) = _settled(holder, a, s);
        return _withOlder(holder, a, 0);
    }

    /// @dev The account settled and marked for the open record date. A mark whose units are those of the next one is dropped.
    function _marked(address holder, HolderAccount a, SeriesState s, uint256 mark) private returns (HolderAccount) {
        uint256 older;
        (a, older) = _settled(holder, a, s);
        uint256 current = a.mark();
        if (current != mark) {
            if (current != 0 && a.held() != a.balance()) older = _appended(older, current, a.held());
            a = a.withMark(mark, a.balance());
        }
        return _withOlder(holder, a, older);
    }

    /* RECORD DATES */

    /// @dev Keeps the accumulator for all marks that the money of `period`, which took it from `before` to `after_`, settles or
    /// leaves without money.
    function _closeRecords(SeriesState s, uint256 period, uint256 before, uint256 after_)
        internal
        returns (SeriesState)
    {
        for (uint256 list = _outstanding(s); list != 0; list >>= 24) {
            uint256 record = uint24(list);
            if (record > period) return s;
            _closing[_markOf(record)] = record == period ? after_ : before;
        }
        return s.withMoved(false);
    }

    /// @dev Record dates that have passed and wait for their money: periods of 24 bits, oldest lowest.
    function _outstanding(SeriesState s) internal view returns (uint256 list) {
        uint256 last = s.lastPeriod();
        uint256 older = s.backlog() ? _backlog : 0;
        while (older != 0 && uint24(older) <= last) older >>= 24;
        list = older;
        uint256 count = 0;
        for (; older != 0; older >>= 24) {
            ++count;
        }
        if (s.prevRecord() > last) list |= uint256(s.prevRecord()) << (24 * count++);
        if (s.recordPeriod() > last && block.timestamp >= s.recordAt()) {
            list |= uint256(s.recordPeriod()) << (24 * count);
        }
    }

    /// @dev Place of a period in the term, from 1; 0 before the term.
    function _markOf(uint256 period) internal view returns (uint256) {
        uint256 first = SeriesTerms.termFrom(SeriesTerms.word(1));
        unchecked {
            return period < first ? 0 : period - first + 1;
        }
    }

    /// @dev Units of the oldest of some older marks.
    function _heldIn(uint256 older) internal pure returns (uint256) {
        return uint48(older >> 16);
    }

    /// @dev Adds a mark after the older ones. There is room, since at most five record dates are outstanding.
    function _appended(uint256 older, uint256 mark, uint256 held) internal pure returns (uint256) {
        uint256 place = 0;
        while (older >> place != 0) place += 64;
        return older | (held << 16 | mark) << place;
    }

    /* SNAPSHOTS */

    /// @dev Keeps two balances that are about to change, while a vote's snapshot is open; notices when it is no more.
    function _keepBalances(SeriesState s, address from, uint256 sent, address to, uint256 received)
        internal
        returns (SeriesState)
    {
        uint256 id = _snapshots;
        if (block.timestamp > _snapshotOf[id].until) {
            s = s.withSnapshot(false);
            _state = s;
            return s;
        }
        _keepBalance(id, from, sent);
        _keepBalance(id, to, received);
        return s;
    }

    function _keepBalance(uint256 id, address holder, uint256 balance) private {
        if (_kept[id][holder] == 0) _kept[id][holder] = balance | KEPT;
    }
}
