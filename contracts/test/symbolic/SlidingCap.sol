// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Meter, SlidingCap} from "src/libraries/SlidingCap.sol";

contract SlidingCapASymbolic {
    function check_Two(Meter meter, uint32 t1, uint32 t2, uint256 u1, uint256 u2) external pure {
        if (t2 < t1 || t2 - t1 > 4 || t2 >= (1 << 23)) return;
        Meter m = meter.rolled(4, t1);
        if (u1 > m.remainingUnits()) return;
        m = m.add(u1).rolled(4, t2);
        if (u2 > m.remainingUnits()) return;
        assert(u1 + u2 <= m.capUnits());
    }

    function checkFail_Two(Meter meter, uint32 t1, uint32 t2, uint256 u1, uint256 u2) external pure {
        if (t2 < t1 || t2 - t1 > 5 || t2 >= (1 << 23)) return;
        Meter m = meter.rolled(4, t1);
        if (u1 > m.remainingUnits()) return;
        m = m.add(u1).rolled(4, t2);
        if (u2 > m.remainingUnits()) return;
        assert(u1 + u2 <= m.capUnits());
    }
}

contract SlidingCapBSymbolic {
    function check_Lemma900(uint32 t1, uint32 t2) external pure {
        unchecked {
            uint256 a = t1;
            uint256 b = t2;
            if (a > b || b - a >= 3600) return;
            assert(b / 900 - a / 900 <= 4);
        }
    }

    function check_Lemma648000(uint32 t1, uint32 t2) external pure {
        unchecked {
            uint256 a = t1;
            uint256 b = t2;
            if (a > b || b - a >= 2592000) return;
            assert(b / 648000 - a / 648000 <= 4);
        }
    }

    function check_Scale(Meter m, uint32 t) external pure {
        unchecked {
            assert(Meter.unwrap(m.rolled(3600, t)) == Meter.unwrap(m.rolled(4, t / 900)));
        }
    }

    function checkFail_Lemma900(uint32 t1, uint32 t2) external pure {
        unchecked {
            uint256 a = t1;
            uint256 b = t2;
            if (a > b || b - a >= 3602) return;
            assert(b / 900 - a / 900 <= 4);
        }
    }
}
