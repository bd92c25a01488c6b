// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Acts} from "./base/Acts.sol";
import {Roles} from "./base/Roles.sol";
import {IVault} from "./interfaces/IVault.sol";
import {AllowanceWord} from "./libraries/AllowanceWord.sol";
import {OwnerSignature} from "./libraries/OwnerSignature.sol";
import {PaymentHash} from "./libraries/PaymentHash.sol";
import {Scope, scopeOf} from "./libraries/Scope.sol";
import {SessionSignature} from "./libraries/SessionSignature.sol";
import {SessionWord} from "./libraries/SessionWord.sol";
import {Meter} from "./libraries/SlidingCap.sol";
import {VaultWord} from "./libraries/VaultWord.sol";
import {WINDOW_COUNT} from "./libraries/Windows.sol";
import {IERC20, SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";

/// @title  One owner's vault
/// @notice The two ways money leaves are in this file: `pay` and `withdraw` (I1). What they obey is in base/.
contract Vault is Acts {
    using SafeERC20 for IERC20;
    using SafeTransferLib for address; // balances, bounded: 0 where a token gives no answer

    /// @dev With what each item is demanded to have, this many fit the 16,777,216 gas of a transaction (EIP-7825).
    uint256 private constant MAX_ITEMS = 32;
    /// @dev What a batch gives each item. A payment of real USDC under four limits takes less than 130,000.
    uint256 private constant ITEM_GAS = 500_000;
    /// @dev What must be left before an item: EVM keeps 1/64 back, and a failed item is looked at and logged.
    uint256 private constant ITEM_GAS_DEMANDED = 520_000;

    constructor(address owner_, address treasury_, address guardian_) Roles(owner_, treasury_, guardian_) {}

    /// @inheritdoc IVault
    function pay(Payment calldata signed, bytes calldata signature, bytes calldata approval) external {
        // Check
        (Payment memory payment, bytes32 structHash) = PaymentHash.read(signed);
        address key = SessionSignature.signerOf(_digestOf(structHash), signature);
        if (key == address(0)) revert SignatureInvalid();
        VaultWord vault = _vault;
        (SessionWord word, uint256 category, uint256 feeCategory) = _judge(vault, payment, key);
        (Scope scope, AllowanceWord allowance, uint256 total) = _allowanceOf(payment);
        uint256 cap = allowance.perPaymentCap();
        if (total > cap && !_isPurse(payment.payee)) {
            // forge-lint: disable-next-line(unsafe-typecast) -- 2^31 units of at most 2^97
            if (approval.length == 0) revert AbovePerPaymentCap(total, uint128(cap));
            if (!_isApproved(structHash, approval)) revert ApprovalInvalid();
        } else if (approval.length != 0) {
            revert ApprovalNotNeeded();
        }
        // Check and effect: before any outside call, so that whoever re-enters meets the counted state
        _sessions[key] = word;
        _count(scope, allowance, total);
        if (allowance.byCategory() || vault.limited()) {
            for (uint256 i = 0; i < BESIDES; ++i) {
                (scope, total) = _beside(i, vault, allowance, payment, category, feeCategory);
                if (total == 0) continue;
                AllowanceWord beside = _allowances[scope];
                if (beside.limited()) _count(scope, beside, total);
            }
        }
        _logPaid(vault, payment, category);
        // Interaction
        _transferPayment(payment);
    }

    /// @inheritdoc IVault
    /// @dev The one call of the vault to itself (I1), so that an item that fails is undone whole.
    function payBatch(BatchItem[] calldata items) external {
        if (items.length == 0) revert EmptyList();
        if (items.length > MAX_ITEMS) revert BatchTooLong(items.length, MAX_ITEMS);
        for (uint256 i = 0; i < items.length; ++i) {
            BatchItem calldata item = items[i];
            (uint256 question, uint256 size) = _copied(item);
            // After the copy, which costs what the item's encoding makes it cost, and right before the call
            if (gasleft() < ITEM_GAS_DEMANDED) revert BatchGasShort(i, gasleft(), ITEM_GAS_DEMANDED);
            bool done;
            assembly ("memory-safe") {
                done := call(ITEM_GAS, address(), 0, question, size, 0, 0)
            }
            if (done) continue;
            bytes memory reason = _reason();
            if (reason.length == 0) revert BatchItemUnexplained(i);
            _logFailed(item, reason);
        }
    }

    /// @inheritdoc IVault
    function check(Payment calldata unsigned, bool approved) external view {
        (Payment memory payment,) = PaymentHash.read(unsigned);
        VaultWord vault = _vault;
        (, uint256 category, uint256 feeCategory) = _judge(vault, payment, _keys[payment.session]);
        (Scope scope, AllowanceWord allowance, uint256 total) = _allowanceOf(payment);
        uint256 cap = allowance.perPaymentCap();
        if (total > cap && !approved && !_isPurse(payment.payee)) {
            // forge-lint: disable-next-line(unsafe-typecast) -- 2^31 units of at most 2^97
            revert AbovePerPaymentCap(total, uint128(cap));
        }
        _judgeScope(scope, allowance, total);
        for (uint256 i = 0; i < BESIDES; ++i) {
            (scope, total) = _beside(i, vault, allowance, payment, category, feeCategory);
            if (total == 0) continue;
            AllowanceWord beside = _allowances[scope];
            if (beside.limited()) _judgeScope(scope, beside, total);
        }
        (bool told, uint256 balance) = payment.token.checkBalanceOf(address(this));
        total = _total(payment);
        if (told && balance < total) revert VaultShort(balance, total);
    }

    /// @inheritdoc IVault
    function withdraw(address token, uint256 amount) external {
        _byOwner();
        _withdraw(token, amount);
    }

    function _withdraw(address token, uint256 amount) internal override {
        // Check: what a token says of its balances names a refusal, but is no condition: it can't be an obstacle
        uint256 balance = token.balanceOf(address(this));
        if (amount == type(uint256).max) amount = balance;
        if (amount == 0) revert ZeroAmount();
        // Effect
        address to = _treasury;
        _log(_vault, 3, abi.encode(HASH, Withdrawn.selector, token, to, amount, SEQUENCE));
        // Interaction
        if (IERC20(token).trySafeTransfer(to, amount)) return;
        // Some tokens move the money and answer false, or anything: then it has left, and that is what was asked for
        (bool told, uint256 left) = token.checkBalanceOf(address(this));
        if (told && left <= balance && balance - left >= amount) return;
        if (told && balance < amount) revert VaultShort(balance, amount);
        revert TransferFailed(token, to, amount);
    }

    /// @dev The owner has signed that the payment of this hash may be made above its session's cap (I5).
    function _isApproved(bytes32 structHash, bytes calldata approval) private view returns (bool) {
        return OwnerSignature.isValid(_owner, _digestOf(PaymentHash.ofApproval(structHash)), approval);
    }

    /// @dev What the session has of the payment's token, and what the payment takes of it.
    function _allowanceOf(Payment memory payment)
        private
        view
        returns (Scope scope, AllowanceWord allowance, uint256 total)
    {
        scope = scopeOf(payment.session, 0, payment.token);
        allowance = _allowances[scope];
        if (!allowance.limited()) revert TokenNotGranted(payment.session, payment.token);
        total = _total(payment);
    }

    /// @dev Counts a payment in every limit of a scope.
    function _count(Scope scope, AllowanceWord allowance, uint256 total) private {
        (AllowanceWord next, Meter[] memory others) = _judgeScope(scope, allowance, total);
        _allowances[scope] = next;
        if (next.others() == 0) return;
        for (uint256 index = 0; index < WINDOW_COUNT; ++index) {
            if ((next.others() >> index) & 1 == 1) _setMeter(scope, index, others[index]);
        }
    }

    /// @dev The calldata of `pay` for an item, in memory beyond what is in use: an item's encoding is that of `pay`'s
    ///      arguments, so it is copied as it is, up to the end of the approval, its last part.
    function _copied(BatchItem calldata item) private pure returns (uint256 question, uint256 size) {
        bytes calldata approval = item.approval;
        bytes4 selector = IVault.pay.selector;
        assembly ("memory-safe") {
            question := mload(0x40)
            size := and(add(add(sub(approval.offset, item), approval.length), 0x1f), not(0x1f))
            mstore(question, selector)
            calldatacopy(add(question, 0x04), item, size)
            size := add(size, 0x04)
        }
    }

    /// @dev What the last call reverted with: one of the vault's own errors, so it is short.
    function _reason() private pure returns (bytes memory reason) {
        assembly ("memory-safe") {
            reason := mload(0x40)
            mstore(reason, returndatasize())
            returndatacopy(add(reason, 0x20), 0, returndatasize())
            mstore(0x40, add(reason, and(add(returndatasize(), 0x3f), not(0x1f))))
        }
    }

    /// @dev Tells of an item that did not pay, if a key of its session has signed it: nobody else can have this vault
    ///      say anything. The judge looks at the signature first, so a later reason proves it.
    function _logFailed(BatchItem calldata item, bytes memory reason) private {
        // forge-lint: disable-next-line(unsafe-typecast) -- the first four bytes are what is wanted
        bytes4 code = bytes4(reason);
        if (
            code == PaymentMalformed.selector || code == SignatureInvalid.selector || code == SessionUnknown.selector
                || code == SignerNotSessionKey.selector
        ) return;
        Payment calldata payment = item.payment;
        emit PaymentFailed(payment.session, payment.payee, payment.ref, payment.nonce, reason);
    }

    /// @dev Moves amount and fee, or reverts so that the payment leaves no trace (I11).
    function _transferPayment(Payment memory payment) private {
        IERC20 token = IERC20(payment.token);
        if (!token.trySafeTransfer(payment.payee, payment.amount)) {
            _revertTransfer(payment.token, payment.payee, payment.amount, 0, _total(payment));
        }
        if (payment.fee != 0 && !token.trySafeTransfer(payment.feeRecipient, payment.fee)) {
            _revertTransfer(payment.token, payment.feeRecipient, payment.fee, payment.amount, _total(payment));
        }
    }

    /// @dev Says why a transfer failed: the vault was short of `needed` before it moved `moved`, or the token did not
    ///      want to.
    function _revertTransfer(address token, address to, uint256 amount, uint256 moved, uint256 needed) private view {
        (bool told, uint256 balance) = token.checkBalanceOf(address(this));
        if (told && balance < needed - moved) revert VaultShort(balance + moved, needed); // moved is part of needed
        revert TransferFailed(token, to, amount);
    }
}
