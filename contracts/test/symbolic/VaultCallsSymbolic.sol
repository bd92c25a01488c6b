// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {SVM, Signed, VM} from "./AnyVault.sol";
import {GivenPayment} from "./GivenPayment.sol";
import {IVault} from "src/interfaces/IVault.sol";

/// @notice Sees to it that it is called by these selectors only, and is sent no ether; answers true.
/// @dev    An `assert` in a called contract is but a revert.
contract SpyToken {
    address private immutable SELF = address(this);
    bytes4 private immutable FIRST;
    bytes4 private immutable SECOND;

    constructor(bytes4 first, bytes4 second) {
        (FIRST, SECOND) = (first, second);
    }

    fallback() external payable {
        VM.assertTrue(msg.sig == FIRST || msg.sig == SECOND);
        VM.assertTrue(msg.value == 0 && address(this) == SELF);
        assembly ("memory-safe") {
            mstore(0, 1)
            return(0, 0x20)
        }
    }
}

/// @notice Sees to it that it is asked this only, by a call that can change nothing; says yes.
contract SpyWallet {
    bytes4 private immutable QUESTION;
    uint256 private changes;

    constructor(bytes4 question) {
        QUESTION = question;
    }

    fallback() external payable {
        if (msg.sender == address(this)) {
            ++changes;
            return;
        }
        VM.assertTrue(msg.sig == QUESTION && msg.value == 0);
        (bool changed,) = address(this).call("");
        VM.assertTrue(!changed);
        bytes32 word = bytes32(QUESTION);
        assembly ("memory-safe") {
            mstore(0, word)
            return(0, 0x20)
        }
    }
}

bytes4 constant TRANSFER = 0xa9059cbb;
bytes4 constant BALANCE_OF = 0x70a08231;
bytes4 constant IS_VALID_SIGNATURE = 0x1626ba7e;

/// @notice All that the vault ever asks of others (I1): a token to transfer and for balances, a wallet whether it signed.
/// @custom:halmos --loop 8
contract VaultCallsSymbolic is GivenPayment {
    function _token() internal override returns (address) {
        return address(new SpyToken(TRANSFER, BALANCE_OF));
    }

    /// @notice Of a token a payment and its check ask nothing but `transfer` and `balanceOf`.
    /// @custom:promise I1
    function check_APaymentOnlyTransfers(Signed memory signed) external {
        _given(signed);
        _pay(signed);
    }

    function checkFail_APaymentOnlyTransfers(Signed memory signed) external {
        money = address(new SpyToken(BALANCE_OF, BALANCE_OF));
        _setAllowance(_session(), _ample());
        _given(signed);
        _pay(signed);
    }

    /// @notice Nor does a withdrawal, whoever asks for it.
    /// @custom:promise I1
    function check_OnlyTransferAndBalanceOfAreCalled(address caller, uint256 amount) external {
        _call(caller, abi.encodeCall(IVault.withdraw, (money, amount)));
    }

    function checkFail_OnlyTransferAndBalanceOfAreCalled(address caller, uint256 amount) external {
        money = address(new SpyToken(TRANSFER, TRANSFER));
        _call(caller, abi.encodeCall(IVault.withdraw, (money, amount)));
    }

    /// @notice A contract that owns the vault is only asked whether it signed an approval, by a static call.
    /// @custom:promise I1 I5
    function check_AnApprovingWalletIsOnlyAsked(Signed memory signed) external {
        _asksForApproval(signed, IS_VALID_SIGNATURE);
    }

    function checkFail_AnApprovingWalletIsOnlyAsked(Signed memory signed) external {
        _asksForApproval(signed, TRANSFER);
    }

    function _asksForApproval(Signed memory signed, bytes4 question) private {
        _ownedBy(question);
        _given(signed);
        _setAllowance(_session(), _ample().withPerPaymentUnits(0));
        _payApproved(signed, SVM.createBytes(96, "approval"));
    }

    /// @notice ... or an act; here it is one that moves money.
    /// @custom:promise I1 I9
    function check_AnActingWalletIsOnlyAsked(uint256 amount, uint32 nonce, uint32 deadline) external {
        _asksForAct(amount, nonce, deadline, IS_VALID_SIGNATURE);
    }

    function checkFail_AnActingWalletIsOnlyAsked(uint256 amount, uint32 nonce, uint32 deadline) external {
        _asksForAct(amount, nonce, deadline, TRANSFER);
    }

    function _asksForAct(uint256 amount, uint32 nonce, uint32 deadline, bytes4 question) private {
        _ownedBy(question);
        bytes memory act = abi.encodeCall(IVault.withdraw, (money, amount));
        bytes memory signature = SVM.createBytes(96, "signature");
        (bool done,) = address(vault).call(abi.encodeCall(IVault.lodge, (act, nonce, deadline, signature)));
        done; // whether or not: it is the spies who assert
    }

    function _ownedBy(bytes4 question) private {
        owner = address(new SpyWallet(question));
        _setDelay(0);
    }
}
