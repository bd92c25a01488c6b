// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @notice What a token does besides what it answers: the books that only it can write, and who may move what by them.
///         Every token below differs in one thing from what a token should be.
abstract contract Ledger {
    /// @dev What the token's own books say, whatever `balanceOf` answers.
    mapping(address account => uint256) public held;

    /// @notice Whether this token lets `from` transfer: then the amount moves, whatever is answered.
    function lets(address from, address, uint256 amount) public view virtual returns (bool) {
        return held[from] >= amount;
    }

    /// @notice What arrives of an amount.
    function gain(uint256 amount) public view virtual returns (uint256) {
        return amount;
    }

    function balanceOf(address account) public view virtual returns (uint256) {
        return held[account];
    }

    function _move(address to, uint256 amount) internal {
        if (!lets(msg.sender, to, amount)) revert();
        unchecked {
            held[msg.sender] -= amount;
            held[to] += gain(amount); // no supply exceeds 2^256
        }
    }
}

contract NoAnswerToken is Ledger {
    function transfer(address to, uint256 amount) external {
        _move(to, amount);
    }
}

/// @notice Moves the money and answers anything; where it does not move it, it does not answer true.
contract FalseAnswerToken is Ledger {
    uint256 private answer;
    bool private moves;

    function lets(address from, address to, uint256 amount) public view override returns (bool) {
        return (moves || answer == 1) && super.lets(from, to, amount);
    }

    function transfer(address to, uint256 amount) external returns (uint256) {
        if (moves || answer == 1) _move(to, amount);
        return answer;
    }
}

/// @notice Keeps some of what is transferred: at most all of it.
contract FeeTakingToken is Ledger {
    uint256 private fee;

    function gain(uint256 amount) public view override returns (uint256) {
        unchecked {
            return amount > fee ? amount - fee : 0;
        }
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        _move(to, amount);
        return true;
    }
}

/// @notice Every balance falls, at any time and with every transfer.
contract ShrinkingToken is Ledger {
    uint256 private lost;
    uint256 private loss;

    function balanceOf(address account) public view override returns (uint256) {
        unchecked {
            return held[account] > lost ? held[account] - lost : 0;
        }
    }

    function lets(address from, address, uint256 amount) public view override returns (bool) {
        return balanceOf(from) >= amount;
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        _move(to, amount);
        unchecked {
            lost = lost + loss < lost ? lost : lost + loss;
        }
        return true;
    }
}

interface Hook {
    function called() external;
}

/// @notice Calls somebody in the midst of a transfer.
contract HookedToken is Ledger {
    Hook private immutable HOOK = Hook(msg.sender);

    function transfer(address to, uint256 amount) external returns (bool) {
        _move(to, amount);
        HOOK.called();
        return true;
    }
}

/// @notice Can be stopped, and can refuse any account.
contract FreezingToken is Ledger {
    bool private stopped;
    mapping(address account => bool) private frozen;

    function lets(address from, address to, uint256 amount) public view override returns (bool) {
        return !stopped && !frozen[from] && !frozen[to] && super.lets(from, to, amount);
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        _move(to, amount);
        return true;
    }
}

/// @notice Answers 4 KiB where a word is asked for, and refuses with as much.
contract BombToken is Ledger {
    bool private refuses;

    function lets(address from, address to, uint256 amount) public view override returns (bool) {
        return !refuses && super.lets(from, to, amount);
    }

    function transfer(address to, uint256 amount) external {
        bool done = lets(msg.sender, to, amount);
        if (done) _move(to, amount);
        assembly ("memory-safe") {
            let answer := mload(0x40)
            mstore(answer, done)
            if done { return(answer, 0x1000) }
            revert(answer, 0x1000)
        }
    }
}

/// @notice Refuses what and whom it likes.
contract RefusingToken is Ledger {
    mapping(address account => mapping(uint256 amount => bool)) private refused;

    function lets(address from, address to, uint256 amount) public view override returns (bool) {
        return !refused[to][amount] && super.lets(from, to, amount);
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        _move(to, amount);
        return true;
    }
}

/// @notice Says nothing of its balances, or anything.
contract MuteToken is Ledger {
    bool private mute;
    mapping(address account => uint256) private said;

    function balanceOf(address account) public view override returns (uint256) {
        if (mute) revert();
        return said[account];
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        _move(to, amount);
        return true;
    }
}
