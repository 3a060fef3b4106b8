// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IParticipantRegistry} from "../../src/interfaces/IParticipantRegistry.sol";
import {IRevenueRight} from "../../src/interfaces/IRevenueRight.sol";
import {RevenueRight} from "../../src/rights/RevenueRight.sol";
import {SeriesExtension} from "../../src/rights/SeriesExtension.sol";
import {SeriesTerms} from "../../src/rights/SeriesTerms.sol";
import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title A series without any surroundings, for comparing its accrual with other implementations: everybody is admitted
/// and may command it, and the money of a distribution is made here.
contract AccrualHarness is ERC20 {
    /// @notice The series under test, ready to be issued.
    RevenueRight public immutable series;

    constructor() ERC20("Harness currency", "HC") {
        address me = address(this);
        address half = address(new SeriesExtension(me, me, me, me));
        address implementation = address(new RevenueRight(me, me, me, me, half));
        IRevenueRight.Terms memory terms;
        (terms.name, terms.symbol, terms.stream) = ("Harness series", "HS", 1);
        (terms.termFrom, terms.termTo, terms.classes) = (1, type(uint24).max, 2);
        bytes memory args = SeriesTerms.encode(terms, address(this));
        series = RevenueRight(Clones.cloneWithImmutableArgs(implementation, args));
    }

    /// @notice Makes `amount` of currency and distributes it for `period`.
    function distribute(uint32 period, uint64 amount) external {
        _mint(address(series), amount);
        series.distribute(period, amount);
    }

    /// @notice Moves units of any holder who gave this harness an allowance.
    function move(address from, address to, uint256 units) external {
        series.transferFrom(from, to, units);
    }

    /// @notice Currency has the usual 6 decimals.
    function decimals() public pure override returns (uint8) {
        return 6;
    }

    /* WHAT A SERIES ASKS ITS SURROUNDINGS */

    /// @notice As the participant registry: everybody is admitted for ever.
    function walletOf(address) external pure returns (IParticipantRegistry.Wallet memory) {
        return IParticipantRegistry.Wallet(1, 0, type(uint16).max, 156, IParticipantRegistry.Class.Retail, false, false);
    }

    /// @notice As the authority: everybody may do everything.
    function canCall(address, address, bytes4) external pure returns (bool immediate, uint32 delay) {
        return (true, 0);
    }
}
