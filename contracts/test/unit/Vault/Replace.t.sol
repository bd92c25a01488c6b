// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {WaitingTest} from "../../base/WaitingTest.sol";
import {PlainToken} from "../../mocks/PlainToken.sol";
import {IVault} from "src/interfaces/IVault.sol";

/// @notice replace.tree: compare-and-set, so that an automated write never undoes a human's. Quoted: I9.
contract ReplaceTest is WaitingTest {
    bytes[] internal setters;
    uint256[] internal values;

    function setUp() public override {
        super.setUp();
        ownerDoes(abi.encodeCall(vault.setLimit, (0, 0, address(token), DAY, 500e6)));
        ownerDoes(abi.encodeCall(vault.setLimit, (SESSION, DATA, address(token), LIFETIME, 50e6)));
        assertLogged(2);
        add(DAY_CAP, abi.encodeCall(vault.setLimit, (SESSION, 0, address(token), DAY, DAY_CAP + 1)));
        add(WEEK_CAP, abi.encodeCall(vault.setLimit, (SESSION, 0, address(token), WEEK, WEEK_CAP + 1)));
        add(500e6, abi.encodeCall(vault.setLimit, (0, 0, address(token), DAY, 500e6 + 1)));
        add(50e6, abi.encodeCall(vault.setLimit, (SESSION, DATA, address(token), LIFETIME, 50e6 + 1)));
        add(WEEK_CAP + 1, abi.encodeCall(vault.removeLimit, (SESSION, 0, address(token), WEEK)));
        add(PER_PAYMENT_CAP, abi.encodeCall(vault.setPerPaymentCap, (SESSION, address(token), PER_PAYMENT_CAP + 1)));
        add(CATEGORIES, abi.encodeCall(vault.setCategories, (SESSION, CATEGORIES | 2)));
        add(
            (uint256(VALID_FROM) << 32) | VALID_UNTIL,
            abi.encodeCall(vault.setValidity, (SESSION, VALID_FROM - 1, VALID_UNTIL))
        );
        add(DATA, abi.encodeCall(vault.setPayees, (onePayee(payee, DATA + 1))));
        add(0, abi.encodeCall(vault.transferOwnership, (stranger)));
        add(uint160(stranger), abi.encodeCall(vault.transferOwnership, (relayer)));
        add(uint160(treasury), abi.encodeCall(vault.setTreasury, (stranger)));
        add(uint160(guardian), abi.encodeCall(vault.setGuardian, (address(0))));
        add(0, abi.encodeCall(vault.setGuardian, (stranger)));
        add(WAIT, abi.encodeCall(vault.setDelay, (0)));
    }

    /// @dev All loosen, the last the delay itself: each waits, is held to its value, and is done.
    function test_When_TheValueIsTheExpectedOne() public {
        for (uint256 i = 0; i < setters.length; ++i) {
            bytes memory call = abi.encodeCall(vault.replace, (values[i], setters[i]));
            uint32 change = waits(call);
            ripen();
            executes(change, call, 2);
        }
        assertEq(limitOf(SESSION, 0, DAY).cap, DAY_CAP + 1);
        assertEq(limitsOf(SESSION, 0, address(token)).length, 1);
        assertEq(limitOf(0, 0, DAY).cap, 500e6 + 1);
        assertEq(limitOf(SESSION, DATA, LIFETIME).cap, 50e6 + 1);
        assertEq(lens.sessionOf(address(vault), SESSION).categories, CATEGORIES | 2);
        assertEq(lens.sessionOf(address(vault), SESSION).validFrom, VALID_FROM - 1);
        assertEq(vault.payeeOf(payee), DATA + 1);
        assertEq(vault.pendingOwner(), relayer);
        assertEq(vault.treasury(), stranger);
        assertEq(vault.guardian(), stranger);
        assertEq(vault.delay(), 0);
        // the same without a delay, at once; and the one that never waits
        expectLog();
        emit IVault.LimitSet(SESSION, address(token), 0, DAY, DAY_CAP, 0, sequence + 1);
        isInstant(
            abi.encodeCall(
                vault.replace, (DAY_CAP + 1, abi.encodeCall(vault.setLimit, (SESSION, 0, address(token), DAY, DAY_CAP)))
            )
        );
        isInstant(
            abi.encodeCall(vault.replace, (uint160(agent), abi.encodeCall(vault.rotateKey, (SESSION, otherAgent))))
        );
        assertEq(lens.sessionOf(address(vault), SESSION).key, otherAgent);
    }

    function test_RevertWhen_TheValueIsAnother() public {
        add(uint160(agent), abi.encodeCall(vault.rotateKey, (SESSION, otherAgent)));
        for (uint256 i = 0; i < setters.length; ++i) {
            // as it stands before any of them is done
            uint256 actual = i == 4 ? WEEK_CAP : i == 10 ? 0 : i == 13 ? uint160(guardian) : values[i];
            uint256[4] memory wrong = [actual ^ 1, actual + (1 << 128), actual + (1 << 255), type(uint256).max];
            for (uint256 j = 0; j < 4; ++j) {
                bytes memory call = abi.encodeCall(vault.replace, (wrong[j], setters[i]));
                refusesAct(owner, call, abi.encodeWithSelector(IVault.StaleChange.selector, wrong[j], actual));
            }
        }
    }

    function test_When_NothingStood() public {
        bytes memory added = abi.encodeCall(vault.setLimit, (SESSION, 0, address(token), MONTH, 1));
        refusesAct(
            owner, abi.encodeCall(vault.replace, (1, added)), abi.encodeWithSelector(IVault.StaleChange.selector, 1, 0)
        );
        isInstant(abi.encodeCall(vault.replace, (0, added)));
        refusesAct(
            owner, abi.encodeCall(vault.replace, (0, added)), abi.encodeWithSelector(IVault.StaleChange.selector, 0, 1)
        );
        // a limit that was removed stands no more, whatever cap it had
        bytes memory removed = abi.encodeCall(vault.removeLimit, (SESSION, 0, address(token), WEEK));
        uint32 change = waits(removed);
        ripen();
        executes(change, removed, 2);
        isInstant(
            abi.encodeCall(vault.replace, (0, abi.encodeCall(vault.setLimit, (SESSION, 0, address(token), WEEK, 1))))
        );
        waits(abi.encodeCall(vault.replace, (0, abi.encodeCall(vault.setPayees, (onePayee(stranger, DATA))))));
    }

    function test_When_TheUnitIsCoarse() public {
        PlainToken coarse = new PlainToken(6);
        ownerDoes(abi.encodeCall(vault.addToken, (address(coarse), 10)));
        ownerDoes(abi.encodeCall(vault.setLimit, (0, 0, address(coarse), DAY, 5_000)));
        assertLogged(2);
        bytes memory call = abi.encodeCall(vault.setLimit, (0, 0, address(coarse), DAY, 3_000));
        refusesAct(
            owner,
            abi.encodeCall(vault.replace, (5_000, call)),
            abi.encodeWithSelector(IVault.StaleChange.selector, 5_000, 4_096)
        );
        isInstant(abi.encodeCall(vault.replace, (4_096, call)));
        bytes memory remove = abi.encodeCall(vault.removeLimit, (0, 0, address(coarse), DAY));
        refusesAct(
            owner,
            abi.encodeCall(vault.replace, (3_000, remove)),
            abi.encodeWithSelector(IVault.StaleChange.selector, 3_000, 2_048)
        );
        waits(abi.encodeCall(vault.replace, (2_048, remove)));
    }

    function test_When_SeveralPayeesHaveTheExpectedCategory() public {
        IVault.PayeeEntry[] memory both = twoPayees(IVault.PayeeEntry(payee, 9), IVault.PayeeEntry(relayer, 9));
        bytes memory call = abi.encodeCall(vault.setPayees, (both));
        bool payeeFirst = payee < relayer;
        refusesAct(
            owner,
            abi.encodeCall(vault.replace, (DATA, call)),
            abi.encodeWithSelector(IVault.StaleChange.selector, DATA, RELAY)
        );
        refusesAct(
            owner,
            abi.encodeCall(vault.replace, (RELAY, call)),
            abi.encodeWithSelector(IVault.StaleChange.selector, RELAY, DATA)
        );
        refusesAct(
            owner,
            abi.encodeCall(vault.replace, (5, call)),
            abi.encodeWithSelector(IVault.StaleChange.selector, 5, payeeFirst ? DATA : RELAY)
        );
        IVault.PayeeEntry[] memory news = twoPayees(IVault.PayeeEntry(stranger, 9), IVault.PayeeEntry(treasury, 10));
        call = abi.encodeCall(vault.replace, (0, abi.encodeCall(vault.setPayees, (news))));
        uint32 change = waits(call);
        ripen();
        executes(change, call, 3);
        assertEq(vault.payeeOf(treasury), 10);
    }

    // ------------------------------------------------------------------------------------------ the verb

    function test_RevertWhen_TheVerbReplacesNothing() public {
        bytes[13] memory calls = [
            abi.encodeCall(vault.grant, (otherGrant())),
            abi.encodeCall(vault.withdraw, (address(token), 1)),
            abi.encodeCall(vault.unpause, ()),
            abi.encodeCall(vault.pause, ()),
            abi.encodeCall(vault.revoke, (SESSION)),
            abi.encodeCall(vault.revokeAll, ()),
            abi.encodeCall(vault.removePayee, (payee)),
            abi.encodeCall(vault.cancel, (1)),
            abi.encodeCall(vault.addToken, (address(this), 0)),
            abi.encodeCall(vault.execute, (1, "")),
            abi.encodeCall(vault.lodge, ("", 0, 0, "")),
            abi.encodeCall(vault.acceptOwnership, ()),
            bytes(hex"deadbeef")
        ];
        for (uint256 i = 0; i < calls.length; ++i) {
            bytes memory why = abi.encodeWithSelector(IVault.VerbNotAllowed.selector, bytes4(calls[i]));
            refusesAct(owner, abi.encodeCall(vault.replace, (0, calls[i])), why);
        }
    }

    function test_RevertWhen_ItStandsUnderAnother() public {
        bytes memory inner = abi.encodeCall(vault.replace, (values[0], setters[0]));
        bytes memory why = abi.encodeWithSelector(IVault.VerbNotAllowed.selector, IVault.replace.selector);
        refusesAct(owner, abi.encodeCall(vault.replace, (values[0], inner)), why);
    }

    function test_RevertWhen_ThereIsNoCallInItsPlace() public {
        bytes memory why = abi.encodeWithSelector(IVault.CallMalformed.selector, IVault.replace.selector);
        for (uint256 length = 0; length < 4; ++length) {
            refusesAct(owner, abi.encodeCall(vault.replace, (0, new bytes(length))), why);
        }
        // one word further on than it belongs: Solidity would read it, the vault does not
        bytes memory elsewhere = bytes.concat(
            abi.encodeWithSelector(IVault.replace.selector, values[0], 0x60, 0, setters[0].length), setters[0]
        );
        refusesAct(owner, elsewhere, why);
    }

    function test_RevertWhen_TheVerbRefuses() public {
        bytes memory call = abi.encodeCall(vault.setDelay, (31 days));
        bytes memory why = abi.encodeWithSelector(IVault.DelayTooLong.selector, 31 days, 30 days);
        refusesAct(owner, abi.encodeCall(vault.replace, (WAIT, call)), why);
        call = abi.encodeCall(vault.rotateKey, (SESSION, agent));
        why = abi.encodeWithSelector(IVault.KeyUsedBefore.selector, agent);
        refusesAct(owner, abi.encodeCall(vault.replace, (uint160(agent), call)), why);
    }

    function test_RevertWhen_TheCallerIsNotTheOwner() public {
        address[3] memory callers = [guardian, agent, stranger];
        for (uint256 i = 0; i < callers.length; ++i) {
            bytes memory why = abi.encodeWithSelector(IVault.NotOwner.selector, callers[i]);
            refusesAct(callers[i], abi.encodeCall(vault.replace, (values[0], setters[0])), why);
        }
    }

    // ------------------------------------------------------------------------------------------ the delay (I9)

    function test_Given_ADelay() public {
        bytes memory call = abi.encodeCall(vault.replace, (values[0], setters[0]));
        uint32 change = waits(call);
        assertEq(limitOf(SESSION, 0, DAY).cap, DAY_CAP);
        ripen();
        refusesExecution(change, setters[0], abi.encodeWithSelector(IVault.ChangeDiffers.selector, change));
        executes(change, call, 2);
        assertEq(limitOf(SESSION, 0, DAY).cap, DAY_CAP + 1);
    }

    function test_RevertGiven_ADelayAndTheValueIsAnother() public {
        bytes memory why = abi.encodeWithSelector(IVault.StaleChange.selector, DAY_CAP - 1, DAY_CAP);
        refusesAct(owner, abi.encodeCall(vault.replace, (DAY_CAP - 1, setters[0])), why);
        assertEq(lens.waiting(address(vault)).length, 0);
    }

    function test_RevertGiven_TheValueIsAnotherAtExecution() public {
        bytes memory high = abi.encodeCall(vault.setLimit, (SESSION, 0, address(token), DAY, DAY_CAP + 50));
        bytes memory call = abi.encodeCall(vault.replace, (values[0], setters[0]));
        uint32 held = waits(call);
        uint32 free = waits(high);
        ripen();
        executes(free, high, 2);
        bytes memory why = abi.encodeWithSelector(IVault.StaleChange.selector, DAY_CAP, DAY_CAP + 50);
        refusesExecution(held, call, why);
        assertEq(waitingOf(held).callHash, keccak256(call));
    }

    function test_Given_ADelayAndATightening() public {
        bytes memory call = abi.encodeCall(vault.setLimit, (SESSION, 0, address(token), DAY, DAY_CAP - 1));
        isInstant(abi.encodeCall(vault.replace, (DAY_CAP, call)));
        assertEq(limitOf(SESSION, 0, DAY).cap, DAY_CAP - 1);
    }

    function add(uint256 value, bytes memory call) internal {
        values.push(value);
        setters.push(call);
    }
}
