// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {GivenPayment} from "./GivenPayment.sol";
import {assume} from "./Premise.sol";
import {AllowanceWord} from "src/libraries/AllowanceWord.sol";
import {SessionWord} from "src/libraries/SessionWord.sol";
import {VaultWord} from "src/libraries/VaultWord.sol";

/// @notice A payment under one limit, and all that it may change.
abstract contract PaymentState is GivenPayment {
    /// @dev All of the vault and the token that a payment may change.
    struct State {
        uint256 vaultWord;
        uint256 sessionWord;
        uint256 allowance;
        uint256 vaultHas;
        uint256 payeeHas;
        uint256 feeRecipientHas;
    }

    /// @dev What the given token's books say that an account has.
    function _held(address account) internal view virtual returns (uint256);

    /// @dev One limit of an hour, and none of the vault's own.
    function _plain(uint256 counts) internal {
        assume(!_vaultWord().limited());
        _setAllowance(_session(), _limitOf(0, _still(counts)));
    }

    function _state(address key) internal view returns (State memory) {
        return State({
            vaultWord: VaultWord.unwrap(_vaultWord()),
            sessionWord: SessionWord.unwrap(_sessionWord(key)),
            allowance: AllowanceWord.unwrap(_allowanceWord(_session())),
            vaultHas: _held(address(vault)),
            payeeHas: _held(PAYEE),
            feeRecipientHas: _held(FEE_RECIPIENT)
        });
    }
}
