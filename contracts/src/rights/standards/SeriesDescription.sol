// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IDisclosureRegistry} from "../../interfaces/IDisclosureRegistry.sol";
import {IERC1404} from "../../interfaces/IERC1404.sol";
import {IERC3643} from "../../interfaces/IERC3643.sol";
import {IERC7943} from "../../interfaces/IERC7943.sol";
import {ISeriesFactory} from "../../interfaces/ISeriesFactory.sol";
import {ISeriesReasons} from "../../interfaces/ISeriesReasons.sol";
import {SeriesPayments} from "../SeriesPayments.sol";
import {SeriesTerms} from "../SeriesTerms.sol";
import {PermitDomain} from "./PermitDomain.sol";
import {SeriesErc1404} from "./SeriesErc1404.sol";
import {IERC5267} from "@openzeppelin/contracts/interfaces/IERC5267.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";

/// @title What a series tells tools that know a standard and nothing of Usufruct. See docs/standards.md.
abstract contract SeriesDescription is SeriesErc1404, SeriesPayments {
    /* EIP-5267 */

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
        (name_, version_) = (SeriesTerms.text(3), PermitDomain.VERSION);
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

    /// @inheritdoc ISeriesReasons
    function contractURI() external view returns (string memory) {
        string memory base = ISeriesFactory(SeriesTerms.factory(SeriesTerms.word(1))).baseURI();
        if (bytes(base).length == 0) return "";
        return string.concat(base, Strings.toHexString(address(this)));
    }

    /// @inheritdoc ISeriesReasons
    function owner() external view returns (address) {
        return address(AUTHORITY);
    }

    /// @inheritdoc ISeriesReasons
    function isAgent(address account) external view returns (bool) {
        address factory = SeriesTerms.factory(SeriesTerms.word(1));
        (bool immediate,) = AUTHORITY.canCall(account, factory, IERC7943.forcedTransfer.selector);
        return immediate;
    }

    /* ERC-1643 */

    /// @inheritdoc ISeriesReasons
    function getDocument(bytes32 name) external view returns (string memory, bytes32, uint256) {
        IDisclosureRegistry registry = _disclosures();
        if (address(registry) == address(0)) return ("", 0, 0);
        return registry.getDocument(registry.subjectOfContract(address(this)), name);
    }

    /// @inheritdoc ISeriesReasons
    function getAllDocuments() external view returns (bytes32[] memory names) {
        IDisclosureRegistry registry = _disclosures();
        if (address(registry) == address(0)) return names;
        return registry.getAllDocuments(registry.subjectOfContract(address(this)));
    }

    function _disclosures() private view returns (IDisclosureRegistry) {
        return IDisclosureRegistry(ISeriesFactory(SeriesTerms.factory(SeriesTerms.word(1))).disclosures());
    }

    /* ERC-2222 */

    /// @inheritdoc ISeriesReasons
    function withdrawableFundsOf(address holder) external view returns (uint256) {
        return _claimable(holder);
    }

    /// @inheritdoc ISeriesReasons
    function withdrawFunds() external {
        _claim(msg.sender);
    }
}
