// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IVault} from "../interfaces/IVault.sol";
import {Raise} from "./Outflow.sol";

/// @dev The scope of the vault's own limits, beside a session's: 0 = all it pays, 1..63 = by category.
uint256 constant VAULT_SCOPE = 64;

/// @notice A waiting change, as far as it may let a session spend more of one token. What its verb doesn't set is zero.
struct Loosening {
    bytes4 verb; // zero = one that has no say in it
    uint256 from; // when it can be executed
    uint256 scope; // setLimit, removeLimit: whose limit
    uint32 validFrom; // grant, setValidity
    uint32 validUntil;
    uint64 categories; // grant, setCategories
    uint128 perPaymentCap; // grant, setPerPaymentCap
    IVault.Limit[] limits; // all of a grant's in the token; the one of setLimit and of removeLimit (its cap is 0)
}

/// @title  Reads the calls of waiting changes
/// @dev    The vault has decoded the very same bytes before it put them by.
library Loosenings {
    /// @notice What a call would loosen, if it can be executed from `from` on, for this session and token.
    function read(bytes calldata call, uint256 from, uint32 session, address token)
        internal
        pure
        returns (Loosening memory loosening)
    {
        (bytes4 verb, bytes calldata arguments) = _split(call);
        // A `replace`: expected, 0x40, length, and the call that counts. What it expects might come true
        if (verb == IVault.replace.selector) {
            (verb, arguments) = _split(arguments[0x60:0x60 + uint256(bytes32(arguments[0x40:]))]);
        }
        (loosening.from, loosening.verb) = (from, verb);
        uint32 whose = session;
        address concerned = token;
        if (verb == IVault.setLimit.selector || verb == IVault.removeLimit.selector) {
            (whose, concerned) = _readLimit(loosening, arguments);
            if (whose == 0) whose = session; // the vault's own limits concern them all
        } else if (verb == IVault.setPerPaymentCap.selector) {
            (whose, concerned, loosening.perPaymentCap) = abi.decode(arguments, (uint32, address, uint128));
        } else if (verb == IVault.setCategories.selector) {
            (whose, loosening.categories) = abi.decode(arguments, (uint32, uint64));
        } else if (verb == IVault.setValidity.selector) {
            (whose, loosening.validFrom, loosening.validUntil) = abi.decode(arguments, (uint32, uint32, uint32));
        } else if (verb == IVault.grant.selector) {
            IVault.Grant calldata granted = _grantOf(arguments);
            whose = granted.session;
            if (whose == session) _readGrant(loosening, granted, token);
        } else {
            loosening.verb = 0;
        }
        if (whose != session || concerned != token) loosening.verb = 0;
    }

    /// @notice Whether a limit may be removed by `end`.
    function removes(Loosening[] memory waiting, uint256 scope, uint32 window, uint256 end)
        internal
        pure
        returns (bool)
    {
        for (uint256 i = 0; i < waiting.length; ++i) {
            if (_concerns(waiting[i], IVault.removeLimit.selector, scope, window) && waiting[i].from <= end) {
                return true;
            }
        }
        return false;
    }

    /// @notice The caps that a limit may be given.
    function raisesOf(Loosening[] memory waiting, uint256 scope, uint32 window, uint256 unitBits)
        internal
        pure
        returns (Raise[] memory raises)
    {
        uint256 count = 0;
        for (uint256 i = 0; i < waiting.length; ++i) {
            if (_concerns(waiting[i], IVault.setLimit.selector, scope, window)) ++count;
        }
        raises = new Raise[](count); // of the right length at once: there may be hundreds of limits to ask for
        for (uint256 i = waiting.length; count != 0;) {
            if (!_concerns(waiting[--i], IVault.setLimit.selector, scope, window)) continue;
            raises[--count] = Raise(waiting[i].from, uint256(waiting[i].limits[0].cap) >> unitBits);
        }
    }

    /// @notice From when on the session may be granted a category; 2^256 - 1 = not by anything that waits.
    function grantedFrom(Loosening[] memory waiting, uint256 category) internal pure returns (uint256 from) {
        from = type(uint256).max;
        for (uint256 i = 0; i < waiting.length; ++i) {
            Loosening memory change = waiting[i];
            if (change.verb != IVault.setCategories.selector) continue;
            if ((change.categories >> category) & 1 == 1 && change.from < from) from = change.from;
        }
    }

    function _concerns(Loosening memory change, bytes4 verb, uint256 scope, uint32 window) private pure returns (bool) {
        return change.verb == verb && change.scope == scope && change.limits[0].window == window;
    }

    function _split(bytes calldata call) private pure returns (bytes4 verb, bytes calldata arguments) {
        // forge-lint: disable-next-line(unsafe-typecast) -- the first four bytes
        return (bytes4(call), call[4:]);
    }

    function _readLimit(Loosening memory loosening, bytes calldata arguments)
        private
        pure
        returns (uint32 session, address token)
    {
        IVault.Limit memory limit;
        (session, limit.category, token, limit.window) = abi.decode(arguments, (uint32, uint8, address, uint32));
        if (loosening.verb == IVault.setLimit.selector) {
            (,,,, limit.cap) = abi.decode(arguments, (uint32, uint8, address, uint32, uint128));
        }
        (loosening.scope, loosening.limits) = (session == 0 ? VAULT_SCOPE : limit.category, new IVault.Limit[](1));
        loosening.limits[0] = limit;
    }

    function _readGrant(Loosening memory loosening, IVault.Grant calldata granted, address token) private pure {
        loosening.categories = granted.categories;
        (loosening.validFrom, loosening.validUntil) = (granted.validFrom, granted.validUntil);
        for (uint256 i = 0; i < granted.tokens.length; ++i) {
            if (granted.tokens[i].token != token) continue;
            loosening.perPaymentCap = granted.tokens[i].perPaymentCap;
            loosening.limits = granted.tokens[i].limits;
        }
    }

    /// @dev As abi.decode finds it, where it stands: grants may be long.
    function _grantOf(bytes calldata arguments) private pure returns (IVault.Grant calldata granted) {
        assembly ("memory-safe") {
            granted := add(arguments.offset, calldataload(arguments.offset))
        }
    }
}
