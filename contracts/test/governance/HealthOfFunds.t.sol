// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IHealthCheck} from "../../src/interfaces/IHealthCheck.sol";
import {IPoolFund} from "../../src/interfaces/IPoolFund.sol";
import {HealthKit} from "../HealthKit.sol";
import {FundKit} from "../funds/FundKit.sol";

contract HealthOfFundsTest is HealthKit, FundKit {
    function setUp() public override {
        super.setUp();
        _contribute();
        _earn(vpp, 100_001);
        fund.collect();
    }

    function _check() private view returns (IHealthCheck.Result[] memory) {
        return health.checkFund(address(fund));
    }

    function _say(IPoolFund.Books memory books) private {
        vm.mockCall(address(fund), abi.encodeCall(fund.books, ()), abi.encode(books));
    }

    function test_ASoundFundIsHealthy() public {
        requireHealthy(_check());
        assertEq(_check()[0].actual, 50_000, "covered");
        currency.mint(address(fund), 1);
        requireHealthy(_check());
    }

    function test_BooksWithoutMoneyAreSeen() public {
        IPoolFund.Books memory books = _books();
        ++books.retained;
        _say(books);
        assertTrue(!_check()[0].ok, "fund/covered");
    }

    function test_MoreWithheldThanTheFloorLeavesIsSeen() public {
        IPoolFund.Books memory books = _books();
        books.withheld = books.income / 10;
        _say(books);
        assertTrue(_check()[1].ok, "the most");
        ++books.withheld;
        _say(books);
        assertTrue(!_check()[1].ok, "fund/withheld");
    }

    function test_IncomeThatVanishedIsSeen() public {
        IPoolFund.Books memory books = _books();
        --books.distributable;
        _say(books);
        assertTrue(!_check()[2].ok, "fund/passed");
    }
}
