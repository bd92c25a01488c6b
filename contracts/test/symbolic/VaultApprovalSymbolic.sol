// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Signed, YesToken} from "./AnyVault.sol";
import {GivenPayment} from "./GivenPayment.sol";
import {assume} from "./Premise.sol";
import {AllowanceWord} from "src/libraries/AllowanceWord.sol";
import {SlidingCap} from "src/libraries/SlidingCap.sol";

/// @notice The cap for one payment, and the approval that alone lifts it (I5).
/// @custom:halmos --loop 8
contract VaultApprovalSymbolic is GivenPayment {
    bytes32 private constant APPROVAL_TYPEHASH = keccak256(
        "PaymentApproval(Payment payment)Payment(uint32 session,uint32 nonce,uint32 deadline,address token,address payee,uint128 amount,uint128 fee,address feeRecipient,bytes32 ref)"
    );

    struct Approval {
        bytes32 r;
        bytes32 s;
        uint8 v;
    }

    function _token() internal override returns (address) {
        return address(new YesToken());
    }

    /// @notice Above its cap a session pays with the owner's approval of this very payment, and with no other.
    /// @custom:promise I5
    function check_AboveItsCapOnlyTheOwnersApprovalPays(Signed memory signed, uint256 cap, Approval memory approval)
        external
    {
        assume(_given(signed) > _capped(cap));
        assume(_approver(signed, approval) != owner);
        assert(!_approved(signed, approval));
    }

    function checkFail_AboveItsCapOnlyTheOwnersApprovalPays(Signed memory signed, uint256 cap, Approval memory approval)
        external
    {
        assume(_given(signed) > _capped(cap));
        assert(!_approved(signed, approval));
    }

    /// @notice Its limits bind an approved payment as any other.
    /// @custom:promise I4 I5
    function check_AnApprovalLiftsNothingElse(Signed memory signed, uint256 cap, Approval memory approval) external {
        _limited(signed, cap, approval, 0);
    }

    function checkFail_AnApprovalLiftsNothingElse(Signed memory signed, uint256 cap, Approval memory approval)
        external
    {
        _limited(signed, cap, approval, 1);
    }

    function _limited(Signed memory signed, uint256 cap, Approval memory approval, uint256 less) private {
        cap &= SlidingCap.MAX_UNITS;
        _setAllowance(_session(), _limitOf(0, _still(cap << 155)).withPerPaymentUnits(0));
        assume(_given(signed) + less > cap);
        assert(!_approved(signed, approval));
    }

    /// @notice An approval that is not needed is refused: it may have been meant for another cap.
    /// @custom:promise I5
    function check_AnUnneededApprovalIsRefused(Signed memory signed, uint256 cap, Approval memory approval) external {
        assume(_given(signed) <= _capped(cap));
        assert(!_approved(signed, approval));
    }

    function checkFail_AnUnneededApprovalIsRefused(Signed memory signed, uint256 cap) external {
        assume(_given(signed) <= _capped(cap));
        assert(!_pay(signed));
    }

    /// @dev A limit that is ample, and this cap for one payment.
    function _capped(uint256 cap) private returns (uint256) {
        cap &= SlidingCap.MAX_UNITS;
        _setAllowance(_session(), _ample().withPerPaymentUnits(cap));
        return cap;
    }

    function _approver(Signed memory signed, Approval memory approval) private view returns (address) {
        bytes32 structHash = keccak256(abi.encode(APPROVAL_TYPEHASH, _paymentHash(signed.payment)));
        return ecrecover(_digest(structHash), approval.v, approval.r, approval.s);
    }

    function _approved(Signed memory signed, Approval memory approval) private returns (bool) {
        return _payApproved(signed, abi.encodePacked(approval.r, approval.s, approval.v));
    }
}
