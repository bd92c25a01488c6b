// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Signed} from "./AnyVault.sol";
import {assume} from "./Premise.sol";
import {TokenBehaviour} from "./TokenBehaviour.sol";
import {
    BombToken,
    FalseAnswerToken,
    FeeTakingToken,
    FreezingToken,
    Hook,
    HookedToken,
    Ledger,
    MuteToken,
    NoAnswerToken,
    RefusingToken,
    ShrinkingToken
} from "./Tokens.sol";

/// @notice No answer to a transfer means yes, from an account with code.
/// @custom:halmos --loop 8
contract VaultWithNoAnswerTokenSymbolic is TokenBehaviour {
    function _newToken() internal override returns (Ledger) {
        return new NoAnswerToken();
    }
}

/// @notice Whatever but true is answered to a payment undoes it; a withdrawal looks at what has left.
/// @custom:halmos --loop 8
contract VaultWithFalseAnswerTokenSymbolic is TokenBehaviour {
    function _newToken() internal override returns (Ledger) {
        return new FalseAnswerToken();
    }
}

/// @custom:halmos --loop 8
contract VaultWithFeeTakingTokenSymbolic is TokenBehaviour {
    function _newToken() internal override returns (Ledger) {
        return new FeeTakingToken();
    }
}

/// @custom:halmos --loop 8
contract VaultWithShrinkingTokenSymbolic is TokenBehaviour {
    function _newToken() internal override returns (Ledger) {
        return new ShrinkingToken();
    }
}

/// @custom:halmos --loop 8
contract VaultWithFreezingTokenSymbolic is TokenBehaviour {
    function _newToken() internal override returns (Ledger) {
        return new FreezingToken();
    }
}

/// @custom:halmos --loop 8
contract VaultWithBombTokenSymbolic is TokenBehaviour {
    function _newToken() internal override returns (Ledger) {
        return new BombToken();
    }
}

/// @custom:halmos --loop 8
contract VaultWithRefusingTokenSymbolic is TokenBehaviour {
    function _newToken() internal override returns (Ledger) {
        return new RefusingToken();
    }
}

/// @custom:halmos --loop 8
contract VaultWithMuteTokenSymbolic is TokenBehaviour {
    function _newToken() internal override returns (Ledger) {
        return new MuteToken();
    }
}

/// @notice Who is called in the midst of a payment meets a vault that has counted it already.
/// @custom:halmos --loop 8
contract VaultWithHookedTokenSymbolic is TokenBehaviour, Hook {
    Signed private next;
    bool private armed;
    bool private done;

    function _newToken() internal override returns (Ledger) {
        return new HookedToken();
    }

    function _prepare(Signed memory signed) internal override {
        (next, armed) = (signed, true);
    }

    /// @dev The first time only: what is paid in the midst of a payment calls, too.
    function called() external {
        if (!armed) return;
        armed = false;
        done = _pay(next);
    }

    /// @notice A payment is not made again while it is made.
    /// @custom:promise I3 I11
    function check_NoPaymentIsMadeWithinItself(Signed memory signed) external {
        _reenter(signed, signed);
    }

    /// @dev Another one is.
    function checkFail_NoPaymentIsMadeWithinItself(Signed memory signed, Signed memory other) external {
        _given(other);
        _reenter(signed, other);
    }

    function _reenter(Signed memory signed, Signed memory other) private {
        assume(!_vaultWord().limited());
        _given(signed);
        _prepare(other);
        assume(_pay(signed));
        assert(!done);
    }
}
