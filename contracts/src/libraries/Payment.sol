// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title Currency transfers that may fail without failing the caller.
/// @notice A transfer counts as made if the call succeeded and returned true or, for currencies that return nothing,
/// nothing. At most one word of the answer is copied, so a long answer costs the caller nothing.
library Payment {
    /// @notice Gas one payment of a page may use. A plain ERC-20 needs 35 000 for a new payee; the rest leaves room for
    /// block lists and proxies. A currency that wants more is one whose payments fail.
    uint256 internal constant GAS = 100_000;

    /// @dev What must be left so that a call can be given GAS (64/63 of it, since one 64th stays behind) and its outcome be
    /// recorded. A literal, because the compiler would compute an expression anew for each payment.
    uint256 private constant NEEDED = 115_000;

    /// @notice The transaction was given too little gas to make the next payment.
    error GasTooLow(uint256 left, uint256 needed);

    /// @notice Reverts where GAS cannot be given to the next payment: else whoever calls could make a good payment fail by
    /// giving little.
    function requireGas() internal view {
        if (gasleft() < NEEDED) revert GasTooLow(gasleft(), NEEDED);
    }

    /// @notice Tries a transfer with `gasLimit`, or what there is if that is less.
    function tryTransfer(address currency, address to, uint256 amount, uint256 gasLimit) internal returns (bool made) {
        bytes4 selector = IERC20.transfer.selector;
        assembly ("memory-safe") {
            let data := mload(0x40)
            mstore(data, selector)
            // The upper bits of an address are not always clean, and currencies refuse such arguments.
            mstore(add(data, 0x04), shr(96, shl(96, to)))
            mstore(add(data, 0x24), amount)
            made := call(gasLimit, currency, 0, data, 0x44, 0x00, 0x20)
            switch returndatasize()
            case 0 { made := and(made, gt(extcodesize(currency), 0)) }
            default { made := and(made, and(gt(returndatasize(), 0x1f), eq(mload(0x00), 1))) }
        }
    }
}
