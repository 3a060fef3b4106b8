// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title What must always hold of a project, each statement answered from the chain.
/// @notice Lists of addresses are ascending without repetition (`NotAscending`), so nothing is counted twice. Names that end
/// in "excess" bound from above and hold only for complete lists; all others hold for any list.
interface IHealthCheck {
    /// @notice One statement.
    /// @param name What is stated.
    /// @param ok Whether it holds.
    /// @param actual What was found.
    /// @param bound What it was compared with.
    struct Result {
        bytes32 name;
        bool ok;
        uint256 actual;
        uint256 bound;
    }

    /// @notice The list is not ascending at `account`.
    error NotAscending(address account);
    /// @notice The list of streams is not ascending at `stream`.
    error StreamsNotAscending(uint32 stream);

    /// @notice Money and units of a series. `holders` are all wallets that ever held units; `gifts` is the currency that reached
    /// the series other than by a distribution, which belongs to nobody.
    /// "series/covered": currency ≥ Σ claimable. "series/excess": currency ≤ Σ claimable + one unit for each holder + gifts.
    /// "series/units": Σ balances = units outstanding.
    function checkSeries(address series, address[] calldata holders, uint256 gifts)
        external
        view
        returns (Result[] memory);

    /// @notice "series/caches": no holder's cached attributes allow more than the registry does: number that do, 0 expected.
    function checkCaches(address series, address[] calldata holders) external view returns (Result[] memory);

    /// @notice Money of the waterfall. `streams` are all that were funded, `payees` all that were ever not paid; `gifts` is the
    /// currency that reached the waterfall other than by `fund`.
    /// "waterfall/covered": currency ≥ Σ escrows + Σ reserves + Σ owed. "waterfall/excess": currency ≤ that + gifts.
    function checkWaterfall(uint32[] calldata streams, address[] calldata payees, uint256 gifts)
        external
        view
        returns (Result[] memory);

    /// @notice Statements of a stream. "statements/order": settled ≤ attested. "statements/contiguous": periods that do not
    /// begin where the one before ended, or are empty, 0 expected. "statements/open": unsettled periods that are disputed or
    /// voided are as many as the book counts, and no settled one is.
    function checkStatements(uint32 stream) external view returns (Result[] memory);

    /// @notice "duties/separated": accounts that hold two offices of which one excludes the other, 0 expected.
    /// "duties/admin": there is an administrator.
    function checkDuties(address[] calldata accounts) external view returns (Result[] memory);

    /// @notice "policy/complete": the list has all series of the factory. "policy/marked": series that the policy restricts
    /// but that do not ask it, 0 expected.
    function checkPolicy(address[] calldata series) external view returns (Result[] memory);

    /// @notice Books of a fund. "fund/covered": currency ≥ distributable + retained. "fund/withheld": kept back in the year ≤
    /// what the floor leaves. "fund/passed": distributed or waiting ≥ the rest of the year's income.
    function checkFund(address fund) external view returns (Result[] memory);
}
