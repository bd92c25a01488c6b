// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {AnyToken, AnyVault, SVM} from "./AnyVault.sol";
import {assume} from "./Premise.sol";
import {Purse} from "src/Purse.sol";
import {AllowanceWord} from "src/libraries/AllowanceWord.sol";
import {scopeOf} from "src/libraries/Scope.sol";
import {SessionWord} from "src/libraries/SessionWord.sol";

/// @notice ... that pays by signed authorization, in any domain.
contract AnyAuthorizingToken is AnyToken {
    bytes32 public DOMAIN_SEPARATOR;
}

/// @dev What a purse is asked: a hash, and the words of its blob with a signature of 65 bytes.
struct Asked {
    bytes32 hash;
    address to;
    uint256 value;
    uint256 validAfter;
    uint256 validBefore;
    bytes32 nonce;
    bytes32 r;
    bytes32 s;
    uint8 v;
}

/// @notice What a purse says yes to (I15): in any state of its vault and of its token, whoever asks. `ecrecover` is an
///         unknown function: the signature may be anybody's. (SessionSignatureSymbolic: which signatures are taken.)
/// @custom:halmos --loop 8
contract PurseHookSymbolic is AnyVault {
    bytes32 private constant TRANSFER = keccak256(
        "TransferWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );
    bytes32 private constant RECEIPT = keccak256(
        "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );
    uint256 private constant HALF_N = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;
    uint32 private constant SESSION = 7;
    uint8 private constant CATEGORY = 5;
    bytes4 private constant YES = 0x1626ba7e;

    AnyAuthorizingToken private token;
    Purse private purse;

    function setUp() public override {
        super.setUp();
        token = new AnyAuthorizingToken();
        SVM.enableSymbolicStorage(address(token));
        purse = new Purse(address(vault), SESSION, address(token), CATEGORY);
    }

    // ------------------------------------------------------------------------------------------- what is signed

    /// @notice No other hash than that of this very transfer out of this very purse, whoever signed it: no permit, no
    ///         receipt, no cancellation (keccak256 taken as free of collisions).
    /// @custom:promise I15
    function check_YesToItsOwnTransferOnly(Asked calldata asked) external view {
        assume(asked.hash != _digest(asked, TRANSFER));
        assert(!_yes(asked));
    }

    function checkFail_YesToItsOwnTransferOnly(Asked calldata asked) external view {
        assume(asked.hash != _digest(asked, RECEIPT));
        assert(!_yes(asked));
    }

    /// @notice Only the signature of a key of its own session counts; a key that never served is of session 0.
    /// @custom:promise I2 I15
    function check_YesToItsSessionsKeyOnly(Asked calldata asked) external view {
        assume(_sessionWord(_signerOf(asked)).session() != SESSION);
        assert(!_yes(asked));
    }

    function checkFail_YesToItsSessionsKeyOnly(Asked calldata asked) external view {
        assume(_signerOf(asked) != _keyOf(SESSION)); // the word decides, not this
        assert(!_yes(asked));
    }

    /// @custom:promise I2 I15
    function check_NoToNobodysSignature(Asked calldata asked) external view {
        assume(_signerOf(asked) == address(0) || uint256(asked.s) > HALF_N);
        assert(!_yes(asked));
    }

    function checkFail_NoToNobodysSignature(Asked calldata asked) external view {
        assume(_signerOf(asked) == address(1) || uint256(asked.s) > HALF_N);
        assert(!_yes(asked));
    }

    // ------------------------------------------------------------------------------------------------- the session

    /// @custom:promise I8 I15
    function check_NoWhileTheVaultIsPaused(Asked calldata asked) external view {
        assume(_vaultWord().paused());
        assert(!_yes(asked));
    }

    function checkFail_NoWhileTheVaultIsPaused(Asked calldata asked) external view {
        assume(!_vaultWord().paused());
        assert(!_yes(asked));
    }

    /// @notice Nor for a key whose session was revoked by `revoke` or `revokeAll`, or that was replaced.
    /// @custom:promise I8 I15
    function check_NoToAnEndedKey(Asked calldata asked) external view {
        SessionWord word = _sessionWord(_signerOf(asked));
        assume(word.validUntil() == 0 || word.epoch() != _vaultWord().epoch());
        assert(!_yes(asked));
    }

    function checkFail_NoToAnEndedKey(Asked calldata asked) external view {
        SessionWord word = _sessionWord(_signerOf(asked));
        assume(word.validUntil() == 0 || word.epoch() == _vaultWord().epoch());
        assert(!_yes(asked));
    }

    /// @custom:promise I2 I15
    function check_NoOutsideTheSpan(Asked calldata asked) external view {
        SessionWord word = _sessionWord(_signerOf(asked));
        assume(block.timestamp < word.validFrom() || block.timestamp >= word.validUntil());
        assert(!_yes(asked));
    }

    function checkFail_NoOutsideTheSpan(Asked calldata asked) external view {
        SessionWord word = _sessionWord(_signerOf(asked));
        assume(block.timestamp <= word.validFrom() || block.timestamp >= word.validUntil());
        assert(!_yes(asked));
    }

    // ------------------------------------------------------------------------------------------------- the payee

    /// @notice The payee is in the book under the purse's own category: no other one, no purse, nobody unknown.
    /// @custom:promise I6 I15
    function check_YesInItsOwnCategoryOnly(Asked calldata asked) external view {
        assume(_category(asked.to) != CATEGORY);
        assert(!_yes(asked));
    }

    function checkFail_YesInItsOwnCategoryOnly(Asked calldata asked) external view {
        assume(_category(asked.to) != CATEGORY + 1);
        assert(!_yes(asked));
    }

    /// @custom:promise I6 I15
    function check_NoOnceTheCategoryIsTakenBack(Asked calldata asked) external view {
        assume(!_sessionWord(_signerOf(asked)).grants(CATEGORY));
        assert(!_yes(asked));
    }

    function checkFail_NoOnceTheCategoryIsTakenBack(Asked calldata asked) external view {
        assume(!_sessionWord(_signerOf(asked)).grants(CATEGORY + 1));
        assert(!_yes(asked));
    }

    // ------------------------------------------------------------------------------------------------ the amount

    /// @custom:promise I5 I15
    function check_NoAboveThePerPaymentCap(Asked calldata asked) external view {
        assume(asked.value > _allowance().perPaymentCap());
        assert(!_yes(asked));
    }

    function checkFail_NoAboveThePerPaymentCap(Asked calldata asked) external view {
        assume(asked.value >= _allowance().perPaymentCap());
        assert(!_yes(asked));
    }

    /// @custom:promise I6 I15
    function check_NoWithoutALimit(Asked calldata asked) external view {
        assume(!_allowance().limited());
        assert(!_yes(asked));
    }

    function checkFail_NoWithoutALimit(Asked calldata asked) external view {
        assume(_allowance().others() == 0);
        assert(!_yes(asked));
    }

    /// @notice Not more than the purse holds, and not nothing.
    /// @custom:promise I15 I16
    function check_NoAboveWhatItHolds(Asked calldata asked) external view {
        assume(asked.value > token.balanceOf(address(purse)) || asked.value == 0);
        assert(!_yes(asked));
    }

    function checkFail_NoAboveWhatItHolds(Asked calldata asked) external view {
        assume(asked.value >= token.balanceOf(address(purse)) || asked.value == 0);
        assert(!_yes(asked));
    }

    // ---------------------------------------------------------------------------------------------- and all of it

    /// @notice Where all that holds, yes: nothing else is asked for.
    /// @custom:promise I15
    function check_YesWhereTheRulesAllowIt(Asked calldata asked) external view {
        assume(_rulesAllow(asked) && _vaultWord().epoch() == _sessionWord(_signerOf(asked)).epoch());
        assert(_yes(asked));
    }

    function checkFail_YesWhereTheRulesAllowIt(Asked calldata asked) external view {
        assume(_rulesAllow(asked)); // revoked with all others, perhaps
        assert(_yes(asked));
    }

    /// @notice A blob of any other length than those of signatures of 64 and 65 bytes is refused, and nothing reverts.
    /// @custom:promise I15
    function check_NoToOtherLengths(bytes32 hash) external {
        assert(!_says(hash, SVM.createBytes(287, "short")));
        assert(!_says(hash, SVM.createBytes(256, "unsigned")));
        assert(!_says(hash, SVM.createBytes(304, "between")));
        assert(!_says(hash, SVM.createBytes(352, "long")));
    }

    function checkFail_NoToOtherLengths(bytes32 hash) external {
        assert(!_says(hash, SVM.createBytes(320, "right")));
    }

    function _rulesAllow(Asked calldata asked) private view returns (bool) {
        SessionWord word = _sessionWord(_signerOf(asked));
        AllowanceWord allowance = _allowance();
        return asked.hash == _digest(asked, TRANSFER) && asked.hash != 0 && token.DOMAIN_SEPARATOR() != 0
            && _signerOf(asked) != address(0) && uint256(asked.s) <= HALF_N && word.session() == SESSION
            && !_vaultWord().paused() && block.timestamp >= word.validFrom() && block.timestamp < word.validUntil()
            && _category(asked.to) == CATEGORY && word.grants(CATEGORY) && allowance.limited() && asked.value != 0
            && asked.value <= allowance.perPaymentCap() && asked.value <= token.balanceOf(address(purse));
    }

    function _allowance() private view returns (AllowanceWord) {
        return _allowanceWord(scopeOf(SESSION, 0, address(token)));
    }

    function _signerOf(Asked calldata asked) private pure returns (address) {
        return ecrecover(asked.hash, asked.v, asked.r, asked.s);
    }

    /// @dev EIP-712's digest in the token's domain, spelled out apart from the purse.
    function _digest(Asked calldata asked, bytes32 typehash) private view returns (bytes32) {
        bytes32 structHash = keccak256(
            abi.encode(
                typehash, address(purse), asked.to, asked.value, asked.validAfter, asked.validBefore, asked.nonce
            )
        );
        return keccak256(abi.encodePacked(hex"1901", token.DOMAIN_SEPARATOR(), structHash));
    }

    function _yes(Asked calldata asked) private view returns (bool) {
        bytes memory signature = abi.encodePacked(asked.r, asked.s, asked.v);
        return _says(
            asked.hash, abi.encode(asked.to, asked.value, asked.validAfter, asked.validBefore, asked.nonce, signature)
        );
    }

    /// @dev Its answer is yes or no: it never reverts.
    function _says(bytes32 hash, bytes memory blob) private view returns (bool) {
        (bool done, bytes memory answer) =
            address(purse).staticcall(abi.encodeCall(Purse.isValidSignature, (hash, blob)));
        assert(done && answer.length == 32);
        return bytes4(answer) == YES;
    }
}
