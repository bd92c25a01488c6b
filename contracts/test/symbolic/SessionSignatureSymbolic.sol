// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {assume} from "./Premise.sol";
import {SessionSignature} from "src/libraries/SessionSignature.sol";

/// @notice Which signatures are taken at all (I2), for every digest and every signature of up to 96 bytes.
/// @dev    `ecrecover` is an unknown function of its four words: what is proved is which words it gets, and when its
///         answer counts.
contract SessionSignatureSymbolic {
    uint256 private constant HALF_N = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;

    /// @notice A signature of any other length than 64 and 65 names nobody.
    /// @custom:promise I2
    function check_OtherLengthsNameNobody(bytes32 digest, uint256 length, bytes32[3] calldata data) external view {
        assume(length != 64 && length != 65);
        assert(_signerOf(digest, length, data) == address(0));
    }

    function checkFail_OtherLengthsNameNobody(bytes32 digest, uint256 length, bytes32[3] calldata data) external view {
        assume(length != 65);
        assert(_signerOf(digest, length, data) == address(0));
    }

    /// @notice A signature whose s is in the upper half names nobody: no second signature can be made of a first.
    /// @custom:promise I2 I3
    function check_HighSNamesNobody(bytes32 digest, bytes32[3] calldata data) external view {
        _highS(digest, data, HALF_N);
    }

    function checkFail_HighSNamesNobody(bytes32 digest, bytes32[3] calldata data) external view {
        _highS(digest, data, HALF_N - 1);
    }

    function _highS(bytes32 digest, bytes32[3] calldata data, uint256 half) private view {
        assume(uint256(data[1]) > half);
        assert(_signerOf(digest, 65, data) == address(0));
        assume((uint256(data[1]) << 1) >> 1 > half);
        assert(_signerOf(digest, 64, data) == address(0));
    }

    /// @notice 65 bytes with a low s: whoever `ecrecover` says, of exactly these words.
    /// @custom:promise I2
    function check_SixtyFiveBytesAreRSV(bytes32 digest, bytes32[3] calldata data) external view {
        assume(uint256(data[1]) <= HALF_N);
        assert(_signerOf(digest, 65, data) == ecrecover(digest, uint8(data[2][0]), data[0], data[1]));
    }

    function checkFail_SixtyFiveBytesAreRSV(bytes32 digest, bytes32[3] calldata data) external view {
        assert(_signerOf(digest, 65, data) == ecrecover(digest, uint8(data[2][0]), data[0], data[1]));
    }

    /// @notice 64 bytes (EIP-2098): the top bit of the second word is the parity, the rest is s.
    /// @custom:promise I2
    function check_SixtyFourBytesAreRAndParityAndS(bytes32 digest, bytes32[3] calldata data) external view {
        _compact(digest, data, 27);
    }

    function checkFail_SixtyFourBytesAreRAndParityAndS(bytes32 digest, bytes32[3] calldata data) external view {
        _compact(digest, data, 28);
    }

    function _compact(bytes32 digest, bytes32[3] calldata data, uint256 even) private view {
        bytes32 s = bytes32((uint256(data[1]) << 1) >> 1);
        assume(uint256(s) <= HALF_N);
        uint8 v = uint8((uint256(data[1]) >> 255) + even);
        assert(_signerOf(digest, 64, data) == ecrecover(digest, v, data[0], s));
    }

    /// @notice Both forms of one signature name one signer.
    /// @custom:promise I2
    function check_BothFormsNameTheSameSigner(bytes32 digest, bytes32 r, uint256 s, uint256 parity) external view {
        _bothForms(digest, r, s, parity, 0);
    }

    function checkFail_BothFormsNameTheSameSigner(bytes32 digest, bytes32 r, uint256 s, uint256 parity) external view {
        _bothForms(digest, r, s, parity, 1);
    }

    function _bothForms(bytes32 digest, bytes32 r, uint256 s, uint256 parity, uint256 flip) private view {
        assume(s >> 255 == 0 && parity <= 1);
        bytes32[3] memory long = [r, bytes32(s), bytes32((27 + parity) << 248)];
        bytes32[3] memory short = [r, bytes32(s | ((parity ^ flip) << 255)), 0];
        assert(_signerOf(digest, 65, long) == _signerOf(digest, 64, short));
    }

    function signerOf(bytes32 digest, bytes calldata signature) external view returns (address) {
        return SessionSignature.signerOf(digest, signature);
    }

    function _signerOf(bytes32 digest, uint256 length, bytes32[3] memory data) private view returns (address) {
        (bool done, bytes memory answer) =
            address(this).staticcall(abi.encodePacked(this.signerOf.selector, digest, uint256(0x40), length, data));
        assert(done || length > 96);
        return done ? abi.decode(answer, (address)) : address(0);
    }
}
