// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {LastCounts} from "../../base/LastCounts.sol";
import {HostileWallet} from "../../mocks/HostileWallet.sol";
import {SignerWallet} from "../../mocks/SignerWallet.sol";
import {Vm} from "forge-std/Vm.sol";
import {IVault} from "src/interfaces/IVault.sol";

/// @notice lodge.tree. Quoted: I8 (stops by relayed signature), I9 (an owner's signature is valid only at exactly the
///         owner nonce it names, which every act increments), I10 (withdraw).
contract LodgeTest is LastCounts {
    uint256 internal constant WALLET_KEY = 0x1271;
    /// @dev Twice the 200,000 that an account with code may take, and the rest.
    uint256 internal constant MOST_GAS = 500_000;

    // ------------------------------------------------------------------------------------------ what is signed

    function test_When_TheOwnerSignedAGrant() public {
        IVault.Grant memory other = otherGrant();
        expectLog();
        emit IVault.SessionGranted(other.session, otherAgent, VALID_FROM, VALID_UNTIL, CATEGORIES, 0, sequence + 1);
        lodgeBy(OWNER_KEY, abi.encodeCall(vault.grant, (other)));
        assertLogged(4);
        IVault.Payment memory payment = defaultPayment();
        payment.session = other.session;
        submitBy(OTHER_KEY, payment);
        assertLogged(1);
    }

    function test_When_TheOwnerSignedALimit() public {
        expectLog();
        emit IVault.LimitSet(SESSION, address(token), DATA, HOUR, 30e6, 0, sequence + 1);
        lodgeBy(OWNER_KEY, abi.encodeCall(vault.setLimit, (SESSION, DATA, address(token), HOUR, 30e6)));
        assertLogged(1);
        assertEq(limitOf(SESSION, DATA, HOUR).cap, 30e6);
    }

    function test_When_TheOwnerSignedPayees() public {
        expectLog();
        emit IVault.PayeeSet(stranger, DATA, sequence + 1);
        lodgeBy(OWNER_KEY, abi.encodeCall(vault.setPayees, (onePayee(stranger, DATA))));
        assertLogged(1);
        assertEq(vault.payeeOf(stranger), DATA);
    }

    function test_When_TheOwnerSignedARotation() public {
        expectLog();
        emit IVault.KeyRotated(SESSION, agent, otherAgent, sequence + 1);
        lodgeBy(OWNER_KEY, abi.encodeCall(vault.rotateKey, (SESSION, otherAgent)));
        assertLogged(1);
        submitBy(OTHER_KEY, defaultPayment());
        assertLogged(1);
    }

    // I10
    function test_When_TheOwnerSignedAWithdrawal() public {
        vm.prank(guardian);
        vault.pause();
        assertLogged(1);
        expectLog();
        emit IVault.Withdrawn(address(token), treasury, FUNDS, sequence + 1);
        lodgeBy(OWNER_KEY, abi.encodeCall(vault.withdraw, (address(token), type(uint256).max)));
        assertLogged(1);
        assertEq(token.balanceOf(treasury), FUNDS);
    }

    function test_When_TheOwnerSignedAReplacement() public {
        bytes[3] memory calls = [
            abi.encodeCall(vault.setLimit, (SESSION, 0, address(token), DAY, 30e6)),
            abi.encodeCall(vault.setPayees, (onePayee(payee, 5))),
            abi.encodeCall(vault.rotateKey, (SESSION, otherAgent))
        ];
        uint256[3] memory values = [uint256(DAY_CAP), DATA, uint160(agent)];
        for (uint256 i = 0; i < 3; ++i) {
            bytes memory stale = abi.encodeCall(vault.replace, (values[i] + 1, calls[i]));
            lodgeRefuses(
                OWNER_KEY, stale, abi.encodeWithSelector(IVault.StaleChange.selector, values[i] + 1, values[i])
            );
            lodgeBy(OWNER_KEY, abi.encodeCall(vault.replace, (values[i], calls[i])));
            assertLogged(1);
        }
        assertEq(limitOf(SESSION, 0, DAY).cap, 30e6);
        assertEq(vault.payeeOf(payee), 5);
        assertEq(lens.sessionOf(address(vault), SESSION).key, otherAgent);
    }

    // I8
    function test_When_OwnerOrGuardianSignedAStop() public {
        uint256[2] memory keys = [OWNER_KEY, GUARDIAN_KEY];
        address[2] memory signers = [owner, guardian];
        for (uint256 i = 0; i < 2; ++i) {
            uint256 snapshot = vm.snapshotState();
            expectLog();
            emit IVault.Paused(signers[i], sequence + 1);
            lodgeBy(keys[i], abi.encodeCall(vault.pause, ()));
            expectLog();
            emit IVault.Revoked(SESSION, signers[i], sequence + 2);
            lodgeBy(keys[i], abi.encodeCall(vault.revoke, (SESSION)));
            expectLog();
            emit IVault.PayeeRemoved(payee, signers[i], sequence + 3);
            lodgeBy(keys[i], abi.encodeCall(vault.removePayee, (payee)));
            expectLog();
            emit IVault.AllRevoked(1, signers[i], sequence + 4);
            lodgeBy(keys[i], abi.encodeCall(vault.revokeAll, ()));
            assertLogged(4);
            assertTrue(vault.paused());
            assertEq(vault.payeeOf(payee), 0);
            assertEq(vault.epoch(), 1);
            assertEq(lens.sessionOf(address(vault), SESSION).validUntil, 0);

            vm.startPrank(owner);
            vault.setDelay(1 days);
            vault.unpause();
            vm.stopPrank();
            assertLogged(2);
            uint32 change = lens.waiting(address(vault))[0].change;
            expectLog();
            emit IVault.ChangeCancelled(change, signers[i], sequence + 1);
            lodgeBy(keys[i], abi.encodeCall(vault.cancel, (change)));
            assertLogged(1);
            assertEq(lens.waiting(address(vault)).length, 0);
            assertTrue(vm.revertToState(snapshot));
            vm.getRecordedLogs();
        }
    }

    function test_When_TheSignatureHas64Bytes() public {
        bytes memory call = abi.encodeCall(vault.pause, ());
        bytes32 digest = actDigestOf(block.chainid, address(vault), call, ownerNonce, soon());
        vault.lodge(call, ownerNonce, soon(), signShort(GUARDIAN_KEY, digest));
        assertLogged(1);
        assertTrue(vault.paused());
    }

    // ------------------------------------------------------------------------------------------ the nonce (I9)

    function test_RevertWhen_TheNonceIsAnother() public {
        bytes memory call = abi.encodeCall(vault.pause, ());
        uint32[5] memory nonces = [ownerNonce - 1, ownerNonce + 1, 0, type(uint24).max, type(uint32).max];
        for (uint256 i = 0; i < nonces.length; ++i) {
            bytes memory why = abi.encodeWithSelector(IVault.OwnerNonceWrong.selector, nonces[i], ownerNonce);
            lodgeRefusesAs(OWNER_KEY, call, nonces[i], soon(), why);
        }
    }

    function test_RevertWhen_LodgedTwice() public {
        bytes memory call = abi.encodeCall(vault.withdraw, (address(token), 1e6));
        uint32 nonce = ownerNonce;
        lodgeBy(OWNER_KEY, call);
        assertLogged(1);
        bytes memory why = abi.encodeWithSelector(IVault.OwnerNonceWrong.selector, nonce, nonce + 1);
        lodgeRefusesAs(OWNER_KEY, call, nonce, soon(), why);
        assertEq(token.balanceOf(treasury), 1e6);
    }

    /// @dev Whatever owner or guardian does, by transaction or by signature, voids what was signed before.
    function test_RevertGiven_AnyActSince() public {
        bytes memory call = abi.encodeCall(vault.rotateKey, (SESSION, otherAgent));
        uint32 nonce = ownerNonce;
        bytes[6] memory acts = [
            abi.encodeCall(vault.pause, ()),
            abi.encodeCall(vault.removePayee, (payee)),
            abi.encodeCall(vault.withdraw, (address(token), 1)),
            abi.encodeCall(vault.setCategories, (SESSION, CATEGORIES)),
            abi.encodeCall(vault.setGuardian, (guardian)),
            abi.encodeCall(vault.addToken, (address(this), 0))
        ];
        for (uint256 i = 0; i < acts.length; ++i) {
            uint256 snapshot = vm.snapshotState();
            vm.prank(i < 2 ? guardian : owner);
            (bool ok,) = address(vault).call(acts[i]);
            assertTrue(ok);
            assertLogged(1);
            bytes memory why = abi.encodeWithSelector(IVault.OwnerNonceWrong.selector, nonce, nonce + 1);
            lodgeRefusesAs(OWNER_KEY, call, nonce, soon(), why);
            assertTrue(vm.revertToState(snapshot));
        }
        vm.getRecordedLogs();
        vm.prank(agent);
        vault.revoke(SESSION);
        assertLogged(1);
        assertEq(vault.ownerNonce(), nonce + 1);
    }

    function test_Given_PaymentsSince() public {
        bytes memory call = abi.encodeCall(vault.rotateKey, (SESSION, otherAgent));
        bytes memory signature = signAct(OWNER_KEY, call, ownerNonce, soon());
        submit(paymentOf(0, 1e6));
        submit(paymentOf(1, 1e6));
        vault.lodge(call, ownerNonce, soon(), signature);
        assertLogged(3);
        assertEq(lens.sessionOf(address(vault), SESSION).key, otherAgent);
    }

    function test_Given_AStopThatStopsNothing() public {
        vm.startPrank(guardian);
        vault.pause();
        vault.revokeAll();
        vm.stopPrank();
        assertLogged(2);
        uint32 nonce = ownerNonce;
        lodgeBy(GUARDIAN_KEY, abi.encodeCall(vault.pause, ()));
        lodgeBy(GUARDIAN_KEY, abi.encodeCall(vault.revoke, (SESSION)));
        lodgeBy(GUARDIAN_KEY, abi.encodeCall(vault.revokeAll, ()));
        lodgeBy(GUARDIAN_KEY, abi.encodeCall(vault.removePayee, (stranger)));
        assertLogged(0);
        assertEq(vault.ownerNonce(), nonce);
    }

    function test_RevertGiven_TheLastNonce() public {
        force(Counter.OwnerNonce, type(uint24).max);
        vm.getRecordedLogs();
        bytes memory signature = signAct(GUARDIAN_KEY, abi.encodeCall(vault.pause, ()), type(uint24).max, soon());
        vm.expectRevert(abi.encodeWithSelector(IVault.OwnerNonceSpent.selector));
        vault.lodge(abi.encodeCall(vault.pause, ()), type(uint24).max, soon(), signature);
        // by transaction everything works still, and the nonce stays where it is
        ownerNonce = type(uint24).max;
        vm.prank(guardian);
        vault.pause();
        assertLogged(1);
        assertEq(vault.ownerNonce(), type(uint24).max);
        vm.prank(owner);
        vault.withdraw(address(token), type(uint256).max);
        assertLogged(1);
        assertEq(vault.epoch(), 0);
    }

    // ------------------------------------------------------------------------------------------ the deadline

    function test_RevertWhen_TheDeadlineHasCome() public {
        bytes memory call = abi.encodeCall(vault.pause, ());
        bytes4 expired = IVault.ActExpired.selector;
        lodgeRefusesAs(OWNER_KEY, call, ownerNonce, START, abi.encodeWithSelector(expired, START, START));
        lodgeRefusesAs(OWNER_KEY, call, ownerNonce, 0, abi.encodeWithSelector(expired, 0, START));
        vault.lodge(call, ownerNonce, START + 1, signAct(OWNER_KEY, call, ownerNonce, START + 1));
        assertLogged(1);
    }

    // ------------------------------------------------------------------------------------------ the verb

    function test_RevertWhen_TheVerbIsNoSignableOne() public {
        bytes[] memory calls = otherVerbs();
        for (uint256 i = 0; i < calls.length; ++i) {
            lodgeRefuses(OWNER_KEY, calls[i], abi.encodeWithSelector(IVault.VerbNotAllowed.selector, bytes4(calls[i])));
        }
    }

    function test_RevertWhen_AnotherSetterStandsUnderAReplacement() public {
        bytes[] memory calls = otherVerbs();
        for (uint256 i = 0; i < calls.length; ++i) {
            bytes memory call = abi.encodeCall(vault.replace, (0, calls[i]));
            lodgeRefuses(OWNER_KEY, call, abi.encodeWithSelector(IVault.VerbNotAllowed.selector, bytes4(calls[i])));
        }
    }

    function test_RevertWhen_WhatStandsUnderAReplacementReplacesNothing() public {
        bytes[7] memory calls = [
            abi.encodeCall(vault.grant, (otherGrant())),
            abi.encodeCall(vault.withdraw, (address(token), 1)),
            abi.encodeCall(vault.pause, ()),
            abi.encodeCall(vault.revoke, (SESSION)),
            abi.encodeCall(vault.revokeAll, ()),
            abi.encodeCall(vault.removePayee, (payee)),
            abi.encodeCall(vault.replace, (DAY_CAP, abi.encodeCall(vault.rotateKey, (SESSION, otherAgent))))
        ];
        for (uint256 i = 0; i < calls.length; ++i) {
            bytes memory call = abi.encodeCall(vault.replace, (0, calls[i]));
            lodgeRefuses(OWNER_KEY, call, abi.encodeWithSelector(IVault.VerbNotAllowed.selector, bytes4(calls[i])));
            // nor does a guardian stop anything so
            lodgeRefuses(GUARDIAN_KEY, call, notSigned());
        }
    }

    function test_RevertWhen_TheCallIsShorterThanASelector() public {
        for (uint256 length = 0; length < 4; ++length) {
            bytes memory call = new bytes(length);
            lodgeRefuses(OWNER_KEY, call, abi.encodeWithSelector(IVault.CallMalformed.selector, bytes4(0)));
        }
    }

    function test_RevertWhen_AReplacementHasNoCallInItsPlace() public {
        bytes memory inner = abi.encodeCall(vault.rotateKey, (SESSION, otherAgent));
        bytes memory good = abi.encodeCall(vault.replace, (uint160(agent), inner));
        bytes memory why = abi.encodeWithSelector(IVault.CallMalformed.selector, IVault.replace.selector);
        // cut off anywhere before the call's end
        for (uint256 length = 4; length < 0x64 + inner.length; ++length) {
            lodgeRefuses(OWNER_KEY, cut(good, length), why);
        }
        // elsewhere, longer than there is, shorter than a selector
        uint256[3] memory places = [uint256(0x24), 0x44, 0x44];
        uint256[3] memory words = [uint256(0x60), inner.length + 29, 3];
        for (uint256 i = 0; i < 3; ++i) {
            bytes memory bad = bytes.concat(good);
            (uint256 place, uint256 word) = (places[i], words[i]);
            assembly ("memory-safe") {
                mstore(add(add(bad, 0x20), place), word)
            }
            lodgeRefuses(OWNER_KEY, bad, why);
        }
        lodgeBy(OWNER_KEY, good);
        assertLogged(1);
    }

    function test_RevertWhen_TheArgumentsAreMalformed() public {
        bytes[6] memory calls = [
            bytes.concat(IVault.revoke.selector),
            abi.encodeWithSelector(IVault.revoke.selector, uint256(1) << 32),
            abi.encodeWithSelector(IVault.removePayee.selector, uint256(1) << 160),
            abi.encodeWithSelector(IVault.rotateKey.selector, SESSION, uint256(1) << 160),
            abi.encodeWithSelector(IVault.setPayees.selector, uint256(1) << 64),
            abi.encodeWithSelector(IVault.setLimit.selector, SESSION, 256, address(token), DAY, 1)
        ];
        for (uint256 i = 0; i < calls.length; ++i) {
            (bool ok,) = tryLodge(OWNER_KEY, calls[i]);
            assertFalse(ok);
            assertUntouched();
        }
    }

    function test_RevertWhen_TheVerbRefuses() public {
        IVault.Grant memory same = defaultGrant();
        lodgeRefuses(
            OWNER_KEY,
            abi.encodeCall(vault.grant, (same)),
            abi.encodeWithSelector(IVault.SessionExists.selector, SESSION)
        );
        lodgeRefuses(
            GUARDIAN_KEY, abi.encodeCall(vault.revoke, (99)), abi.encodeWithSelector(IVault.SessionUnknown.selector, 99)
        );
        lodgeRefuses(
            GUARDIAN_KEY, abi.encodeCall(vault.cancel, (99)), abi.encodeWithSelector(IVault.ChangeUnknown.selector, 99)
        );
        lodgeRefuses(
            OWNER_KEY,
            abi.encodeCall(vault.withdraw, (address(token), 0)),
            abi.encodeWithSelector(IVault.ZeroAmount.selector)
        );
    }

    // ------------------------------------------------------------------------------------------ who signed

    function test_RevertWhen_TheGuardianSignedAVerbOfTheOwner() public {
        bytes[6] memory calls = [
            abi.encodeCall(vault.grant, (otherGrant())),
            abi.encodeCall(vault.setLimit, (SESSION, 0, address(token), DAY, 1)),
            abi.encodeCall(vault.setPayees, (onePayee(stranger, DATA))),
            abi.encodeCall(vault.rotateKey, (SESSION, otherAgent)),
            abi.encodeCall(vault.withdraw, (address(token), 1)),
            abi.encodeCall(vault.replace, (DAY_CAP, abi.encodeCall(vault.rotateKey, (SESSION, otherAgent))))
        ];
        for (uint256 i = 0; i < calls.length; ++i) {
            lodgeRefuses(GUARDIAN_KEY, calls[i], notSigned());
        }
        bytes[] memory others = otherVerbs();
        for (uint256 i = 0; i < others.length; ++i) {
            lodgeRefuses(GUARDIAN_KEY, others[i], notSigned());
        }
    }

    function test_RevertWhen_SomebodyElseSigned() public {
        uint256[4] memory keys = [AGENT_KEY, 0x0B, 0x0D, 0x57A];
        for (uint256 i = 0; i < keys.length; ++i) {
            lodgeRefuses(keys[i], abi.encodeCall(vault.pause, ()), notSigned());
            lodgeRefuses(keys[i], abi.encodeCall(vault.revoke, (SESSION)), notSigned());
            lodgeRefuses(keys[i], abi.encodeCall(vault.withdraw, (address(token), 1)), notSigned());
        }
    }

    function test_RevertWhen_AnotherActWasSigned() public {
        bytes memory call = abi.encodeCall(vault.withdraw, (address(token), 1));
        bytes memory other = abi.encodeCall(vault.withdraw, (address(token), 2));
        refusesSignature(call, signAct(OWNER_KEY, other, ownerNonce, soon()));
        refusesSignature(call, signAct(OWNER_KEY, call, ownerNonce + 1, soon()));
        refusesSignature(call, signAct(OWNER_KEY, call, ownerNonce, soon() + 1));
        refusesSignature(call, signAct(OWNER_KEY, bytes.concat(call, hex"00"), ownerNonce, soon()));
        refusesSignature(call, signBy(OWNER_KEY, defaultPayment()));
        refusesSignature(call, approve(defaultPayment()));
    }

    function test_RevertWhen_ItIsForAnotherChain() public {
        bytes memory call = abi.encodeCall(vault.pause, ());
        bytes32 digest = actDigestOf(block.chainid + 1, address(vault), call, ownerNonce, soon());
        refusesSignature(call, signLong(OWNER_KEY, digest));
        refusesSignature(call, signLong(GUARDIAN_KEY, digest));
    }

    function test_RevertWhen_ItIsForAnotherVault() public {
        IVault other = deployVault(owner, treasury, guardian);
        bytes memory call = abi.encodeCall(vault.pause, ());
        bytes32 digest = actDigestOf(block.chainid, address(other), call, ownerNonce, soon());
        refusesSignature(call, signLong(OWNER_KEY, digest));
        refusesSignature(call, signLong(GUARDIAN_KEY, digest));
    }

    function test_RevertWhen_SIsInTheUpperHalf() public {
        bytes memory call = abi.encodeCall(vault.pause, ());
        bytes32 digest = actDigestOf(block.chainid, address(vault), call, ownerNonce, soon());
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(OWNER_KEY, digest);
        refusesSignature(call, bytes.concat(r, bytes32(CURVE_ORDER - uint256(s)), bytes1(v == 27 ? 28 : 27)));
    }

    function test_RevertWhen_TheSignatureIsNoSignature() public {
        for (uint256 length = 0; length < 70; ++length) {
            refusesSignature(abi.encodeCall(vault.pause, ()), new bytes(length));
        }
    }

    function test_RevertGiven_NoGuardian() public {
        vm.prank(owner);
        vault.setGuardian(address(0));
        assertLogged(1);
        refusesSignature(abi.encodeCall(vault.pause, ()), new bytes(65));
        lodgeRefuses(GUARDIAN_KEY, abi.encodeCall(vault.pause, ()), notSigned());
    }

    // ------------------------------------------------------------------------------------------ owners with code

    function test_Given_AnERC1271Owner() public {
        vm.etch(owner, address(new SignerWallet(vm.addr(WALLET_KEY))).code);
        lodgeRefuses(AGENT_KEY, abi.encodeCall(vault.withdraw, (address(token), 1)), notSigned());
        lodgeBy(WALLET_KEY, abi.encodeCall(vault.withdraw, (address(token), 1)));
        lodgeBy(WALLET_KEY, abi.encodeCall(vault.pause, ()));
        assertLogged(2);
        assertTrue(vault.paused());
    }

    function test_Given_AnERC1271Guardian() public {
        vm.etch(guardian, address(new SignerWallet(vm.addr(WALLET_KEY))).code);
        lodgeRefuses(WALLET_KEY, abi.encodeCall(vault.withdraw, (address(token), 1)), notSigned());
        expectLog();
        emit IVault.Paused(guardian, sequence + 1);
        lodgeBy(WALLET_KEY, abi.encodeCall(vault.pause, ()));
        assertLogged(1);
    }

    // EIP-7702
    function test_Given_AnOwnerWithDelegatedCode() public {
        SignerWallet delegate = new SignerWallet(vm.addr(WALLET_KEY));
        vm.etch(owner, bytes.concat(hex"ef0100", bytes20(address(delegate))));
        lodgeRefuses(AGENT_KEY, abi.encodeCall(vault.withdraw, (address(token), 1)), notSigned());
        lodgeBy(OWNER_KEY, abi.encodeCall(vault.withdraw, (address(token), 1)));
        lodgeBy(WALLET_KEY, abi.encodeCall(vault.withdraw, (address(token), 2)));
        vm.etch(owner, bytes.concat(hex"ef0100", bytes20(address(new HostileWallet(HostileWallet.Manner.BurnsAllGas)))));
        lodgeBy(OWNER_KEY, abi.encodeCall(vault.withdraw, (address(token), 4)));
        assertLogged(3);
        assertEq(token.balanceOf(treasury), 7);
    }

    function test_RevertGiven_AnOwnerWithCodeThatAnswersBadly() public {
        answersBadly(owner);
    }

    function test_RevertGiven_AGuardianWithCodeThatAnswersBadly() public {
        answersBadly(guardian);
    }

    // I8: nobody but the guardian has to answer for the guardian's stop
    function test_Given_AnOwnerThatBurnsAllGas() public {
        vm.etch(owner, address(new HostileWallet(HostileWallet.Manner.BurnsAllGas)).code);
        lodgeBy(GUARDIAN_KEY, abi.encodeCall(vault.pause, ()));
        assertLt(vm.lastCallGas().gasTotalUsed, MOST_GAS);
        assertLogged(1);
    }

    function test_Given_AnOwnerThatSaysYesAtLength() public {
        vm.etch(owner, address(new HostileWallet(HostileWallet.Manner.AnswersMuch)).code);
        lodgeBy(WALLET_KEY, abi.encodeCall(vault.withdraw, (address(token), 1)));
        assertLt(vm.lastCallGas().gasTotalUsed, MOST_GAS);
        assertLogged(1);
    }

    // ------------------------------------------------------------------------------------------ the delay (I9)

    function test_Given_ADelay() public {
        vm.prank(owner);
        vault.setDelay(2 days);
        assertLogged(1);
        bytes[3] memory calls = [
            abi.encodeCall(vault.grant, (otherGrant())),
            abi.encodeCall(vault.setPayees, (onePayee(stranger, DATA))),
            abi.encodeCall(
                vault.replace,
                (DAY_CAP, abi.encodeCall(vault.setLimit, (SESSION, 0, address(token), DAY, DAY_CAP + 1e6)))
            )
        ];
        for (uint256 i = 0; i < 3; ++i) {
            lodgeBy(OWNER_KEY, calls[i]);
            Vm.Log[] memory aside = assertLogged(1);
            assertEq(aside.length, 1);
            assertEq(aside[0].topics[1], bytes32(uint256(ownerNonce)));
            assertEq(aside[0].data, abi.encode(calls[i]));
            assertEq(lens.waiting(address(vault))[0].change, ownerNonce);
            assertEq(lens.waiting(address(vault))[0].callHash, keccak256(calls[i]));
        }
        assertEq(lens.waiting(address(vault)).length, 3);
        // what does not loosen is done at once
        lodgeBy(OWNER_KEY, abi.encodeCall(vault.rotateKey, (SESSION, vm.addr(0x77))));
        lodgeBy(OWNER_KEY, abi.encodeCall(vault.withdraw, (address(token), 1)));
        lodgeBy(OWNER_KEY, abi.encodeCall(vault.setLimit, (SESSION, DATA, address(token), DAY, 1)));
        assertLogged(3);
        vm.warp(START + 2 days);
        vault.execute(lens.waiting(address(vault))[2].change, calls[0]);
        assertLogged(5);
        assertEq(lens.sessionOf(address(vault), SESSION + 1).key, otherAgent);
    }

    // ------------------------------------------------------------------------------------------

    /// @dev Every verb that no signature can have performed, and what is no verb.
    function otherVerbs() internal view returns (bytes[] memory calls) {
        calls = new bytes[](16);
        calls[0] = abi.encodeCall(vault.setValidity, (SESSION, VALID_FROM, VALID_UNTIL));
        calls[1] = abi.encodeCall(vault.setCategories, (SESSION, CATEGORIES));
        calls[2] = abi.encodeCall(vault.setPerPaymentCap, (SESSION, address(token), 1));
        calls[3] = abi.encodeCall(vault.removeLimit, (SESSION, 0, address(token), DAY));
        calls[4] = abi.encodeCall(vault.addToken, (address(this), 0));
        calls[5] = abi.encodeCall(vault.unpause, ());
        calls[6] = abi.encodeCall(vault.transferOwnership, (stranger));
        calls[7] = abi.encodeCall(vault.acceptOwnership, ());
        calls[8] = abi.encodeCall(vault.setGuardian, (guardian));
        calls[9] = abi.encodeCall(vault.setTreasury, (treasury));
        calls[10] = abi.encodeCall(vault.setDelay, (0));
        calls[11] = abi.encodeCall(vault.lodge, ("", 0, 0, ""));
        calls[12] = abi.encodeCall(vault.execute, (1, ""));
        calls[13] = abi.encodeCall(vault.pay, (defaultPayment(), "", ""));
        calls[14] = abi.encodeCall(vault.owner, ());
        calls[15] = hex"deadbeef";
    }

    function answersBadly(address account) internal {
        bytes memory call = abi.encodeCall(vault.pause, ());
        bytes memory lodged =
            abi.encodeCall(vault.lodge, (call, ownerNonce, soon(), signAct(WALLET_KEY, call, ownerNonce, soon())));
        for (uint256 manner = 0; manner < uint256(HostileWallet.Manner.AnswersMuch); ++manner) {
            vm.etch(account, address(new HostileWallet(HostileWallet.Manner(manner))).code);
            (bool ok, bytes memory answer) = address(vault).call(lodged);
            assertLt(vm.lastCallGas().gasTotalUsed, MOST_GAS);
            assertFalse(ok);
            assertEq(answer, notSigned());
            assertUntouched();
            assertFalse(vault.paused());
            // nor with a signature of no length: then nothing was recovered, and memory is as clean as a short answer needs
            (ok, answer) = address(vault).call(abi.encodeCall(vault.lodge, (call, ownerNonce, soon(), "")));
            assertFalse(ok);
            assertEq(answer, notSigned());
            assertUntouched();
        }
    }

    function tryLodge(uint256 key, bytes memory call) internal returns (bool, bytes memory) {
        bytes memory signature = signAct(key, call, ownerNonce, soon());
        return address(vault).call(abi.encodeCall(vault.lodge, (call, ownerNonce, soon(), signature)));
    }

    function lodgeRefuses(uint256 key, bytes memory call, bytes memory why) internal {
        lodgeRefusesAs(key, call, ownerNonce, soon(), why);
    }

    function lodgeRefusesAs(uint256 key, bytes memory call, uint32 nonce, uint32 deadline, bytes memory why) internal {
        bytes memory signature = signAct(key, call, nonce, deadline);
        vm.expectRevert(why);
        vault.lodge(call, nonce, deadline, signature);
        assertUntouched();
    }

    function refusesSignature(bytes memory call, bytes memory signature) internal {
        vm.expectRevert(notSigned());
        vault.lodge(call, ownerNonce, soon(), signature);
        assertUntouched();
    }

    function notSigned() internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IVault.ActNotSigned.selector);
    }

    function cut(bytes memory whole, uint256 length) internal pure returns (bytes memory part) {
        part = new bytes(length);
        for (uint256 i = 0; i < length; ++i) {
            part[i] = whole[i];
        }
    }
}
