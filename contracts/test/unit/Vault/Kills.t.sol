// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {VaultTest} from "../../base/VaultTest.sol";
import {WaitingTest} from "../../base/WaitingTest.sol";
import {PlainToken} from "../../mocks/PlainToken.sol";
import {IVault} from "src/interfaces/IVault.sol";

/// @notice kills.tree. Quoted: I9 (a stop or a tightening of the same subject, revoke-all and a change of owner kill what
///         waits on it), I8. One change waits on every subject there is; each test says which of them die.
contract KillsTest is WaitingTest {
    uint32 internal constant OTHER = SESSION + 1;

    enum Subject {
        Limit, // of the session
        Cap,
        Validity,
        Categories,
        Removal, // of a limit of the session
        OtherSession,
        VaultLimit, // in the token
        OtherVaultLimit, // in another token
        Payees,
        OtherPayee,
        Unpause,
        Delay,
        Guardian,
        Treasury,
        Ownership
    }

    uint256 internal constant SUBJECTS = 15;
    uint256 internal constant MOST = 10;
    PlainToken internal second;
    bytes[SUBJECTS] internal calls;
    uint32[SUBJECTS] internal changes;

    function setUp() public override {
        super.setUp();
        second = new PlainToken(6);
        ownerDoes(abi.encodeCall(vault.addToken, (address(second), 0)));
        ownerDoes(abi.encodeCall(vault.setLimit, (0, 0, address(token), DAY, 500e6)));
        ownerDoes(abi.encodeCall(vault.setLimit, (0, 0, address(second), DAY, 500e6)));
        assertLogged(3);
        grants(otherGrant());
        guardianDoes(abi.encodeCall(vault.pause, ()));
        assertLogged(1);

        calls[uint256(Subject.Limit)] = limitCall(SESSION, DAY_CAP + 1);
        calls[uint256(Subject.Cap)] = abi.encodeCall(vault.setPerPaymentCap, (SESSION, address(token), 61e6));
        calls[uint256(Subject.Validity)] = abi.encodeCall(vault.setValidity, (SESSION, 0, VALID_UNTIL));
        calls[uint256(Subject.Categories)] = abi.encodeCall(vault.setCategories, (SESSION, CATEGORIES | 2));
        calls[uint256(Subject.Removal)] = abi.encodeCall(vault.removeLimit, (SESSION, 0, address(token), WEEK));
        calls[uint256(Subject.OtherSession)] = limitCall(OTHER, DAY_CAP + 1);
        calls[uint256(Subject.VaultLimit)] = limitCall(0, 500e6 + 1);
        calls[uint256(Subject.OtherVaultLimit)] =
            abi.encodeCall(vault.setLimit, (0, 0, address(second), DAY, 500e6 + 1));
        calls[uint256(Subject.Payees)] = abi.encodeCall(
            vault.setPayees, (twoPayees(IVault.PayeeEntry(payee, RELAY), IVault.PayeeEntry(stranger, DATA)))
        );
        calls[uint256(Subject.OtherPayee)] = abi.encodeCall(vault.setPayees, (onePayee(relayer, DATA)));
        calls[uint256(Subject.Unpause)] = abi.encodeCall(vault.unpause, ());
        calls[uint256(Subject.Delay)] = abi.encodeCall(vault.setDelay, (1));
        calls[uint256(Subject.Guardian)] = abi.encodeCall(vault.setGuardian, (stranger));
        calls[uint256(Subject.Treasury)] = abi.encodeCall(vault.setTreasury, (stranger));
        calls[uint256(Subject.Ownership)] = abi.encodeCall(vault.transferOwnership, (stranger));
    }

    // ------------------------------------------------------------------------------------------ tightening

    function test_When_ALimitOfTheSessionIsLowered() public {
        kills(owner, limitCall(SESSION, DAY_CAP - 1), ofSession());
        kills(owner, abi.encodeCall(vault.setLimit, (SESSION, 0, address(token), WEEK, 1)), ofSession());
    }

    function test_When_ALimitOfTheSessionIsSetAsItIs() public {
        kills(owner, limitCall(SESSION, DAY_CAP), ofSession());
    }

    function test_When_ALimitIsAdded() public {
        kills(owner, abi.encodeCall(vault.setLimit, (SESSION, 0, address(token), HOUR, 500e6)), ofSession());
        kills(owner, abi.encodeCall(vault.setLimit, (SESSION, DATA, address(token), HOUR, 500e6)), ofSession());
        kills(owner, abi.encodeCall(vault.setLimit, (SESSION, DATA, address(second), HOUR, 500e6)), ofSession());
        kills(owner, abi.encodeCall(vault.setLimit, (0, 0, address(token), HOUR, 500e6)), only(Subject.VaultLimit));
    }

    function test_When_TheLastLimitInATokenIsRemoved() public {
        uint32 change = waits(calls[uint256(Subject.Removal)]);
        ripen();
        executes(change, calls[uint256(Subject.Removal)], 2);
        calls[uint256(Subject.Removal)] = abi.encodeCall(vault.removeLimit, (SESSION, DATA, address(token), DAY));
        ownerDoes(abi.encodeCall(vault.setLimit, (SESSION, DATA, address(token), DAY, 1)));
        assertLogged(1);
        kills(owner, abi.encodeCall(vault.removeLimit, (SESSION, 0, address(token), DAY)), ofSession());
    }

    function test_When_ThePerPaymentCapIsLowered() public {
        kills(owner, abi.encodeCall(vault.setPerPaymentCap, (SESSION, address(token), 1)), ofSession());
        kills(owner, abi.encodeCall(vault.setPerPaymentCap, (SESSION, address(second), 0)), ofSession());
    }

    function test_When_TheSpanIsShortened() public {
        kills(owner, abi.encodeCall(vault.setValidity, (SESSION, VALID_FROM, VALID_UNTIL - 1)), ofSession());
    }

    function test_When_CategoriesAreTaken() public {
        kills(owner, abi.encodeCall(vault.setCategories, (SESSION, 0)), ofSession());
    }

    function test_When_ALimitOfTheVaultIsLowered() public {
        kills(owner, limitCall(0, 500e6 - 1), only(Subject.VaultLimit));
        kills(owner, abi.encodeCall(vault.setLimit, (0, 0, address(second), DAY, 1)), only(Subject.OtherVaultLimit));
    }

    function test_When_TheDelayIsLengthened() public {
        kills(owner, abi.encodeCall(vault.setDelay, (WAIT + 1)), only(Subject.Delay));
        kills(owner, abi.encodeCall(vault.setDelay, (WAIT)), only(Subject.Delay));
    }

    function test_When_TheGuardianIsSetAgain() public {
        kills(owner, abi.encodeCall(vault.setGuardian, (guardian)), only(Subject.Guardian));
    }

    function test_When_TheTreasuryIsSetAgain() public {
        kills(owner, abi.encodeCall(vault.setTreasury, (treasury)), only(Subject.Treasury));
    }

    function test_When_TheOfferOfOwnershipIsTakenBack() public {
        kills(owner, abi.encodeCall(vault.transferOwnership, (address(0))), only(Subject.Ownership));
    }

    // ------------------------------------------------------------------------------------------ stops

    function test_When_TheVaultIsPaused() public {
        // an unpause executed beside another that still waits: the next pause kills that
        uint32 first = waits(calls[uint256(Subject.Unpause)]);
        uint32 next = waits(calls[uint256(Subject.Unpause)]);
        ripen();
        executes(first, calls[uint256(Subject.Unpause)], 2);
        assertFalse(vault.paused());
        guardianDoes(abi.encodeCall(vault.pause, ()));
        assertLogged(1);
        assertKilled(next, calls[uint256(Subject.Unpause)]);
        assertTrue(vault.paused());
    }

    function test_When_ThePausedVaultIsPaused() public {
        kills(guardian, abi.encodeCall(vault.pause, ()), only(Subject.Unpause));
        kills(owner, abi.encodeCall(vault.pause, ()), only(Subject.Unpause));
    }

    function test_When_TheSessionIsRevoked() public {
        kills(guardian, abi.encodeCall(vault.revoke, (SESSION)), ofSession());
        kills(agent, abi.encodeCall(vault.revoke, (SESSION)), ofSession());
        kills(guardian, abi.encodeCall(vault.revoke, (OTHER)), only(Subject.OtherSession));
    }

    /// @dev Seven and eight are above: no number of a session is that of another subject.
    function test_When_SessionsOfTheFirstNumbersAreRevoked() public {
        IVault.Grant memory granted = otherGrant();
        for (uint32 session = 1; session < SESSION; ++session) {
            (granted.session, granted.key) = (session, vm.addr(0x100 + session));
            grants(granted);
        }
        for (uint32 session = 1; session < SESSION; ++session) {
            kills(guardian, abi.encodeCall(vault.revoke, (session)), 0);
        }
    }

    function test_Given_ATokenAtTheNumberOfASession() public {
        uint32 number = 70_000;
        address money = address(uint160(number));
        vm.etch(money, address(token).code);
        ownerDoes(abi.encodeCall(vault.addToken, (money, 0)));
        ownerDoes(abi.encodeCall(vault.setLimit, (0, 0, money, DAY, 500e6)));
        assertLogged(2);
        IVault.Grant memory granted = otherGrant();
        (granted.session, granted.key) = (number, vm.addr(0x77));
        grants(granted);
        calls[uint256(Subject.OtherSession)] = limitCall(number, DAY_CAP + 1);
        calls[uint256(Subject.OtherVaultLimit)] = abi.encodeCall(vault.setLimit, (0, 0, money, DAY, 500e6 + 1));
        kills(guardian, abi.encodeCall(vault.revoke, (number)), only(Subject.OtherSession));
        kills(owner, limitCall(number, 1), only(Subject.OtherSession));
        kills(owner, abi.encodeCall(vault.setLimit, (0, 0, money, DAY, 1)), only(Subject.OtherVaultLimit));
    }

    function test_When_APayeeIsRemoved() public {
        uint256 lists = only(Subject.Payees) | only(Subject.OtherPayee);
        kills(guardian, abi.encodeCall(vault.removePayee, (payee)), lists);
        kills(owner, abi.encodeCall(vault.removePayee, (relayer)), lists);
    }

    function test_When_AnAbsentPayeeIsRemoved() public {
        uint256 lists = only(Subject.Payees) | only(Subject.OtherPayee);
        kills(guardian, abi.encodeCall(vault.removePayee, (stranger)), lists);
        kills(guardian, abi.encodeCall(vault.removePayee, (address(token))), lists);
    }

    // I8, I9: the guardian cannot keep himself in office by it
    function test_When_AllIsRevoked() public {
        uint256 all = (1 << SUBJECTS) - 1;
        kills(guardian, abi.encodeCall(vault.revokeAll, ()), all & ~only(Subject.Guardian));
        kills(owner, abi.encodeCall(vault.revokeAll, ()), all & ~only(Subject.Guardian));
        // the very last act before it, too
        uint32 change = waits(calls[uint256(Subject.Treasury)]);
        guardianDoes(abi.encodeCall(vault.revokeAll, ()));
        assertLogged(1);
        ripen();
        assertKilled(change, calls[uint256(Subject.Treasury)]);
    }

    /// @dev Each stop does something once for whatever the owner has wait, and then nothing: a guardian who repeats it
    ///      uses up neither owner nonces, so the owner's signatures stay good, nor epochs.
    function test_When_AStopIsRepeated() public {
        bytes[4] memory stops = [
            abi.encodeCall(vault.revokeAll, ()),
            abi.encodeCall(vault.pause, ()),
            abi.encodeCall(vault.removePayee, (payee)),
            abi.encodeCall(vault.removePayee, (stranger))
        ];
        for (uint256 i = 0; i < 4; ++i) {
            guardianDoes(stops[i]);
        }
        vm.getRecordedLogs();
        (uint32 number, bytes32 hash) = vault.head();
        (sequence, runningHash, ownerNonce) = (number, hash, vault.ownerNonce());
        for (uint256 i = 0; i < 4; ++i) {
            guardianDoes(stops[i]);
            assertLogged(0);
        }
        waits(calls[uint256(Subject.Treasury)]);
        for (uint256 round = 0; round < 5; ++round) {
            for (uint256 i = 0; i < 4; ++i) {
                guardianDoes(stops[i]);
                assertLogged(round == 0 && i < 3 ? 1 : 0);
            }
        }
        uint32 change = waits(calls[uint256(Subject.Guardian)]);
        for (uint256 i = 0; i < 4; ++i) {
            guardianDoes(stops[i]);
            assertLogged(i < 3 ? 1 : 0);
        }
        ripen();
        executes(change, calls[uint256(Subject.Guardian)], 2);
        assertEq(vault.guardian(), stranger);
        guardianDoesNot(stops[0]);
    }

    // ------------------------------------------------------------------------------------------ ownership

    function test_When_TheOwnerChanges() public {
        bytes memory offer = abi.encodeCall(vault.transferOwnership, (payee));
        uint32 change = waits(offer);
        ripen();
        executes(change, offer, 2);
        kills(payee, abi.encodeCall(vault.acceptOwnership, ()), (1 << SUBJECTS) - 1);
    }

    // ------------------------------------------------------------------------------------------ without a delay

    /// @dev What takes effect at once kills what is older, a loosening too: nothing undoes later what is newer.
    function test_Given_TheDelayGone() public {
        uint32 change = waits(calls[uint256(Subject.Delay)]);
        ripen();
        executes(change, calls[uint256(Subject.Delay)], 2); // a second
        bytes memory none = abi.encodeCall(vault.setDelay, (0));
        uint32[4] memory older = [
            waits(calls[uint256(Subject.Limit)]),
            waits(calls[uint256(Subject.Payees)]),
            waits(calls[uint256(Subject.Unpause)]),
            waits(calls[uint256(Subject.VaultLimit)])
        ];
        change = waits(none);
        ripen();
        executes(change, none, 2);
        isInstant(limitCall(SESSION, DAY_CAP + 5));
        isInstant(calls[uint256(Subject.OtherPayee)]);
        isInstant(calls[uint256(Subject.Unpause)]);
        assertKilled(older[0], calls[uint256(Subject.Limit)]);
        assertKilled(older[1], calls[uint256(Subject.Payees)]);
        assertKilled(older[2], calls[uint256(Subject.Unpause)]);
        executes(older[3], calls[uint256(Subject.VaultLimit)], 2);
    }

    // ------------------------------------------------------------------------------------------ what does not kill

    function test_When_AKeyIsRotated() public {
        kills(owner, abi.encodeCall(vault.rotateKey, (SESSION, vm.addr(0x77))), 0);
    }

    function test_When_ATokenIsListed() public {
        kills(owner, abi.encodeCall(vault.addToken, (address(new PlainToken(6)), 0)), 0);
    }

    function test_When_MoneyIsWithdrawn() public {
        kills(owner, abi.encodeCall(vault.withdraw, (address(token), 1)), 0);
    }

    function test_When_PaymentsAreMade() public {
        uint32 change = waits(calls[uint256(Subject.Unpause)]);
        ripen();
        executes(change, calls[uint256(Subject.Unpause)], 2);
        calls[uint256(Subject.Unpause)] = ""; // it is not paused any more
        IVault.Payment memory payment = paymentOf(0, 1e6);
        kills(stranger, abi.encodeCall(vault.pay, (payment, sign(payment), "")), 0);
    }

    function test_When_AnotherLooseningWaits() public {
        kills(owner, limitCall(SESSION, DAY_CAP + 2), 0);
    }

    function test_When_AChangeIsExecuted() public {
        uint32 first = waits(limitCall(SESSION, DAY_CAP + 1));
        uint32 next = waits(limitCall(SESSION, DAY_CAP + 2));
        ripen();
        executes(first, limitCall(SESSION, DAY_CAP + 1), 2);
        executes(next, limitCall(SESSION, DAY_CAP + 2), 2);
        assertEq(limitOf(SESSION, 0, DAY).cap, DAY_CAP + 2);
    }

    function test_Given_NothingWaits() public {
        vm.record();
        ownerDoes(limitCall(SESSION, DAY_CAP - 1));
        (, bytes32[] memory writes) = vm.accesses(address(vault));
        assertEq(writes.length, 2, "the limit's word and the vault's");
        assertLogged(1);
        bytes memory call = limitCall(SESSION, DAY_CAP);
        uint32 change = waits(call);
        ripen();
        executes(change, call, 2);
    }

    function test_When_TheSameIsWantedAgain() public {
        bytes memory call = limitCall(SESSION, DAY_CAP + 1);
        uint32 dead = waits(call);
        isInstant(limitCall(SESSION, DAY_CAP));
        uint32 change = waits(call);
        assertTrue(waitingOf(dead).killed);
        assertFalse(waitingOf(change).killed);
        ripen();
        assertKilled(dead, call);
        executes(change, call, 2);
        assertEq(limitOf(SESSION, 0, DAY).cap, DAY_CAP + 1);
        assertKilled(dead, call);
    }

    // ------------------------------------------------------------------------------------------

    /// @notice With a change waiting on every subject, the act kills exactly those in the mask. Ten and then the
    ///         last ten of them wait, as not more can at a time.
    function kills(address by, bytes memory act, uint256 mask) internal {
        killsAmong(by, act, mask, 0, MOST);
        killsAmong(by, act, mask, SUBJECTS - MOST, SUBJECTS);
    }

    function killsAmong(address by, bytes memory act, uint256 mask, uint256 from, uint256 until) private {
        uint256 snapshot = vm.snapshotState();
        for (uint256 i = from; i < until; ++i) {
            if (calls[i].length != 0) changes[i] = waits(calls[i]);
        }
        if (lens.waiting(address(vault)).length == MOST) {
            uint256 spare = from == 0 ? MOST - 1 : from; // room for what the act itself may put by; the other ten have it
            ownerDoes(abi.encodeCall(vault.cancel, (changes[spare])));
            assertLogged(1);
            delete changes[spare];
        }
        does(by, act);
        vm.getRecordedLogs();
        ripen();
        for (uint256 i = from; i < until; ++i) {
            if (changes[i] == 0) continue;
            bool dies = (mask >> i) & 1 == 1;
            assertEq(waitingOf(changes[i]).killed, dies, "killed");
            uint256 each = vm.snapshotState();
            (bool ok, bytes memory answer) = address(vault).call(abi.encodeCall(vault.execute, (changes[i], calls[i])));
            assertEq(ok, !dies, "executed");
            if (!ok) assertEq(answer, abi.encodeWithSelector(IVault.ChangeKilled.selector, changes[i]));
            assertTrue(vm.revertToState(each));
        }
        assertTrue(vm.revertToState(snapshot));
        vm.getRecordedLogs();
    }

    /// @notice A session with a cap and two limits, once its grant has waited.
    function grants(IVault.Grant memory granted) private {
        bytes memory granting = abi.encodeCall(vault.grant, (granted));
        uint32 change = waits(granting);
        ripen();
        executes(change, granting, 5);
    }

    function guardianDoesNot(bytes memory call) private {
        refusesAct(guardian, call, abi.encodeWithSelector(IVault.NotOwnerOrGuardian.selector, guardian));
    }

    function only(Subject subject) internal pure returns (uint256) {
        return uint256(1) << uint256(subject);
    }

    function ofSession() internal pure returns (uint256) {
        return only(Subject.Limit) | only(Subject.Cap) | only(Subject.Validity) | only(Subject.Categories)
            | only(Subject.Removal);
    }

    function limitCall(uint32 session, uint128 cap) internal view returns (bytes memory) {
        return abi.encodeCall(vault.setLimit, (session, 0, address(token), DAY, cap));
    }
}
