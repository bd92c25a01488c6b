// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {AnyVaultWithToken, Signed} from "./AnyVault.sol";
import {assume} from "./Premise.sol";
import {AllowanceWord} from "src/libraries/AllowanceWord.sol";
import {SessionWord} from "src/libraries/SessionWord.sol";

/// @notice What a payment does when it is made, in any state of the vault but for its limit: one, of an hour, counted in
///         base units, with any cap and any counts in the present bucket. (VaultLimitsSymbolic: several.)
/// @custom:halmos --loop 8
contract VaultPaySymbolic is AnyVaultWithToken {
    /// @notice The payee gets the amount, the fee's recipient the fee, and the vault loses both: exactly.
    /// @custom:promise I1
    function check_ExactlyAmountAndFeeMove(Signed calldata signed, uint256 counts, address other) external {
        _moves(signed, counts, other, signed.payment.feeRecipient);
    }

    function checkFail_ExactlyAmountAndFeeMove(Signed calldata signed, uint256 counts, address other) external {
        _moves(signed, counts, other, signed.payment.payee);
    }

    function _moves(Signed calldata signed, uint256 counts, address other, address feeTaker) private {
        _limited(signed, counts);
        address payee = signed.payment.payee;
        assume(payee != address(vault) && feeTaker != address(vault));
        uint256 vaultHad = token.balanceOf(address(vault));
        uint256 otherHad = token.balanceOf(other);
        assume(_pay(signed));
        unchecked {
            assert(token.balanceOf(address(vault)) == vaultHad - signed.payment.amount - signed.payment.fee);
            uint256 gain = other == payee ? signed.payment.amount : 0;
            if (other == feeTaker) gain += signed.payment.fee;
            assert(other == address(vault) || token.balanceOf(other) == otherHad + gain);
        }
    }

    /// @notice The session's key has used the nonce, and nothing else of it or of any other key changes.
    /// @custom:promise I3
    function check_OnlyTheNonceOfTheKeyChanges(Signed calldata signed, uint256 counts, address other) external {
        _keysWord(signed, counts, other, signed.payment.nonce);
    }

    function checkFail_OnlyTheNonceOfTheKeyChanges(Signed calldata signed, uint256 counts, address other, uint32 nonce)
        external
    {
        _keysWord(signed, counts, other, nonce);
    }

    function _keysWord(Signed calldata signed, uint256 counts, address other, uint32 nonce) private {
        _limited(signed, counts);
        address key = _signer(signed);
        (SessionWord word, SessionWord others) = (_sessionWord(key), _sessionWord(other));
        assume(_pay(signed));
        assert(_same(_sessionWord(key), word.withNonce(nonce)));
        assert(other == key || _same(_sessionWord(other), others));
    }

    /// @notice The limit's newest count rises by amount and fee, and nothing else of the session's word changes.
    /// @custom:promise I4
    function check_TheLimitCountsExactlyAmountAndFee(Signed calldata signed, uint256 counts) external {
        _countsExactly(signed, counts, signed.payment.fee);
    }

    function checkFail_TheLimitCountsExactlyAmountAndFee(Signed calldata signed, uint256 counts) external {
        _countsExactly(signed, counts, 0);
    }

    function _countsExactly(Signed calldata signed, uint256 counts, uint256 fee) private {
        _limited(signed, counts);
        uint256 before = AllowanceWord.unwrap(_allowanceWord(_scope(signed)));
        assume(_pay(signed));
        uint256 afterwards = AllowanceWord.unwrap(_allowanceWord(_scope(signed)));
        assert(afterwards == before + signed.payment.amount + fee);
    }

    /// @notice A payment changes no role and nothing in the vault's word but hash and sequence, by one event: no pause, no
    ///         epoch and no owner nonce.
    /// @custom:promise I9 I13
    function check_APaymentIsOneEventAndChangesNoRole(Signed calldata signed, uint256 counts) external {
        _oneEvent(signed, counts, 1);
    }

    function checkFail_APaymentIsOneEventAndChangesNoRole(Signed calldata signed, uint256 counts) external {
        _oneEvent(signed, counts, 2);
    }

    function _oneEvent(Signed calldata signed, uint256 counts, uint32 events) private {
        _limited(signed, counts);
        uint256 word = uint256(keccak256(abi.encode(_vaultWord().epoch(), _vaultWord().ownerNonce())));
        bool paused = _vaultWord().paused();
        uint32 sequence = _vaultWord().sequence();
        assume(_pay(signed));
        assert(vault.owner() == owner && vault.guardian() == guardian && vault.treasury() == treasury);
        assert(uint256(keccak256(abi.encode(_vaultWord().epoch(), _vaultWord().ownerNonce()))) == word);
        assert(_vaultWord().paused() == paused);
        unchecked {
            assert(_vaultWord().sequence() == sequence + events);
        }
    }

    /// @dev One limit of an hour, its cap and its counts any, in a bucket that is not over; no others, and none of the
    ///      vault's own.
    function _limited(Signed calldata signed, uint256 counts) private {
        assume(signed.payment.token == address(token));
        assume(!_vaultWord().limited());
        _setAllowance(_scope(signed), _limitOf(0, _still(counts)));
    }

    function _same(SessionWord a, SessionWord b) private pure returns (bool) {
        return SessionWord.unwrap(a) == SessionWord.unwrap(b);
    }
}
