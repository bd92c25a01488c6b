// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Campaign} from "./Campaign.sol";
import {Payments} from "./witness/Payments.sol";
import {Witness} from "./witness/Witness.sol";

// One contract a promise, so that each has a campaign of its own luck. In every campaign the witnesses judge every event
// by all promises; here is what is asked besides, after each action. See INVARIANTS.md.

contract I01MoneyTest is Campaign {
    function luck() internal pure override returns (string memory) {
        return "money";
    }

    function invariant_I1_MoneyLeavesByPaymentsAndWithdrawalsOnly() external view {
        handler.assertMoney(0);
        handler.assertMoney(1);
    }
}

contract I01RecipientsTest is Campaign {
    function luck() internal pure override returns (string memory) {
        return "recipients";
    }

    function invariant_I1_NobodyElseGetsAnything() external view {
        handler.assertRecipients(0);
        handler.assertRecipients(1);
    }
}

contract I02SignatureTest is Campaign {
    function luck() internal pure override returns (string memory) {
        return "signature";
    }

    function invariant_I2_OnlyTheSessionsKeyPays() external {
        handler.probeForgery();
    }
}

contract I03NonceTest is Campaign {
    function luck() internal pure override returns (string memory) {
        return "nonce";
    }

    function invariant_I3_ANoncePaysOnce() external {
        Witness witness = handler.witnesses(handler.someNumber(2));
        witness.assertSession(witness.ids(handler.someNumber(witness.idCount())));
        handler.probeReplay();
    }
}

contract I04IntervalTest is Campaign {
    function luck() internal pure override returns (string memory) {
        return "interval";
    }

    function invariant_I4_NoIntervalHoldsMoreThanTheCap() external {
        uint256 v = handler.someNumber(2);
        Payments.Scope memory scope = handler.someScopeOf(v);
        for (uint256 w = 0; w < 5; ++w) {
            handler.witnesses(v).assertIntervals(scope, w);
        }
        handler.probeLimits(true);
    }
}

contract I04OldTest is Campaign {
    function luck() internal pure override returns (string memory) {
        return "old";
    }

    function invariant_I4_NothingIsRefusedForWhatIsOld() external {
        handler.probeLimits(false);
    }
}

contract I05ApprovalTest is Campaign {
    function luck() internal pure override returns (string memory) {
        return "approval";
    }

    function invariant_I5_AboveItsCapASessionCannotPayAlone() external {
        handler.probeApproval();
    }
}

contract I06DenialTest is Campaign {
    function luck() internal pure override returns (string memory) {
        return "denial";
    }

    function invariant_I6_EmptyMeansNothing() external {
        handler.probeDenial();
    }
}

contract I07MeterTest is Campaign {
    function luck() internal pure override returns (string memory) {
        return "meter";
    }

    function invariant_I7_OnlyTimeLowersAMeter() external {
        uint256 v = handler.someNumber(2);
        handler.witnesses(v).assertScope(handler.someScopeOf(v));
    }
}

contract I08StopTest is Campaign {
    function luck() internal pure override returns (string memory) {
        return "stop";
    }

    function invariant_I8_WhatIsStoppedPaysNothing() external {
        handler.probeStopped();
    }
}

contract I08KeyTest is Campaign {
    function luck() internal pure override returns (string memory) {
        return "key";
    }

    function invariant_I8_AKeyServesOneSessionOnceEver() external {
        handler.witnesses(handler.someNumber(2)).assertKeys();
        handler.probeKeys();
    }
}

contract I09LooseningTest is Campaign {
    function luck() internal pure override returns (string memory) {
        return "loosening";
    }

    function invariant_I9_WhatIsInForceIsWhatTheTrailAllowed() external {
        Witness witness = handler.witnesses(handler.someNumber(2));
        witness.assertRules();
        witness.assertBook();
        witness.assertSession(witness.ids(handler.someNumber(witness.idCount())));
    }
}

contract I09WaitingTest is Campaign {
    function luck() internal pure override returns (string memory) {
        return "waiting";
    }

    function invariant_I9_WhatWaitsIsVisibleAndWaits() external {
        handler.witnesses(handler.someNumber(2)).assertWaiting();
        handler.probeWaiting();
    }
}

contract I09OwnerNonceTest is Campaign {
    function luck() internal pure override returns (string memory) {
        return "owner nonce";
    }

    function invariant_I9_AnOwnersSignatureWorksOnce() external {
        handler.probeLodged();
    }
}

contract I10ExitTest is Campaign {
    function luck() internal pure override returns (string memory) {
        return "exit";
    }

    function invariant_I10_TheOwnerAlwaysExits() external {
        handler.probeExit();
    }
}

contract I11TraceTest is Campaign {
    function luck() internal pure override returns (string memory) {
        return "trace";
    }

    function invariant_I11_WhatDoesNotPayLeavesNoTrace() external {
        handler.probeBatch();
    }
}

contract I12FoldTest is Campaign {
    function luck() internal pure override returns (string memory) {
        return "fold";
    }

    function invariant_I12_StateIsAFoldOfTheEvents() external {
        uint256 v = handler.someNumber(2);
        Witness witness = handler.witnesses(v);
        witness.assertRules();
        witness.assertSession(witness.ids(handler.someNumber(witness.idCount())));
        witness.assertScope(handler.someScopeOf(v));
        witness.assertWaiting();
    }

    /// @dev Everything, at the end of each sequence.
    function afterInvariant() external {
        handler.assertEverything();
    }
}

contract I13TrailTest is Campaign {
    function luck() internal pure override returns (string memory) {
        return "trail";
    }

    function invariant_I13_TheTrailIsWhole() external view {
        handler.witnesses(0).assertTrail();
        handler.witnesses(1).assertTrail();
    }
}

contract I17ThiefTest is Campaign {
    function luck() internal pure override returns (string memory) {
        return "thief";
    }

    function invariant_I17_AThiefNeverBeatsTheBound() external {
        handler.probeThief();
    }
}
