// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {VaultTest} from "../../base/VaultTest.sol";
import {PlainToken} from "../../mocks/PlainToken.sol";
import {IVault} from "src/interfaces/IVault.sol";
import {IVaultLens} from "src/interfaces/IVaultLens.sol";

/// @notice grant.tree. Quoted: I6 (empty means nothing), I7 (adding a key gives nothing back), I8 (an id and a key
///         serve once, ever; owner, guardian and treasury are never session keys).
contract GrantTest is VaultTest {
    uint256 internal constant MOST_UNITS = (1 << 31) - 1;

    function test_When_EverythingIsNew() public {
        IVault.Grant memory other = otherGrant();
        uint32 id = other.session;
        expectLog();
        emit IVault.SessionGranted(id, otherAgent, VALID_FROM, VALID_UNTIL, CATEGORIES, 0, sequence + 1);
        expectLog();
        emit IVault.PerPaymentCapSet(id, address(token), PER_PAYMENT_CAP, sequence + 2);
        expectLog();
        emit IVault.LimitSet(id, address(token), 0, DAY, DAY_CAP, 0, sequence + 3);
        expectLog();
        emit IVault.LimitSet(id, address(token), 0, WEEK, WEEK_CAP, 0, sequence + 4);
        vm.prank(owner);
        vault.grant(other);
        assertLogged(4);

        IVaultLens.SessionView memory view_ = lens.sessionOf(address(vault), id);
        assertEq(view_.key, otherAgent);
        assertEq(view_.validFrom, VALID_FROM);
        assertEq(view_.validUntil, VALID_UNTIL);
        assertEq(view_.categories, CATEGORIES);
        assertEq(view_.epoch, 0);
        assertEq(view_.nonceHighest, 0);
        assertEq(view_.nonceWindow, 0);
        assertFalse(view_.revoked);
        assertEq(vault.sessionOfKey(otherAgent), id);

        // its limits are its own: the first session's spending is not its, nor the other way
        submit(paymentOf(0, 60e6));
        IVault.Payment memory payment = paymentOf(0, 60e6);
        payment.session = id;
        submitBy(OTHER_KEY, payment);
        assertLogged(2);
        assertEq(usedOf(DAY), 60e6);
    }

    // I6
    function test_When_NoTokenIsGranted() public {
        IVault.Grant memory other = otherGrant();
        other.tokens = new IVault.TokenGrant[](0);
        vm.prank(owner);
        vault.grant(other);
        assertLogged(1);
        IVault.Payment memory payment = defaultPayment();
        payment.session = other.session;
        bytes memory why = abi.encodeWithSelector(IVault.TokenNotGranted.selector, other.session, address(token));
        signedRefuses(payment, signBy(OTHER_KEY, payment), why);
        // nor does a cap without limits help
        other = otherGrant();
        (other.session, other.key) = (99, vm.addr(99));
        other.tokens[0].limits = new IVault.Limit[](0);
        vm.prank(owner);
        vault.grant(other);
        assertLogged(2);
        payment.session = 99;
        why = abi.encodeWithSelector(IVault.TokenNotGranted.selector, 99, address(token));
        signedRefuses(payment, signBy(99, payment), why);
    }

    function test_When_SeveralTokensAreGranted() public {
        PlainToken second = new PlainToken(18);
        second.mint(address(vault), FUNDS);
        IVault.Grant memory other = otherGrant();
        (address low, address high) =
            address(second) < address(token) ? (address(second), address(token)) : (address(token), address(second));
        other.tokens = new IVault.TokenGrant[](2);
        other.tokens[0] = tokenGrants(low)[0];
        other.tokens[1] = tokenGrants(high)[0];
        vm.startPrank(owner);
        vault.addToken(address(second), 3);
        vault.grant(other);
        vm.stopPrank();
        assertLogged(1 + 1 + 3 + 3);

        IVault.Payment memory payment = paymentOf(0, 60e6);
        payment.session = other.session;
        submitBy(OTHER_KEY, payment);
        (payment.nonce, payment.token) = (1, address(second));
        submitBy(OTHER_KEY, payment);
        assertLogged(2);
        (, IVaultLens.LimitView[] memory first) = lens.remaining(address(vault), other.session, 0, low);
        (, IVaultLens.LimitView[] memory last) = lens.remaining(address(vault), other.session, 0, high);
        assertEq(first[0].used, 60e6);
        assertEq(last[0].used, 60e6);
    }

    function test_When_NoCategoryIsGranted() public {
        IVault.Grant memory other = otherGrant();
        other.categories = 0;
        vm.prank(owner);
        vault.grant(other);
        assertLogged(4);
        IVault.Payment memory payment = defaultPayment();
        payment.session = other.session;
        bytes memory why = abi.encodeWithSelector(IVault.CategoryNotGranted.selector, other.session, DATA);
        signedRefuses(payment, signBy(OTHER_KEY, payment), why);
    }

    function test_Given_EverythingWasRevokedBefore() public {
        vm.startPrank(owner);
        vault.revokeAll();
        vault.revokeAll(); // nothing left to revoke
        assertLogged(1);
        IVault.Grant memory other = otherGrant();
        expectLog();
        emit IVault.SessionGranted(other.session, otherAgent, VALID_FROM, VALID_UNTIL, CATEGORIES, 1, sequence + 1);
        vault.grant(other);
        vm.stopPrank();
        assertLogged(4);
        assertEq(lens.sessionOf(address(vault), other.session).epoch, 1);
        assertFalse(lens.sessionOf(address(vault), other.session).revoked);
        assertTrue(lens.sessionOf(address(vault), SESSION).revoked);
        IVault.Payment memory payment = defaultPayment();
        payment.session = other.session;
        submitBy(OTHER_KEY, payment);
        assertLogged(1);
    }

    function test_RevertWhen_TheCallerIsNotTheOwner() public {
        address[4] memory callers = [guardian, treasury, agent, stranger];
        for (uint256 i = 0; i < callers.length; ++i) {
            vm.prank(callers[i]);
            vm.expectRevert(abi.encodeWithSelector(IVault.NotOwner.selector, callers[i]));
            vault.grant(otherGrant());
        }
        assertUntouched();
    }

    function test_RevertWhen_TheSessionIsZero() public {
        IVault.Grant memory other = otherGrant();
        other.session = 0;
        grantRefuses(other, abi.encodeWithSelector(IVault.SessionZero.selector));
    }

    // I8: an id is granted once, ever
    function test_RevertWhen_TheSessionExists() public {
        IVault.Grant memory other = otherGrant();
        other.session = SESSION;
        grantRefuses(other, abi.encodeWithSelector(IVault.SessionExists.selector, SESSION));
    }

    function test_RevertWhen_TheSessionWasRevoked() public {
        vm.prank(owner);
        vault.revoke(SESSION);
        assertLogged(1);
        IVault.Grant memory other = otherGrant();
        other.session = SESSION;
        grantRefuses(other, abi.encodeWithSelector(IVault.SessionExists.selector, SESSION));
        vm.prank(owner);
        vault.revokeAll();
        assertLogged(1);
        grantRefuses(other, abi.encodeWithSelector(IVault.SessionExists.selector, SESSION));
    }

    function test_RevertWhen_TheKeyIsZero() public {
        IVault.Grant memory other = otherGrant();
        other.key = address(0);
        grantRefuses(other, abi.encodeWithSelector(IVault.ZeroAddress.selector));
    }

    // I8: a key serves one session of a vault, once, ever
    function test_RevertWhen_TheKeyServes() public {
        IVault.Grant memory other = otherGrant();
        other.key = agent;
        grantRefuses(other, abi.encodeWithSelector(IVault.KeyUsedBefore.selector, agent));
    }

    function test_RevertWhen_TheKeyWasRotatedOut() public {
        vm.prank(owner);
        vault.rotateKey(SESSION, vm.addr(0x99));
        assertLogged(1);
        IVault.Grant memory other = otherGrant();
        other.key = agent;
        grantRefuses(other, abi.encodeWithSelector(IVault.KeyUsedBefore.selector, agent));
        other.key = vm.addr(0x99);
        grantRefuses(other, abi.encodeWithSelector(IVault.KeyUsedBefore.selector, vm.addr(0x99)));
    }

    function test_RevertWhen_TheKeyWasRevoked() public {
        vm.startPrank(owner);
        vault.revoke(SESSION);
        vault.revokeAll();
        vm.stopPrank();
        assertLogged(2);
        IVault.Grant memory other = otherGrant();
        other.key = agent;
        grantRefuses(other, abi.encodeWithSelector(IVault.KeyUsedBefore.selector, agent));
    }

    function test_RevertWhen_TheKeyHasAnotherRole() public {
        IVault.Grant memory other = otherGrant();
        address[7] memory roles = [owner, guardian, treasury, payee, relayer, address(vault), address(token)];
        for (uint256 i = 0; i < roles.length; ++i) {
            other.key = roles[i];
            grantRefuses(other, abi.encodeWithSelector(IVault.RoleConflict.selector, roles[i]));
        }
    }

    function test_RevertWhen_TheSpanIsEmpty() public {
        IVault.Grant memory other = otherGrant();
        other.validFrom = other.validUntil;
        bytes4 invalid = IVault.ValidityInvalid.selector;
        grantRefuses(other, abi.encodeWithSelector(invalid, other.validFrom, other.validUntil));
        other.validFrom = other.validUntil + 1;
        grantRefuses(other, abi.encodeWithSelector(invalid, other.validFrom, other.validUntil));
        other.validFrom = other.validUntil - 1;
        vm.prank(owner);
        vault.grant(other);
        assertLogged(4);
    }

    function test_RevertWhen_TheSpanIsOver() public {
        IVault.Grant memory other = otherGrant();
        other.validUntil = START;
        grantRefuses(other, abi.encodeWithSelector(IVault.ValidityInvalid.selector, VALID_FROM, START));
        other.validUntil = START + 1;
        vm.prank(owner);
        vault.grant(other);
        assertLogged(4);
    }

    function test_RevertWhen_CategoryBitZeroIsSet() public {
        IVault.Grant memory other = otherGrant();
        other.categories = CATEGORIES | 1;
        grantRefuses(other, abi.encodeWithSelector(IVault.CategoryMaskInvalid.selector, CATEGORIES | 1));
    }

    function test_RevertWhen_ATokenIsNotListed() public {
        IVault.Grant memory other = otherGrant();
        other.tokens[0].token = stranger;
        grantRefuses(other, abi.encodeWithSelector(IVault.TokenNotListed.selector, stranger));
    }

    function test_RevertWhen_TheTokensAreNotAscending() public {
        IVault.Grant memory other = otherGrant();
        IVault.TokenGrant memory one = other.tokens[0];
        other.tokens = new IVault.TokenGrant[](2);
        (other.tokens[0], other.tokens[1]) = (one, one);
        grantRefuses(other, abi.encodeWithSelector(IVault.NotAscending.selector, 1));
    }

    function test_RevertWhen_TheLimitsAreNotAscending() public {
        IVault.Grant memory other = otherGrant();
        other.tokens[0].limits[1].window = DAY;
        grantRefuses(other, abi.encodeWithSelector(IVault.NotAscending.selector, 1));
        other.tokens[0].limits[1].window = HOUR;
        grantRefuses(other, abi.encodeWithSelector(IVault.NotAscending.selector, 1));
    }

    function test_RevertWhen_AWindowIsUnknown() public {
        IVault.Grant memory other = otherGrant();
        uint32[5] memory windows = [uint32(0), HOUR - 1, DAY + 1, 365 days, LIFETIME - 1];
        for (uint256 i = 0; i < windows.length; ++i) {
            other.tokens[0].limits[0].window = windows[i];
            other.tokens[0].limits[1].window = windows[i];
            grantRefuses(other, abi.encodeWithSelector(IVault.WindowUnknown.selector, windows[i]));
        }
    }

    function test_RevertWhen_ACapDoesNotFitTheUnit() public {
        IVault.Grant memory other = otherGrant();
        other.tokens[0].limits[1].cap = uint128(MOST_UNITS + 1);
        grantRefuses(other, abi.encodeWithSelector(IVault.CapTooLarge.selector, MOST_UNITS + 1, MOST_UNITS));
        other.tokens[0].limits[1].cap = uint128(MOST_UNITS);
        vm.prank(owner);
        vault.grant(other);
        assertLogged(4);
    }

    function test_RevertWhen_APerPaymentCapDoesNotFitTheUnit() public {
        IVault.Grant memory other = otherGrant();
        other.tokens[0].perPaymentCap = uint128(MOST_UNITS + 1);
        grantRefuses(other, abi.encodeWithSelector(IVault.CapTooLarge.selector, MOST_UNITS + 1, MOST_UNITS));
    }

    function grantRefuses(IVault.Grant memory other, bytes memory why) internal {
        vm.prank(owner);
        vm.expectRevert(why);
        vault.grant(other);
        assertUntouched();
        if (other.session != SESSION) assertEq(lens.sessionOf(address(vault), other.session).key, address(0));
    }
}
