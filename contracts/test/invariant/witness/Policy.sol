// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Payments} from "./Payments.sol";
import {IVault} from "src/interfaces/IVault.sol";

/// @notice What a vault's events say is in force: roles, sessions, caps, limits, payees (I12). And what a change of it
///         would loosen (I9), field by field, as safety would have it and not as the vault does it.
abstract contract Policy is Payments {
    struct Session {
        address key;
        uint32 validFrom;
        uint32 validUntil;
        uint64 categories;
        uint32 epoch;
        bool ended;
        uint32 highest; // nonce paid
    }

    address public owner;
    address public pendingOwner;
    address public guardian;
    address public treasury;
    uint32 public delay;
    bool public paused;
    uint32 public epoch;

    uint32[] public ids; // of sessions, as granted
    address[] public keys; // that ever served
    address[] public accounts; // that were ever in the book
    mapping(uint32 session => Session) internal _sessions;
    mapping(address key => uint32) public served;
    mapping(address account => uint8) public book;
    mapping(address account => bool) private _known;
    mapping(uint32 session => mapping(address token => uint128)) public perPaymentCap;

    function keyCount() external view returns (uint256) {
        return keys.length;
    }

    function session(uint32 id) external view returns (Session memory) {
        return _sessions[id];
    }

    function idCount() external view returns (uint256) {
        return ids.length;
    }

    function revoked(uint32 id) public view returns (bool) {
        return _sessions[id].key != address(0) && (_sessions[id].ended || _sessions[id].epoch != epoch);
    }

    /// @notice Whether the session exists and can still be changed.
    function live(uint32 id) public view returns (bool) {
        return _sessions[id].key != address(0) && !revoked(id);
    }

    /// @notice Whether the session is live and within its span.
    function able(uint32 id) public view returns (bool) {
        Session storage it = _sessions[id];
        return live(id) && block.timestamp >= it.validFrom && block.timestamp < it.validUntil;
    }

    /// @dev Takes in one event of the owner's or the guardian's.
    function _fold(bytes32 name, bytes32[] calldata topics, bytes calldata data) internal {
        bytes32 first = topics[1];
        if (name == IVault.LimitSet.selector) {
            (Scope memory scope, uint256 w, uint128 cap, uint128 spent) = _limitSet(topics, data);
            _setLimit(scope, w, cap);
            assertEq(spent, usedOf(scope, w), "I7: what it says is used, is");
        } else if (name == IVault.LimitRemoved.selector) {
            (uint8 category, uint32 window,) = abi.decode(data, (uint8, uint32, uint32));
            _removeLimit(Scope(uint32(uint256(first)), category, asAddress(topics[2])), indexOf(window));
        } else if (name == IVault.PerPaymentCapSet.selector) {
            (uint128 cap,) = abi.decode(data, (uint128, uint32));
            perPaymentCap[uint32(uint256(first))][asAddress(topics[2])] = cap;
        } else if (name == IVault.SessionGranted.selector) {
            _granted(uint32(uint256(first)), asAddress(topics[2]), data);
        } else if (name == IVault.KeyRotated.selector) {
            _rotated(_sessions[uint32(uint256(first))], asAddress(topics[2]), asAddress(topics[3]));
        } else if (name == IVault.ValiditySet.selector) {
            Session storage it = _sessions[uint32(uint256(first))];
            (it.validFrom, it.validUntil,) = abi.decode(data, (uint32, uint32, uint32));
        } else if (name == IVault.CategoriesSet.selector) {
            (_sessions[uint32(uint256(first))].categories,) = abi.decode(data, (uint64, uint32));
        } else if (name == IVault.PayeeSet.selector) {
            if (!_known[asAddress(first)]) accounts.push(asAddress(first));
            _known[asAddress(first)] = true;
            (book[asAddress(first)],) = abi.decode(data, (uint8, uint32));
        } else if (name == IVault.PayeeRemoved.selector) {
            delete book[asAddress(first)];
        } else if (name == IVault.Revoked.selector) {
            _sessions[uint32(uint256(first))].ended = true;
        } else {
            _foldRule(name, topics, data);
        }
    }

    /// @dev What concerns the vault as a whole.
    function _foldRule(bytes32 name, bytes32[] calldata topics, bytes calldata data) private {
        address account = asAddress(topics[1]);
        if (name == IVault.AllRevoked.selector) {
            uint32 next;
            (next,) = abi.decode(data, (uint32, uint32));
            assertEq(next, ++epoch, "an epoch follows the last");
        } else if (name == IVault.Paused.selector) {
            paused = true;
        } else if (name == IVault.Unpaused.selector) {
            paused = false;
        } else if (name == IVault.DelaySet.selector) {
            delay = uint32(uint160(account));
        } else if (name == IVault.GuardianSet.selector) {
            guardian = account;
        } else if (name == IVault.TreasurySet.selector) {
            treasury = account;
        } else if (name == IVault.OwnershipTransferStarted.selector) {
            assertEq(account, owner);
            pendingOwner = asAddress(topics[2]);
        } else if (name == IVault.OwnershipTransferred.selector) {
            assertEq(account, owner);
            (owner, pendingOwner) = (asAddress(topics[2]), address(0));
        } else if (name == IVault.TokenAdded.selector) {
            (uint8 unitBits,) = abi.decode(data, (uint8, uint32));
            assertEq(_unit[account], 0, "a token is listed once");
            _unit[account] = uint256(1) << unitBits;
        }
    }

    function _granted(uint32 id, address key, bytes calldata data) private {
        Session storage it = _sessions[id];
        assertTrue(it.key == address(0) && id != 0, "I8: an id is granted once, ever");
        _serves(id, key);
        it.key = key;
        (it.validFrom, it.validUntil, it.categories, it.epoch,) =
            abi.decode(data, (uint32, uint32, uint64, uint32, uint32));
        assertEq(it.epoch, epoch);
        ids.push(id);
    }

    function _rotated(Session storage it, address oldKey, address newKey) private {
        assertEq(it.key, oldKey);
        _serves(served[oldKey], newKey);
        (it.key, it.highest) = (newKey, 0);
    }

    function _serves(uint32 id, address key) private {
        assertEq(served[key], 0, "I8: a key serves one session of a vault, once, ever");
        served[key] = id;
        keys.push(key);
    }

    // ------------------------------------------------------------------------------------------ what loosens

    /// @dev Whether an event, as compared with what was in force before it, lets some key move more money, to more
    ///      places, for longer, or leaves fewer able to stop it.
    function _loosened(bytes32 name, bytes32[] calldata topics, bytes calldata data) internal view returns (bool) {
        bytes32 first = topics[1];
        if (name == IVault.LimitSet.selector) {
            (Scope memory scope, uint256 w, uint128 cap,) = _limitSet(topics, data);
            return loosensLimit(scope, w, cap);
        }
        if (name == IVault.LimitRemoved.selector) {
            (uint8 category,,) = abi.decode(data, (uint8, uint32, uint32));
            return loosensRemoval(Scope(uint32(uint256(first)), category, asAddress(topics[2])));
        }
        if (name == IVault.PerPaymentCapSet.selector) {
            (uint128 cap,) = abi.decode(data, (uint128, uint32));
            return cap > perPaymentCap[uint32(uint256(first))][asAddress(topics[2])];
        }
        if (name == IVault.ValiditySet.selector) {
            (uint32 from, uint32 until,) = abi.decode(data, (uint32, uint32, uint32));
            return loosensValidity(uint32(uint256(first)), from, until);
        }
        if (name == IVault.CategoriesSet.selector) {
            (uint64 mask,) = abi.decode(data, (uint64, uint32));
            return mask & ~_sessions[uint32(uint256(first))].categories != 0;
        }
        return _loosenedRule(name, topics);
    }

    function _loosenedRule(bytes32 name, bytes32[] calldata topics) private view returns (bool) {
        if (
            name == IVault.SessionGranted.selector || name == IVault.Unpaused.selector
                || name == IVault.PayeeSet.selector
        ) return true;
        if (name == IVault.DelaySet.selector) return uint256(topics[1]) < delay;
        if (name == IVault.GuardianSet.selector) return asAddress(topics[1]) != guardian;
        if (name == IVault.TreasurySet.selector) return asAddress(topics[1]) != treasury;
        return name == IVault.OwnershipTransferStarted.selector && topics[2] != 0;
    }

    function loosensLimit(Scope memory scope, uint256 w, uint256 cap) internal view returns (bool) {
        (bool stands, uint128 standing) = limitOf(scope, w);
        if (stands) return cap > standing;
        return scope.session != 0 && scope.category == 0 && standingOf(scope) == 0; // opens the token
    }

    function loosensRemoval(Scope memory scope) internal view returns (bool) {
        uint256 mask = standingOf(scope);
        bool closes = scope.session != 0 && scope.category == 0 && mask & (mask - 1) == 0;
        return !closes;
    }

    function loosensValidity(uint32 id, uint32 from, uint32 until) internal view returns (bool) {
        return from < _sessions[id].validFrom || until > _sessions[id].validUntil;
    }

    // ------------------------------------------------------------------------------------------

    function indexOf(uint32 window) public pure returns (uint256 w) {
        while (windowOf(w) != window) ++w;
    }

    function asAddress(bytes32 word) internal pure returns (address) {
        return address(uint160(uint256(word)));
    }

    function _limitSet(bytes32[] calldata topics, bytes calldata data)
        internal
        pure
        returns (Scope memory scope, uint256 w, uint128 cap, uint128 used)
    {
        uint32 window;
        (scope.category, window, cap, used,) = abi.decode(data, (uint8, uint32, uint128, uint128, uint32));
        (scope.session, scope.token, w) = (uint32(uint256(topics[1])), asAddress(topics[2]), indexOf(window));
    }
}
