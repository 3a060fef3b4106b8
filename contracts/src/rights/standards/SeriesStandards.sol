// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ISeriesCompliance} from "../../interfaces/ISeriesCompliance.sol";
import {ISeriesFactory} from "../../interfaces/ISeriesFactory.sol";
import {SeriesBase} from "../SeriesBase.sol";
import {SeriesTerms} from "../SeriesTerms.sol";
import {PermitDomain} from "./PermitDomain.sol";
import {SeriesErc3643} from "./SeriesErc3643.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

/// @title The part of a series that carries out orders and permits.
/// @dev The extension delegates to this contract what it does not know itself, as RevenueRight does to the extension. All said
/// there holds here.
contract SeriesStandards is SeriesErc3643, ISeriesCompliance {
    bytes32 private constant PERMIT_TYPE =
        keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");

    constructor(address authority_, address registry_, address currency_, address distributor_)
        SeriesBase(authority_, registry_, currency_, distributor_)
    {}

    /* MARKS */

    /// @inheritdoc ISeriesCompliance
    function setRestricted(bool restricted) external {
        address factory = SeriesTerms.factory(SeriesTerms.word(1));
        if (msg.sender != factory && msg.sender != ISeriesFactory(factory).policy()) revert NotPolicy(msg.sender);
        _state = _state.withRestricted(restricted);
        emit Restricted(restricted);
    }

    /// @inheritdoc ISeriesCompliance
    function recover(address lost, address replacement) external {
        if (msg.sender != address(REGISTRY)) revert NotRegistry(msg.sender);
        _recover(lost, replacement);
    }

    /* ERC-2612 AND EIP-5267 */

    /// @inheritdoc IERC20Permit
    function permit(address holder, address spender, uint256 value, uint256 deadline, uint8 v, bytes32 r, bytes32 s)
        external
    {
        if (block.timestamp > deadline) revert ERC2612ExpiredSignature(deadline);
        if (_state.paused() || isFrozen(holder)) revert PermitRefused(holder);
        bytes32 content = keccak256(abi.encode(PERMIT_TYPE, holder, spender, value, _nonces[holder]++, deadline));
        address signer = ECDSA.recover(MessageHashUtils.toTypedDataHash(DOMAIN_SEPARATOR(), content), v, r, s);
        if (signer != holder) revert ERC2612InvalidSigner(signer, holder);
        _approve(holder, spender, value);
    }

    /// @inheritdoc IERC20Permit
    function nonces(address holder) external view returns (uint256) {
        return _nonces[holder];
    }

    /// @inheritdoc IERC20Permit
    function DOMAIN_SEPARATOR() public view returns (bytes32) {
        return PermitDomain.separator();
    }
}
