// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IPurse} from "./interfaces/IPurse.sol";
import {IVault} from "./interfaces/IVault.sol";
import {AllowanceWord} from "./libraries/AllowanceWord.sol";
import {Eip3009} from "./libraries/Eip3009.sol";
import {scopeOf} from "./libraries/Scope.sol";
import {SessionSignature} from "./libraries/SessionSignature.sol";
import {SessionWord} from "./libraries/SessionWord.sol";
import {VaultSlots} from "./libraries/VaultSlots.sol";
import {VaultWord} from "./libraries/VaultWord.sol";
import {IERC20, SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";

/// @title  A purse (I15, I16)
/// @notice Stores nothing: what it is stands in its code, what it may do in the vault. Money leaves it by the token's
///         `transferWithAuthorization`, to which `isValidSignature` says yes, or by `sweep`, to the vault.
/// @dev    A whole contract, not a clone: sellers' payments pass here, and each would look up a clone's code beside it.
contract Purse is IPurse {
    using SafeERC20 for IERC20;
    using SafeTransferLib for address; // balances, bounded: 0 where a token gives no answer

    bytes4 private constant YES = 0x1626ba7e; // isValidSignature(bytes32,bytes)
    bytes4 private constant NO = 0xffffffff;

    // The blob: to, value, validAfter, validBefore, nonce, where the signature starts, its length, its bytes
    uint256 private constant SIGNATURE_PLACE = 0xa0;
    uint256 private constant SIGNATURE_START = 0xc0;
    uint256 private constant SIGNATURE_BYTES = 0xe0;

    IVault private immutable _vault;
    uint32 private immutable _session;
    address private immutable _token;
    uint8 private immutable _category;
    /// @dev Where the vault keeps what the session may pay of the token.
    bytes32 private immutable _allowanceSlot;

    constructor(address vault, uint32 session, address token, uint8 category) {
        (_vault, _session, _token, _category) = (IVault(vault), session, token, category);
        _allowanceSlot = VaultSlots.allowance(scopeOf(session, 0, token));
    }

    /// @inheritdoc IPurse
    function isValidSignature(bytes32 hash, bytes calldata blob) external view returns (bytes4) {
        return _isEncoded(blob) && _allows(hash, blob) ? YES : NO;
    }

    /// @inheritdoc IPurse
    function sweep(address token) external returns (uint256 amount) {
        // Check
        if (msg.sender != _vault.owner()) {
            (, SessionWord word, bool revoked) = VaultSlots.sessionOf(_vault, _session);
            if (!revoked && block.timestamp < word.validUntil()) revert SessionNotOver(_session, msg.sender);
        }
        // Interaction
        amount = token.balanceOf(address(this));
        if (amount == 0 || IERC20(token).trySafeTransfer(address(_vault), amount)) return amount;
        // Some tokens move the money and answer false, or anything: then it is gone, and that is what was asked for
        if (token.balanceOf(address(this)) != 0) revert SweepFailed(token, amount);
    }

    /// @inheritdoc IPurse
    function purse() external view returns (address vault, uint32 session, address token, uint8 category) {
        return (address(_vault), _session, _token, _category);
    }

    /// @dev One encoding only, and a payee of 160 bits.
    function _isEncoded(bytes calldata blob) private pure returns (bool) {
        if (blob.length < SIGNATURE_BYTES) return false;
        uint256 length = _word(blob, SIGNATURE_START);
        uint256 padded = length == 65 ? 0x60 : length == 64 ? 0x40 : 0;
        unchecked {
            return padded != 0 && blob.length == SIGNATURE_BYTES + padded
                && _word(blob, SIGNATURE_PLACE) == SIGNATURE_START && _word(blob, 0) >> 160 == 0;
        }
    }

    /// @dev The digest is the token's own of this very transfer out of this very purse, the session's key has signed it,
    ///      and the vault would let the session pay that.
    function _allows(bytes32 hash, bytes calldata blob) private view returns (bool) {
        if (hash == 0 || Eip3009.digestOf(_token, address(this), blob) != hash) return false;
        address key = SessionSignature.signerOf(hash, _signature(blob));
        if (key == address(0)) return false;
        // forge-lint: disable-next-line(unsafe-typecast) -- 160 bits, as its encoding was checked for
        (address payee, uint256 value) = (address(uint160(_word(blob, 0))), _word(blob, 0x20));
        (VaultWord vault, SessionWord word, AllowanceWord allowance, uint256 category) = _rules(key, payee);
        // A word of nobody's is of session 0. A purse's entry in the book is no category: no purse pays another
        return word.session() == _session && !vault.paused() && _lives(word, vault.epoch()) && category == _category
            && word.grants(category) && allowance.limited() && value != 0 && value <= allowance.perPaymentCap()
            && value <= _token.balanceOf(address(this));
    }

    /// @dev Neither revoked, nor rotated out, nor outside its span.
    function _lives(SessionWord word, uint32 vaultEpoch) private view returns (bool) {
        return !word.isRevoked(vaultEpoch) && block.timestamp >= word.validFrom() && block.timestamp < word.validUntil();
    }

    /// @dev What the vault has of itself, of the key, of the session's money and of the payee: four words by one call of
    ///      `IVault.stateAt`, whose answer has a known form. All zero, so nobody's, where it gives none.
    function _rules(address key, address payee)
        private
        view
        returns (VaultWord vault, SessionWord word, AllowanceWord allowance, uint256 category)
    {
        (address asked, bytes4 selector, bytes32 ofVault) =
            (address(_vault), IVault.stateAt.selector, VaultSlots.vaultWord());
        (bytes32 ofKey, bytes32 ofMoney, bytes32 ofPayee) =
            (VaultSlots.session(key), _allowanceSlot, VaultSlots.payee(payee));
        assembly ("memory-safe") {
            let question := mload(0x40) // beyond what is in use
            mstore(question, selector)
            mstore(add(question, 0x04), 0x20)
            mstore(add(question, 0x24), 4)
            mstore(add(question, 0x44), ofVault)
            mstore(add(question, 0x64), ofKey)
            mstore(add(question, 0x84), ofMoney)
            mstore(add(question, 0xa4), ofPayee)
            let answered := staticcall(gas(), asked, question, 0xc4, question, 0xc0)
            if and(answered, eq(returndatasize(), 0xc0)) {
                vault := mload(add(question, 0x40))
                word := mload(add(question, 0x60))
                allowance := mload(add(question, 0x80))
                category := mload(add(question, 0xa0))
            }
        }
    }

    /// @dev The signature in a blob whose encoding was checked.
    function _signature(bytes calldata blob) private pure returns (bytes calldata signature) {
        assembly ("memory-safe") {
            signature.offset := add(blob.offset, SIGNATURE_BYTES)
            signature.length := calldataload(add(blob.offset, SIGNATURE_START))
        }
    }

    function _word(bytes calldata blob, uint256 place) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := calldataload(add(blob.offset, place))
        }
    }
}
