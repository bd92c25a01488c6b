// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Meter, SlidingCap} from "src/libraries/SlidingCap.sol";

contract SlidingCapHourSymbolic {
    function check_TwoPaymentsInOneWindowStayWithinTheCap(
        Meter meter, uint32 t1, uint32 t2, uint256 u1, uint256 u2
    ) external pure {
        if (t2<t1 || t2-t1 >= 3600) return;
        Meter m=meter.rolled(3600,t1);
        if (u1>m.remainingUnits()) return;
        m=m.add(u1).rolled(3600,t2);
        if (u2>m.remainingUnits()) return;
        assert(u1+u2<=m.capUnits());
    }
    function checkFail_TwoPaymentsInOneWindowStayWithinTheCap(
        Meter meter, uint32 t1, uint32 t2, uint256 u1, uint256 u2
    ) external pure {
        if (t2<t1 || t2-t1 >= 4500) return;
        Meter m=meter.rolled(3600,t1);
        if (u1>m.remainingUnits()) return;
        m=m.add(u1).rolled(3600,t2);
        if (u2>m.remainingUnits()) return;
        assert(u1+u2<=m.capUnits());
    }
}
