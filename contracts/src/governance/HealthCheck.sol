// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IHealthCheck} from "../interfaces/IHealthCheck.sol";
import {IJurisdictionPolicy} from "../interfaces/IJurisdictionPolicy.sol";
import {IParticipantRegistry} from "../interfaces/IParticipantRegistry.sol";
import {IPoolFund} from "../interfaces/IPoolFund.sol";
import {IRevenueRight} from "../interfaces/IRevenueRight.sol";
import {ISeries} from "../interfaces/ISeries.sol";
import {ISeriesFactory} from "../interfaces/ISeriesFactory.sol";
import {IStatementBook} from "../interfaces/IStatementBook.sol";
import {IUsufructAccessManager} from "../interfaces/IUsufructAccessManager.sol";
import {IWaterfall} from "../interfaces/IWaterfall.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title HealthCheck
/// @notice DUTY. States what must always hold of a project and answers from the chain alone whether it does. The invariant
/// tests of the project ask the very same contract, so what is proven before deployment is what is watched after it.
///
/// ASSUMPTIONS. A contract cannot enumerate holders or payees: the caller brings the lists, from Transfer and PaymentFailed
/// logs. Lower bounds hold for any list and cannot be made to fail by a wrong one; upper bounds ("excess") and sums need
/// complete lists. Currency sent by strangers belongs to nobody; it is told as `gifts`, from the currency's Transfer logs.
///
/// TRUST. None: the contract keeps nothing, can do nothing, and reads only what everybody can.
///
/// LIMITS. Lists are read in one call; nodes answer some tens of thousands of holders. Series and funds are believed to be of
/// the project: ask their factories.
contract HealthCheck is IHealthCheck {
    uint256 private constant BP = 10_000;

    /* IMMUTABLES */

    IUsufructAccessManager private immutable MANAGER;
    IWaterfall private immutable WATERFALL;

    /* CONSTRUCTOR */

    constructor(address manager, address waterfall) {
        (MANAGER, WATERFALL) = (IUsufructAccessManager(manager), IWaterfall(waterfall));
    }

    /* SERIES */

    /// @inheritdoc IHealthCheck
    function checkSeries(address series, address[] calldata holders, uint256 gifts)
        external
        view
        returns (Result[] memory results)
    {
        _requireAscending(holders);
        ISeries right = ISeries(series);
        uint256 owed = 0;
        uint256 units = 0;
        for (uint256 i = 0; i < holders.length; ++i) {
            owed += right.claimable(holders[i]);
            units += right.balanceOf(holders[i]);
        }
        uint256 vault = IERC20(right.currency()).balanceOf(series);
        results = new Result[](3);
        results[0] = _atLeast("series/covered", vault, owed);
        results[1] = _atMost("series/excess", vault, owed + holders.length + gifts);
        results[2] = _equal("series/units", units, right.totalSupply());
    }

    /// @inheritdoc IHealthCheck
    function checkCaches(address series, address[] calldata holders) external view returns (Result[] memory results) {
        _requireAscending(holders);
        IRevenueRight right = IRevenueRight(series);
        IParticipantRegistry registry = IParticipantRegistry(right.registry());
        uint256 stale = 0;
        for (uint256 i = 0; i < holders.length; ++i) {
            IRevenueRight.Account memory account = right.accountOf(holders[i]);
            if (account.balance != 0 && _allowsMore(account, registry.walletOf(holders[i]))) ++stale;
        }
        results = new Result[](1);
        results[0] = _equal("series/caches", stale, 0);
    }

    function _allowsMore(IRevenueRight.Account memory account, IParticipantRegistry.Wallet memory wallet)
        private
        pure
        returns (bool)
    {
        bool longer = account.kycUntil > wallet.kycUntil;
        bool other = account.country != wallet.country || account.class != uint8(wallet.class);
        return longer || other || wallet.frozen && !account.frozen;
    }

    /* WATERFALL */

    /// @inheritdoc IHealthCheck
    function checkWaterfall(uint32[] calldata streams, address[] calldata payees, uint256 gifts)
        external
        view
        returns (Result[] memory results)
    {
        _requireAscending(payees);
        uint256 due = 0;
        for (uint256 i = 0; i < streams.length; ++i) {
            if (i != 0 && streams[i] <= streams[i - 1]) revert StreamsNotAscending(streams[i]);
            (uint64 escrow,,) = WATERFALL.accountOf(streams[i]);
            due += escrow + _reserves(streams[i]);
        }
        for (uint256 i = 0; i < payees.length; ++i) {
            due += WATERFALL.owedTo(payees[i]);
        }
        uint256 vault = IERC20(WATERFALL.currency()).balanceOf(address(WATERFALL));
        results = new Result[](2);
        results[0] = _atLeast("waterfall/covered", vault, due);
        results[1] = _atMost("waterfall/excess", vault, due + gifts);
    }

    /// @dev An account that has a balance keeps its meaning when rules change, so the rules in force know all reserves.
    function _reserves(uint32 stream) private view returns (uint256 sum) {
        (, uint32 inForce) = WATERFALL.versionsOf(stream);
        if (inForce == 0) return 0;
        (IWaterfall.Rules memory rules,) = WATERFALL.rulesOf(stream);
        uint256 seen = 0;
        for (uint256 i = 0; i < rules.steps.length; ++i) {
            uint256 account = rules.steps[i].account;
            if (rules.steps[i].kind != IWaterfall.StepKind.Reserve || seen & 1 << account != 0) continue;
            seen |= 1 << account;
            sum += WATERFALL.balanceOf(stream, account);
        }
    }

    /* STATEMENTS */

    /// @inheritdoc IHealthCheck
    function checkStatements(uint32 stream) external view returns (Result[] memory results) {
        IStatementBook book = IStatementBook(WATERFALL.book());
        (uint32 attested, uint40 end, uint32 settled) = book.progressOf(stream);
        uint256 gaps = 0;
        uint256 open = 0;
        uint40 to = 0;
        for (uint32 period = 1; period <= attested; ++period) {
            IStatementBook.Record memory record = book.recordOf(stream, period);
            if (record.to <= record.from || period != 1 && record.from != to) ++gaps;
            bool isOpen =
                record.status == IStatementBook.Status.Disputed || record.status == IStatementBook.Status.Voided;
            if (isOpen) ++open;
            to = record.to;
        }
        if (attested != 0 && to != end) ++gaps;
        results = new Result[](3);
        results[0] = _atMost("statements/order", settled, attested);
        results[1] = _equal("statements/contiguous", gaps, 0);
        results[2] = _equal("statements/open", open, book.openDisputes(stream));
    }

    /* PEOPLE AND LAW */

    /// @inheritdoc IHealthCheck
    function checkDuties(address[] calldata accounts) external view returns (Result[] memory results) {
        uint256 conflicts = 0;
        for (uint256 i = 0; i < accounts.length; ++i) {
            if (_conflict(MANAGER.rolesOf(accounts[i]))) ++conflicts;
        }
        results = new Result[](2);
        results[0] = _equal("duties/separated", conflicts, 0);
        results[1] = _atLeast("duties/admin", MANAGER.adminCount(), 1);
    }

    function _conflict(uint256 roles) private view returns (bool) {
        for (uint64 role = 0; roles >> role != 0; ++role) {
            if (roles >> role & 1 != 0 && roles & MANAGER.excludedBy(role) != 0) return true;
        }
        return false;
    }

    /// @inheritdoc IHealthCheck
    function checkPolicy(address[] calldata series) external view returns (Result[] memory results) {
        _requireAscending(series);
        ISeriesFactory factory = ISeriesFactory(WATERFALL.factory());
        address officer = factory.policy();
        uint256 known = 0;
        uint256 unmarked = 0;
        for (uint256 i = 0; i < series.length; ++i) {
            if (!factory.isSeries(series[i])) continue;
            ++known;
            if (officer == address(0) || IRevenueRight(series[i]).state().restricted) continue;
            (IJurisdictionPolicy.Mode mode,) = IJurisdictionPolicy(officer).restrictionOf(series[i]);
            if (mode != IJurisdictionPolicy.Mode.Open) ++unmarked;
        }
        results = new Result[](2);
        results[0] = _equal("policy/complete", known, factory.seriesCount());
        results[1] = _equal("policy/marked", unmarked, 0);
    }

    /* FUNDS */

    /// @inheritdoc IHealthCheck
    function checkFund(address fund) external view returns (Result[] memory results) {
        IPoolFund.Books memory books = IPoolFund(fund).books();
        IPoolFund.FundTerms memory terms = IPoolFund(fund).terms();
        uint256 balance = IERC20(IRevenueRight(terms.units).currency()).balanceOf(fund);
        results = new Result[](3);
        results[0] = _atLeast("fund/covered", balance, uint256(books.distributable) + books.retained);
        results[1] = _atMost("fund/withheld", books.withheld, uint256(books.income) * (BP - terms.floorBp) / BP);
        uint256 passed = uint256(books.distributed) + books.distributable;
        results[2] = _atLeast("fund/passed", passed + books.withheld, books.income);
    }

    /* WORDS */

    function _atLeast(bytes32 name, uint256 actual, uint256 least) private pure returns (Result memory) {
        return Result(name, actual >= least, actual, least);
    }

    function _atMost(bytes32 name, uint256 actual, uint256 most) private pure returns (Result memory) {
        return Result(name, actual <= most, actual, most);
    }

    function _equal(bytes32 name, uint256 actual, uint256 expected) private pure returns (Result memory) {
        return Result(name, actual == expected, actual, expected);
    }

    function _requireAscending(address[] calldata accounts) private pure {
        for (uint256 i = 1; i < accounts.length; ++i) {
            if (accounts[i] <= accounts[i - 1]) revert NotAscending(accounts[i]);
        }
    }
}
