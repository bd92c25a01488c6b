// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {PlainToken} from "../mocks/PlainToken.sol";
import {PaymentSigner} from "./PaymentSigner.sol";
import {Vm} from "forge-std/Vm.sol";
import {IVault} from "src/interfaces/IVault.sol";
import {IVaultLens} from "src/interfaces/IVaultLens.sol";

/// @notice A vault with one session, two payees and money in it. Each test takes the payment or the grant that works
///         and changes one field. After every verb, `assertLogged` folds the recorded logs into the running hash by
///         the rule of the interface and compares with the vault's own (I13).
abstract contract VaultTest is PaymentSigner {
    /// @dev Bucket borders of all four sliding windows fall on this second, so that times count from a border.
    uint32 internal constant START = 1_800_792_000;
    uint32 internal constant HOUR = 1 hours;
    uint32 internal constant DAY = 1 days;
    uint32 internal constant WEEK = 7 days;
    uint32 internal constant MONTH = 30 days;
    uint32 internal constant LIFETIME = type(uint32).max;

    uint32 internal constant SESSION = 7;
    uint32 internal constant VALID_FROM = START - 1 days;
    uint32 internal constant VALID_UNTIL = START + 90 days;
    uint8 internal constant DATA = 3;
    uint8 internal constant RELAY = 63;
    uint64 internal constant CATEGORIES = (uint64(1) << DATA) | (uint64(1) << RELAY);
    uint128 internal constant PER_PAYMENT_CAP = 60e6;
    uint128 internal constant DAY_CAP = 100e6;
    uint128 internal constant WEEK_CAP = 250e6;
    uint256 internal constant FUNDS = 1_000e6;

    uint256 internal constant OWNER_KEY = 0x0A;
    uint256 internal constant GUARDIAN_KEY = 0x0C;
    address internal immutable owner = vm.addr(OWNER_KEY);
    address internal immutable treasury = vm.addr(0x0B);
    address internal immutable guardian = vm.addr(GUARDIAN_KEY);
    address internal immutable payee = vm.addr(0x0D);
    address internal immutable relayer = vm.addr(0x0E);
    address internal immutable stranger = vm.addr(0x0F);
    uint256 internal constant AGENT_KEY = 0xA6E27;
    uint256 internal constant OTHER_KEY = 0xA6E28;
    address internal immutable agent = vm.addr(AGENT_KEY);
    address internal immutable otherAgent = vm.addr(OTHER_KEY);

    IVault internal vault;
    IVaultLens internal lens;
    PlainToken internal token;

    /// @dev The trail as the tests fold it.
    uint32 internal sequence;
    bytes32 internal runningHash;
    uint32 internal ownerNonce;

    function setUp() public virtual {
        vm.warp(START);
        vm.recordLogs();
        token = new PlainToken(6);
        vault = deployVault(owner, treasury, guardian);
        lens = deployLens();
        token.mint(address(vault), FUNDS);

        vm.startPrank(owner);
        vault.addToken(address(token), 0);
        vault.setPayees(defaultPayees());
        vault.grant(defaultGrant());
        vm.stopPrank();
        assertLogged(3 + 1 + 2 + 4); // roles, token, payees, session with a cap and two limits
    }

    // ---------------------------------------------------------------------------------------------- what works

    /// @dev By artifact name, never by import: a mutant of the vault then needs no rebuild of the tests.
    function vaultArtifact() internal view returns (string memory) {
        return vm.envOr("MUTANT", string("Vault.sol:Vault"));
    }

    function deployVault(address owner_, address treasury_, address guardian_) internal returns (IVault) {
        return IVault(vm.deployCode(vaultArtifact(), abi.encode(owner_, treasury_, guardian_)));
    }

    function deployLens() internal returns (IVaultLens) {
        return IVaultLens(vm.deployCode(vm.envOr("MUTANT_LENS", string("VaultLens.sol:VaultLens"))));
    }

    function defaultGrant() internal view returns (IVault.Grant memory) {
        return IVault.Grant({
            session: SESSION,
            key: agent,
            validFrom: VALID_FROM,
            validUntil: VALID_UNTIL,
            categories: CATEGORIES,
            tokens: tokenGrants(address(token))
        });
    }

    /// @notice Another session with the same limits.
    function otherGrant() internal view returns (IVault.Grant memory other) {
        other = defaultGrant();
        other.session = SESSION + 1;
        other.key = otherAgent;
    }

    function tokenGrants(address grantedToken) internal pure returns (IVault.TokenGrant[] memory tokens) {
        IVault.Limit[] memory limits = new IVault.Limit[](2);
        limits[0] = IVault.Limit({category: 0, window: DAY, cap: DAY_CAP});
        limits[1] = IVault.Limit({category: 0, window: WEEK, cap: WEEK_CAP});
        tokens = new IVault.TokenGrant[](1);
        tokens[0] = IVault.TokenGrant({token: grantedToken, perPaymentCap: PER_PAYMENT_CAP, limits: limits});
    }

    function defaultPayees() internal view returns (IVault.PayeeEntry[] memory entries) {
        return twoPayees(IVault.PayeeEntry(payee, DATA), IVault.PayeeEntry(relayer, RELAY));
    }

    function onePayee(address account, uint8 category) internal pure returns (IVault.PayeeEntry[] memory entries) {
        entries = new IVault.PayeeEntry[](1);
        entries[0] = IVault.PayeeEntry(account, category);
    }

    /// @notice Both, ascending by address.
    function twoPayees(IVault.PayeeEntry memory one, IVault.PayeeEntry memory two)
        internal
        pure
        returns (IVault.PayeeEntry[] memory entries)
    {
        entries = new IVault.PayeeEntry[](2);
        (entries[0], entries[1]) = one.payee < two.payee ? (one, two) : (two, one);
    }

    function defaultPayment() internal view returns (IVault.Payment memory) {
        return IVault.Payment({
            session: SESSION,
            nonce: 0,
            deadline: uint32(vm.getBlockTimestamp()) + 120,
            token: address(token),
            payee: payee,
            amount: 10e6,
            fee: 0.1e6,
            feeRecipient: relayer,
            ref: keccak256("order 7781")
        });
    }

    /// @notice The default payment with another nonce and amount, without a fee.
    function paymentOf(uint32 nonce, uint128 amount) internal view returns (IVault.Payment memory payment) {
        payment = defaultPayment();
        (payment.nonce, payment.amount, payment.fee, payment.feeRecipient) = (nonce, amount, 0, address(0));
    }

    // ---------------------------------------------------------------------------------------------- acting

    function sign(IVault.Payment memory payment) internal view returns (bytes memory) {
        return signLong(AGENT_KEY, digestOf(block.chainid, address(vault), payment));
    }

    function signBy(uint256 key, IVault.Payment memory payment) internal view returns (bytes memory) {
        return signLong(key, digestOf(block.chainid, address(vault), payment));
    }

    function submit(IVault.Payment memory payment) internal {
        submitSigned(payment, sign(payment));
    }

    function submitBy(uint256 key, IVault.Payment memory payment) internal {
        submitSigned(payment, signBy(key, payment));
    }

    function submitSigned(IVault.Payment memory payment, bytes memory signature) internal {
        vm.prank(stranger);
        vault.pay(payment, signature, "");
    }

    /// @notice The owner's approval of a payment (I5).
    function approve(IVault.Payment memory payment) internal view returns (bytes memory) {
        return signLong(OWNER_KEY, approvalDigestOf(block.chainid, address(vault), payment));
    }

    function submitApproved(IVault.Payment memory payment, bytes memory approval) internal {
        bytes memory signature = sign(payment);
        vm.prank(stranger);
        vault.pay(payment, signature, approval);
    }

    /// @notice A deadline that lies ahead.
    function soon() internal view returns (uint32) {
        return uint32(vm.getBlockTimestamp()) + 120;
    }

    function signAct(uint256 key, bytes memory call, uint32 nonce, uint32 deadline)
        internal
        view
        returns (bytes memory)
    {
        return signLong(key, actDigestOf(block.chainid, address(vault), call, nonce, deadline));
    }

    /// @notice A stranger lodges what this key signed at the owner nonce of now (I9).
    function lodgeBy(uint256 key, bytes memory call) internal {
        uint32 nonce = vault.ownerNonce();
        bytes memory signature = signAct(key, call, nonce, soon());
        vm.prank(stranger);
        vault.lodge(call, nonce, soon(), signature);
    }

    /// @notice `check` and `pay` both refuse with this very error.
    function refuses(IVault.Payment memory payment, bytes memory why) internal {
        vm.expectRevert(why);
        vault.check(payment, false);
        payRefuses(payment, why);
    }

    /// @notice `pay` refuses, signed by the session's agent.
    function payRefuses(IVault.Payment memory payment, bytes memory why) internal {
        signedRefuses(payment, sign(payment), why);
    }

    function signedRefuses(IVault.Payment memory payment, bytes memory signature, bytes memory why) internal {
        vm.prank(stranger);
        vm.expectRevert(why);
        vault.pay(payment, signature, "");
        assertUntouched();
    }

    // ---------------------------------------------------------------------------------------------- the trail

    /// @notice The next event must be this one: all topics, all data.
    function expectLog() internal {
        vm.expectEmit(address(vault));
    }

    /// @notice Exactly `count` events of the trail since the last call; sequence, running hash and owner nonce are the
    ///         vault's own (I9, I13).
    /// @return aside the vault's events outside the trail: `PaymentFailed` and `ChangeCall`
    function assertLogged(uint256 count) internal returns (Vm.Log[] memory aside) {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        bool[] memory undone = undoneOf(logs);
        uint256 seen = 0;
        uint256 passed = 0;
        aside = new Vm.Log[](logs.length);
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].emitter != address(vault) || undone[i]) continue;
            if (isAside(logs[i])) {
                aside[passed++] = logs[i];
                continue;
            }
            fold(logs[i]);
            ++seen;
        }
        assembly ("memory-safe") {
            mstore(aside, passed)
        }
        assertEq(seen, count, "number of events");
        assertHead();
    }

    /// @dev Forge records what a reverted call has logged, too. In a batch that is an item whose money did not move: its
    ///      `Paid`, and all after it, up to the `PaymentFailed` that says so.
    function undoneOf(Vm.Log[] memory logs) internal view returns (bool[] memory undone) {
        undone = new bool[](logs.length);
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].emitter != address(vault) || logs[i].topics[0] != IVault.PaymentFailed.selector) continue;
            (uint32 nonce, bytes memory reason) = abi.decode(logs[i].data, (uint32, bytes));
            bytes4 code = bytes4(reason);
            if (code != IVault.TransferFailed.selector && code != IVault.VaultShort.selector) continue;
            for (uint256 j = i; j > 0; --j) {
                undone[j - 1] = true;
                if (isPaid(logs[j - 1], logs[i].topics, nonce)) break;
            }
        }
    }

    /// @dev Whether the log is the `Paid` of a payment with these topics and this nonce.
    function isPaid(Vm.Log memory entry, bytes32[] memory topics, uint32 nonce) private pure returns (bool) {
        if (entry.topics[0] != IVault.Paid.selector) return false;
        (,,,,, uint32 paid,) = abi.decode(entry.data, (address, uint128, uint128, address, uint8, uint32, uint32));
        return paid == nonce && entry.topics[1] == topics[1] && entry.topics[3] == topics[3];
    }

    /// @notice Whether the event has no sequence number and is in no running hash.
    function isAside(Vm.Log memory entry) internal pure returns (bool) {
        bytes32 name = entry.topics[0];
        return name == IVault.PaymentFailed.selector || name == IVault.ChangeCall.selector;
    }

    function fold(Vm.Log memory entry) internal {
        ++sequence;
        bytes32 name = entry.topics[0];
        bool act = name != IVault.Paid.selector && name != IVault.PurseOpened.selector;
        if (act && ownerNonce != type(uint24).max) ++ownerNonce;
        bytes memory data = entry.data;
        uint256 last;
        assembly ("memory-safe") {
            last := mload(add(data, mload(data)))
        }
        assertEq(last, sequence, "an event ends with its sequence number");
        bytes32 digest = keccak256(bytes.concat(runningHash, abi.encodePacked(entry.topics), data));
        runningHash = digest >> 88; // the first 21 bytes
    }

    function assertHead() internal view {
        (uint32 number, bytes32 hash) = vault.head();
        assertEq(number, sequence, "sequence");
        assertEq(hash, runningHash, "running hash");
        assertEq(vault.ownerNonce(), ownerNonce, "owner nonce");
    }

    /// @notice A refusal changed nothing that the trail would show; drops what it logged before it reverted.
    function assertUntouched() internal {
        vm.getRecordedLogs();
        assertHead();
    }

    // ---------------------------------------------------------------------------------------------- reading

    /// @notice What is left of one window of the default session and token.
    function leftOf(uint32 window) internal view returns (uint256) {
        return limitOf(SESSION, 0, window).remaining;
    }

    function usedOf(uint32 window) internal view returns (uint256) {
        return limitOf(SESSION, 0, window).used;
    }

    /// @notice A limit in the default token that stands.
    function limitOf(uint32 session, uint8 category, uint32 window)
        internal
        view
        returns (IVaultLens.LimitView memory)
    {
        IVaultLens.LimitView[] memory limits = limitsOf(session, category, address(token));
        for (uint256 i = 0; i < limits.length; ++i) {
            if (limits[i].window == window) return limits[i];
        }
        revert("no such limit");
    }

    function limitsOf(uint32 session, uint8 category, address money)
        internal
        view
        returns (IVaultLens.LimitView[] memory limits)
    {
        (, limits) = lens.remaining(address(vault), session, category, money);
    }
}
