// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Roles} from "../../src/governance/Roles.sol";
import {IRevenueRight} from "../../src/interfaces/IRevenueRight.sol";
import {ISeries} from "../../src/interfaces/ISeries.sol";
import {ISeriesRecords} from "../../src/interfaces/ISeriesRecords.sol";
import {MovesExtension} from "../rights/MovesExtension.sol";
import {RightsKit} from "../rights/RightsKit.sol";

/// @title Five holders trade around record dates while money comes late, in parts, or never.
/// @dev Beside the series runs a model that knows no marks: when a period closes it writes all balances down, and
/// when money comes it multiplies. Whole numbers only: everything is kept times the supply.
contract RecordsHandler is RightsKit {
    uint256 private constant ACTORS = 5;

    address[5] public actors;
    uint256 public supply;
    uint256 public received;
    uint256 public paidOut;
    uint32 public last;

    /// @dev Earned less paid, times the supply.
    mapping(address actor => uint256) public due;
    mapping(address actor => uint256) public units;
    mapping(address actor => uint256) public frozen;
    mapping(uint32 period => bool) public isClosed;
    mapping(uint32 period => mapping(address actor => uint256)) public unitsWhenClosed;

    uint32 public pendingPeriod;
    uint40 public pendingAt;
    uint32 public lastPassed;
    uint32[] private _passed;

    uint32 public snapshot;
    uint40 public snapshotUntil;
    mapping(address actor => uint256) public unitsAtSnapshot;
    address private _vote = makeAddr("vote");

    function setUp() public override {
        super.setUp();
        IRevenueRight.Terms memory terms = _terms();
        (terms.minTicket, terms.termFrom, terms.termTo) = (1, 7, 60_000);
        series = _create(terms);
        actors = [adam, barb, carl, dora, eric];
        uint64[5] memory shares = [uint64(7_000_003), 1_999_993, 1, 0, 1_000_003];
        for (uint256 i = 0; i < ACTORS; ++i) {
            _admit(actors[i], type(uint16).max, CHINA, PROFESSIONAL, 0);
            _issue(actors[i], shares[i]);
            units[actors[i]] = shares[i];
            supply += shares[i];
        }
        vm.prank(issuer);
        series.seal();
        vm.prank(admin);
        authority.grantRole(Roles.VOTING, _vote, 0);
        last = 6;
    }

    function _newExtension(address money, address source) internal override returns (address) {
        return address(new MovesExtension(address(authority), address(registry), money, source));
    }

    function right() external view returns (ISeries) {
        return series;
    }

    function vault() external view returns (uint256) {
        return currency.balanceOf(address(series));
    }

    function moves() public view returns (MovesExtension) {
        return MovesExtension(address(series));
    }

    /* TIME */

    function wait(uint256 time) external {
        _wait(bound(time, 1, 3 days));
    }

    function announce(uint256 ahead, uint256 delay) external {
        uint32 first = (lastPassed > last ? lastPassed : last) + 1;
        uint32 period = first + uint32(ahead % 3);
        uint40 moment = uint40(vm.getBlockTimestamp() + bound(delay, 1, 2 days));
        bool full = pendingAt == 0 && _passed.length == 5;
        vm.prank(issuer);
        (bool made, bytes memory answer) = address(series).call(abi.encodeCall(series.scheduleRecord, (period, moment)));
        assertEq(made, !full, "announced unless five wait");
        if (full) assertEq(bytes4(answer), ISeriesRecords.TooManyOpenRecords.selector, "reason");
        if (made) (pendingPeriod, pendingAt) = (period, moment);
    }

    /// @dev Announces the next period and lets its record date pass: what makes periods pile up.
    function passRecord(uint256 delay) external {
        if (pendingAt == 0 && _passed.length == 5) return;
        uint32 period = (lastPassed > last ? lastPassed : last) + 1;
        uint40 moment = uint40(vm.getBlockTimestamp() + bound(delay, 1, 1 days));
        vm.prank(issuer);
        series.scheduleRecord(period, moment);
        (pendingPeriod, pendingAt) = (period, moment);
        _wait(moment - vm.getBlockTimestamp());
    }

    function _wait(uint256 time) private {
        uint256 moment = vm.getBlockTimestamp() + time;
        vm.warp(moment);
        if (pendingAt == 0 || moment < pendingAt) return;
        if (pendingPeriod > last) {
            for (uint32 p = last + 1; p <= pendingPeriod; ++p) {
                _closePeriod(p);
            }
            _passed.push(pendingPeriod);
        }
        (lastPassed, pendingAt) = (pendingPeriod, 0);
    }

    function _closePeriod(uint32 period) private {
        if (isClosed[period]) return;
        isClosed[period] = true;
        for (uint256 i = 0; i < ACTORS; ++i) {
            unitsWhenClosed[period][actors[i]] = units[actors[i]];
        }
    }

    /* MONEY */

    function distribute(uint256 skip, uint64 amount) external {
        _pay(last + 1 + (skip % 4 == 0 ? uint32(skip / 4 % 4) : 0), amount);
    }

    /// @dev Pays the oldest record date that waits.
    function payRecord(uint64 amount) external {
        if (_passed.length != 0) _pay(_passed[0], amount);
    }

    function _pay(uint32 period, uint64 amount) private {
        amount = uint64(bound(amount, 0, amount % 5 == 0 ? 1e15 : 20_000_000));
        _closePeriod(period);
        for (uint256 i = 0; i < ACTORS; ++i) {
            due[actors[i]] += amount * unitsWhenClosed[period][actors[i]];
        }
        last = period;
        received += amount;
        uint32[] memory before = _passed;
        delete _passed;
        for (uint256 i = 0; i < before.length; ++i) {
            if (before[i] > period) _passed.push(before[i]);
        }
        _distribute(period, amount);
    }

    function claim(uint256 seed) external {
        address actor = _actor(seed);
        assertEq(series.claimFor(actor), due[actor] / supply, "exact");
        _notePayment(actor);
    }

    function push(uint256 mask) external {
        address[] memory page = new address[](ACTORS);
        uint256 size = 0;
        for (uint256 i = 0; i < ACTORS; ++i) {
            if (mask >> i & 1 == 1) page[size++] = actors[i];
        }
        assembly {
            mstore(page, size)
        }
        series.push(page);
        for (uint256 i = 0; i < size; ++i) {
            _notePayment(page[i]);
        }
    }

    function _notePayment(address actor) private {
        paidOut += due[actor] / supply;
        due[actor] %= supply;
    }

    /* UNITS */

    function transfer(uint256 fromSeed, uint256 toSeed, uint64 amount) external {
        (address from, address to) = (_actor(fromSeed), _actor(toSeed));
        uint256 free = units[from] > frozen[from] ? units[from] - frozen[from] : 0;
        amount = uint64(amount % 3 == 0 ? free : bound(amount, 0, free));
        vm.prank(from);
        series.transfer(to, amount);
        units[from] -= amount;
        units[to] += amount;
    }

    function freezeUnits(uint256 seed, uint256 amount) external {
        address actor = _actor(seed);
        frozen[actor] = amount % 3 == 0 ? 0 : bound(amount, 0, 2 * units[actor] + 1);
        moves().freezeUnits(actor, frozen[actor]);
    }

    function forceMove(uint256 fromSeed, uint256 toSeed, uint64 amount) external {
        (address from, address to) = (_actor(fromSeed), _actor(toSeed));
        if (from == to) return;
        amount = uint64(bound(amount, 0, units[from]));
        uint256 free = units[from] > frozen[from] ? units[from] - frozen[from] : 0;
        if (amount > free) frozen[from] -= amount - free;
        moves().forceMove(from, to, amount);
        units[from] -= amount;
        units[to] += amount;
    }

    /// @dev A wallet is lost; all it owned goes to another, which may own something already.
    function recover(uint256 fromSeed, uint256 toSeed) external {
        (address from, address to) = (_actor(fromSeed), _actor(toSeed));
        if (from == to) return;
        assertEq(moves().moveAll(from, to), units[from], "units moved");
        (units[to], units[from]) = (units[to] + units[from], 0);
        (due[to], due[from]) = (due[to] + due[from], 0);
        (frozen[to], frozen[from]) = (frozen[to] + frozen[from], 0);
        for (uint256 i = 0; i < _passed.length; ++i) {
            for (uint32 p = i == 0 ? last + 1 : _passed[i - 1] + 1; p <= _passed[i]; ++p) {
                mapping(address => uint256) storage then = unitsWhenClosed[p];
                (then[to], then[from]) = (then[to] + then[from], 0);
            }
        }
    }

    /* VOTES */

    function callVote(uint256 time) external {
        if (snapshotUntil >= vm.getBlockTimestamp()) return;
        snapshotUntil = uint40(vm.getBlockTimestamp() + bound(time, 1, 2 days));
        vm.prank(_vote);
        snapshot = series.openSnapshot(snapshotUntil);
        for (uint256 i = 0; i < ACTORS; ++i) {
            unitsAtSnapshot[actors[i]] = units[actors[i]];
        }
    }

    /* THE END */

    function finish() external {
        _wait(3 days);
        _pay(60_000, 1_000_003);
        series.close();
        for (uint256 i = 0; i < ACTORS; ++i) {
            moves().freezeUnits(actors[i], 0);
            if (units[actors[i]] != 0) assertEq(series.redeem(actors[i]), due[actors[i]] / supply, "last payment");
            else series.claimFor(actors[i]);
            _notePayment(actors[i]);
            units[actors[i]] = 0;
            frozen[actors[i]] = 0;
        }
    }

    function passed() external view returns (uint32[] memory) {
        return _passed;
    }

    function _actor(uint256 seed) private view returns (address) {
        return actors[seed % ACTORS];
    }
}
