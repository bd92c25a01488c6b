// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IVault} from "../interfaces/IVault.sol";
import {IVaultLens} from "../interfaces/IVaultLens.sol";
import {AllowanceWord} from "./AllowanceWord.sol";
import {Scope, scopeOf} from "./Scope.sol";
import {SessionWord} from "./SessionWord.sol";
import {Meter} from "./SlidingCap.sol";
import {EVERYTHING, GUARDIAN, Subject} from "./Subject.sol";
import {VaultSlots} from "./VaultSlots.sol";
import {WaitingList, WaitingListLib} from "./WaitingList.sol";
import {WINDOW_COUNT, Windows} from "./Windows.sol";

/// @title  Views of a vault that only fold its storage: read from outside, as the vault itself would
library VaultReader {
    /// @dev How long a change can be executed once it may be: base/Waiting.sol.
    uint32 private constant EXECUTION_WINDOW = 7 days;

    /// @notice See IVaultLens.sessionOf.
    function sessionOf(IVault vault, uint32 session) internal view returns (IVaultLens.SessionView memory) {
        (address key, SessionWord word, bool revoked) = VaultSlots.sessionOf(vault, session);
        return IVaultLens.SessionView({
            key: key,
            validFrom: word.validFrom(),
            validUntil: word.validUntil(),
            categories: word.categories(),
            nonceHighest: word.nonceHighest(),
            nonceWindow: word.nonceWindow(),
            epoch: word.epoch(),
            revoked: revoked
        });
    }

    /// @notice See IVaultLens.remaining.
    function remaining(IVault vault, uint32 session, uint8 category, address token)
        internal
        view
        returns (uint128 perPaymentCap, IVaultLens.LimitView[] memory limits)
    {
        (AllowanceWord allowance, Meter[] memory meters) = _metersOf(vault, scopeOf(session, category, token));
        // forge-lint: disable-next-line(unsafe-typecast) -- 2^31 units of at most 2^97
        if (category == 0) perPaymentCap = uint128(allowance.perPaymentCap());
        limits = new IVaultLens.LimitView[](WINDOW_COUNT);
        uint256 count = 0;
        for (uint256 index = 0; index < WINDOW_COUNT; ++index) {
            if (!allowance.limitedBy(index)) continue;
            limits[count++] = _limitView(meters[index], index, allowance.unitBits());
        }
        assembly ("memory-safe") {
            mstore(limits, count)
        }
    }

    /// @notice See IVaultLens.meterOf.
    function meterOf(IVault vault, uint32 session, uint8 category, address token, uint32 window)
        internal
        view
        returns (Meter)
    {
        uint256 index = Windows.indexOf(window);
        if (index == WINDOW_COUNT) revert IVault.WindowUnknown(window);
        (, Meter[] memory meters) = _metersOf(vault, scopeOf(session, category, token));
        return meters[index];
    }

    /// @notice See IVaultLens.waiting.
    function waiting(IVault vault) internal view returns (IVaultLens.WaitingChange[] memory changes) {
        bytes32[] memory slots = new bytes32[](2);
        (slots[0], slots[1]) = (VaultSlots.waiting(), VaultSlots.killed(EVERYTHING));
        bytes32[] memory words = vault.stateAt(slots);
        (WaitingList list, uint256 everything) = (WaitingList.wrap(uint256(words[0])), uint256(words[1]));
        uint256 count = 0;
        changes = new IVaultLens.WaitingChange[](WaitingListLib.MAX);
        for (uint32 number = list.numberAt(0); number != 0; number = list.numberAt(++count)) {
            changes[count] = _changeOf(vault, number, everything);
            if (count + 1 == WaitingListLib.MAX) {
                ++count;
                break;
            }
        }
        assembly ("memory-safe") {
            mstore(changes, count)
        }
    }

    /// @dev All meters of a scope, those of removed limits included, by window index.
    function _metersOf(IVault vault, Scope scope)
        private
        view
        returns (AllowanceWord allowance, Meter[] memory meters)
    {
        bytes32[] memory slots = new bytes32[](WINDOW_COUNT + 1);
        for (uint256 index = 0; index < WINDOW_COUNT; ++index) {
            slots[index] = VaultSlots.meter(scope, index);
        }
        slots[WINDOW_COUNT] = VaultSlots.allowance(scope);
        bytes32[] memory words = vault.stateAt(slots);
        allowance = AllowanceWord.wrap(uint256(words[WINDOW_COUNT]));
        meters = new Meter[](WINDOW_COUNT);
        for (uint256 index = 0; index < WINDOW_COUNT; ++index) {
            meters[index] = Meter.wrap(uint256(words[index]));
        }
        if (allowance.limited()) meters[allowance.firstIndex()] = allowance.firstMeter();
    }

    function _limitView(Meter meter, uint256 index, uint256 unitBits)
        private
        view
        returns (IVaultLens.LimitView memory)
    {
        uint32 window = Windows.secondsOf(index);
        Meter now_ = meter.rolled(window, block.timestamp);
        // 2^31 units of at most 2^97 base units fit 128 bits: no payment is counted beyond the largest cap
        // forge-lint: disable-start(unsafe-typecast)
        return IVaultLens.LimitView({
            window: window,
            cap: uint128(now_.capUnits() << unitBits),
            used: uint128(now_.usedUnits() << unitBits),
            remaining: uint128(now_.remainingUnits() << unitBits),
            meter: Meter.unwrap(meter)
        });
        // forge-lint: disable-end(unsafe-typecast)
    }

    /// @param everything the owner nonce of the last revoke-all or change of owner that killed what waited
    function _changeOf(IVault vault, uint32 number, uint256 everything)
        private
        view
        returns (IVaultLens.WaitingChange memory change)
    {
        bytes32[] memory slots = new bytes32[](2);
        slots[0] = VaultSlots.change(number);
        slots[1] = bytes32(uint256(slots[0]) + 1);
        bytes32[] memory words = vault.stateAt(slots);
        // Both are cut out of the word
        // forge-lint: disable-next-line(unsafe-typecast)
        (uint32 from, Subject subject) = (uint32(uint256(words[0])), Subject.wrap(uint168(uint256(words[0]) >> 32)));
        bool spared = Subject.unwrap(subject) == Subject.unwrap(GUARDIAN);
        change.change = number;
        change.executableFrom = from;
        unchecked {
            change.executableUntil = from + EXECUTION_WINDOW; // starts over where 32-bit time ends
        }
        change.killed =
            number <= VaultSlots.read(vault, VaultSlots.killed(subject)) || (!spared && number <= everything);
        change.callHash = words[1];
    }
}
