// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IRevenueRight} from "../interfaces/IRevenueRight.sol";
import {ISeriesFactory} from "../interfaces/ISeriesFactory.sol";
import {SeriesTerms} from "./SeriesTerms.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";

/// @title Creates series.
///
/// A series is a clone of one implementation with its terms, and this factory's address, behind its code: there is nothing to
/// initialise and nothing to upgrade. Its address follows from terms and salt, so it may be published before it exists,
/// and the same series cannot be made twice. The role configuration of this factory governs `create` here and `issue`,
/// `seal` and `setPaused` on every series. Terms are checked here once; series rely on them. Whether the stream is open is not
/// checked: rights to a stream may be sold before it runs.
contract SeriesFactory is AccessManaged, ISeriesFactory {
    /// @dev Bits 1 to 3, the members of IParticipantRegistry.Class after None.
    uint8 private constant ALL_CLASSES = 0x0e;
    uint8 private constant LAST_RANK = 3;
    uint8 private constant MAX_DECIMALS = 18;
    uint16 private constant MAX_COUNTRY = 999;
    /// @dev Periods have 24 bits in a series' state.
    uint32 private constant MAX_PERIOD = type(uint24).max;

    /* IMMUTABLES */

    /// @notice Contract whose code all series run.
    address public immutable implementation;

    /* STORAGE */

    mapping(address series => bool) private _isSeries;

    /* CONSTRUCTOR */

    constructor(address authority_, address implementation_) AccessManaged(authority_) {
        implementation = implementation_;
    }

    /* SERIES */

    /// @inheritdoc ISeriesFactory
    function create(IRevenueRight.Terms calldata terms, bytes32 salt) external restricted returns (address series) {
        _requireValid(terms);
        bytes memory args = SeriesTerms.encode(terms, address(this));
        series = Clones.cloneDeterministicWithImmutableArgs(implementation, args, salt);
        _isSeries[series] = true;
        emit SeriesCreated(series, terms.stream, terms.rank, salt, terms);
    }

    /// @inheritdoc ISeriesFactory
    function addressOf(IRevenueRight.Terms calldata terms, bytes32 salt) external view returns (address) {
        bytes memory args = SeriesTerms.encode(terms, address(this));
        return Clones.predictDeterministicAddressWithImmutableArgs(implementation, args, salt);
    }

    /// @inheritdoc ISeriesFactory
    function isSeries(address series) external view returns (bool) {
        return _isSeries[series];
    }

    /* CHECKS */

    function _requireValid(IRevenueRight.Terms calldata t) private pure {
        _require(_isText(t.name), "name", uint256(t.name));
        _require(_isText(t.symbol), "symbol", uint256(t.symbol));
        _require(t.stream != 0, "stream", t.stream);
        _require(t.termFrom != 0, "termFrom", t.termFrom);
        _require(t.termTo >= t.termFrom && t.termTo <= MAX_PERIOD, "termTo", t.termTo);
        _require(t.rank <= LAST_RANK, "rank", t.rank);
        _require(t.decimals <= MAX_DECIMALS, "decimals", t.decimals);
        _require(t.classes != 0 && t.classes & ~ALL_CLASSES == 0, "classes", t.classes);
        _require(t.minTicket <= type(uint48).max, "minTicket", t.minTicket);
        for (uint128 list = t.countries; list != 0; list >>= 16) {
            _require(uint16(list) != 0 && uint16(list) <= MAX_COUNTRY, "countries", t.countries);
        }
    }

    function _require(bool valid, bytes32 field, uint256 value) private pure {
        if (!valid) revert InvalidTerms(field, value);
    }

    /// @dev One to 32 printable ASCII characters, then zeros only.
    function _isText(bytes32 text) private pure returns (bool) {
        if (text == 0) return false;
        for (uint256 rest = uint256(text); rest != 0; rest <<= 8) {
            uint256 char = rest >> 248;
            if (char < 0x20 || char > 0x7e) return false;
        }
        return true;
    }
}
