// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {VaultTest} from "../../base/VaultTest.sol";
import {PlainToken} from "../../mocks/PlainToken.sol";
import {IVault} from "src/interfaces/IVault.sol";
import {IVaultLens} from "src/interfaces/IVaultLens.sol";

/// @notice maxOutflow.tree: I17. Times count from START, where a bucket of every window begins: a day's is 6 hours, a
///         week's 42. Whether a thief can take that much is asked in invariant/Thief.t.sol.
contract MaxOutflowTest is VaultTest {
    uint32 internal constant OTHER = SESSION + 1;
    uint32 internal constant DELAY = 2 days;
    uint8 internal constant TOOLS = 4;

    uint32[5] internal allWindows = [HOUR, DAY, WEEK, MONTH, LIFETIME];
    bytes[] internal calls;

    // ------------------------------------------------------------------------------------------ what stands

    function test_Given_NothingSpent() public {
        only(DAY, 100e6);
        assertEq(most(0), 100e6);
        assertEq(most(30 * HOUR - 1), 100e6);
        assertEq(most(30 * HOUR), 200e6);
        assertEq(most(60 * HOUR - 1), 200e6);
        assertEq(most(60 * HOUR), 300e6);
        assertEq(most(300 * HOUR), 1_100e6);
        // five buckets from whenever the thief begins, not from now: he waits for the border
        vm.warp(START + 1);
        assertEq(most(30 * HOUR - 2), 100e6);
        assertEq(most(30 * HOUR - 1), 200e6);
        vm.warp(START + 6 * HOUR - 1);
        assertEq(most(24 * HOUR), 100e6);
        assertEq(most(24 * HOUR + 1), 200e6);
    }

    function test_Given_SomethingSpent() public {
        only(DAY, 100e6);
        submit(paymentOf(1, 30e6));
        assertEq(most(0), 70e6);
        vm.warp(START + 6 * HOUR);
        submit(paymentOf(2, 20e6));
        vm.warp(START + 13 * HOUR); // in the third bucket, 50 taken in it
        assertEq(most(0), 50e6);
        assertEq(most(17 * HOUR - 1), 50e6);
        assertEq(most(17 * HOUR), 80e6); // the first bucket has left
        assertEq(most(23 * HOUR), 100e6); // the second
        assertEq(most(29 * HOUR), 150e6); // the third, which the thief filled
        assertEq(most(41 * HOUR), 150e6); // two with nothing, and
        assertEq(most(47 * HOUR), 180e6); // so on
        assertEq(most(53 * HOUR), 200e6);
        // removing and setting again gives nothing back
        vm.startPrank(owner);
        vault.removeLimit(SESSION, 0, address(token), DAY);
        vault.setLimit(SESSION, 0, address(token), DAY, 60e6);
        vm.stopPrank();
        assertEq(most(0), 10e6);
        assertEq(most(17 * HOUR), 40e6);
    }

    /// @dev Time that goes back counts into the newest bucket: a day's second, which has 30 of it.
    function test_Given_AClockThatWentBack() public {
        only(DAY, 100e6);
        vm.warp(START + 6 * HOUR);
        submit(paymentOf(1, 30e6));
        vm.warp(START + 6 * HOUR - 1);
        assertEq(most(0), 70e6);
        assertEq(most(30 * HOUR), 70e6);
        assertEq(most(30 * HOUR + 1), 170e6);
        vm.warp(START);
        assertEq(most(36 * HOUR - 1), 70e6);
        assertEq(most(36 * HOUR), 170e6);
    }

    function test_Given_LimitsOverSeveralWindows() public view {
        assertEq(most(0), 100e6);
        assertEq(most(30 * HOUR), 200e6); // the day's
        assertEq(most(60 * HOUR), 250e6); // the week's: the day's is 300
        assertEq(most(210 * HOUR), 500e6);
    }

    function test_Given_ALimitOverTheLifetime() public {
        only(LIFETIME, 100e6);
        submit(paymentOf(1, 30e6));
        assertEq(most(0), 70e6);
        assertEq(most(type(uint32).max), 70e6);
    }

    function test_Given_ACoarseUnit() public {
        PlainToken coarse = new PlainToken(6);
        coarse.mint(address(vault), 100e6);
        vm.startPrank(owner);
        vault.addToken(address(coarse), 7);
        vault.setPerPaymentCap(SESSION, address(coarse), 50e6);
        vault.setLimit(SESSION, 0, address(coarse), DAY, 10e6 + 127); // 78,125 units of 128, and something
        vm.stopPrank();
        assertEq(lens.maxOutflow(address(vault), SESSION, address(coarse), 0, calls), 10e6);
        IVault.Payment memory payment = paymentOf(1, 129); // two units
        payment.token = address(coarse);
        submit(payment);
        assertEq(lens.maxOutflow(address(vault), SESSION, address(coarse), 0, calls), 10e6 - 256);
        assertEq(lens.maxOutflow(address(vault), SESSION, address(coarse), 30 * HOUR, calls), 20e6 - 256);
    }

    function test_Given_ALimitOfOneUnit() public {
        only(DAY, 1);
        assertEq(most(0), 1);
    }

    function test_Given_TheVaultsOwnLimit() public {
        setLimit(0, 0, DAY, 40e6);
        assertEq(most(0), 40e6);
        assertEq(most(30 * HOUR), 80e6);
        submit(paymentOf(1, 10e6));
        assertEq(most(0), 30e6);
        setLimit(0, 0, HOUR, 3e6);
        assertEq(most(0), 3e6);
        setLimit(0, 0, HOUR, 1_000e6);
        setLimit(0, 0, DAY, 1_000e6);
        assertEq(most(0), 90e6);
        // of another token, nothing
        assertEq(lens.maxOutflow(address(vault), SESSION, address(this), 0, calls), 0);
    }

    function test_Given_ALimitInEveryCategory() public {
        setLimit(SESSION, DATA, DAY, 30e6);
        setLimit(SESSION, RELAY, DAY, 20e6);
        assertEq(most(0), 50e6);
        assertEq(most(30 * HOUR), 100e6);
        setLimit(SESSION, DATA, HOUR, 5e6);
        assertEq(most(0), 25e6); // the least in each
        setLimit(SESSION, RELAY, DAY, 99e6);
        assertEq(most(0), 100e6);
        // a limit in a category that is not granted is none of it
        setLimit(SESSION, RELAY, DAY, 20e6);
        setLimit(SESSION, TOOLS, DAY, 20e6);
        assertEq(most(0), 25e6);
        vm.prank(owner);
        vault.setCategories(SESSION, uint64(1) << RELAY);
        assertEq(most(0), 20e6);
    }

    function test_Given_ACategoryWithoutALimit() public {
        setLimit(SESSION, DATA, DAY, 1e6);
        assertEq(most(0), 100e6);
    }

    function test_Given_NoCategory() public {
        vm.prank(owner);
        vault.setCategories(SESSION, 0);
        assertEq(most(DAY), 0);
    }

    function test_Given_NoPerPaymentCap() public {
        vm.prank(owner);
        vault.setPerPaymentCap(SESSION, address(token), 0);
        assertEq(most(DAY), 0);
    }

    function test_Given_NoSessionLimit() public {
        setLimit(SESSION, DATA, DAY, 30e6);
        setLimit(SESSION, RELAY, DAY, 30e6);
        setLimit(0, 0, DAY, 30e6);
        vm.startPrank(owner);
        vault.removeLimit(SESSION, 0, address(token), DAY);
        vault.removeLimit(SESSION, 0, address(token), WEEK);
        vm.stopPrank();
        assertEq(most(DAY), 0);
    }

    function test_Given_APausedVault() public {
        vm.prank(guardian);
        vault.pause();
        assertEq(most(0), 100e6);
    }

    function test_When_TheHorizonPassesTheEndOf32BitTime() public {
        only(MONTH, 10e6);
        uint256 last = type(uint32).max - 1;
        vm.prank(owner);
        vault.setValidity(SESSION, VALID_FROM, type(uint32).max);
        uint256 buckets = last / 7.5 days - START / 7.5 days + 1;
        assertEq(most(type(uint32).max), (buckets + 4) / 5 * 10e6);
        setLimit(0, 0, MONTH, 10e6); // all sessions together, by the vault's own limit
        assertEq(mostOf(0, type(uint32).max), (buckets + 4) / 5 * 10e6);
        vm.warp(last);
        assertEq(most(type(uint32).max), 10e6);
        vm.warp(last + 1);
        assertEq(most(type(uint32).max), 0);
        vm.warp(uint256(1) << 40);
        assertEq(most(type(uint32).max), 0);
    }

    // ------------------------------------------------------------------------------------------ the session

    function test_Given_ASessionThatBeginsLater() public {
        only(DAY, 100e6);
        vm.prank(owner);
        vault.setValidity(SESSION, START + 10 * HOUR, VALID_UNTIL);
        assertEq(most(10 * HOUR - 1), 0);
        assertEq(most(10 * HOUR), 100e6);
        assertEq(most(36 * HOUR - 1), 100e6);
        assertEq(most(36 * HOUR), 200e6);
    }

    function test_Given_ASessionThatEndsSooner() public {
        only(DAY, 100e6);
        vm.startPrank(owner);
        vault.setValidity(SESSION, VALID_FROM, START + 30 * HOUR);
        assertEq(most(90 days), 100e6);
        vault.setValidity(SESSION, VALID_FROM, START + 30 * HOUR + 1);
        assertEq(most(90 days), 200e6);
    }

    function test_Given_ASessionThatIsOver() public {
        vm.warp(VALID_UNTIL - 1);
        assertEq(most(DAY), 100e6);
        vm.warp(VALID_UNTIL);
        assertEq(most(DAY), 0);
    }

    function test_Given_ARevokedSession() public {
        vm.startPrank(owner);
        vault.grant(otherGrant());
        vault.revoke(SESSION);
        assertEq(most(DAY), 0);
        assertEq(mostOf(OTHER, 0), 100e6);
        vault.revokeAll();
        assertEq(mostOf(OTHER, 0), 0);
    }

    function test_Given_ASessionNeverGranted() public view {
        assertEq(mostOf(OTHER, DAY), 0);
    }

    // ------------------------------------------------------------------------------------------ the vault itself

    function test_Given_LimitsOfTheVault() public {
        setLimit(0, 0, DAY, 150e6);
        assertEq(mostOf(0, 0), 150e6);
        assertEq(mostOf(0, 60 * HOUR), 450e6);
        setLimit(0, 0, LIFETIME, 350e6);
        assertEq(mostOf(0, 60 * HOUR), 350e6);
        submit(paymentOf(1, 50e6));
        assertEq(mostOf(0, 0), 100e6);
        assertEq(mostOf(0, 60 * HOUR), 300e6);
        // no session need be alive: the vault's limits stand for those to come
        vm.prank(owner);
        vault.revokeAll();
        assertEq(mostOf(0, 0), 100e6);
    }

    function test_RevertGiven_NoLimitOfTheVault() public {
        vm.expectRevert(abi.encodeWithSelector(IVaultLens.NoVaultLimit.selector, token));
        lens.maxOutflow(address(vault), 0, address(token), DAY, calls);
    }

    function test_Given_LimitsOfTheVaultThatMayGo() public {
        setLimit(0, 0, DAY, 150e6);
        setLimit(0, 0, WEEK, 300e6);
        delay();
        putBy(abi.encodeCall(IVault.removeLimit, (0, 0, address(token), DAY)));
        assertEq(mostOf(0, DELAY - 1), 300e6);
        assertEq(mostOf(0, DELAY), 300e6); // the week's
        putBy(abi.encodeCall(IVault.removeLimit, (0, 0, address(token), WEEK)));
        assertEq(mostOf(0, DELAY - 1), 300e6);
        assertEq(mostOf(0, DELAY), type(uint256).max);
    }

    // ------------------------------------------------------------------------------------------ the calls

    function test_RevertWhen_ACallIsMissing() public {
        delay();
        putBy(abi.encodeCall(IVault.setTreasury, (stranger))); // whatever it is: without it nobody can know
        calls[0] = abi.encodeCall(IVault.setTreasury, (guardian));
        uint32 change = lens.waiting(address(vault))[0].change;
        vm.expectRevert(abi.encodeWithSelector(IVaultLens.WaitingCallMissing.selector, change));
        lens.maxOutflow(address(vault), SESSION, address(token), DELAY, calls);
        vm.expectRevert(abi.encodeWithSelector(IVaultLens.WaitingCallMissing.selector, change));
        lens.maxOutflow(address(vault), SESSION, address(token), DELAY, new bytes[](0));
    }

    function test_Given_AChangeThatCannotBeExecutedByThen() public {
        delay();
        putBy(abi.encodeCall(IVault.setLimit, (SESSION, 0, address(token), DAY, 120e6)));
        delete calls;
        assertEq(most(DELAY - 1), 200e6); // not yet
        vm.prank(owner);
        vault.setLimit(SESSION, 0, address(token), DAY, 90e6);
        assertEq(most(DELAY), 180e6); // killed
        putBy(abi.encodeCall(IVault.setLimit, (SESSION, 0, address(token), DAY, 120e6)));
        delete calls;
        vm.warp(START + DELAY + 7 days - 1);
        vm.expectRevert(
            abi.encodeWithSelector(IVaultLens.WaitingCallMissing.selector, lens.waiting(address(vault))[0].change)
        );
        lens.maxOutflow(address(vault), SESSION, address(token), 0, calls);
        vm.warp(START + DELAY + 7 days);
        assertEq(most(0), 90e6); // no more
    }

    function test_Given_AChangeOfSomethingElse() public {
        PlainToken other = new PlainToken(6);
        vm.startPrank(owner);
        vault.addToken(address(other), 0);
        vault.grant(otherGrant());
        vm.stopPrank();
        setLimit(SESSION, TOOLS, DAY, 10e6);
        delay();
        IVault.Grant memory third = otherGrant();
        (third.session, third.key) = (OTHER + 1, stranger);
        uint256 before = most(60 * HOUR);
        putBy(abi.encodeCall(IVault.setLimit, (OTHER, 0, address(token), DAY, 500e6)));
        putBy(abi.encodeCall(IVault.setLimit, (SESSION, 0, address(other), WEEK, 500e6)));
        putBy(abi.encodeCall(IVault.removeLimit, (OTHER, 0, address(token), WEEK)));
        putBy(abi.encodeCall(IVault.removeLimit, (SESSION, TOOLS, address(token), DAY)));
        putBy(abi.encodeCall(IVault.setPerPaymentCap, (SESSION, address(other), 500e6)));
        putBy(abi.encodeCall(IVault.setCategories, (OTHER, 2)));
        putBy(abi.encodeCall(IVault.setValidity, (OTHER, VALID_FROM, VALID_UNTIL + 1)));
        putBy(abi.encodeCall(IVault.grant, (third)));
        putBy(abi.encodeCall(IVault.setPayees, (onePayee(stranger, DATA))));
        putBy(abi.encodeCall(IVault.setGuardian, (stranger)));
        assertEq(lens.waiting(address(vault)).length, 10);
        assertEq(most(60 * HOUR), before);
    }

    function test_Given_AChangeOnCondition() public {
        only(DAY, 100e6);
        delay();
        bytes memory call = abi.encodeCall(IVault.setLimit, (SESSION, 0, address(token), DAY, 150e6));
        putBy(abi.encodeCall(IVault.replace, (100e6, call)));
        assertEq(most(DELAY), 250e6);
        call = abi.encodeCall(IVault.setCategories, (SESSION, uint64(255) << 1));
        putBy(abi.encodeCall(IVault.replace, (CATEGORIES, call)));
        assertEq(most(DELAY), 250e6);
    }

    // ------------------------------------------------------------------------------------------ what waits

    function test_Given_ARaisedCap() public {
        only(DAY, 100e6);
        delay();
        putBy(abi.encodeCall(IVault.setLimit, (SESSION, 0, address(token), DAY, 150e6)));
        assertEq(most(DELAY - 1), 200e6); // buckets 0 and 5
        assertEq(most(DELAY), 250e6); // in bucket 8 another 50
        assertEq(most(60 * HOUR), 350e6); // bucket 10
        assertEq(most(78 * HOUR), 400e6); // bucket 13
        vm.warp(START + DELAY + HOUR); // executable: at once
        assertEq(most(0), 150e6);
        vault.execute(lens.waiting(address(vault))[0].change, calls[0]);
        assertEq(most(0), 150e6);
    }

    function test_Given_ARaisedCapOfAFewUnits() public {
        only(DAY, 3);
        delay();
        putBy(abi.encodeCall(IVault.setLimit, (SESSION, 0, address(token), DAY, 5)));
        assertEq(most(DELAY - 1), 6); // buckets 0 and 5
        assertEq(most(DELAY), 8); // 8
        assertEq(most(60 * HOUR - 1), 8);
        assertEq(most(60 * HOUR), 11); // 10: what bucket 5 took
        assertEq(most(78 * HOUR - 1), 11);
        assertEq(most(78 * HOUR), 13); // 13
        assertEq(most(90 * HOUR), 16); // 15
    }

    function test_Given_ARaisedCapInACoarseUnit() public {
        PlainToken coarse = new PlainToken(6);
        vm.startPrank(owner);
        vault.addToken(address(coarse), 7);
        vault.setPerPaymentCap(SESSION, address(coarse), 10e6);
        vault.setLimit(SESSION, 0, address(coarse), DAY, 10e6);
        vm.stopPrank();
        delay();
        putBy(abi.encodeCall(IVault.setLimit, (SESSION, 0, address(coarse), DAY, 20e6 + 127)));
        assertEq(lens.maxOutflow(address(vault), SESSION, address(coarse), DELAY - 1, calls), 20e6);
        assertEq(lens.maxOutflow(address(vault), SESSION, address(coarse), DELAY, calls), 30e6);
    }

    function test_Given_ARaisedCapOfTheVault() public {
        setLimit(0, 0, DAY, 40e6);
        delay();
        putBy(abi.encodeCall(IVault.setLimit, (0, 0, address(token), DAY, 60e6)));
        assertEq(most(DELAY - 1), 80e6); // buckets 0 and 5
        assertEq(most(DELAY), 100e6); // 8
        assertEq(mostOf(0, DELAY), 100e6);
    }

    function test_Given_ARaisedCapOfACategory() public {
        setLimit(SESSION, DATA, DAY, 30e6);
        setLimit(SESSION, RELAY, DAY, 20e6);
        delay();
        putBy(abi.encodeCall(IVault.setLimit, (SESSION, DATA, address(token), DAY, 45e6)));
        assertEq(most(DELAY - 1), 100e6); // buckets 0 and 5
        assertEq(most(DELAY), 115e6); // 8
    }

    function test_Given_SeveralRaisedCaps() public {
        only(DAY, 100e6);
        delay();
        putBy(abi.encodeCall(IVault.setLimit, (SESSION, 0, address(token), DAY, 150e6)));
        vm.warp(START + 6 * HOUR);
        putBy(abi.encodeCall(IVault.setLimit, (SESSION, 0, address(token), DAY, 120e6)));
        putBy(abi.encodeCall(IVault.setLimit, (SESSION, 0, address(token), DAY, 180e6)));
        assertEq(most(42 * HOUR - 1), 200e6); // from bucket 1: and 6
        assertEq(most(42 * HOUR), 250e6); // 8
        assertEq(most(48 * HOUR), 280e6); // 9
        assertEq(most(60 * HOUR), 380e6); // 11
    }

    function test_Given_ARaisedCapAboveWhatWasSpentTooMuch() public {
        only(DAY, 100e6);
        submit(paymentOf(1, 60e6));
        submit(paymentOf(2, 40e6));
        setLimit(SESSION, 0, DAY, 10e6);
        vm.prank(owner);
        vault.setDelay(HOUR);
        putBy(abi.encodeCall(IVault.setLimit, (SESSION, 0, address(token), DAY, 130e6)));
        assertEq(most(HOUR - 1), 0);
        assertEq(most(HOUR), 30e6);
        assertEq(most(30 * HOUR), 160e6);
    }

    function test_Given_ARemovedLimit() public {
        delay();
        putBy(abi.encodeCall(IVault.removeLimit, (SESSION, 0, address(token), DAY)));
        assertEq(most(30 * HOUR), 200e6);
        assertEq(most(DELAY - 1), 200e6);
        assertEq(most(DELAY), 250e6);
    }

    function test_Given_EverySessionLimitRemoved() public {
        setLimit(0, 0, MONTH, 1_000e6);
        delay();
        putBy(abi.encodeCall(IVault.removeLimit, (SESSION, 0, address(token), DAY)));
        putBy(abi.encodeCall(IVault.removeLimit, (SESSION, 0, address(token), WEEK)));
        assertEq(most(DELAY - 1), 200e6);
        assertEq(most(DELAY), 250e6); // one of the two stands as long as anything does
        assertEq(most(60 * HOUR), 300e6); // the day's
        setLimit(0, 0, MONTH, 220e6);
        assertEq(most(60 * HOUR), 220e6);
    }

    function test_Given_ASessionLimitRemovedAndAnotherSet() public {
        only(DAY, 100e6);
        setLimit(SESSION, 0, MONTH, 150e6);
        delay();
        putBy(abi.encodeCall(IVault.removeLimit, (SESSION, 0, address(token), MONTH)));
        putBy(abi.encodeCall(IVault.removeLimit, (SESSION, 0, address(token), DAY)));
        putBy(abi.encodeCall(IVault.setLimit, (SESSION, 0, address(token), MONTH, 160e6)));
        assertEq(most(DELAY - 1), 150e6);
        // The day's alone, after the month's has gone; then the month's again, and the day's goes
        assertEq(most(DELAY), 200e6 + 160e6);
        uint32 last = lens.waiting(address(vault))[0].change;
        vm.prank(guardian);
        vault.cancel(last);
        assertEq(most(DELAY), 200e6);
    }

    function test_Given_ASessionLimitThatMayComeAndGoAgain() public {
        only(DAY, 100e6);
        setLimit(SESSION, 0, MONTH, 150e6);
        delay();
        bytes memory removal = abi.encodeCall(IVault.removeLimit, (SESSION, 0, address(token), MONTH));
        putBy(removal);
        putBy(removal);
        putBy(abi.encodeCall(IVault.removeLimit, (SESSION, 0, address(token), DAY)));
        putBy(abi.encodeCall(IVault.setLimit, (SESSION, 0, address(token), MONTH, 160e6)));
        IVaultLens.WaitingChange[] memory changes = lens.waiting(address(vault)); // newest first
        vm.warp(START + DELAY);
        vault.execute(changes[3].change, removal);
        vault.execute(changes[1].change, calls[2]);
        assertEq(limitsOf(SESSION, 0, address(token)).length, 0);
        putBy(abi.encodeCall(IVault.setLimit, (SESSION, 0, address(token), LIFETIME, 70e6)));
        // The month's comes, and goes once more; then the lifetime's comes
        assertEq(most(DELAY - 1), 160e6);
        assertEq(most(DELAY), 160e6 + 70e6);
    }

    function test_Given_ARemovedLimitOfTheVault() public {
        setLimit(0, 0, DAY, 40e6);
        delay();
        putBy(abi.encodeCall(IVault.removeLimit, (0, 0, address(token), DAY)));
        assertEq(most(DELAY - 1), 80e6);
        assertEq(most(DELAY), 200e6);
    }

    function test_Given_ARemovedLimitOfACategory() public {
        setLimit(SESSION, DATA, DAY, 30e6);
        setLimit(SESSION, RELAY, DAY, 20e6);
        delay();
        putBy(abi.encodeCall(IVault.removeLimit, (SESSION, RELAY, address(token), DAY)));
        assertEq(most(DELAY - 1), 100e6);
        assertEq(most(DELAY), 200e6);
    }

    function test_Given_AFirstLimit() public {
        vm.startPrank(owner);
        vault.removeLimit(SESSION, 0, address(token), DAY);
        vault.removeLimit(SESSION, 0, address(token), WEEK);
        vm.stopPrank();
        delay();
        putBy(abi.encodeCall(IVault.setLimit, (SESSION, 0, address(token), HOUR, 7e6)));
        assertEq(most(DELAY - 1), 0);
        assertEq(most(DELAY), 7e6);
        assertEq(most(DELAY + 75 minutes), 14e6);
    }

    function test_Given_AFirstLimitThatOnceStood() public {
        submit(paymentOf(1, 40e6));
        vm.startPrank(owner);
        vault.removeLimit(SESSION, 0, address(token), DAY);
        vault.removeLimit(SESSION, 0, address(token), WEEK);
        vm.stopPrank();
        delay();
        putBy(abi.encodeCall(IVault.setLimit, (SESSION, 0, address(token), WEEK, 100e6)));
        assertEq(most(DELAY), 60e6);
        assertEq(most(210 * HOUR), 100e6);
    }

    function test_Given_TwoFirstLimits() public {
        vm.startPrank(owner);
        vault.removeLimit(SESSION, 0, address(token), DAY);
        vault.removeLimit(SESSION, 0, address(token), WEEK);
        vm.stopPrank();
        delay();
        putBy(abi.encodeCall(IVault.setLimit, (SESSION, 0, address(token), HOUR, 7e6)));
        putBy(abi.encodeCall(IVault.setLimit, (SESSION, 0, address(token), MONTH, 10e6)));
        assertEq(most(DELAY), 10e6);
        assertEq(most(DELAY + 75 minutes), 14e6);
    }

    function test_Given_ANewSession() public {
        delay();
        putBy(abi.encodeCall(IVault.grant, (otherGrant())));
        assertEq(mostOf(OTHER, DELAY - 1), 0);
        assertEq(mostOf(OTHER, DELAY), 100e6);
        assertEq(mostOf(OTHER, DELAY + 30 * HOUR), 200e6);
        assertEq(mostOf(OTHER, DELAY + 60 * HOUR), 250e6);
        setLimit(0, 0, DAY, 40e6);
        assertEq(mostOf(OTHER, DELAY), 40e6);
        assertEq(mostOf(OTHER, 100 days), 11 * 250e6); // the week's, buckets 1 to 51
    }

    function test_Given_ANewSessionThatMayBeThereByNow() public {
        delay();
        putBy(abi.encodeCall(IVault.grant, (otherGrant())));
        vm.warp(START + DELAY + 30 * HOUR);
        assertEq(mostOf(OTHER, 0), 100e6); // from now, not from when it first might have been
        assertEq(mostOf(OTHER, 30 * HOUR), 200e6);
    }

    function test_Given_ANewSessionInCategories() public {
        delay();
        IVault.Grant memory granted = otherGrant();
        (granted.validFrom, granted.validUntil) = (START + 3 days, START + 4 days);
        IVault.Limit[] memory limits = new IVault.Limit[](5);
        limits[0] = IVault.Limit(0, DAY, 100e6);
        limits[1] = IVault.Limit(DATA, HOUR, 50e6);
        limits[2] = IVault.Limit(DATA, DAY, 30e6);
        limits[3] = IVault.Limit(TOOLS, DAY, 5e6); // not granted
        limits[4] = IVault.Limit(RELAY, DAY, 20e6);
        granted.tokens[0].limits = limits;
        putBy(abi.encodeCall(IVault.grant, (granted)));
        assertEq(mostOf(OTHER, 3 days - 1), 0);
        assertEq(mostOf(OTHER, 3 days), 50e6);
        assertEq(mostOf(OTHER, 30 days), 50e6);
        limits[4].category = RELAY - 1;
        granted.session = OTHER + 1;
        putBy(abi.encodeCall(IVault.grant, (granted)));
        assertEq(mostOf(OTHER + 1, 3 days), 100e6); // nothing bounds the relay
    }

    function test_Given_ANewSessionThatCannotPayTheToken() public {
        PlainToken other = new PlainToken(6);
        vm.prank(owner);
        vault.addToken(address(other), 0);
        delay();
        IVault.Grant memory granted = otherGrant();
        granted.tokens[0].token = address(other);
        putBy(abi.encodeCall(IVault.grant, (granted)));
        granted = otherGrant();
        granted.tokens[0].perPaymentCap = 0;
        putBy(abi.encodeCall(IVault.grant, (granted)));
        granted = otherGrant();
        granted.tokens[0].limits = new IVault.Limit[](1);
        granted.tokens[0].limits[0] = IVault.Limit(DATA, DAY, 5e6);
        putBy(abi.encodeCall(IVault.grant, (granted)));
        granted = otherGrant();
        granted.validUntil = START + DELAY;
        putBy(abi.encodeCall(IVault.grant, (granted)));
        assertEq(mostOf(OTHER, 30 days), 0);
    }

    function test_Given_TwoNewSessionsOfOneNumber() public {
        delay();
        IVault.Grant memory granted = otherGrant();
        putBy(abi.encodeCall(IVault.grant, (granted)));
        granted.tokens[0].limits[0].cap = 130e6;
        putBy(abi.encodeCall(IVault.grant, (granted)));
        granted.tokens[0].limits[0].cap = 110e6;
        putBy(abi.encodeCall(IVault.grant, (granted)));
        assertEq(mostOf(OTHER, DELAY), 130e6);
        // one was executed: the others never can be
        vm.warp(START + DELAY);
        vault.execute(lens.waiting(address(vault))[0].change, calls[2]);
        assertEq(mostOf(OTHER, 0), 110e6);
    }

    function test_Given_ALongerValidity() public {
        only(DAY, 100e6);
        vm.startPrank(owner);
        vault.setValidity(SESSION, START + 60 * HOUR, START + 70 * HOUR);
        vault.setDelay(DELAY);
        vm.stopPrank();
        assertEq(most(90 days), 100e6);
        bytes memory longer = abi.encodeCall(IVault.setValidity, (SESSION, START + 66 * HOUR, START + 90 * HOUR + 1));
        putBy(longer);
        assertEq(most(90 days), 200e6); // buckets 10 and 15
        putBy(abi.encodeCall(IVault.setValidity, (SESSION, START, START + 50 * HOUR)));
        assertEq(most(DELAY - 1), 0);
        assertEq(most(DELAY), 100e6); // bucket 8
        assertEq(most(78 * HOUR), 200e6); // 13
        uint32 change = lens.waiting(address(vault))[1].change;
        vm.prank(guardian);
        vault.cancel(change);
        assertEq(most(90 days), 100e6);
        putBy(longer); // in whatever order they wait
        assertEq(most(90 days), 200e6);
    }

    function test_Given_AValidityThatBeginsAfterTheHorizon() public {
        only(DAY, 100e6);
        vm.startPrank(owner);
        vault.setValidity(SESSION, VALID_FROM, START + 20 * HOUR);
        vault.setDelay(DELAY);
        vm.stopPrank();
        putBy(abi.encodeCall(IVault.setValidity, (SESSION, START + 100 * HOUR, START + 200 * HOUR)));
        assertEq(most(100 * HOUR - 1), 100e6);
        assertEq(most(100 * HOUR), 400e6); // what lies between two spans counts: buckets 0, 5, 10 and 15
    }

    function test_Given_AValidityThatRevives() public {
        only(DAY, 100e6);
        vm.startPrank(owner);
        vault.setValidity(SESSION, VALID_FROM, START + HOUR);
        vault.setDelay(DELAY);
        vm.stopPrank();
        vm.warp(START + HOUR);
        assertEq(most(90 days), 0);
        putBy(abi.encodeCall(IVault.setValidity, (SESSION, VALID_FROM, START + 80 * HOUR)));
        assertEq(most(DELAY - 1), 0);
        assertEq(most(DELAY), 100e6);
        assertEq(most(90 days), 200e6); // buckets 8 and 13
        vm.warp(START + 80 * HOUR);
        assertEq(most(90 days), 0);
    }

    function test_Given_MoreCategories() public {
        setLimit(SESSION, DATA, DAY, 30e6);
        setLimit(SESSION, TOOLS, DAY, 20e6);
        vm.prank(owner);
        vault.setCategories(SESSION, uint64(1) << DATA);
        delay();
        putBy(abi.encodeCall(IVault.setCategories, (SESSION, uint64(1) << TOOLS)));
        assertEq(most(DELAY - 1), 60e6);
        assertEq(most(DELAY), 80e6);
        assertEq(most(60 * HOUR), 110e6);
        assertEq(most(78 * HOUR), 130e6);
        putBy(abi.encodeCall(IVault.setCategories, (SESSION, uint64(1) << RELAY)));
        assertEq(most(DELAY), 200e6); // nothing bounds the relay
    }

    // The delay was shortened in between, so the later change comes earlier
    function test_Given_ACategoryThatWaitsTwice() public {
        setLimit(SESSION, DATA, MONTH, 30e6);
        setLimit(SESSION, TOOLS, HOUR, 1e6);
        vm.prank(owner);
        vault.setCategories(SESSION, uint64(1) << DATA);
        delay();
        bytes memory shorter = abi.encodeCall(IVault.setDelay, (HOUR));
        putBy(shorter);
        vm.warp(START + DELAY - HOUR);
        putBy(abi.encodeCall(IVault.setCategories, (SESSION, uint64(1) << TOOLS)));
        vm.warp(START + DELAY);
        vault.execute(lens.waiting(address(vault))[1].change, shorter);
        assertEq(most(HOUR), 30e6);
        putBy(abi.encodeCall(IVault.setCategories, (SESSION, uint64(1) << TOOLS)));
        assertEq(most(HOUR - 1), 30e6);
        assertEq(most(HOUR), 31e6);
        uint256 buckets = (START + 2 * DELAY) / 15 minutes - (START + DELAY + HOUR) / 15 minutes + 1;
        assertEq(most(DELAY), 30e6 + (buckets + 4) / 5 * 1e6);
    }

    function test_Given_AFirstPerPaymentCap() public {
        only(DAY, 100e6);
        vm.startPrank(owner);
        vault.setPerPaymentCap(SESSION, address(token), 0);
        vault.setDelay(DELAY);
        vm.stopPrank();
        putBy(abi.encodeCall(IVault.setPerPaymentCap, (SESSION, address(token), 1)));
        assertEq(most(DELAY - 1), 0);
        assertEq(most(DELAY), 100e6);
        assertEq(most(78 * HOUR - 1), 100e6);
        assertEq(most(78 * HOUR), 200e6);
    }

    /// @dev Measured: 2.6, 4.7 and 25 million gas; more in builds that count coverage.
    function test_Given_AsMuchAsCanStandAndWait() public {
        IVault.Grant memory granted = otherGrant();
        granted.categories = type(uint64).max - 1;
        granted.tokens[0].limits = everyLimit();
        vm.prank(owner);
        vault.grant(granted);
        for (uint256 i = 0; i < 5; ++i) {
            setLimit(0, 0, allWindows[i], 1_000e6);
        }
        delay();
        assertLt(gasOf(OTHER), 6_000_000, "325 limits stand");
        for (uint128 i = 0; i < 10; ++i) {
            putBy(abi.encodeCall(IVault.setLimit, (OTHER, RELAY, address(token), HOUR, 11e6 + i * 1e6)));
            vm.warp(vm.getBlockTimestamp() + HOUR);
        }
        assertLt(gasOf(OTHER), 12_000_000, "and ten higher caps wait");
        vm.startPrank(owner);
        for (
            IVaultLens.WaitingChange[] memory left = lens.waiting(address(vault));
            left.length != 0;
            left = lens.waiting(address(vault))
        ) {
            vault.cancel(left[0].change);
        }
        vm.stopPrank();
        delete calls;
        (granted.session, granted.key) = (OTHER + 1, stranger);
        for (uint32 i = 0; i < 10; ++i) {
            granted.validUntil = VALID_UNTIL + i;
            putBy(abi.encodeCall(IVault.grant, (granted)));
        }
        assertLt(gasOf(OTHER + 1), 60_000_000, "ten grants of 320 limits each wait for one number");
    }

    function everyLimit() internal view returns (IVault.Limit[] memory limits) {
        limits = new IVault.Limit[](64 * 5);
        for (uint256 i = 0; i < limits.length; ++i) {
            limits[i] = IVault.Limit(uint8(i / 5), allWindows[i % 5], i < 5 ? 1_000e6 : 10e6);
        }
    }

    /// @dev What a call costs besides its calldata, over a horizon of two months.
    function gasOf(uint32 session) internal view returns (uint256 used) {
        bytes memory question =
            abi.encodeCall(IVaultLens.maxOutflow, (address(vault), session, address(token), 60 days, calls));
        used = gasleft();
        (bool done,) = address(lens).staticcall(question);
        used -= gasleft();
        assertTrue(done);
    }

    // ------------------------------------------------------------------------------------------ shorthand

    function most(uint32 horizon) internal view returns (uint256) {
        return mostOf(SESSION, horizon);
    }

    function mostOf(uint32 session, uint32 horizon) internal view returns (uint256) {
        return lens.maxOutflow(address(vault), session, address(token), horizon, calls);
    }

    function setLimit(uint32 session, uint8 category, uint32 window, uint128 cap) internal {
        vm.prank(owner);
        vault.setLimit(session, category, address(token), window, cap);
    }

    /// @dev The session's only limit.
    function only(uint32 window, uint128 cap) internal {
        vm.startPrank(owner);
        vault.setLimit(SESSION, 0, address(token), window, cap);
        if (window != DAY) vault.removeLimit(SESSION, 0, address(token), DAY);
        if (window != WEEK) vault.removeLimit(SESSION, 0, address(token), WEEK);
        vm.stopPrank();
    }

    function delay() internal {
        vm.prank(owner);
        vault.setDelay(DELAY);
    }

    /// @dev A loosening of the owner that must wait.
    function putBy(bytes memory call) internal {
        uint256 before = lens.waiting(address(vault)).length;
        vm.prank(owner);
        (bool done, bytes memory why) = address(vault).call(call);
        require(done, string(why));
        assertEq(lens.waiting(address(vault)).length, before + 1, "it waits");
        calls.push(call);
    }
}
