// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IObjectiveDisputes} from "../interfaces/IObjectiveDisputes.sol";
import {IOperatorBond} from "../interfaces/IOperatorBond.sol";
import {IStatementBook} from "../interfaces/IStatementBook.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

/// @title OperatorBond
/// @notice DUTY. The operator of a stream puts up money. Whoever proves a fault in a statement of the stream is paid a fixed
/// reward out of it, once for each fault. What the bond does not cover stays owed and is paid when there is more. A fault voids the statement with or without a bond:
/// the reward only pays for looking.
///
/// PAYMENT. Proving a fault notes who proved it; the reward is fetched here by anyone for the challenger, in a
/// transaction of its own. So a dispute stays cheap, and no currency can make it fail.
///
/// WITHDRAWAL. Announced NOTICE ahead, and only while every attested statement is settled: what could still be found
/// to be faulty is covered. An announcement runs out after another NOTICE, or it could be made long before it is wanted.
///
/// TRUST. ISSUER names the operator and the reward, once for each stream. An operator who proves his own faults gets
/// back his own money sooner, and only as often as a quorum has signed a faulty statement.
///
/// LIMITS. What counts is what arrives, so a currency that takes a fee can be used; one whose balances change by
/// themselves cannot. Money sent without `deposit` belongs to nobody.
contract OperatorBond is IOperatorBond, AccessManaged, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /* IMMUTABLES */

    IERC20 private immutable CURRENCY;
    IObjectiveDisputes private immutable CHAMBER;
    IStatementBook private immutable BOOK;

    /// @inheritdoc IOperatorBond
    uint40 public immutable NOTICE;

    /* STORAGE */

    mapping(bytes32 fault => uint96) private _paid;
    mapping(uint32 stream => Bond) private _bonds;

    /* CONSTRUCTOR */

    constructor(address authority, IERC20 currency_, IObjectiveDisputes chamber, uint40 notice)
        AccessManaged(authority)
    {
        (CURRENCY, CHAMBER, NOTICE) = (currency_, chamber, notice);
        BOOK = IStatementBook(chamber.book());
    }

    /* RESTRICTED */

    /// @inheritdoc IOperatorBond
    function open(uint32 stream, address operator, uint96 reward_) external restricted {
        if (operator == address(0)) revert NoBond(stream);
        Bond storage bond = _bonds[stream];
        if (bond.operator != address(0)) revert BondExists(stream);
        (bond.operator, bond.reward) = (operator, reward_);
        emit BondOpened(stream, operator, reward_);
    }

    /* OPERATOR */

    /// @inheritdoc IOperatorBond
    function deposit(uint32 stream, uint256 amount) external nonReentrant {
        Bond storage bond = _bonds[stream];
        if (bond.operator == address(0)) revert NoBond(stream);
        uint256 before = CURRENCY.balanceOf(address(this));
        CURRENCY.safeTransferFrom(msg.sender, address(this), amount);
        uint256 arrived = CURRENCY.balanceOf(address(this)) - before;
        if (arrived == 0 || arrived > type(uint96).max - bond.balance) revert InvalidDeposit(arrived);
        // Fits by the line above.
        bond.balance += uint96(arrived);
        emit BondDeposited(stream, msg.sender, uint96(arrived));
    }

    /// @inheritdoc IOperatorBond
    function announce(uint32 stream, uint96 amount) external {
        Bond storage bond = _ofCaller(stream);
        if (amount > bond.balance) revert BondTooSmall(stream, bond.balance, amount);
        uint40 leavesAt = amount == 0 ? 0 : uint40(block.timestamp) + NOTICE;
        (bond.leaving, bond.leavesAt) = (amount, leavesAt);
        emit WithdrawalAnnounced(stream, amount, leavesAt);
    }

    /// @inheritdoc IOperatorBond
    function withdraw(uint32 stream) external nonReentrant returns (uint96 amount) {
        Bond storage bond = _ofCaller(stream);
        uint40 leavesAt = bond.leavesAt;
        bool due = block.timestamp >= leavesAt && block.timestamp < uint256(leavesAt) + NOTICE;
        if (bond.leaving == 0 || !due) revert NotLeaving(stream, leavesAt);
        (uint32 attested,, uint32 settled) = BOOK.progressOf(stream);
        if (attested != settled) revert StatementOpen(stream, attested, settled);
        amount = _least(bond.leaving, bond.balance);
        bond.balance -= amount;
        (bond.leaving, bond.leavesAt) = (0, 0);
        emit BondWithdrawn(stream, msg.sender, amount);
        CURRENCY.safeTransfer(msg.sender, amount);
    }

    /* REWARD */

    /// @inheritdoc IOperatorBond
    function reward(bytes32 fault) external nonReentrant returns (uint96 amount) {
        IObjectiveDisputes.Proven memory proven = CHAMBER.provenOf(fault);
        if (proven.challenger == address(0)) revert NotProven(fault);
        Bond storage bond = _bonds[proven.stream];
        uint96 paid = _paid[fault];
        if (paid != 0 && paid == bond.reward) revert PaidBefore(fault);
        amount = _least(bond.reward - paid, bond.balance);
        if (amount == 0) revert NothingToPay(proven.stream);
        _paid[fault] = paid + amount;
        bond.balance -= amount;
        emit RewardPaid(proven.stream, fault, proven.challenger, amount);
        CURRENCY.safeTransfer(proven.challenger, amount);
    }

    /* VIEWS */

    /// @inheritdoc IOperatorBond
    function isPaid(bytes32 fault) external view returns (bool) {
        uint96 paid = _paid[fault];
        return paid != 0 && paid == _bonds[CHAMBER.provenOf(fault).stream].reward;
    }

    /// @inheritdoc IOperatorBond
    function bondOf(uint32 stream) external view returns (Bond memory) {
        return _bonds[stream];
    }

    /// @inheritdoc IOperatorBond
    function currency() external view returns (address) {
        return address(CURRENCY);
    }

    /* INTERNAL */

    function _ofCaller(uint32 stream) private view returns (Bond storage bond) {
        bond = _bonds[stream];
        if (bond.operator != msg.sender) revert NotOperator(stream, msg.sender);
    }

    function _least(uint96 a, uint96 b) private pure returns (uint96) {
        return a < b ? a : b;
    }
}
