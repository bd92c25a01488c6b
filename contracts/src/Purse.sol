// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IPurse} from "./interfaces/IPurse.sol";
import {IVault} from "./interfaces/IVault.sol";
import {AllowanceWord} from "./libraries/AllowanceWord.sol";
import {Eip3009} from "./libraries/Eip3009.sol";
import {Scope, scopeOf} from "./libraries/Scope.sol";
import {SessionSignature} from "./libraries/SessionSignature.sol";
import {SessionWord} from "./libraries/SessionWord.sol";
import {VaultSlots} from "./libraries/VaultSlots.sol";
import {VaultWord} from "./libraries/VaultWord.sol";
import {IERC20, SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {LibClone} from "solady/utils/LibClone.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";

/// @title  The code of every purse of one vault (I15, I16)
/// @notice A purse is a clone of it, whose own code ends with the word that says what it is: a Scope with its category.
///         It stores nothing. Money leaves it by the token's `transferWithAuthorization`, to which `isValidSignature` says
///         yes, or by `sweep`, to the vault.
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

    constructor(address vault) {
        _vault = IVault(vault);
    }

    /// @inheritdoc IPurse
    function isValidSignature(bytes32 hash, bytes calldata blob) external view returns (bytes4) {
        return _isEncoded(blob) && _allows(hash, blob) ? YES : NO;
    }

    /// @inheritdoc IPurse
    function sweep(address token) external returns (uint256 amount) {
        // Check
        if (msg.sender != _vault.owner()) {
            (uint32 session,,) = _scope().parts();
            (, SessionWord word, bool revoked) = VaultSlots.sessionOf(_vault, session);
            if (!revoked && block.timestamp < word.validUntil()) revert SessionNotOver(session, msg.sender);
        }
        // Interaction
        amount = token.balanceOf(address(this));
        if (amount != 0 && !IERC20(token).trySafeTransfer(address(_vault), amount)) revert SweepFailed(token, amount);
    }

    /// @inheritdoc IPurse
    function purse() external view returns (address vault, uint32 session, address token, uint8 category) {
        vault = address(_vault);
        (session, category, token) = _scope().parts();
    }

    /// @dev One encoding only, and a payee of 160 bits.
    function _isEncoded(bytes calldata blob) private pure returns (bool) {
        if (blob.length < SIGNATURE_BYTES) return false;
        uint256 length = _word(blob, SIGNATURE_START);
        uint256 padded = length == 64 ? 0x40 : length == 65 ? 0x60 : 0;
        return padded != 0 && blob.length == SIGNATURE_BYTES + padded && _word(blob, SIGNATURE_PLACE) == SIGNATURE_START
            && _word(blob, 0) >> 160 == 0;
    }

    /// @dev The digest is the token's own of this very transfer out of this very purse, the session's key has signed it,
    ///      and the vault would let the session pay that.
    function _allows(bytes32 hash, bytes calldata blob) private view returns (bool) {
        (uint32 session, uint8 category, address token) = _scope().parts();
        if (hash == 0 || Eip3009.digestOf(token, address(this), blob) != hash) return false;
        address key =
            SessionSignature.signerOf(hash, blob[SIGNATURE_BYTES:SIGNATURE_BYTES + _word(blob, SIGNATURE_START)]);
        if (key == address(0)) return false;
        (uint256 payee, uint256 value) = (_word(blob, 0), _word(blob, 0x20));

        bytes32[] memory slots = new bytes32[](4);
        slots[0] = VaultSlots.vaultWord();
        slots[1] = VaultSlots.session(key);
        slots[2] = VaultSlots.allowance(scopeOf(session, 0, token));
        // forge-lint: disable-next-line(unsafe-typecast) -- 160 bits, as its encoding was checked for
        slots[3] = VaultSlots.payee(address(uint160(payee)));
        bytes32[] memory words = _vault.words(slots);
        VaultWord vault = VaultWord.wrap(uint256(words[0]));
        SessionWord word = SessionWord.wrap(uint256(words[1]));
        AllowanceWord allowance = AllowanceWord.wrap(uint256(words[2]));

        return word.session() == session && !vault.paused() && _lives(word, vault.epoch())
            // A purse's entry in the book is no category: no purse pays another
            && uint256(words[3]) == category && word.grants(category) && allowance.limited() && value != 0
            && value <= allowance.perPaymentCap() && value <= token.balanceOf(address(this));
    }

    /// @dev Neither revoked, nor rotated out, nor outside its span.
    function _lives(SessionWord word, uint32 vaultEpoch) private view returns (bool) {
        return !word.isRevoked(vaultEpoch) && block.timestamp >= word.validFrom() && block.timestamp < word.validUntil();
    }

    /// @dev What the purse is: the last word of its code.
    function _scope() private view returns (Scope) {
        return Scope.wrap(uint256(bytes32(LibClone.argsOnClone(address(this)))));
    }

    function _word(bytes calldata blob, uint256 place) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := calldataload(add(blob.offset, place))
        }
    }
}
