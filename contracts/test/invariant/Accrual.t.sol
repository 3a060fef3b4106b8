// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IRevenueRight} from "../../src/interfaces/IRevenueRight.sol";
import {HealthKit} from "../HealthKit.sol";
import {Currency} from "../rights/Currency.sol";
import {OddCurrency} from "../rights/OddCurrency.sol";
import {RightsKit} from "../rights/RightsKit.sol";

/// @title Five holders do what holders do, while their entitlements are kept apart as exact fractions.
/// @dev Each action notes what must follow and checks it at once; what must hold always is checked by the invariants.
contract SeriesHandler is RightsKit {
    OddCurrency private _odd;
    address[5] public actors;
    address[] private _page;

    /// @dev Times the supply, so that it is a whole number: earned by each actor, and paid to each.
    mapping(address actor => uint256) public earned;
    mapping(address actor => uint256) public paid;
    uint64 public received;
    uint64 public donated;
    uint64 public supply;

    function setUp() public override {
        super.setUp();
        IRevenueRight.Terms memory terms = _terms();
        (terms.minTicket, terms.termTo) = (1, type(uint16).max);
        series = _create(terms);
        actors = [adam, barb, carl, dora, eric];
        uint64[5] memory units = [uint64(7_000_003), 1_999_993, 1, 0, 1_000_003];
        for (uint256 i = 0; i < actors.length; ++i) {
            _admit(actors[i], type(uint16).max, CHINA, PROFESSIONAL, 0);
            _issue(actors[i], units[i]);
            supply += units[i];
            _page.push(actors[i]);
        }
        vm.prank(issuer);
        series.seal();
    }

    function _newCurrency() internal override returns (Currency) {
        _odd = new OddCurrency();
        return _odd;
    }

    function right() external view returns (IRevenueRight) {
        return series;
    }

    function vault() external view returns (uint256) {
        return currency.balanceOf(address(series));
    }

    function receivedBy(address actor) external view returns (uint256) {
        return currency.balanceOf(actor);
    }

    /* ACTIONS */

    function distribute(uint64 amount) external {
        amount = uint64(bound(amount, 0, amount % 5 == 0 ? 1e15 : 20_000_000));
        for (uint256 i = 0; i < actors.length; ++i) {
            earned[actors[i]] += uint256(amount) * series.balanceOf(actors[i]);
        }
        received += amount;
        _distribute(series.state().lastPeriod + 1, amount);
    }

    function transfer(uint256 fromSeed, uint256 toSeed, uint64 units) external {
        (address from, address to) = (_actor(fromSeed), _actor(toSeed));
        units = uint64(bound(units, 0, series.balanceOf(from)));
        (IRevenueRight.Refusal reason,) = series.checkTransfer(from, to, units);
        (uint64 before, uint64 beforeTo) = (series.claimable(from), series.claimable(to));
        vm.prank(from);
        (bool made,) = address(series).call(abi.encodeCall(series.transfer, (to, units)));
        assertEq(made, reason == IRevenueRight.Refusal.None, "checkTransfer told the truth");
        assertEq(series.claimable(from), before, "sender's income");
        assertEq(series.claimable(to), beforeTo, "recipient's income");
    }

    function claim(uint256 seed) external {
        address actor = _actor(seed);
        uint64 claimable = series.claimable(actor);
        vm.prank(actor);
        (bool made, bytes memory answer) = address(series).call(abi.encodeCall(series.claim, ()));
        assertEq(made, claimable == 0 || _payable(actor), "made");
        if (!made) return;
        assertEq(abi.decode(answer, (uint64)), claimable, "claim pays what claimable said");
        _notePayment(actor, claimable);
    }

    function push(uint256 mask) external {
        delete _page;
        uint256 expected = 0;
        for (uint256 i = 0; i < actors.length; ++i) {
            if (mask >> i & 1 == 0) continue;
            _page.push(actors[i]);
            uint64 claimable = series.claimable(actors[i]);
            if (claimable == 0 || !_payable(actors[i])) continue;
            _notePayment(actors[i], claimable);
            ++expected;
        }
        assertEq(series.push(_page), expected, "paid");
    }

    function freeze(uint256 seed, bool frozen, bool pushed) external {
        _freeze(_actor(seed), frozen, pushed);
    }

    function sync(uint256 seed) external {
        series.sync(_actor(seed));
    }

    function refuse(uint256 seed, uint256 mood) external {
        _odd.setMood(_actor(seed), OddCurrency.Mood(mood % 6));
    }

    function donate(uint64 amount) external {
        amount = uint64(bound(amount, 0, 1e6));
        donated += amount;
        currency.mint(address(series), amount);
    }

    function pause(bool paused) external {
        if (paused == series.paused()) return;
        vm.prank(pauser);
        if (paused) series.pause();
        else series.unpause();
    }

    /// @dev Puts everything right and pays everybody.
    function finish() external {
        for (uint256 i = 0; i < actors.length; ++i) {
            _freeze(actors[i], false, true);
            _odd.setMood(actors[i], OddCurrency.Mood.Fine);
            _notePayment(actors[i], series.claimFor(actors[i]));
        }
    }

    /* WORDS */

    function _actor(uint256 seed) private view returns (address) {
        return actors[seed % actors.length];
    }

    function _notePayment(address actor, uint64 amount) private {
        paid[actor] += amount;
    }

    /// @dev The cache may say frozen where the registry no longer does, and the other way round: consent rests on the
    /// cache, refusal on the registry.
    function _payable(address actor) private view returns (bool) {
        bool frozen = series.accountOf(actor).frozen && registry.walletOf(actor).frozen;
        OddCurrency.Mood mood = _odd.moods(actor);
        bool fine = mood == OddCurrency.Mood.Fine || uint256(mood) >= uint256(OddCurrency.Mood.SaysNothing);
        return !frozen && fine;
    }
}

contract AccrualInvariants is HealthKit {
    SeriesHandler internal handler;

    function setUp() public {
        handler = new SeriesHandler();
        handler.setUp();
        bytes4[] memory actions = new bytes4[](9);
        actions[0] = SeriesHandler.distribute.selector;
        actions[1] = SeriesHandler.transfer.selector;
        actions[2] = SeriesHandler.claim.selector;
        actions[3] = SeriesHandler.push.selector;
        actions[4] = SeriesHandler.freeze.selector;
        actions[5] = SeriesHandler.sync.selector;
        actions[6] = SeriesHandler.refuse.selector;
        actions[7] = SeriesHandler.donate.selector;
        actions[8] = SeriesHandler.pause.selector;
        targetContract(address(handler));
        targetSelectors(address(handler), actions);
    }

    /// @dev claimable = ⌊earned − paid⌋ for every holder, exactly.
    function invariant_ClaimsAreTheExactFractionsRoundedDown() public view {
        for (uint256 i = 0; i < 5; ++i) {
            address actor = handler.actors(i);
            uint256 exact = handler.earned(actor) - handler.paid(actor) * handler.supply();
            assertEq(handler.right().claimable(actor), exact / handler.supply(), "claimable");
            assertEq(handler.receivedBy(actor), handler.paid(actor), "received");
        }
    }

    /// @dev received − holders < Σ claimable + Σ paid ≤ received.
    function invariant_NothingIsLostAndNothingIsMade() public view {
        (uint256 claimable, uint256 paid) = _sums();
        assertLe(claimable + paid, handler.received(), "not more than received");
        assertGt(claimable + paid + 5, handler.received(), "less than a unit per holder is left over");
    }

    /// @dev The vault covers what is owed, and holds no more than that, the fractions and gifts.
    function invariant_VaultCoversWhatIsOwed() public view {
        (, uint256 paid) = _sums();
        assertEq(handler.vault() - handler.donated(), handler.received() - paid, "in less out");
        requireHealthy(health.checkSeries(address(handler.right()), _actors(), handler.donated()));
    }

    function invariant_UnitsAreConserved() public view {
        uint256 sum = 0;
        for (uint256 i = 0; i < 5; ++i) {
            sum += handler.right().accountOf(handler.actors(i)).balance;
        }
        assertEq(sum, handler.supply(), "sum");
        assertEq(handler.right().state().supply, handler.supply(), "supply");
        assertEq(handler.right().state().acc, handler.received(), "acc");
    }

    /// @dev Whatever went before, everybody can be paid in the end.
    function afterInvariant() public {
        handler.finish();
        assertLt(handler.vault() - handler.donated(), 5, "only dust is left");
    }

    function _actors() private view returns (address[] memory actors) {
        actors = new address[](5);
        for (uint256 i = 0; i < 5; ++i) {
            actors[i] = handler.actors(i);
        }
        ascend(actors);
    }

    function _sums() private view returns (uint256 claimable, uint256 paid) {
        for (uint256 i = 0; i < 5; ++i) {
            address actor = handler.actors(i);
            claimable += handler.right().claimable(actor);
            paid += handler.paid(actor);
        }
    }
}
