// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {WaitingTest} from "../../base/WaitingTest.sol";
import {IVault} from "src/interfaces/IVault.sol";

/// @notice execute.tree. Quoted: I9 (a loosening waits the owner's delay and can be executed from then for 7 days).
contract ExecuteTest is WaitingTest {
    function test_When_AGrantHasWaited() public {
        IVault.Grant memory other = otherGrant();
        bytes memory call = abi.encodeCall(vault.grant, (other));
        uint32 change = waits(call);
        ripen();
        uint32 id = other.session;
        expectLog();
        emit IVault.ChangeExecuted(change, sequence + 1);
        expectLog();
        emit IVault.SessionGranted(id, otherAgent, VALID_FROM, VALID_UNTIL, CATEGORIES, 0, sequence + 2);
        expectLog();
        emit IVault.PerPaymentCapSet(id, address(token), PER_PAYMENT_CAP, sequence + 3);
        expectLog();
        emit IVault.LimitSet(id, address(token), 0, DAY, DAY_CAP, 0, sequence + 4);
        expectLog();
        emit IVault.LimitSet(id, address(token), 0, WEEK, WEEK_CAP, 0, sequence + 5);
        vm.prank(stranger);
        vault.execute(change, call);
        assertLogged(5);
        assertEq(lens.waiting(address(vault)).length, 0);
        IVault.Payment memory payment = defaultPayment();
        payment.session = id;
        submitBy(OTHER_KEY, payment);
        assertLogged(1);
    }

    function test_When_ASettingHasWaited() public {
        ownerDoes(abi.encodeCall(vault.setLimit, (SESSION, DATA, address(token), HOUR, 5e6)));
        ownerDoes(abi.encodeCall(vault.setLimit, (0, 0, address(token), HOUR, 5e6)));
        assertLogged(2);
        executed(abi.encodeCall(vault.setLimit, (SESSION, 0, address(token), DAY, DAY_CAP + 1)));
        assertEq(limitOf(SESSION, 0, DAY).cap, DAY_CAP + 1);
        executed(abi.encodeCall(vault.setLimit, (SESSION, DATA, address(token), HOUR, 6e6)));
        assertEq(limitOf(SESSION, DATA, HOUR).cap, 6e6);
        executed(abi.encodeCall(vault.setLimit, (0, 0, address(token), HOUR, 6e6)));
        assertEq(limitOf(0, 0, HOUR).cap, 6e6);
        executed(abi.encodeCall(vault.removeLimit, (SESSION, 0, address(token), WEEK)));
        assertEq(limitsOf(SESSION, 0, address(token)).length, 1);
        executed(abi.encodeCall(vault.removeLimit, (0, 0, address(token), HOUR)));
        assertEq(limitsOf(0, 0, address(token)).length, 0);
        executed(abi.encodeCall(vault.setPerPaymentCap, (SESSION, address(token), PER_PAYMENT_CAP + 1)));
        (uint128 cap,) = lens.remaining(address(vault), SESSION, 0, address(token));
        assertEq(cap, PER_PAYMENT_CAP + 1);
        executed(abi.encodeCall(vault.setValidity, (SESSION, VALID_FROM - 1, VALID_UNTIL + 1)));
        assertEq(lens.sessionOf(address(vault), SESSION).validFrom, VALID_FROM - 1);
        assertEq(lens.sessionOf(address(vault), SESSION).validUntil, VALID_UNTIL + 1);
        executed(abi.encodeCall(vault.setCategories, (SESSION, CATEGORIES | 2)));
        assertEq(lens.sessionOf(address(vault), SESSION).categories, CATEGORIES | 2);
        executed(abi.encodeCall(vault.setGuardian, (stranger)));
        assertEq(vault.guardian(), stranger);
        executed(abi.encodeCall(vault.setTreasury, (stranger)));
        assertEq(vault.treasury(), stranger);
        executed(abi.encodeCall(vault.setDelay, (1)));
        assertEq(vault.delay(), 1);
    }

    function test_When_PayeesHaveWaited() public {
        IVault.PayeeEntry[] memory entries =
            twoPayees(IVault.PayeeEntry(stranger, DATA), IVault.PayeeEntry(payee, DATA + 1));
        bytes memory call = abi.encodeCall(vault.setPayees, (entries));
        uint32 change = waits(call);
        assertEq(vault.payeeOf(stranger), 0);
        assertEq(vault.payeeOf(payee), DATA);
        ripen();
        executes(change, call, 3);
        assertEq(vault.payeeOf(stranger), DATA);
        assertEq(vault.payeeOf(payee), DATA + 1);
    }

    function test_When_AnUnpauseHasWaited() public {
        guardianDoes(abi.encodeCall(vault.pause, ()));
        assertLogged(1);
        bytes memory call = abi.encodeCall(vault.unpause, ());
        uint32 change = waits(call);
        ripen();
        expectLog();
        emit IVault.ChangeExecuted(change, sequence + 1);
        expectLog();
        emit IVault.Unpaused(owner, sequence + 2);
        vm.prank(stranger);
        vault.execute(change, call);
        assertLogged(2);
        submit(defaultPayment());
        assertLogged(1);
    }

    function test_When_AnOfferOfOwnershipHasWaited() public {
        executed(abi.encodeCall(vault.transferOwnership, (stranger)));
        assertEq(vault.pendingOwner(), stranger);
        does(stranger, abi.encodeCall(vault.acceptOwnership, ()));
        assertLogged(1);
        assertEq(vault.owner(), stranger);
        assertEq(vault.delay(), WAIT);
    }

    // ------------------------------------------------------------------------------------------ who

    function test_When_AnyoneExecutes() public {
        address[5] memory callers = [owner, guardian, agent, stranger, address(0)];
        bytes memory call = abi.encodeCall(vault.setCategories, (SESSION, CATEGORIES | 2));
        for (uint256 i = 0; i < callers.length; ++i) {
            uint32 change = waits(call);
            ripen();
            does(callers[i], abi.encodeCall(vault.execute, (change, call)));
            assertLogged(2);
            assertEq(lens.sessionOf(address(vault), SESSION).categories, CATEGORIES | 2);
            isInstant(abi.encodeCall(vault.setCategories, (SESSION, CATEGORIES)));
        }
    }

    function test_Given_TheVaultPaused() public {
        bytes memory call = abi.encodeCall(vault.setCategories, (SESSION, CATEGORIES | 2));
        uint32 change = waits(call);
        guardianDoes(abi.encodeCall(vault.pause, ()));
        assertLogged(1);
        ripen();
        executes(change, call, 2);
        assertTrue(vault.paused());
    }

    // ------------------------------------------------------------------------------------------ time

    function test_RevertWhen_ASecondEarly() public {
        uint32 change = waits(raise(1));
        bytes memory why = abi.encodeWithSelector(IVault.ChangeNotYetExecutable.selector, change, START + WAIT);
        refusesExecution(change, raise(1), why);
        vm.warp(START + WAIT - 1);
        refusesExecution(change, raise(1), why);
    }

    function test_When_TheTimeHasJustCome() public {
        uint32 change = waits(raise(1));
        vm.warp(START + WAIT);
        executes(change, raise(1), 2);
    }

    function test_When_ASecondIsLeft() public {
        uint32 change = waits(raise(1));
        vm.warp(START + WAIT + EXECUTION_WINDOW - 1);
        executes(change, raise(1), 2);
    }

    function test_RevertWhen_TheTimeIsOver() public {
        uint32 change = waits(raise(1));
        uint32 end = START + WAIT + EXECUTION_WINDOW;
        bytes memory why = abi.encodeWithSelector(IVault.ChangeExpired.selector, change, end);
        vm.warp(end);
        refusesExecution(change, raise(1), why);
        vm.warp(end + 365 days);
        refusesExecution(change, raise(1), why);
        assertEq(limitOf(SESSION, 0, DAY).cap, DAY_CAP);
    }

    // ------------------------------------------------------------------------------------------ the call

    function test_RevertWhen_NoSuchChangeWaits() public {
        uint32 change = waits(raise(1));
        ripen();
        uint32[4] memory numbers = [uint32(0), change - 1, change + 1, type(uint32).max];
        for (uint256 i = 0; i < numbers.length; ++i) {
            bytes memory why = abi.encodeWithSelector(IVault.ChangeUnknown.selector, numbers[i]);
            refusesExecution(numbers[i], raise(1), why);
            refusesExecution(numbers[i], "", why);
        }
    }

    function test_RevertWhen_ExecutedTwice() public {
        uint32 change = waits(raise(1));
        ripen();
        executes(change, raise(1), 2);
        refusesExecution(change, raise(1), abi.encodeWithSelector(IVault.ChangeUnknown.selector, change));
    }

    function test_RevertWhen_TheCallIsAnother() public {
        uint32 change = waits(raise(1));
        uint32 other = waits(raise(2));
        ripen();
        bytes memory why = abi.encodeWithSelector(IVault.ChangeDiffers.selector, change);
        refusesExecution(change, raise(2), why);
        refusesExecution(change, "", why);
        refusesExecution(change, abi.encodeCall(vault.replace, (DAY_CAP, raise(1))), why);
        refusesExecution(change, bytes.concat(raise(1), hex"00"), why);
        refusesExecution(other, raise(1), abi.encodeWithSelector(IVault.ChangeDiffers.selector, other));
        executes(other, raise(2), 2);
        executes(change, raise(1), 2);
        assertEq(limitOf(SESSION, 0, DAY).cap, DAY_CAP + 1);
    }

    function test_When_MoreStandsBehindTheArguments() public {
        bytes memory call = bytes.concat(raise(1), hex"c0ffee");
        uint32 change = waits(call);
        ripen();
        refusesExecution(change, raise(1), abi.encodeWithSelector(IVault.ChangeDiffers.selector, change));
        executes(change, call, 2);
        assertEq(limitOf(SESSION, 0, DAY).cap, DAY_CAP + 1);
    }

    // ------------------------------------------------------------------------------------------ since

    function test_RevertGiven_TheVerbRefusesByNow() public {
        IVault.Grant memory other = otherGrant();
        other.validUntil = START + WAIT + 10;
        bytes memory granting = abi.encodeCall(vault.grant, (other));
        bytes memory listing = abi.encodeCall(vault.setPayees, (onePayee(vm.addr(0x77), DATA)));
        bytes memory naming = abi.encodeCall(vault.setTreasury, (vm.addr(0x77)));
        uint32[3] memory changes = [waits(granting), waits(listing), waits(naming)];
        isInstant(abi.encodeCall(vault.rotateKey, (SESSION, vm.addr(0x77)))); // no kill: it loosens nothing
        vm.warp(START + WAIT + 10);
        bytes memory conflict = abi.encodeWithSelector(IVault.RoleConflict.selector, vm.addr(0x77));
        refusesExecution(
            changes[0], granting, abi.encodeWithSelector(IVault.ValidityInvalid.selector, VALID_FROM, other.validUntil)
        );
        refusesExecution(changes[1], listing, conflict);
        refusesExecution(changes[2], naming, conflict);
        assertEq(lens.waiting(address(vault)).length, 3);
    }

    /// @dev Compared with a value only where it was wanted so: see `replace`.
    function test_Given_TheValueIsAnotherByNow() public {
        uint32 first = waits(raise(5));
        uint32 next = waits(raise(3));
        ripen();
        executes(first, raise(5), 2);
        executes(next, raise(3), 2);
        assertEq(limitOf(SESSION, 0, DAY).cap, DAY_CAP + 3);
    }

    function test_Given_AShorterDelaySince() public {
        bytes memory shorter = abi.encodeCall(vault.setDelay, (1));
        uint32 delaying = waits(shorter);
        vm.warp(START + 100);
        uint32 change = waits(raise(1));
        vm.warp(START + WAIT);
        executes(delaying, shorter, 2);
        vm.warp(START + WAIT + 99);
        bytes memory why = abi.encodeWithSelector(IVault.ChangeNotYetExecutable.selector, change, START + WAIT + 100);
        refusesExecution(change, raise(1), why);
        vm.warp(START + WAIT + 100);
        executes(change, raise(1), 2);
    }

    function test_Given_AHigherValueSince() public {
        uint32 low = waits(raise(1));
        uint32 high = waits(raise(9));
        ripen();
        executes(high, raise(9), 2);
        executes(low, raise(1), 2); // a tightening by now: done, not put by, and it kills nothing
        assertEq(limitOf(SESSION, 0, DAY).cap, DAY_CAP + 1);
        assertEq(lens.waiting(address(vault)).length, 0);
    }

    // ------------------------------------------------------------------------------------------

    /// @notice Waits, is executed by a stranger, and logs one event of its own.
    function executed(bytes memory call) internal {
        uint32 change = waits(call);
        ripen();
        executes(change, call, 2);
        assertEq(lens.waiting(address(vault)).length, 0);
    }

    function raise(uint128 by) internal view returns (bytes memory) {
        return abi.encodeCall(vault.setLimit, (SESSION, 0, address(token), DAY, DAY_CAP + by));
    }
}
