// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IERC1404} from "../../interfaces/IERC1404.sol";
import {IERC3643} from "../../interfaces/IERC3643.sol";
import {IERC7943} from "../../interfaces/IERC7943.sol";
import {ISeriesCompliance} from "../../interfaces/ISeriesCompliance.sol";
import {ISeriesFactory} from "../../interfaces/ISeriesFactory.sol";
import {ISeriesStandards} from "../../interfaces/ISeriesStandards.sol";
import {SeriesPayments} from "../SeriesPayments.sol";
import {SeriesTerms} from "../SeriesTerms.sol";
import {SeriesErc1404} from "./SeriesErc1404.sol";
import {SeriesErc3643} from "./SeriesErc3643.sol";
import {IERC5267} from "@openzeppelin/contracts/interfaces/IERC5267.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";

/// @title The remaining standards: permits, introspection, description, ERC-2222; and the marks set by registry and policy.
/// @dev The domain of a permit is computed for each call, since all series share this code: name and address are the clone's.
abstract contract SeriesStandards is SeriesErc1404, SeriesErc3643, SeriesPayments {
    bytes32 private constant DOMAIN_TYPE =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    bytes32 private constant PERMIT_TYPE =
        keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
    string private constant DOMAIN_VERSION = "1";

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
        if (msg.sender != address(REGISTRY)) _requireAuthorized();
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
        bytes32 name_ = keccak256(bytes(SeriesTerms.text(3)));
        return
            keccak256(abi.encode(DOMAIN_TYPE, name_, keccak256(bytes(DOMAIN_VERSION)), block.chainid, address(this)));
    }

    /// @inheritdoc IERC5267
    function eip712Domain()
        external
        view
        returns (
            bytes1 fields,
            string memory name_,
            string memory version_,
            uint256 chainId,
            address verifyingContract,
            bytes32 salt,
            uint256[] memory extensions
        )
    {
        (name_, version_) = (SeriesTerms.text(3), DOMAIN_VERSION);
        return (hex"0f", name_, version_, block.chainid, address(this), 0, new uint256[](0));
    }

    /* ERC-165 */

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 id) external pure returns (bool) {
        return id == type(IERC165).interfaceId || id == type(IERC20).interfaceId
            || id == type(IERC20Metadata).interfaceId || id == type(IERC7943).interfaceId
            || id == type(IERC20Permit).interfaceId || id == type(IERC5267).interfaceId
            || id == type(IERC1404).interfaceId || id == type(IERC3643).interfaceId;
    }

    /* DESCRIPTION */

    /// @inheritdoc ISeriesStandards
    function contractURI() external view returns (string memory) {
        string memory base = ISeriesFactory(SeriesTerms.factory(SeriesTerms.word(1))).baseURI();
        if (bytes(base).length == 0) return "";
        return string.concat(base, Strings.toHexString(address(this)));
    }

    /// @inheritdoc ISeriesStandards
    function owner() external view returns (address) {
        return address(AUTHORITY);
    }

    /// @inheritdoc ISeriesStandards
    function isAgent(address account) external view returns (bool) {
        address factory = SeriesTerms.factory(SeriesTerms.word(1));
        (bool immediate,) = AUTHORITY.canCall(account, factory, IERC7943.forcedTransfer.selector);
        return immediate;
    }

    /* ERC-2222 */

    /// @inheritdoc ISeriesStandards
    function withdrawableFundsOf(address holder) external view returns (uint256) {
        return _claimable(holder);
    }

    /// @inheritdoc ISeriesStandards
    function withdrawFunds() external {
        _claim(msg.sender);
    }
}
