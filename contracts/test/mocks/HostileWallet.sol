// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @notice An account that answers ERC-1271's question badly, in each of the ways there are. None is a yes, but the last.
contract HostileWallet {
    enum Manner {
        BurnsAllGas,
        AnswersNothing,
        AnswersFourBytes, // the magic value alone, not padded to a word
        AnswersOneByteLess, // the magic value in 31 bytes
        AnswersTrue,
        AnswersAllOnes,
        AnswersMagicAtTheEnd, // as a number, not as bytes4
        AnswersMagicWithDirt, // more bits below the magic value
        RevertsWithMagic,
        RevertsWithMuch,
        WritesStorage, // then says yes: a static call forbids the writing
        Logs,
        CallsTheVault, // to pause it, then says yes only if that worked
        AnswersMuch // says yes, at as great length as its gas allows
    }

    uint256 internal constant MUCH = 280_000; // bytes: 176,000 of the 200,000 gas that the vault gives
    Manner private immutable _manner;
    uint256 private _written;

    event Asked();

    constructor(Manner manner) {
        _manner = manner;
    }

    fallback() external {
        Manner manner = _manner;
        bytes32 magic = bytes32(bytes4(0x1626ba7e));
        if (manner == Manner.BurnsAllGas) {
            assembly {
                invalid() // takes all that it was given
            }
        } else if (manner == Manner.AnswersNothing) {
            answer(magic, 0);
        } else if (manner == Manner.AnswersFourBytes) {
            answer(magic, 4);
        } else if (manner == Manner.AnswersOneByteLess) {
            answer(magic, 31);
        } else if (manner == Manner.AnswersTrue) {
            answer(bytes32(uint256(1)), 32);
        } else if (manner == Manner.AnswersAllOnes) {
            answer(bytes32(type(uint256).max), 32);
        } else if (manner == Manner.AnswersMagicAtTheEnd) {
            answer(magic >> 224, 32);
        } else if (manner == Manner.AnswersMagicWithDirt) {
            answer(magic | bytes32(uint256(1)), 32);
        } else if (manner == Manner.RevertsWithMagic) {
            refuse(magic, 32);
        } else if (manner == Manner.RevertsWithMuch) {
            refuse(magic, MUCH);
        } else if (manner == Manner.WritesStorage) {
            _written = 1;
            answer(magic, 32);
        } else if (manner == Manner.Logs) {
            emit Asked();
            answer(magic, 32);
        } else if (manner == Manner.CallsTheVault) {
            (bool ok,) = msg.sender.call(abi.encodeWithSignature("pause()"));
            answer(ok ? magic : bytes32(0), 32);
        } else {
            answer(magic, MUCH);
        }
    }

    function answer(bytes32 word, uint256 size) private pure {
        assembly {
            mstore(0, word)
            return(0, size)
        }
    }

    function refuse(bytes32 word, uint256 size) private pure {
        assembly {
            mstore(0, word)
            revert(0, size)
        }
    }
}
