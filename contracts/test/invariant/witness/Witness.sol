// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Mirror} from "./Mirror.sol";
import {Vm} from "forge-std/Vm.sol";
import {IVault} from "src/interfaces/IVault.sol";
import {IVaultLens} from "src/interfaces/IVaultLens.sol";

/// @notice Watches one vault, with nothing but its logs, the time, and who spoke in each transaction; takes the logs in
///         and judges each. Whatever a vault does against a promise, in any test that shows it to its witness, fails.
contract Witness is Mirror {
    /// @dev Whose authority is in a transaction: its sender, and who signed what it lodges (or a token lodges meanwhile).
    struct Voices {
        address sender;
        address signer;
        bool moody; // whether the token was not itself
    }

    uint32 private _executing; // the change whose execution the events are part of
    uint32 private _granting; // the session whose grant they are part of
    bool public waited; // in the last transaction something began to wait

    constructor(IVault vault, IVaultLens lens) {
        (_vault, _lens) = (vault, lens);
    }

    /// @notice Takes in the logs of one transaction that succeeded.
    function see(Vm.Log[] calldata logs, Voices calldata voices) external {
        (uint32 last,) = _vault.head();
        bool[] memory stayed = _stayed(logs, last);
        (_executing, _granting, waited) = (0, 0, false);
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].emitter != address(_vault)) continue;
            bytes32 name = logs[i].topics[0];
            if (name == IVault.PaymentFailed.selector) _failed(logs[i].topics, logs[i].data, voices.moody);
            if (!stayed[i]) continue;
            _hash(logs[i], name);
            if (name == IVault.Paid.selector) _paid(logs[i].topics, logs[i].data);
            else if (name == IVault.ChangeWaiting.selector) _begin(logs, i);
            else _act(name, logs[i].topics, logs[i].data, voices);
        }
        assertTrail();
        assertEq(_vault.ownerNonce(), ownerNonce, "I9: every act increments the owner nonce, no payment does");
    }

    /// @dev Recorded logs include those of calls that were undone. Sequence numbers tell: what stayed rises to the
    ///      vault's own number without a gap, and an undone number is used again, or is above it.
    function _stayed(Vm.Log[] calldata logs, uint32 last) private view returns (bool[] memory stayed) {
        stayed = new bool[](logs.length);
        uint256 next = uint256(last) + 1;
        for (uint256 i = logs.length; i > 0; --i) {
            Vm.Log calldata log = logs[i - 1];
            if (log.emitter != address(_vault) || _isAside(log.topics[0])) continue;
            uint256 number = uint256(bytes32(log.data[log.data.length - 32:]));
            if (number >= next) continue;
            assertEq(number + 1, next, "I13: no gaps");
            (stayed[i - 1], next) = (true, number);
        }
        assertEq(next, sequence + 1, "I13: an event ends with its sequence number");
    }

    function _isAside(bytes32 name) private pure returns (bool) {
        return name == IVault.PaymentFailed.selector || name == IVault.ChangeCall.selector;
    }

    function _hash(Vm.Log calldata log, bytes32 name) private {
        ++sequence;
        if (name != IVault.Paid.selector && name != IVault.PurseOpened.selector) ++ownerNonce;
        bytes32 digest = keccak256(bytes.concat(runningHash, abi.encodePacked(log.topics), log.data));
        runningHash = digest >> 88; // the first 21 bytes
    }

    /// @dev An act of the owner or the guardian: who may, what it does, what it kills, and whether it had to wait.
    function _act(bytes32 name, bytes32[] calldata topics, bytes calldata data, Voices calldata voices) private {
        if (name == IVault.Withdrawn.selector) return _withdrawn(topics, data, voices);
        if (name == IVault.ChangeExecuted.selector) return _execute(uint32(uint256(topics[1])));
        if (name == IVault.ChangeCancelled.selector) return _cancel(uint32(uint256(topics[1])), topics, voices);
        bool stop = name == IVault.Paused.selector || name == IVault.Revoked.selector
            || name == IVault.AllRevoked.selector || name == IVault.PayeeRemoved.selector;
        if (name == IVault.OwnershipTransferred.selector) {
            if (owner != address(0)) _assertSpoke(voices, pendingOwner, "only the named successor takes over");
        } else if (stop) {
            address by = asAddress(topics[topics.length - 1]);
            _assertSpoke(voices, by, "a stop names who made it");
            bool may = by == owner || (by == guardian && by != address(0));
            if (name == IVault.Revoked.selector) may = may || by == _sessions[uint32(uint256(topics[1]))].key;
            assertTrue(may, "I8: owner or guardian stop, and an agent itself");
        } else if (_executing == 0 && owner != address(0)) {
            _assertSpoke(voices, owner, "only the owner changes anything");
        }
        _actLoosening(name, topics, data);
        _fold(name, topics, data);
    }

    /// @dev I9: nothing is loosened at once while a delay is set; what takes effect at once kills what waits on it.
    function _actLoosening(bytes32 name, bytes32[] calldata topics, bytes calldata data) private {
        if (_executing != 0) return;
        bool partOfGrant =
            _granting != 0 && (name == IVault.LimitSet.selector || name == IVault.PerPaymentCapSet.selector);
        if (partOfGrant) assertEq(uint32(uint256(topics[1])), _granting);
        if (delay != 0) assertFalse(_loosened(name, topics, data), "I9: what loosens, waits");
        if (!partOfGrant) _killBy(name, topics);
        if (name == IVault.SessionGranted.selector) _granting = uint32(uint256(topics[1]));
    }

    function _withdrawn(bytes32[] calldata topics, bytes calldata data, Voices calldata voices) private {
        _assertSpoke(voices, owner, "only the owner withdraws");
        assertEq(asAddress(topics[2]), treasury, "I1: withdrawals go to the treasury");
        (uint256 amount,) = abi.decode(data, (uint256, uint32));
        taken[asAddress(topics[1])][treasury] += amount;
        takenInAll[asAddress(topics[1])] += amount;
    }

    function _begin(Vm.Log[] calldata logs, uint256 i) private {
        (bytes32 hash, uint32 from,) = abi.decode(logs[i].data, (bytes32, uint32, uint32));
        uint32 number = uint32(uint256(logs[i].topics[1]));
        assertEq(number, ownerNonce, "a change is named by the owner nonce it made");
        assertTrue(delay != 0, "I9: without a delay nothing waits");
        assertEq(from, block.timestamp + delay, "I9: it waits the delay");
        bytes memory call = abi.decode(logs[i - 1].data, (bytes));
        assertEq(logs[i - 1].topics[0], IVault.ChangeCall.selector);
        assertEq(keccak256(call), hash, "I9: visibly");
        assertTrue(this.loosens(call), "I9: tightening is instant");
        _putBy(number, from, call);
        waited = true;
    }

    function _execute(uint32 number) private {
        Change memory change = _take(number);
        assertFalse(change.killed || wasKilled[number], "I9: a killed change never executes");
        assertGe(block.timestamp, change.from, "I9: nothing is executed before its delay");
        assertLt(block.timestamp, change.from + EXECUTION_SPAN, "I9: nor after its week");
        _executing = number;
        ++executed;
    }

    function _cancel(uint32 number, bytes32[] calldata topics, Voices calldata voices) private {
        Change memory change = _take(number);
        address by = asAddress(topics[2]);
        _assertSpoke(voices, by, "who cancels is named");
        assertTrue(by == owner || by == guardian, "owner or guardian cancel");
        if (by != owner) assertTrue(change.kind != Kind.Guardian, "I9: the guardian not the change of guardian");
        wasKilled[number] = true;
    }

    function _assertSpoke(Voices calldata voices, address account, string memory what) private pure {
        assertTrue(account != address(0) && (voices.sender == account || voices.signer == account), what);
    }
}
