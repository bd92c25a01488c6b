// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {VaultTest} from "../base/VaultTest.sol";
import {PlainToken} from "../mocks/PlainToken.sol";
import {IVault} from "src/interfaces/IVault.sol";
import {IVaultLens} from "src/interfaces/IVaultLens.sol";

/// @notice A vault with some past, some policy and some changes that wait, all drawn from one seed; and thieves who
///         hold the keys of its sessions, and know nothing but what `remaining` tells them.
abstract contract ThiefScene is VaultTest {
    uint32 internal constant FIRST = 7;
    uint32 internal constant SECOND = 8;
    uint32 internal constant NEW = 9; // granted by nothing but a waiting change
    uint256 internal constant KEYS = 0x7E1EF;
    uint256 internal constant MOST_UNITS = (1 << 31) - 1;

    uint32[5] internal windows = [HOUR, DAY, WEEK, MONTH, LIFETIME];
    uint8[3] internal categories = [uint8(3), 4, 63];
    address[3] internal payees = [address(0xBEEF03), address(0xBEEF04), address(0xBEEF63)];

    uint256 internal seed;
    uint256 internal clock;
    uint8 internal unitBits;
    mapping(uint32 session => uint32) internal nonces;
    bytes[] internal calls; // of the changes that wait
    bool internal newWaits; // one of them may grant the session NEW

    function setUp() public override {
        clock = START;
        vm.warp(clock);
        token = new PlainToken(6);
        vault = deployVault(owner, treasury, address(0));
        lens = deployLens();
        token.mint(address(vault), type(uint200).max);
        IVault.PayeeEntry[] memory entries = new IVault.PayeeEntry[](3);
        for (uint256 i = 0; i < 3; ++i) {
            entries[i] = IVault.PayeeEntry(payees[i], categories[i]);
        }
        vm.prank(owner);
        vault.setPayees(entries);
    }

    // ------------------------------------------------------------------------------------------ chance

    /// @notice A number below `end`.
    function draw(uint256 end) internal returns (uint256) {
        seed = uint256(keccak256(abi.encode(seed)));
        return (seed >> 8) % end;
    }

    function someWindow() internal returns (uint32) {
        return windows[draw(5)];
    }

    /// @notice A cap in base units: a few units, some, or as many as fit.
    function someCap() internal returns (uint128) {
        uint256 kind = draw(24);
        if (kind == 0) return 0;
        uint256 units = kind < 3 ? MOST_UNITS : 1 + draw(kind < 8 ? 4 : 10_000);
        if (units == MOST_UNITS) return uint128(units << unitBits);
        return uint128((units << unitBits) + draw(uint256(1) << unitBits)); // rounded down by the vault
    }

    /// @notice One of the three, two, all; seldom none.
    function someCategories() internal returns (uint64 mask) {
        uint256 which = draw(24) % 8;
        if (which == 0) which = draw(8);
        for (uint256 i = 0; i < 3; ++i) {
            if ((which >> i) & 1 == 1) mask |= uint64(1) << categories[i];
        }
    }

    /// @notice The next second, the border of some window's bucket or the second before it, or some time in a window.
    function someTime(uint256 time) internal returns (uint256) {
        uint32 window = windows[draw(4)];
        uint256 kind = draw(8);
        if (kind == 0) return time + draw(2);
        uint256 border = (time / (window / 4) + 1 + draw(3)) * (window / 4);
        if (kind < 6) return kind == 1 ? border - 1 : border;
        return time + draw(window);
    }

    function warp(uint256 time) internal {
        clock = time;
        vm.warp(time);
    }

    // ------------------------------------------------------------------------------------------ the scene

    /// @notice Token, two sessions, limits of the vault and of categories, a past.
    function play() internal {
        uint8[4] memory units = [0, 7, 1, 97];
        unitBits = units[draw(4)];
        vm.prank(owner);
        vault.addToken(address(token), unitBits);
        act(abi.encodeCall(IVault.grant, (someGrant(FIRST))));
        act(abi.encodeCall(IVault.grant, (someGrant(SECOND))));
        if (draw(2) == 0) setSome(0, 0);
        if (draw(4) == 0) setSome(0, 0);
        for (uint256 i = draw(6); i != 0; --i) {
            warp(someTime(clock));
            if (draw(4) == 0) setSome(FIRST, draw(2) == 0 ? 0 : categories[draw(3)]);
            if (draw(40) == 0) act(abi.encodeCall(IVault.removeLimit, (FIRST, 0, address(token), someWindow())));
            pay(draw(3) == 0 ? SECOND : FIRST, draw(3), false);
        }
    }

    /// @notice A delay, and loosenings that wait; some of them were killed, some are too late.
    function putBySome() internal {
        if (draw(3) == 0) return;
        // What is narrowed first can be widened by what waits
        uint256 narrowed = draw(12);
        if (narrowed == 0) setValidityFor(1 + draw(3 days));
        if (narrowed == 1) act(abi.encodeCall(IVault.setPerPaymentCap, (FIRST, address(token), 0)));
        act(abi.encodeCall(IVault.setDelay, (uint32(1 + draw(3 days)))));
        if (narrowed == 0) calls.push(setValidityFor(7 days + draw(90 days)));
        for (uint256 i = 1 + draw(5); i != 0; --i) {
            if (draw(4) == 0) warp(clock + draw(2 days));
            bytes memory call = someLoosening();
            if (draw(6) == 0) call = abi.encodeCall(IVault.replace, (draw(2) << unitBits, call));
            uint256 before = lens.waiting(address(vault)).length;
            act(call);
            if (lens.waiting(address(vault)).length > before) calls.push(call);
        }
        if (draw(8) == 0) warp(clock + draw(8 days));
    }

    function someGrant(uint32 session) internal returns (IVault.Grant memory granted) {
        IVault.TokenGrant[] memory tokens = new IVault.TokenGrant[](1);
        tokens[0].token = address(token);
        tokens[0].perPaymentCap = draw(24) == 0 ? 0 : uint128((draw(2) == 0 ? MOST_UNITS : 4_000) << unitBits);
        tokens[0].limits = someLimits();
        granted = IVault.Grant({
            session: session,
            key: vm.addr(KEYS + session),
            validFrom: START,
            validUntil: START + 900 days,
            categories: someCategories(),
            tokens: tokens
        });
        if (draw(10) == 0) granted.validFrom = uint32(clock + draw(8 days));
        if (draw(10) == 0) granted.validUntil = uint32(granted.validFrom + 1 + draw(30 days));
        if (granted.validUntil <= clock) granted.validUntil = uint32(clock + 1);
    }

    /// @dev One or two of the session, and at times some of its categories.
    function someLimits() internal returns (IVault.Limit[] memory limits) {
        limits = new IVault.Limit[](5);
        uint256 count = 0;
        uint256 first = draw(5);
        limits[count++] = IVault.Limit(0, windows[first], someCap());
        if (draw(3) == 0 && first != 4) limits[count++] = IVault.Limit(0, windows[first + 1], someCap());
        uint256 which = draw(2) == 0 ? 0 : draw(8);
        for (uint256 i = 0; i < 3; ++i) {
            if ((which >> i) & 1 == 1) limits[count++] = IVault.Limit(categories[i], someWindow(), someCap());
        }
        assembly ("memory-safe") {
            mstore(limits, count)
        }
    }

    function someLoosening() internal returns (bytes memory) {
        uint256 kind = draw(12);
        if (kind == 0) return abi.encodeCall(IVault.setCategories, (FIRST, someCategories()));
        if (kind == 1) {
            uint32 from = uint32(clock + draw(3 days));
            return abi.encodeCall(IVault.setValidity, (FIRST, from, uint32(from + 1 + draw(90 days))));
        }
        if (kind == 2) return abi.encodeCall(IVault.setPerPaymentCap, (FIRST, address(token), someCap()));
        if (kind == 3) {
            newWaits = true;
            return abi.encodeCall(IVault.grant, (someGrant(NEW)));
        }
        uint32 session = draw(4) == 0 ? 0 : FIRST;
        uint8 category = session == 0 || draw(2) == 0 ? 0 : categories[draw(3)];
        uint32 window = someWindow();
        (, IVaultLens.LimitView[] memory limits) = lens.remaining(address(vault), session, category, address(token));
        if (limits.length != 0) window = limits[draw(limits.length)].window;
        if (kind < 6) return abi.encodeCall(IVault.removeLimit, (session, category, address(token), window));
        return abi.encodeCall(IVault.setLimit, (session, category, address(token), window, someCap()));
    }

    function setValidityFor(uint256 span) internal returns (bytes memory call) {
        call = abi.encodeCall(IVault.setValidity, (FIRST, START, uint32(clock + span)));
        act(call);
    }

    function setSome(uint32 session, uint8 category) internal {
        act(abi.encodeCall(IVault.setLimit, (session, category, address(token), someWindow(), someCap())));
    }

    /// @dev By the owner; what cannot be done is not done.
    function act(bytes memory call) internal {
        vm.prank(owner);
        (bool done,) = address(vault).call(call);
        done;
    }

    // ------------------------------------------------------------------------------------------ thieves

    /// @notice Executes what can be executed; each of them with some chance, unless all are wanted.
    function executeSome(bool all) internal {
        IVaultLens.WaitingChange[] memory changes = lens.waiting(address(vault));
        for (uint256 i = changes.length; i != 0; --i) {
            IVaultLens.WaitingChange memory change = changes[i - 1];
            if (clock < change.executableFrom || (!all && draw(2) == 0)) continue;
            for (uint256 j = 0; j < calls.length; ++j) {
                if (keccak256(calls[j]) != change.callHash) continue;
                (bool done,) = address(vault).call(abi.encodeCall(IVault.execute, (change.change, calls[j])));
                done;
                break;
            }
        }
    }

    /// @notice Pays all that fits, or some of it, under one category, perhaps as a fee in part.
    /// @return taken what left the vault
    function pay(uint32 session, uint256 place, bool greedy) internal returns (uint256 taken) {
        uint256 most = fitting(session, categories[place]);
        if (most == 0) return 0;
        if (!greedy && draw(3) == 0) most = 1 + draw(most);
        IVault.Payment memory payment = IVault.Payment({
            session: session,
            nonce: ++nonces[session],
            deadline: uint32(clock + 1),
            token: address(token),
            payee: payees[place],
            amount: uint128(most),
            fee: 0,
            feeRecipient: address(0),
            ref: bytes32(0)
        });
        if (!greedy && most > 1 && draw(3) == 0) {
            payment.fee = uint128(1 + draw(most - 1));
            (payment.amount, payment.feeRecipient) = (uint128(most - payment.fee), payees[draw(3)]);
        }
        bytes memory signature = signBy(KEYS + session, payment);
        uint256 before = token.balanceOf(address(vault));
        (bool done,) = address(vault).call(abi.encodeCall(IVault.pay, (payment, signature, "")));
        if (!done) --nonces[session];
        return before - token.balanceOf(address(vault));
    }

    /// @dev The least that is left in what a payment counts in.
    function fitting(uint32 session, uint8 category) internal view returns (uint256 most) {
        IVaultLens.LimitView[] memory limits;
        (most, limits) = lens.remaining(address(vault), session, 0, address(token));
        if (limits.length == 0) return 0;
        most = least(most, limits);
        (, limits) = lens.remaining(address(vault), session, category, address(token));
        most = least(most, limits);
        (, limits) = lens.remaining(address(vault), 0, 0, address(token));
        most = least(most, limits);
    }

    function least(uint256 most, IVaultLens.LimitView[] memory limits) internal pure returns (uint256) {
        for (uint256 i = 0; i < limits.length; ++i) {
            if (limits[i].remaining < most) most = limits[i].remaining;
        }
        return most;
    }
}
