// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IOffering} from "../interfaces/IOffering.sol";
import {PrefixSums} from "../libraries/PrefixSums.sol";

/// @title The order of subscriptions, and what each is allotted.
/// @notice Each subscription is a lot on a line of units, in the order of arrival; a raise is another lot, or makes the last lot
/// of the line longer if that is the subscriber's. With T units on the line and at most M to give, the lot from a to b gets
///     ⌊b·M/T⌋ − ⌊a·M/T⌋ units if T > M, else all.
/// Neighbours share their bounds, so the allotments add up to M to the unit, each is less than one unit from its exact share,
/// and finding one needs no other lot. A withdrawn lot leaves the line: those behind it move up. How many units left the line
/// before a lot is a prefix sum, kept only if there were withdrawals; otherwise no lot pays for them.
abstract contract SubscriptionBook is IOffering {
    using PrefixSums for PrefixSums.Tree;

    /// @notice Lots of one subscriber in one offering.
    uint256 public constant MAX_LOTS = 8;

    /// @dev A stretch of the line as it was when the lot came: from `end` less `units` to `end`, with what was withdrawn. `number`
    /// is its place in the order, from 1. `count`, in a subscriber's first lot: how many there are.
    struct Lot {
        uint64 end;
        uint48 units;
        uint32 number;
        uint8 count;
    }

    /// @dev One slot. The line is as long as all lots ever; `withdrawn` is the part that left it.
    struct Book {
        uint64 line;
        uint64 withdrawn;
        uint48 placed;
        uint32 lots;
        uint32 waiting;
        bool cancelled;
    }

    /* STORAGE */

    mapping(uint32 offering => Book) internal _books;
    mapping(uint32 offering => mapping(address subscriber => Lot[MAX_LOTS])) private _lots;
    mapping(uint32 offering => PrefixSums.Tree) private _withdrawn;

    /* CHANGES: the caller stores the book */

    /// @dev Appends units of a subscriber to the line.
    function _append(uint32 offering, address subscriber, Book memory book, uint48 units)
        internal
        returns (uint32 number)
    {
        Lot[MAX_LOTS] storage lots = _lots[offering][subscriber];
        uint8 count = lots[0].count;
        book.line += units;
        if (count != 0 && lots[count - 1].number == book.lots) {
            (lots[count - 1].end, lots[count - 1].units) = (book.line, lots[count - 1].units + units);
            return book.lots;
        }
        if (count == MAX_LOTS) revert TooManyLots(subscriber, MAX_LOTS);
        number = ++book.lots;
        lots[count] = Lot(book.line, units, number, 1);
        if (count == 0) ++book.waiting;
        else lots[0].count = count + 1;
        if (book.withdrawn != 0) _withdrawn[offering].append(number);
    }

    /// @dev Takes a subscriber's lots off the line: those behind them move up.
    function _takeBack(uint32 offering, address subscriber, Book memory book) internal returns (uint48 units) {
        Lot[MAX_LOTS] storage lots = _lots[offering][subscriber];
        for (uint256 i = lots[0].count; i != 0; --i) {
            _withdrawn[offering].add(lots[i - 1].number, lots[i - 1].units, book.lots);
        }
        units = _settle(offering, subscriber, book);
        book.withdrawn += units;
    }

    /// @dev Deals with a subscriber for good: the lots are forgotten but keep their stretches of the line.
    function _settle(uint32 offering, address subscriber, Book memory book) internal returns (uint48 units) {
        Lot[MAX_LOTS] storage lots = _lots[offering][subscriber];
        uint256 count = lots[0].count;
        if (count == 0) revert NothingSubscribed(offering, subscriber);
        for (uint256 i = 0; i < count; ++i) {
            units += lots[i].units;
            delete lots[i];
        }
        --book.waiting;
    }

    /* VIEWS */

    function _unitsOf(uint32 offering, address subscriber) internal view returns (uint48 units) {
        Lot[MAX_LOTS] storage lots = _lots[offering][subscriber];
        for (uint256 i = lots[0].count; i != 0; --i) {
            units += lots[i - 1].units;
        }
    }

    /// @dev What a subscriber gets of at most `most` units.
    function _allotment(uint32 offering, address subscriber, Book memory book, uint48 most)
        internal
        view
        returns (uint48)
    {
        uint256 total = book.line - book.withdrawn;
        if (total <= most) return _unitsOf(offering, subscriber);
        Lot[MAX_LOTS] storage lots = _lots[offering][subscriber];
        uint256 units = 0;
        for (uint256 i = lots[0].count; i != 0; --i) {
            Lot memory lot = lots[i - 1];
            uint256 end = lot.end;
            if (book.withdrawn != 0) end -= _withdrawn[offering].upTo(lot.number);
            units += end * most / total - (end - lot.units) * most / total;
        }
        // Not more than `most`, since the lots do not overlap.
        return uint48(units);
    }
}
