// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title An ERC-20 with one of the ways in which real currencies leave the standard.
contract QuirkyCurrency is ERC20 {
    enum Quirk {
        None,
        ReturnsNothing,
        TakesAFee,
        ReturnsFalse,
        Reverts,
        IsPaused,
        BlocksSome,
        CallsBack
    }

    error Paused();
    error Blocked(address account);

    uint8 private immutable DECIMALS;

    Quirk public quirk;
    mapping(address account => bool) public blocked;
    bytes private _call;

    constructor(uint8 decimals_) ERC20("Quirky", "QRK") {
        DECIMALS = decimals_;
    }

    function become(Quirk quirk_) external {
        quirk = quirk_;
    }

    function setBlocked(address account, bool blocked_) external {
        blocked[account] = blocked_;
    }

    /// @dev What is done to who pays or asks for payment, in the middle of a transfer.
    function setCall(bytes calldata data) external {
        _call = data;
    }

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function decimals() public view override returns (uint8) {
        return DECIMALS;
    }

    function transfer(address to, uint256 amount) public override returns (bool) {
        return _ended(quirk == Quirk.ReturnsFalse || super.transfer(to, amount));
    }

    function transferFrom(address from, address to, uint256 amount) public override returns (bool) {
        return _ended(quirk == Quirk.ReturnsFalse || super.transferFrom(from, to, amount));
    }

    /// @dev A fee of one per cent is burnt, and of less than a hundred nothing.
    function _update(address from, address to, uint256 amount) internal override {
        if (from == address(0)) return super._update(from, to, amount);
        if (quirk == Quirk.IsPaused) revert Paused();
        require(quirk != Quirk.Reverts);
        if (quirk == Quirk.BlocksSome && (blocked[from] || blocked[to])) revert Blocked(blocked[from] ? from : to);
        if (quirk == Quirk.CallsBack) _callBack();
        super._update(from, to, amount);
        if (quirk == Quirk.TakesAFee) super._update(to, address(0), amount / 100);
    }

    function _callBack() private {
        (bool done, bytes memory answer) = msg.sender.call(_call);
        if (!done) {
            assembly ("memory-safe") {
                revert(add(answer, 0x20), mload(answer))
            }
        }
    }

    function _ended(bool done) private view returns (bool) {
        if (quirk == Quirk.ReturnsNothing) {
            assembly ("memory-safe") {
                return(0, 0)
            }
        }
        return quirk != Quirk.ReturnsFalse && done;
    }
}

/// @title A currency that does not say what its unit is.
contract NamelessCurrency {
    function totalSupply() external pure returns (uint256) {
        return 1_000_000;
    }
}
