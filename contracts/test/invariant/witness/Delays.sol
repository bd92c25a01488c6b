// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Policy} from "./Policy.sol";
import {IVault} from "src/interfaces/IVault.sol";

/// @notice The changes that wait, what kills them, and what may take effect (I9).
abstract contract Delays is Policy {
    uint256 internal constant MOST_WAITING = 10;
    uint32 internal constant EXECUTION_SPAN = 7 days;

    enum Kind {
        Session,
        VaultLimit, // of a token
        Pause,
        Delay,
        Ownership,
        Guardian,
        Treasury,
        Payees
    }

    struct Change {
        uint32 number;
        uint32 from;
        bool killed;
        Kind kind;
        uint256 about; // the session or token
        bytes call;
    }

    Change[] internal _changes; // the oldest first
    mapping(uint32 change => bool) public wasKilled;
    uint256 public executed;

    function waitingCount() external view returns (uint256) {
        return _changes.length;
    }

    function changeAt(uint256 place) external view returns (Change memory) {
        return _changes[place];
    }

    function calls() external view returns (bytes[] memory all) {
        all = new bytes[](_changes.length);
        for (uint256 i = 0; i < all.length; ++i) {
            all[i] = _changes[i].call;
        }
    }

    /// @notice Whether a call of the owner's must wait: it loosens something, and a delay is set.
    function mustWait(bytes calldata call) external view returns (bool) {
        return delay != 0 && this.loosens(call);
    }

    function loosens(bytes calldata call) external view returns (bool) {
        bytes4 verb = bytes4(call);
        bytes calldata args = call[4:];
        if (verb == IVault.replace.selector) {
            (, bytes memory inner) = abi.decode(args, (uint256, bytes));
            return this.loosens(inner);
        }
        if (verb == IVault.setLimit.selector) {
            (Scope memory scope, uint256 w, uint128 cap) = decodeLimit(args);
            return loosensLimit(scope, w, down(cap, scope.token));
        }
        if (verb == IVault.removeLimit.selector) {
            (uint32 id, uint8 category, address token,) = abi.decode(args, (uint32, uint8, address, uint32));
            return loosensRemoval(Scope(id, category, token));
        }
        if (verb == IVault.setPerPaymentCap.selector) {
            (uint32 id, address token, uint128 cap) = abi.decode(args, (uint32, address, uint128));
            return down(cap, token) > perPaymentCap[id][token];
        }
        if (verb == IVault.setValidity.selector) {
            (uint32 id, uint32 from, uint32 until) = abi.decode(args, (uint32, uint32, uint32));
            return loosensValidity(id, from, until);
        }
        if (verb == IVault.setCategories.selector) {
            (uint32 id, uint64 mask) = abi.decode(args, (uint32, uint64));
            return mask & ~_sessions[id].categories != 0;
        }
        if (verb == IVault.grant.selector || verb == IVault.setPayees.selector) return true;
        if (verb == IVault.unpause.selector) return paused;
        if (args.length != 32) return false;
        uint256 word = uint256(bytes32(args));
        if (verb == IVault.setDelay.selector) return word < delay;
        if (verb == IVault.setGuardian.selector) return address(uint160(word)) != guardian;
        if (verb == IVault.setTreasury.selector) return address(uint160(word)) != treasury;
        return verb == IVault.transferOwnership.selector && word != 0;
    }

    function decodeLimit(bytes calldata args) internal pure returns (Scope memory scope, uint256 w, uint128 cap) {
        uint32 window;
        (scope.session, scope.category, scope.token, window, cap) =
            abi.decode(args, (uint32, uint8, address, uint32, uint128));
        w = indexOf(window);
    }

    // ------------------------------------------------------------------------------------------ the list

    function _putBy(uint32 number, uint32 from, bytes memory call) internal {
        assertLt(_changes.length, MOST_WAITING);
        (Kind kind, uint256 about) = this.subjectOf(call);
        _changes.push(Change(number, from, false, kind, about, call));
    }

    /// @dev Takes a change off the list.
    function _take(uint32 number) internal returns (Change memory change) {
        uint256 place = 0;
        while (_changes[place].number != number) ++place; // out of bounds if it does not wait
        change = _changes[place];
        for (; place + 1 < _changes.length; ++place) {
            _changes[place] = _changes[place + 1];
        }
        _changes.pop();
    }

    function _kill(Kind kind, uint256 about) internal {
        for (uint256 i = 0; i < _changes.length; ++i) {
            if (_changes[i].kind == kind && _changes[i].about == about) _killAt(i);
        }
    }

    /// @dev Everything that waits; a revoke-all, which the guardian may make, spares the change of the guardian.
    function _killAll(bool guardianToo) private {
        for (uint256 i = 0; i < _changes.length; ++i) {
            if (guardianToo || _changes[i].kind != Kind.Guardian) _killAt(i);
        }
    }

    function _killAt(uint256 place) private {
        (_changes[place].killed, wasKilled[_changes[place].number]) = (true, true);
    }

    /// @dev What takes effect at once kills what waits on the same subject: nothing older undoes it later.
    function _killBy(bytes32 name, bytes32[] calldata topics) internal {
        if (_changes.length == 0) return;
        if (name == IVault.AllRevoked.selector) return _killAll(false);
        if (name == IVault.OwnershipTransferred.selector) return _killAll(true);
        uint256 first = uint256(topics[1]);
        if (
            name == IVault.ValiditySet.selector || name == IVault.CategoriesSet.selector
                || name == IVault.PerPaymentCapSet.selector || name == IVault.SessionGranted.selector
                || name == IVault.Revoked.selector
        ) {
            _kill(Kind.Session, first);
        } else if (name == IVault.LimitSet.selector || name == IVault.LimitRemoved.selector) {
            if (first != 0) _kill(Kind.Session, first);
            else _kill(Kind.VaultLimit, uint256(topics[2]));
        } else if (name == IVault.PayeeRemoved.selector || name == IVault.PayeeSet.selector) {
            _kill(Kind.Payees, 0);
        } else if (name == IVault.Paused.selector || name == IVault.Unpaused.selector) {
            _kill(Kind.Pause, 0);
        } else {
            _killByRule(name);
        }
    }

    function _killByRule(bytes32 name) private {
        if (name == IVault.DelaySet.selector) _kill(Kind.Delay, 0);
        else if (name == IVault.GuardianSet.selector) _kill(Kind.Guardian, 0);
        else if (name == IVault.TreasurySet.selector) _kill(Kind.Treasury, 0);
        else if (name == IVault.OwnershipTransferStarted.selector) _kill(Kind.Ownership, 0);
    }

    function subjectOf(bytes calldata call) external view returns (Kind, uint256) {
        bytes4 verb = bytes4(call);
        if (verb == IVault.replace.selector) {
            (, bytes memory inner) = abi.decode(call[4:], (uint256, bytes));
            return this.subjectOf(inner);
        }
        if (verb == IVault.grant.selector) {
            return (Kind.Session, abi.decode(call[4:], (IVault.Grant)).session);
        }
        if (verb == IVault.setPayees.selector) return (Kind.Payees, 0);
        if (verb == IVault.unpause.selector) return (Kind.Pause, 0);
        if (verb == IVault.setDelay.selector) return (Kind.Delay, 0);
        if (verb == IVault.setGuardian.selector) return (Kind.Guardian, 0);
        if (verb == IVault.setTreasury.selector) return (Kind.Treasury, 0);
        if (verb == IVault.transferOwnership.selector) return (Kind.Ownership, 0);
        uint256 first = uint256(bytes32(call[4:]));
        if (first == 0) return (Kind.VaultLimit, uint256(bytes32(call[68:])));
        return (Kind.Session, first);
    }
}
