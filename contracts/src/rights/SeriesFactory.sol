// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IJurisdictionPolicy} from "../interfaces/IJurisdictionPolicy.sol";
import {IRevenueRight} from "../interfaces/IRevenueRight.sol";
import {ISeriesCompliance} from "../interfaces/ISeriesCompliance.sol";
import {ISeriesFactory} from "../interfaces/ISeriesFactory.sol";
import {SeriesTerms} from "./SeriesTerms.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";

/// @title Creates series.
///
/// A series is a clone of one implementation with its terms, and this factory's address, behind its code: there is nothing to
/// initialise and nothing to upgrade. Its address follows from terms and salt, so it may be published before it exists,
/// and the same series cannot be made twice. The role configuration of this factory governs `create` here and `issue`,
/// `seal` and every other order on each series. Terms are checked here once; series rely on them. Whether the stream is open is not
/// checked: rights to a stream may be sold before it runs.
contract SeriesFactory is AccessManaged, ISeriesFactory {
    /// @dev Bits 1 to 3, the members of IParticipantRegistry.Class after None.
    uint8 private constant ALL_CLASSES = 0x0e;
    uint8 private constant LAST_RANK = 3;
    uint8 private constant MAX_DECIMALS = 18;
    uint16 private constant MAX_COUNTRY = 999;
    uint64 private constant MAX_TICKET = type(uint48).max;
    /// @dev Term and tail together, so that a series can number its periods from 1 in sixteen bits.
    uint32 private constant MAX_PERIODS = type(uint16).max;
    uint32 private constant LAST_PERIOD = type(uint24).max;

    /* IMMUTABLES */

    /// @notice Contract whose code all series run.
    address public immutable implementation;

    /* STORAGE */

    /// @inheritdoc ISeriesFactory
    uint256 public seriesCount;
    /// @inheritdoc ISeriesFactory
    address public policy;
    /// @inheritdoc ISeriesFactory
    address public disclosures;
    /// @inheritdoc ISeriesFactory
    string public baseURI;

    mapping(address series => bool) private _isSeries;

    /* CONSTRUCTOR */

    constructor(address authority_, address implementation_) AccessManaged(authority_) {
        implementation = implementation_;
    }

    /* SERIES */

    /// @inheritdoc ISeriesFactory
    function create(IRevenueRight.Terms calldata terms, bytes32 salt) external restricted returns (address series) {
        return _create(terms, salt);
    }

    /// @inheritdoc ISeriesFactory
    function createStrips(IRevenueRight.Terms[] calldata terms, bytes32 salt)
        external
        restricted
        returns (address[] memory series)
    {
        if (terms.length < 2) revert TooFewStrips(terms.length);
        uint256 last = terms.length - 1;
        series = new address[](terms.length);
        for (uint256 i = 0; i <= last; ++i) {
            if (i != 0) _requireContinues(terms[i - 1], terms[i], i);
            series[i] = _create(terms[i], salt);
        }
        emit StripsCreated(terms[0].stream, terms[0].rank, terms[0].termFrom, terms[last].termTo, series);
    }

    /* SURROUNDINGS */

    /// @inheritdoc ISeriesFactory
    function setPolicy(address policy_) external restricted {
        if (policy != address(0) || IJurisdictionPolicy(policy_).factory() != address(this)) {
            revert InvalidPolicy(policy_);
        }
        if (seriesCount != 0 && _restricts(policy_)) revert PolicyTooLate(policy_, seriesCount);
        policy = policy_;
        emit PolicySet(policy_);
    }

    /// @inheritdoc ISeriesFactory
    function setDisclosures(address disclosures_) external restricted {
        if (disclosures != address(0)) revert DisclosuresAlreadySet(disclosures);
        disclosures = disclosures_;
        emit DisclosuresSet(disclosures_);
    }

    /// @inheritdoc ISeriesFactory
    function setBaseURI(string calldata baseURI_) external restricted {
        baseURI = baseURI_;
        emit BaseURISet(baseURI_);
    }

    /* VIEWS */

    /// @inheritdoc ISeriesFactory
    function addressOf(IRevenueRight.Terms calldata terms, bytes32 salt) external view returns (address) {
        bytes memory args = SeriesTerms.encode(terms, address(this));
        return Clones.predictDeterministicAddressWithImmutableArgs(implementation, args, salt);
    }

    /// @inheritdoc ISeriesFactory
    function isSeries(address series) external view returns (bool) {
        return _isSeries[series];
    }

    /* CREATION */

    /// @dev A new series takes the policy in force.
    function _create(IRevenueRight.Terms calldata terms, bytes32 salt) private returns (address series) {
        _requireValid(terms);
        bytes memory args = SeriesTerms.encode(terms, address(this));
        series = Clones.cloneDeterministicWithImmutableArgs(implementation, args, salt);
        _isSeries[series] = true;
        ++seriesCount;
        emit SeriesCreated(series, terms.stream, terms.rank, salt, terms);
        if (policy != address(0) && _restricts(policy)) ISeriesCompliance(series).setRestricted(true);
    }

    function _restricts(address policy_) private view returns (bool) {
        return IJurisdictionPolicy(policy_).policy().mode != IJurisdictionPolicy.Mode.Open;
    }

    /* CHECKS */

    /// @dev In its tail a strip would be paid in periods that belong to the next.
    function _requireContinues(IRevenueRight.Terms calldata a, IRevenueRight.Terms calldata b, uint256 i) private pure {
        _requireSame(i, "stream", b.stream, a.stream);
        _requireSame(i, "rank", b.rank, a.rank);
        _requireSame(i, "termFrom", b.termFrom, uint256(a.termTo) + 1);
        _requireSame(i - 1, "tail", a.tail, 0);
    }

    function _requireSame(uint256 strip, bytes32 field, uint256 value, uint256 expected) private pure {
        if (value != expected) revert NotConsecutive(strip, field, value, expected);
    }

    function _requireValid(IRevenueRight.Terms calldata t) private pure {
        _require(_isText(t.name), "name", uint256(t.name));
        _require(_isText(t.symbol), "symbol", uint256(t.symbol));
        _require(t.stream != 0, "stream", t.stream);
        _require(t.termFrom != 0, "termFrom", t.termFrom);
        _require(t.termTo >= t.termFrom && t.termTo <= LAST_PERIOD, "termTo", t.termTo);
        _require(t.rank <= LAST_RANK, "rank", t.rank);
        _require(t.decimals <= MAX_DECIMALS, "decimals", t.decimals);
        _require(t.classes != 0 && t.classes & ~ALL_CLASSES == 0, "classes", t.classes);
        _require(t.minTicket <= MAX_TICKET, "minTicket", t.minTicket);
        uint256 end = uint256(t.termTo) + t.tail;
        _require(end <= LAST_PERIOD && end - t.termFrom < MAX_PERIODS, "tail", t.tail);
        bool windows = t.windowEvery == 0 ? t.windowLength == 0 : t.windowLength != 0 && t.windowLength < t.windowEvery;
        _require(windows, "windowLength", t.windowLength);
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
