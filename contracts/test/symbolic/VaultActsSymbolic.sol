// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {AnyVaultWithToken, SVM} from "./AnyVault.sol";
import {assume} from "./Premise.sol";
import {IVault} from "src/interfaces/IVault.sol";

/// @notice The verbs that carry another verb: signed and lodged, put by and executed, or on condition.
/// @custom:halmos --loop 12 --default-array-lengths 0,1 --default-bytes-lengths 65
contract VaultActsSymbolic is AnyVaultWithToken {
    bytes32 private constant ACT_TYPEHASH = keccak256("Act(bytes call,uint32 nonce,uint32 deadline)");
    uint32 private constant NUMBER = 1;

    struct Lodged {
        uint32 nonce;
        uint32 deadline;
        bytes32 r;
        bytes32 s;
        uint8 v;
    }

    // ------------------------------------------------------------------------------------------------ lodged

    /// @notice What neither owner nor guardian signed does nothing, whatever it asks for, whoever lodges it.
    /// @custom:promise I1 I9
    function check_LodgeWithoutASignatureMovesNothing(Lodged memory lodged) external {
        bytes memory act = SVM.createBytes(68, "act");
        address signer = _signerOf(act, lodged);
        assume(signer != owner && signer != guardian);
        _isRefused(act, lodged);
    }

    function checkFail_LodgeWithoutASignatureMovesNothing(Lodged memory lodged) external {
        bytes memory act = abi.encodeCall(IVault.pause, ());
        assume(_signerOf(act, lodged) != owner); // the guardian may pause
        _isRefused(act, lodged);
    }

    function _isRefused(bytes memory act, Lodged memory lodged) private {
        assume(owner.code.length == 0 && guardian.code.length == 0);
        assert(!_lodge(act, lodged));
    }

    /// @notice The guardian's signature moves no money.
    /// @custom:promise I1 I8
    function check_TheGuardiansSignatureMovesNothing(Lodged memory lodged, address account) external {
        assume(guardian != owner);
        _moves(lodged, account, guardian);
    }

    function checkFail_TheGuardiansSignatureMovesNothing(Lodged memory lodged, address account) external {
        _moves(lodged, account, owner);
    }

    function _moves(Lodged memory lodged, address account, address by) private {
        assume(owner.code.length == 0 && guardian.code.length == 0);
        bytes memory act = abi.encodeCall(IVault.withdraw, (address(token), SVM.createUint256("amount")));
        assume(_signerOf(act, lodged) == by);
        uint256 had = token.balanceOf(account);
        _lodge(act, lodged);
        assert(token.balanceOf(account) == had);
    }

    // ----------------------------------------------------------------------------------------------- executed

    /// @notice A change that has waited moves no money when it is executed. (A withdrawal never waits.)
    /// @custom:promise I1
    function check_ExecuteMovesNothing(address caller, address account) external {
        bytes memory input = _anyVerb();
        assume(bytes4(input) != IVault.withdraw.selector);
        _execute(caller, account, input);
    }

    function checkFail_ExecuteMovesNothing(address caller, address account, uint256 amount) external {
        _execute(caller, account, abi.encodeCall(IVault.withdraw, (address(token), amount)));
    }

    function _execute(address caller, address account, bytes memory input) private {
        _setWaiting(NUMBER, input);
        uint256 had = token.balanceOf(account);
        _call(caller, abi.encodeCall(IVault.execute, (NUMBER, input)));
        assert(token.balanceOf(account) == had);
    }

    /// @notice A withdrawal never waits, so none is ever executed: it is made at once or refused.
    /// @custom:promise I1 I10
    function check_AWithdrawalNeverWaits(address caller, uint256 amount) external {
        _waits(caller, abi.encodeCall(IVault.withdraw, (address(token), amount)));
    }

    function checkFail_AWithdrawalNeverWaits(address caller, address treasury_) external {
        _waits(caller, abi.encodeCall(IVault.setTreasury, (treasury_)));
    }

    function _waits(address caller, bytes memory input) private {
        bytes32 list = _waitingList();
        _call(caller, input);
        assert(_waitingList() == list);
    }

    // --------------------------------------------------------------------------------------------- on condition

    /// @notice No verb on condition moves money: not even a withdrawal.
    /// @custom:promise I1
    function check_ReplaceMovesNothing(address caller, address account, uint256 expected) external {
        uint256 had = token.balanceOf(account);
        _call(caller, abi.encodeCall(IVault.replace, (expected, _anyVerb())));
        assert(token.balanceOf(account) == had);
    }

    function checkFail_ReplaceMovesNothing(address caller, address account, uint256 amount) external {
        uint256 had = token.balanceOf(account);
        _call(caller, abi.encodeCall(IVault.withdraw, (address(token), amount)));
        assert(token.balanceOf(account) == had);
    }

    function _signerOf(bytes memory act, Lodged memory lodged) private view returns (address) {
        bytes32 structHash = keccak256(abi.encode(ACT_TYPEHASH, keccak256(act), lodged.nonce, lodged.deadline));
        return ecrecover(_digest(structHash), lodged.v, lodged.r, lodged.s);
    }

    function _lodge(bytes memory act, Lodged memory lodged) private returns (bool done) {
        bytes memory signature = abi.encodePacked(lodged.r, lodged.s, lodged.v);
        (done,) = address(vault).call(abi.encodeCall(IVault.lodge, (act, lodged.nonce, lodged.deadline, signature)));
    }
}
