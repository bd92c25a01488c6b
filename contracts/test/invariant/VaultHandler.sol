// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Heist} from "./handler/Heist.sol";
import {IVault} from "src/interfaces/IVault.sol";

/// @notice Everything that anyone can do to a vault, and time. See INVARIANTS.md.
contract VaultHandler is Heist {
    function begin(uint256 salt) public override {
        super.begin(salt);
        for (uint256 v = 0; v < VAULTS; ++v) {
            for (uint256 i = 0; i < TOKENS; ++i) {
                (bool ok,) =
                    send(v, owners[v], address(0), abi.encodeCall(IVault.addToken, (address(tokens[i]), unitBits[i])));
                assertTrue(ok);
                fund(v, i, 5_000e6);
            }
            for (uint256 i = 0; i < PAYEES; ++i) {
                IVault.PayeeEntry[] memory entries = new IVault.PayeeEntry[](1);
                entries[0] = IVault.PayeeEntry(payees[i], i == PAYEES - 1 ? RELAY : i == 3 ? 5 : 3);
                assertTrue(act(v, abi.encodeCall(IVault.setPayees, (entries)), false));
            }
            for (uint32 id = 1; id < 4; ++id) {
                assertTrue(act(v, abi.encodeCall(IVault.grant, (newGrant(v, uint32(1 + keyCount)))), false));
            }
        }
    }

    /// @notice Still, a second, to or just before a border of some window's buckets, about a window, 1.25 windows.
    function passTime(uint256 seed) external acting(seed) {
        uint256 length = windowOf(roll(roll(3) == 0 ? 4 : 2));
        uint256 bucket = length / 4;
        uint256 kind = roll(8);
        if (kind == 0) clock += roll(3);
        else if (kind == 1) clock = (clock / bucket + 1) * bucket;
        else if (kind == 2) clock = (clock / bucket + 1) * bucket - 1;
        else if (kind == 3) clock += length;
        else if (kind == 4) clock += length + bucket - roll(2);
        else clock += roll(bucket);
        won(true);
    }

    function donate(uint256 seed) external acting(seed) {
        fund(someVault(), someToken(), 2_000e6 + roll(8_000e6));
        won(true);
    }

    /// @notice All actions, as often as each is to be chosen.
    function actions() external pure returns (bytes4[] memory list) {
        list = new bytes4[](48);
        uint256 count = 0;
        for (uint256 i = 0; i < 6; ++i) {
            list[count++] = this.pay.selector;
        }
        for (uint256 i = 0; i < 2; ++i) {
            list[count++] = this.payApproved.selector;
            list[count++] = this.grant.selector;
            list[count++] = this.setPayees.selector;
        }
        list[count++] = this.drain.selector;
        list[count++] = this.steal.selector;
        list[count++] = this.tamper.selector;
        list[count++] = this.replay.selector;
        list[count++] = this.batch.selector;
        list[count++] = this.starve.selector;
        list[count++] = this.reenter.selector;
        list[count++] = this.passTime.selector;
        list[count++] = this.donate.selector;
        list[count++] = this.rotateKey.selector;
        list[count++] = this.setValidity.selector;
        list[count++] = this.setCategories.selector;
        list[count++] = this.setPerPaymentCap.selector;
        list[count++] = this.setLimit.selector;
        list[count++] = this.removeLimit.selector;
        list[count++] = this.withdraw.selector;
        list[count++] = this.setDelay.selector;
        list[count++] = this.setGuardian.selector;
        list[count++] = this.setTreasury.selector;
        list[count++] = this.passOwnership.selector;
        list[count++] = this.unpause.selector;
        list[count++] = this.execute.selector;
        list[count++] = this.execute.selector;
        list[count++] = this.cancel.selector;
        list[count++] = this.stop.selector;
        list[count++] = this.haunt.selector;
        list[count++] = this.malform.selector;
        list[count++] = this.overreach.selector;
        list[count++] = this.spite.selector;
        list[count++] = this.meddle.selector;
        list[count++] = this.relodge.selector;
        assembly ("memory-safe") {
            mstore(list, count)
        }
    }
}
