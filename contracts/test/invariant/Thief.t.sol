// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ThiefScene} from "./ThiefScene.sol";
import {IVault} from "src/interfaces/IVault.sol";
import {IVaultLens} from "src/interfaces/IVaultLens.sol";

/// @notice I17. No thief takes more by the end of a sequence than `maxOutflow` says at its start; where one limit binds,
///         one who takes all there is at every border takes exactly that. 20,000 sequences against the real vault.
contract ThiefTest is ThiefScene {
    uint256 internal constant MOVES = 8;

    /// @notice One stolen key.
    /// forge-config: default.fuzz.runs = 12000
    /// forge-config: deep.fuzz.runs = 100000
    function testFuzz_AThiefNeverBeatsMaxOutflow(uint256 chance) public {
        seed = chance;
        play();
        putBySome();
        uint32 session = newWaits && draw(2) == 0 ? NEW : FIRST;
        uint256 end = someEnd();
        uint256 most = lens.maxOutflow(address(vault), session, address(token), uint32(end - clock), calls);
        bool greedy = draw(2) == 0;
        uint256 taken = 0;
        for (uint256 move = 0; move < MOVES && clock <= end; ++move) {
            executeSome(greedy);
            uint256 first = draw(3);
            for (uint256 i = 0; i < 3; ++i) {
                taken += pay(session, (first + i) % 3, greedy);
            }
            assertLe(taken, most, "beaten");
            warp(move == MOVES - 2 && clock < end ? end : someTime(clock));
        }
    }

    /// @notice Every key stolen, new ones too, against the vault's own limits.
    /// forge-config: default.fuzz.runs = 4000
    /// forge-config: deep.fuzz.runs = 100000
    function testFuzz_AllThievesTogetherNeverBeatTheVaults(uint256 chance) public {
        seed = chance;
        play();
        setSome(0, 0);
        putBySome();
        uint256 end = someEnd();
        (, IVaultLens.LimitView[] memory limits) = lens.remaining(address(vault), 0, 0, address(token));
        if (limits.length == 0) return;
        uint256 most = lens.maxOutflow(address(vault), 0, address(token), uint32(end - clock), calls);
        uint256 taken = 0;
        for (uint256 move = 0; move < MOVES && clock <= end; ++move) {
            executeSome(draw(2) == 0);
            for (uint256 i = 0; i < 3; ++i) {
                taken += pay(uint32(FIRST + draw(3)), draw(3), true);
            }
            assertLe(taken, most, "beaten");
            warp(move == MOVES - 2 && clock < end ? end : someTime(clock));
        }
    }

    /// @notice One limit binds: of the session, of the vault or of the only category.
    /// forge-config: default.fuzz.runs = 4000
    /// forge-config: deep.fuzz.runs = 100000
    function testFuzz_WhereOneLimitBindsItIsExact(uint256 chance) public {
        seed = chance;
        uint8[4] memory units = [0, 7, 1, 97];
        unitBits = units[draw(4)];
        vm.prank(owner);
        vault.addToken(address(token), unitBits);
        Bound memory bound = Bound(draw(3), windows[draw(5)]);
        act(abi.encodeCall(IVault.grant, (grantOf(bound))));
        for (uint256 i = draw(5); i != 0; --i) {
            setLimit(bound, someCap());
            pay(FIRST, 0, false);
            warp(someTime(clock));
        }
        setLimit(bound, someCap());
        if (draw(2) == 0) putByCaps(bound);
        uint256 end = clock + draw(bound.window == LIFETIME ? 400 days : uint256(bound.window) * 4);
        uint32 session = bound.scope == 1 && draw(2) == 0 ? 0 : FIRST;
        uint256 most = lens.maxOutflow(address(vault), session, address(token), uint32(end - clock), calls);
        uint256 taken = 0;
        for (; clock <= end; warp(nextTime(bound.window))) {
            executeHigher(bound);
            for (uint256 i = 0; i < 2; ++i) {
                taken += pay(FIRST, 0, true);
            }
        }
        assertEq(taken, most, "not exact");
    }

    struct Bound {
        uint256 scope; // 0 = session, 1 = vault, 2 = category
        uint32 window;
    }

    function grantOf(Bound memory bound) internal view returns (IVault.Grant memory granted) {
        granted = IVault.Grant({
            session: FIRST,
            key: vm.addr(KEYS + FIRST),
            validFrom: START,
            validUntil: type(uint32).max,
            categories: uint64(1) << categories[0],
            tokens: new IVault.TokenGrant[](1)
        });
        IVault.TokenGrant memory tokens = granted.tokens[0];
        (tokens.token, tokens.perPaymentCap) = (address(token), uint128(MOST_UNITS << unitBits));
        tokens.limits = new IVault.Limit[](1);
        // What does not bind: as much as fits an hour
        uint32 window = bound.scope == 0 ? bound.window : HOUR;
        tokens.limits[0] = IVault.Limit(0, window, uint128(MOST_UNITS << unitBits));
    }

    function setLimit(Bound memory bound, uint128 cap) internal {
        act(limitCall(bound, cap));
    }

    function limitCall(Bound memory bound, uint128 cap) internal view returns (bytes memory) {
        uint8 category = bound.scope == 2 ? categories[0] : 0;
        return
            abi.encodeCall(IVault.setLimit, (bound.scope == 1 ? 0 : FIRST, category, address(token), bound.window, cap));
    }

    /// @dev Higher caps wait; a lower one among them is there at once, and kills those before it.
    function putByCaps(Bound memory bound) internal {
        act(abi.encodeCall(IVault.setDelay, (uint32(1 + draw(bound.window < DAY ? 3 hours : 3 days)))));
        for (uint256 i = 1 + draw(3); i != 0; --i) {
            uint256 before = lens.waiting(address(vault)).length;
            bytes memory call = limitCall(bound, someCap());
            act(call);
            if (lens.waiting(address(vault)).length > before) calls.push(call);
            if (draw(2) == 0) warp(clock + draw(bound.window / 4));
        }
    }

    /// @dev Takes every cap that is higher than the one that stands.
    function executeHigher(Bound memory bound) internal {
        IVaultLens.WaitingChange[] memory changes = lens.waiting(address(vault));
        for (uint256 i = 0; i < changes.length; ++i) {
            if (changes[i].killed || clock < changes[i].executableFrom || clock >= changes[i].executableUntil) {
                continue;
            }
            for (uint256 j = 0; j < calls.length; ++j) {
                if (keccak256(calls[j]) != changes[i].callHash) continue;
                if (capOf(calls[j]) > standing(bound)) vault.execute(changes[i].change, calls[j]);
                break;
            }
            if (lens.waiting(address(vault)).length != changes.length) return executeHigher(bound);
        }
    }

    /// @dev The last argument of a setLimit, in whole units.
    function capOf(bytes memory limitSet) internal view returns (uint256 cap) {
        assembly ("memory-safe") {
            cap := mload(add(limitSet, mload(limitSet)))
        }
        return cap >> unitBits << unitBits;
    }

    function standing(Bound memory bound) internal view returns (uint256) {
        uint8 category = bound.scope == 2 ? categories[0] : 0;
        (, IVaultLens.LimitView[] memory limits) =
            lens.remaining(address(vault), bound.scope == 1 ? 0 : FIRST, category, address(token));
        return limits[0].cap;
    }

    /// @dev The next border, or when the next change can be executed.
    function nextTime(uint32 window) internal view returns (uint256 later) {
        later = (clock / (window / 4) + 1) * (window / 4);
        IVaultLens.WaitingChange[] memory changes = lens.waiting(address(vault));
        for (uint256 i = 0; i < changes.length; ++i) {
            uint256 from = changes[i].executableFrom;
            if (from > clock && from < later) later = from;
        }
    }

    /// @dev From now to four of some window later.
    function someEnd() internal returns (uint256) {
        return draw(10) == 0 ? clock : clock + draw(uint256(windows[draw(4)]) * 4);
    }
}
