// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {LastCounts} from "../../base/LastCounts.sol";
import {VaultTest} from "../../base/VaultTest.sol";
import {WaitingTest} from "../../base/WaitingTest.sol";
import {PlainToken} from "../../mocks/PlainToken.sol";
import {IVault} from "src/interfaces/IVault.sol";
import {IVaultLens} from "src/interfaces/IVaultLens.sol";

/// @notice delay.tree: what waits, field by field. Quoted: I9 (tightening is instant; whatever lets some key move more
///         money, to more places, for longer, or leaves fewer able to stop it, waits; a mixed change waits).
contract DelayTest is WaitingTest, LastCounts {
    PlainToken internal second;

    function setUp() public override(VaultTest, WaitingTest) {
        super.setUp();
        second = new PlainToken(6);
        ownerDoes(abi.encodeCall(vault.addToken, (address(second), 2)));
        assertLogged(1);
    }

    function test_Given_NoDelay() public {
        uint32 change = waits(abi.encodeCall(vault.setDelay, (0)));
        ripen();
        executes(change, abi.encodeCall(vault.setDelay, (0)), 2);
        guardianDoes(abi.encodeCall(vault.pause, ()));
        assertLogged(1);
        isInstant(limitCall(DAY, DAY_CAP + 1));
        isInstant(abi.encodeCall(vault.removeLimit, (SESSION, 0, address(token), WEEK)));
        isInstant(abi.encodeCall(vault.setPerPaymentCap, (SESSION, address(token), PER_PAYMENT_CAP + 1)));
        isInstant(abi.encodeCall(vault.setValidity, (SESSION, 0, VALID_UNTIL + 1)));
        isInstant(abi.encodeCall(vault.setCategories, (SESSION, CATEGORIES | 2)));
        isInstant(abi.encodeCall(vault.setPayees, (onePayee(stranger, 1))));
        isInstant(abi.encodeCall(vault.setGuardian, (address(0))));
        isInstant(abi.encodeCall(vault.setTreasury, (stranger)));
        isInstant(abi.encodeCall(vault.transferOwnership, (stranger)));
        isInstant(abi.encodeCall(vault.unpause, ()));
        ownerDoes(abi.encodeCall(vault.grant, (otherGrant())));
        assertLogged(4);
    }

    function test_Given_ADelay() public {
        bytes memory call = limitCall(DAY, DAY_CAP + 1);
        vm.expectEmit(address(vault));
        emit IVault.ChangeCall(ownerNonce + 1, call);
        vm.expectEmit(address(vault));
        emit IVault.ChangeWaiting(ownerNonce + 1, keccak256(call), START + WAIT, sequence + 1);
        uint32 change = waits(call);
        IVaultLens.WaitingChange memory waiting = waitingOf(change);
        assertEq(waiting.executableFrom, START + WAIT);
        assertEq(waiting.executableUntil, START + WAIT + EXECUTION_WINDOW);
        assertEq(limitOf(SESSION, 0, DAY).cap, DAY_CAP);
        submit(paymentOf(0, 60e6));
        assertLogged(1);
        refuses(
            paymentOf(1, 40e6 + 1),
            abi.encodeWithSelector(IVault.LimitExceeded.selector, SESSION, 0, address(token), DAY, 40e6 + 1, 40e6)
        );
    }

    // ------------------------------------------------------------------------------------------ each verb

    function test_When_TheVerbIsGrant() public {
        IVault.Grant memory other = otherGrant();
        waits(abi.encodeCall(vault.grant, (other)));
        assertEq(lens.sessionOf(address(vault), other.session).key, address(0));
        (other.tokens, other.categories) = (new IVault.TokenGrant[](0), 0);
        waits(abi.encodeCall(vault.grant, (other))); // even one that can pay nothing yet
    }

    function test_When_TheVerbIsSetLimit() public {
        // the first limit's meter and another's, the session's and its category's and the vault's
        isInstant(scopedCall(0, 0, DAY, 500e6)); // new, so it only tightens
        isInstant(scopedCall(0, 0, LIFETIME, 500e6));
        isInstant(scopedCall(SESSION, DATA, DAY, 50e6));
        isInstant(scopedCall(SESSION, DATA, LIFETIME, 50e6));
        isInstant(scopedCall(SESSION, 0, MONTH, 1_000e6));
        uint32[5] memory sessions = [SESSION, SESSION, SESSION, 0, 0];
        uint8[5] memory categories = [0, 0, DATA, 0, 0];
        uint32[5] memory windows = [DAY, WEEK, LIFETIME, DAY, LIFETIME];
        for (uint256 i = 0; i < 5; ++i) {
            (uint32 session, uint8 category, uint32 window) = (sessions[i], categories[i], windows[i]);
            uint128 cap = limitOf(session, category, window).cap;
            waits(scopedCall(session, category, window, cap + 1));
            isInstant(scopedCall(session, category, window, cap));
            isInstant(scopedCall(session, category, window, cap - 1));
            isInstant(scopedCall(session, category, window, 0));
            waits(scopedCall(session, category, window, 1));
        }
    }

    /// @dev A session's first limit in a token lets it pay: with it the token opens. A category's first does not.
    function test_When_TheVerbIsSetLimitForTheFirstTime() public {
        isInstant(abi.encodeCall(vault.setLimit, (SESSION, DATA, address(second), DAY, 100e6)));
        isInstant(abi.encodeCall(vault.setLimit, (0, 0, address(second), DAY, 100e6)));
        waits(abi.encodeCall(vault.setLimit, (SESSION, 0, address(second), DAY, 100e6)));
        waits(abi.encodeCall(vault.setLimit, (SESSION, 0, address(second), DAY, 0)));
        assertEq(limitsOf(SESSION, 0, address(second)).length, 0);
        // once there was one, and was removed, the next opens again
        isInstant(abi.encodeCall(vault.setPerPaymentCap, (SESSION, address(second), 0)));
    }

    /// @dev A cap between two units is rounded down before it is compared.
    function test_When_TheVerbIsSetLimitWithinAUnit() public {
        isInstant(abi.encodeCall(vault.setLimit, (0, 0, address(second), DAY, 400)));
        isInstant(abi.encodeCall(vault.setLimit, (0, 0, address(second), DAY, 403)));
        waits(abi.encodeCall(vault.setLimit, (0, 0, address(second), DAY, 404)));
    }

    function test_When_TheVerbIsRemoveLimit() public {
        isInstant(scopedCall(0, 0, DAY, 500e6));
        isInstant(scopedCall(SESSION, DATA, DAY, 50e6));
        waits(removeCall(0, 0, DAY)); // the vault's only one
        waits(removeCall(SESSION, DATA, DAY)); // the category's only one
        waits(removeCall(SESSION, 0, DAY));
        waits(removeCall(SESSION, 0, WEEK));
        uint32 change = waits(removeCall(SESSION, 0, WEEK));
        ripen();
        executes(change, removeCall(SESSION, 0, WEEK), 2);
        isInstant(removeCall(SESSION, 0, DAY)); // the session's last: with it the token closes
        assertEq(limitsOf(SESSION, 0, address(token)).length, 0);
        waits(scopedCall(SESSION, 0, DAY, 1));
    }

    function test_When_TheVerbIsSetPerPaymentCap() public {
        waits(capCall(PER_PAYMENT_CAP + 1));
        isInstant(capCall(PER_PAYMENT_CAP));
        isInstant(capCall(PER_PAYMENT_CAP - 1));
        isInstant(capCall(0));
        waits(capCall(1));
        // within a unit
        waits(abi.encodeCall(vault.setPerPaymentCap, (SESSION, address(second), 4)));
        isInstant(abi.encodeCall(vault.setPerPaymentCap, (SESSION, address(second), 3)));
    }

    function test_When_TheVerbIsSetValidity() public {
        waits(validityCall(VALID_FROM - 1, VALID_UNTIL));
        waits(validityCall(VALID_FROM, VALID_UNTIL + 1));
        waits(validityCall(VALID_FROM - 1, VALID_UNTIL + 1));
        waits(validityCall(VALID_FROM - 1, VALID_UNTIL - 1)); // mixed
        waits(validityCall(VALID_FROM + 1, VALID_UNTIL + 1)); // mixed
        isInstant(validityCall(VALID_FROM, VALID_UNTIL));
        isInstant(validityCall(VALID_FROM + 1, VALID_UNTIL));
        isInstant(validityCall(VALID_FROM + 1, VALID_UNTIL - 1));
        waits(validityCall(VALID_FROM, VALID_UNTIL - 1));
        waits(validityCall(VALID_FROM + 1, VALID_UNTIL));
    }

    function test_When_TheVerbIsSetCategories() public {
        waits(categoriesCall(CATEGORIES | 2));
        waits(categoriesCall(CATEGORIES | (uint64(1) << 62)));
        waits(categoriesCall(2)); // mixed: one more, two fewer
        isInstant(categoriesCall(CATEGORIES));
        isInstant(categoriesCall(uint64(1) << RELAY));
        isInstant(categoriesCall(0));
        waits(categoriesCall(uint64(1) << DATA));
    }

    function test_When_TheVerbIsSetPayees() public {
        waits(abi.encodeCall(vault.setPayees, (onePayee(stranger, DATA))));
        waits(abi.encodeCall(vault.setPayees, (onePayee(payee, DATA + 1))));
        waits(abi.encodeCall(vault.setPayees, (onePayee(payee, RELAY)))); // from one that is granted to another
        waits(abi.encodeCall(vault.setPayees, (onePayee(payee, DATA)))); // a list is not looked through
        isInstant(abi.encodeCall(vault.removePayee, (payee)));
        waits(abi.encodeCall(vault.setPayees, (onePayee(payee, DATA))));
        assertEq(vault.payeeOf(payee), 0);
    }

    // Another guardian leaves somebody else, or nobody, able to stop it
    function test_When_TheVerbIsSetGuardian() public {
        waits(abi.encodeCall(vault.setGuardian, (stranger)));
        waits(abi.encodeCall(vault.setGuardian, (address(0))));
        isInstant(abi.encodeCall(vault.setGuardian, (guardian)));
        assertEq(vault.guardian(), guardian);
    }

    function test_When_TheVerbIsSetTreasury() public {
        waits(abi.encodeCall(vault.setTreasury, (stranger)));
        isInstant(abi.encodeCall(vault.setTreasury, (treasury)));
        assertEq(vault.treasury(), treasury);
    }

    function test_When_TheVerbIsSetDelay() public {
        waits(abi.encodeCall(vault.setDelay, (WAIT - 1)));
        waits(abi.encodeCall(vault.setDelay, (0)));
        isInstant(abi.encodeCall(vault.setDelay, (WAIT)));
        isInstant(abi.encodeCall(vault.setDelay, (WAIT + 1)));
        assertEq(vault.delay(), WAIT + 1);
        waits(abi.encodeCall(vault.setDelay, (WAIT)));
    }

    function test_When_TheVerbIsTransferOwnership() public {
        waits(abi.encodeCall(vault.transferOwnership, (stranger)));
        waits(abi.encodeCall(vault.transferOwnership, (owner)));
        assertEq(vault.pendingOwner(), address(0));
        isInstant(abi.encodeCall(vault.transferOwnership, (address(0))));
    }

    function test_When_TheVerbIsUnpause() public {
        ownerDoes(abi.encodeCall(vault.unpause, ()));
        assertLogged(0);
        guardianDoes(abi.encodeCall(vault.pause, ()));
        assertLogged(1);
        waits(abi.encodeCall(vault.unpause, ()));
        assertTrue(vault.paused());
    }

    function test_When_TheVerbNeverLoosens() public {
        isInstant(abi.encodeCall(vault.rotateKey, (SESSION, otherAgent)));
        isInstant(abi.encodeCall(vault.addToken, (address(new PlainToken(6)), 0)));
        isInstant(abi.encodeCall(vault.withdraw, (address(token), 1)));
        isInstant(abi.encodeCall(vault.pause, ()));
        isInstant(abi.encodeCall(vault.removePayee, (payee)));
        isInstant(abi.encodeCall(vault.revoke, (SESSION)));
        isInstant(abi.encodeCall(vault.revokeAll, ()));
    }

    function test_RevertWhen_TheChangeIsWrong() public {
        IVault.Grant memory other = otherGrant();
        other.key = agent;
        refusesAct(
            owner, abi.encodeCall(vault.grant, (other)), abi.encodeWithSelector(IVault.KeyUsedBefore.selector, agent)
        );
        other = otherGrant();
        other.tokens[0].limits[0].window = 5;
        refusesAct(
            owner, abi.encodeCall(vault.grant, (other)), abi.encodeWithSelector(IVault.WindowUnknown.selector, 5)
        );
        refusesAct(
            owner,
            abi.encodeCall(vault.setTreasury, (address(vault))),
            abi.encodeWithSelector(IVault.RoleConflict.selector, address(vault))
        );
        refusesAct(
            owner,
            abi.encodeCall(vault.setPayees, (onePayee(agent, DATA))),
            abi.encodeWithSelector(IVault.RoleConflict.selector, agent)
        );
        refusesAct(
            owner,
            abi.encodeCall(vault.setCategories, (SESSION, 3)),
            abi.encodeWithSelector(IVault.CategoryMaskInvalid.selector, 3)
        );
        refusesAct(
            owner,
            abi.encodeCall(vault.setValidity, (99, 0, VALID_UNTIL)),
            abi.encodeWithSelector(IVault.SessionUnknown.selector, 99)
        );
        refusesAct(
            guardian,
            abi.encodeCall(vault.setGuardian, (stranger)),
            abi.encodeWithSelector(IVault.NotOwner.selector, guardian)
        );
        assertEq(lens.waiting(address(vault)).length, 0);
    }

    // ------------------------------------------------------------------------------------------ time

    function test_Given_SeveralChanges() public {
        assertEq(lens.waiting(address(vault)).length, 0);
        uint32[3] memory changes;
        bytes[3] memory calls = [limitCall(DAY, 200e6), categoriesCall(CATEGORIES | 2), validityCall(0, VALID_UNTIL)];
        for (uint32 i = 0; i < 3; ++i) {
            vm.warp(START + i * 10);
            changes[i] = waits(calls[i]);
        }
        IVaultLens.WaitingChange[] memory list = lens.waiting(address(vault));
        assertEq(list.length, 3);
        for (uint32 i = 0; i < 3; ++i) {
            IVaultLens.WaitingChange memory waiting = list[2 - i];
            assertEq(waiting.change, changes[i]);
            assertEq(waiting.executableFrom, START + i * 10 + WAIT);
            assertEq(waiting.executableUntil, START + i * 10 + WAIT + EXECUTION_WINDOW);
            assertEq(waiting.callHash, keccak256(calls[i]));
            assertFalse(waiting.killed);
        }
        // one in the middle goes, the others keep their order
        ripen();
        executes(changes[1], calls[1], 2);
        list = lens.waiting(address(vault));
        assertEq(list.length, 2);
        assertEq(list[0].change, changes[2]);
        assertEq(list[1].change, changes[0]);
        executes(changes[0], calls[0], 2);
        executes(changes[2], calls[2], 2);
        assertEq(lens.waiting(address(vault)).length, 0);
    }

    function test_Given_ALongerDelaySince() public {
        uint32 change = waits(limitCall(DAY, 200e6));
        isInstant(abi.encodeCall(vault.setDelay, (30 days)));
        assertEq(waitingOf(change).executableFrom, START + WAIT);
        ripen();
        executes(change, limitCall(DAY, 200e6), 2);
        change = waits(limitCall(DAY, 300e6));
        assertEq(waitingOf(change).executableFrom, START + WAIT + 30 days);
    }

    /// @dev Sessions end there, too: what would wait beyond it is past its time.
    function test_Given_TheEndOf32BitTime() public {
        uint32 end = type(uint32).max;
        bytes memory call = abi.encodeCall(vault.setGuardian, (stranger));
        vm.warp(end - WAIT - EXECUTION_WINDOW);
        uint32 change = waits(call);
        assertEq(waitingOf(change).executableFrom, end - EXECUTION_WINDOW);
        assertEq(waitingOf(change).executableUntil, end);
        vm.warp(end - 1);
        executes(change, call, 2);
        change = waits(abi.encodeCall(vault.setGuardian, (guardian)));
        assertEq(waitingOf(change).executableFrom, end);
        vm.warp(end);
        (bool ok,) =
            address(vault).call(abi.encodeCall(vault.execute, (change, abi.encodeCall(vault.setGuardian, (guardian)))));
        assertFalse(ok);
        ownerDoes(abi.encodeCall(vault.withdraw, (address(token), FUNDS)));
        assertLogged(1);
    }

    // ------------------------------------------------------------------------------------------ bounds

    function test_RevertWhen_TenChangesWait() public {
        uint32 first = ownerNonce + 1;
        for (uint128 i = 1; i <= 10; ++i) {
            waits(limitCall(DAY, DAY_CAP + i));
        }
        bytes memory why = abi.encodeWithSelector(IVault.TooManyWaiting.selector, 10);
        refusesAct(owner, limitCall(DAY, DAY_CAP + 11), why);
        refusesAct(owner, abi.encodeCall(vault.grant, (otherGrant())), why);
        // one past its time has its place still
        vm.warp(START + WAIT + EXECUTION_WINDOW);
        refusesAct(owner, limitCall(DAY, DAY_CAP + 11), why);
        guardianDoes(abi.encodeCall(vault.cancel, (first + 4)));
        assertLogged(1);
        uint32 last = waits(limitCall(DAY, DAY_CAP + 11));
        IVaultLens.WaitingChange[] memory list = lens.waiting(address(vault));
        assertEq(list.length, 10);
        assertEq(list[0].change, last);
        for (uint32 i = 1; i < 10; ++i) {
            assertEq(list[i].change, i < 6 ? first + 10 - i : first + 9 - i);
        }
        refusesAct(owner, limitCall(DAY, DAY_CAP + 12), why);
    }

    function test_RevertGiven_TheLastOwnerNonce() public {
        force(Counter.OwnerNonce, type(uint24).max - 1);
        ownerNonce = type(uint24).max - 1;
        uint32 change = waits(limitCall(DAY, DAY_CAP + 1));
        assertEq(change, type(uint24).max);
        refusesAct(owner, limitCall(DAY, DAY_CAP + 2), abi.encodeWithSelector(IVault.OwnerNonceSpent.selector));
        // stops and tightening go on, and kill
        isInstant(limitCall(DAY, DAY_CAP));
        ripen();
        assertKilled(change, limitCall(DAY, DAY_CAP + 1));
        guardianDoes(abi.encodeCall(vault.revokeAll, ()));
        assertLogged(1);
    }

    function test_Given_TenChanges() public {
        for (uint128 i = 1; i <= 10; ++i) {
            waits(limitCall(DAY, DAY_CAP + i));
        }
        vm.cool(address(vault));
        lens.waiting(address(vault));
        assertLt(vm.lastCallGas().gasTotalUsed, 200_000);
    }

    // ------------------------------------------------------------------------------------------

    function limitCall(uint32 window, uint128 cap) internal view returns (bytes memory) {
        return scopedCall(SESSION, 0, window, cap);
    }

    function scopedCall(uint32 session, uint8 category, uint32 window, uint128 cap)
        internal
        view
        returns (bytes memory)
    {
        return abi.encodeCall(vault.setLimit, (session, category, address(token), window, cap));
    }

    function removeCall(uint32 session, uint8 category, uint32 window) internal view returns (bytes memory) {
        return abi.encodeCall(vault.removeLimit, (session, category, address(token), window));
    }

    function capCall(uint128 cap) internal view returns (bytes memory) {
        return abi.encodeCall(vault.setPerPaymentCap, (SESSION, address(token), cap));
    }

    function validityCall(uint32 from, uint32 until) internal view returns (bytes memory) {
        return abi.encodeCall(vault.setValidity, (SESSION, from, until));
    }

    function categoriesCall(uint64 mask) internal view returns (bytes memory) {
        return abi.encodeCall(vault.setCategories, (SESSION, mask));
    }
}
