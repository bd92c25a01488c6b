// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {SVM, VM} from "./AnyVault.sol";
import {assume} from "./Premise.sol";
import {OwnerSignature} from "src/libraries/OwnerSignature.sol";

/// @notice A contract that answers anything, or nothing.
contract AnyWallet {
    bytes4 private constant IS_VALID_SIGNATURE = 0x1626ba7e;

    bool public answers;
    bytes32 public answer;
    uint256 public size;

    fallback() external {
        VM.assertTrue(msg.sig == IS_VALID_SIGNATURE); // an `assert` in a called contract is but a revert
        if (!answers) revert();
        bytes32 word = answer;
        if (size == 0) return;
        assembly ("memory-safe") {
            mstore(0, word)
            return(0, 32)
        }
    }
}

/// @notice Whose signature an act or an approval is taken for (I5, I9), for every digest and signature of 65 bytes.
/// @dev    `ecrecover` is an unknown function, so the signature may be anybody's.
contract OwnerSignatureSymbolic {
    bytes32 private constant MAGIC = bytes32(bytes4(0x1626ba7e));

    AnyWallet private wallet;

    function setUp() public {
        wallet = new AnyWallet();
        SVM.enableSymbolicStorage(address(wallet));
    }

    /// @notice Nobody, which is what an absent guardian and a failed recovery are, has signed nothing.
    /// @custom:promise I9
    function check_NobodyHasSigned(bytes32 digest, bytes32 r, bytes32 s, uint8 v) external view {
        assert(!_isValid(address(0), digest, abi.encodePacked(r, s, v)));
    }

    function checkFail_NobodyHasSigned(address signer, bytes32 digest, bytes32 r, bytes32 s, uint8 v) external view {
        assert(!_isValid(signer, digest, abi.encodePacked(r, s, v)));
    }

    /// @notice An account without code has signed what its key signed, and nothing else.
    /// @custom:promise I5 I9
    function check_AnAccountSignsWithItsKey(address signer, bytes32 digest, bytes32 r, bytes32 s, uint8 v)
        external
        view
    {
        assume(signer.code.length == 0);
        assume(ecrecover(digest, v, r, s) != signer);
        assert(!_isValid(signer, digest, abi.encodePacked(r, s, v)));
    }

    function checkFail_AnAccountSignsWithItsKey(address signer, bytes32 digest, bytes32 r, bytes32 s, uint8 v)
        external
        view
    {
        assume(signer.code.length == 0);
        assert(!_isValid(signer, digest, abi.encodePacked(r, s, v)));
    }

    /// @notice A contract has signed what it says it has, by the one word that means so; silence and reverts mean no.
    /// @custom:promise I5 I9
    function check_AContractSignsByTheMagicWord(bytes32 digest, bytes calldata signature) external view {
        _magic(digest, signature, MAGIC);
    }

    function checkFail_AContractSignsByTheMagicWord(bytes32 digest, bytes calldata signature) external view {
        _magic(digest, signature, bytes32(uint256(1))); // true is not the word
    }

    function _magic(bytes32 digest, bytes calldata signature, bytes32 word) private view {
        assume(signature.length != 65 && signature.length != 64); // no key's signature
        bool said = wallet.answers() && wallet.size() != 0 && wallet.answer() == word;
        assert(_isValid(address(wallet), digest, signature) == said);
    }

    function isValid(address signer, bytes32 digest, bytes calldata signature) external view returns (bool) {
        return OwnerSignature.isValid(signer, digest, signature);
    }

    function _isValid(address signer, bytes32 digest, bytes memory signature) private view returns (bool) {
        return this.isValid(signer, digest, signature);
    }
}
