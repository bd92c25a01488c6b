// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {AnyVaultWithToken, VM} from "./AnyVault.sol";
import {assume} from "./Premise.sol";
import {Purse} from "src/Purse.sol";
import {AllowanceWord} from "src/libraries/AllowanceWord.sol";
import {Scope, scopeOf} from "src/libraries/Scope.sol";
import {SessionWord} from "src/libraries/SessionWord.sol";
import {Meter} from "src/libraries/SlidingCap.sol";
import {VaultWord} from "src/libraries/VaultWord.sol";

/// @notice How money comes back from a purse (I16), in any state of the vault, whoever asks for it.
/// @custom:halmos --loop 8
contract PurseSweepSymbolic is AnyVaultWithToken {
    uint32 private constant SESSION = 7;
    uint8 private constant CATEGORY = 5;

    Purse private purse;

    function setUp() public override {
        super.setUp();
        purse = new Purse(address(vault), SESSION, address(token), CATEGORY);
    }

    /// @notice Nobody but the vault gains by a sweep, and nobody but the purse loses.
    /// @custom:promise I16
    function check_OnlyTheVaultGains(address caller, address other) external {
        assume(other != address(vault) && other != address(purse));
        _keeps(caller, other);
    }

    function checkFail_OnlyTheVaultGains(address caller, address other) external {
        assume(other != address(purse));
        _keeps(caller, other);
    }

    function _keeps(address caller, address other) private {
        uint256 had = token.balanceOf(other);
        _sweep(caller);
        assert(token.balanceOf(other) == had);
    }

    /// @notice The owner has all of it back at any time: paused, revoked or not.
    /// @custom:promise I10 I16
    function check_TheOwnerHasAllOfItBack() external {
        _allBack(owner);
    }

    function checkFail_TheOwnerHasAllOfItBack() external {
        _allBack(guardian);
    }

    function _allBack(address caller) private {
        uint256 held = token.balanceOf(address(purse));
        uint256 had = token.balanceOf(address(vault));
        assert(_sweep(caller));
        assert(token.balanceOf(address(purse)) == 0);
        unchecked {
            assert(token.balanceOf(address(vault)) == had + held);
        }
    }

    /// @notice While the session lives only the owner sweeps; else a stranger could make the agent burn its limit.
    /// @custom:promise I16
    function check_WhileTheSessionLivesOnlyTheOwnerSweeps(address caller) external {
        _livesUntil(0);
        assume(caller != owner);
        assert(!_sweep(caller));
    }

    function checkFail_WhileTheSessionLivesOnlyTheOwnerSweeps(address caller) external {
        _livesUntil(1);
        assume(caller != owner);
        assert(!_sweep(caller));
    }

    function _livesUntil(uint256 later) private view {
        address key = _keyOf(SESSION);
        SessionWord word = _sessionWord(key);
        assume(key != address(0) && word.epoch() == _vaultWord().epoch() && word.validUntil() != 0);
        assume(block.timestamp < word.validUntil() + later);
    }

    /// @notice Nothing in the vault changes: no meter falls, no nonce comes back.
    /// @custom:promise I7
    function check_ASweepGivesNoAllowanceBack(address caller, uint256 category, address key) external {
        assume(category < 64);
        bytes32 before = _state(category, key);
        _sweep(caller);
        assert(_state(category, key) == before);
    }

    function checkFail_ASweepGivesNoAllowanceBack(address caller, uint256 category, address key) external {
        assume(category < 64);
        bytes32 before = keccak256(abi.encode(_state(category, key), token.balanceOf(address(vault))));
        _sweep(caller);
        assert(keccak256(abi.encode(_state(category, key), token.balanceOf(address(vault)))) == before);
    }

    function _state(uint256 category, address key) private view returns (bytes32) {
        Scope scope = scopeOf(SESSION, category, address(token));
        return keccak256(
            abi.encode(
                VaultWord.unwrap(_vaultWord()),
                AllowanceWord.unwrap(_allowanceWord(scope)),
                Meter.unwrap(_meter(scope, 1)),
                SessionWord.unwrap(_sessionWord(key))
            )
        );
    }

    function _sweep(address caller) private returns (bool done) {
        VM.prank(caller);
        (done,) = address(purse).call(abi.encodeCall(Purse.sweep, (address(token))));
    }
}
