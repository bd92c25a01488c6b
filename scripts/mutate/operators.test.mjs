// The operators on a small contract: which edits they make, and that each compiles. `node --test scripts/mutate/`
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Compilers } from "./compiler.mjs";
import { edits, scopeOf } from "./operators.mjs";

let compilers;
before(() => (compilers = new Compilers(1)));
after(() => compilers.close());

async function ask(text, selection) {
  const output = await compilers.ask({ language: "Solidity", sources: { "A.sol": { content: text } }, settings: { outputSelection: { "*": selection } } });
  assert.deepEqual((output.errors ?? []).filter(({ severity }) => severity === "error").map(({ formattedMessage }) => formattedMessage), [], text);
  return output;
}

/** The edits of a function's body, as "operator: the body with the edit made". Each must compile. */
async function bodies(signature, body, around = "") {
  const head = `pragma solidity ^0.8.28;\n// µ: bytes, not characters\ncontract A { ${around} function f${signature} { `;
  const text = `${head}${body} } }`;
  const bytes = Buffer.from(text);
  const tree = (await ask(text, { "": ["ast"] })).sources["A.sol"].ast;
  const found = [...edits(bytes, tree, scopeOf([tree]))].filter(({ start }) => start >= Buffer.byteLength(head));
  const made = [];
  for (const { operator, start, end, put } of found) {
    const edited = Buffer.concat([bytes.subarray(0, start), Buffer.from(put), bytes.subarray(end)]).toString();
    await ask(edited, { "*": ["abi"] });
    made.push(`${operator}: ${edited.slice(head.length, -" } }".length)}`);
  }
  return made.sort();
}

const cases = {
  "a border moves, one of the operands goes": [
    "(bool b, uint256 x) external pure returns (bool)",
    "return x < 5 && b;",
    ["deletion: {}", "literal: return x < 4 && b;", "literal: return x < 6 && b;", "operand: return b;", "operand: return x < 5;", "relation: return x <= 5 && b;"],
  ],
  "each operand of a chain goes once": [
    "(uint256 x) external pure",
    "x | 8 | (x << 3);",
    ["deletion: {}", "literal: x | 7 | (x << 3);", "literal: x | 8 | (x << 2);", "literal: x | 8 | (x << 4);", "literal: x | 9 | (x << 3);", "operand: 8 | (x << 3);", "operand: x | (x << 3);", "operand: x | 8 | (x);", "operand: x | 8;"],
  ],
  "a guard goes with its condition": ["(bool b) external pure", "if (!b) revert E();", ["condition: if (false) revert E();", "negation: if (b) revert E();"], "error E();"],
  "a branch is taken always and never": ["(bool b) external pure", "if (b) b;", ["condition: if (false) b;", "condition: if (true) b;", "deletion: if (b) {}"]],
  "a loop is left out, its step is not touched": ["() external pure", "for (uint256 i; i < 2; ++i) {}", ["condition: for (uint256 i; false; ++i) {}", "literal: for (uint256 i; i < 1; ++i) {}", "literal: for (uint256 i; i < 3; ++i) {}", "relation: for (uint256 i; i <= 2; ++i) {}"]],
  "one variable stands for the other": ["(uint256 a, uint256 b, int8 c) external pure", "c; a; b;", ["deletion: c; a; {}", "deletion: c; {} b;", "deletion: {} a; b;", "variable: c; a; a;", "variable: c; b; b;"]],
  "a field leaves a hash": [
    "(uint256 a, bytes32 b) external pure returns (bytes32)",
    "return keccak256(abi.encode(a, b));",
    ["deletion: {}", "field: return keccak256(abi.encode(a));", "field: return keccak256(abi.encode(b));"],
  ],
  "a field leaves a type": ["() external pure returns (string memory)", 'return "T(uint8 a,uint8 b)";', ["deletion: {}", 'type string: return "T(uint8 a)";', 'type string: return "T(uint8 b)";']],
  "arguments of different types stay": ["(uint256 a, int8 b) external pure", "g(a, 0, b);", ["deletion: {}", "literal: g(a, 1, b);"], "function g(uint256, uint256, int8) private pure {}"],
  "arguments of one type change places": ["(uint256 a, uint256 b) external pure", "g(a, b);", ["deletion: {}", "swap: g(b, a);", "variable: g(a, a);", "variable: g(b, b);"], "function g(uint256, uint256) private pure {}"],
  "a mask is halved, a cast narrows": ["(uint256 x) external pure returns (uint256)", "return uint32(x & type(uint32).max);", ["cast: return uint16(x & type(uint32).max);", "deletion: {}", "mask: return uint32(x & (type(uint32).max >> 1));", "operand: return uint32(type(uint32).max);", "operand: return uint32(x);"]],
  "one caller is the other": ["() external view returns (address)", "return msg.sender;", ["deletion: {}", "environment: return address(this);"]],
  "a sum is a difference, what is counted is set": ["(uint256 x) external pure", "x += x - 1;", ["arithmetic: x += x + 1;", "assignment: x -= x - 1;", "assignment: x = x - 1;", "deletion: {}", "literal: x += x - 0;", "literal: x += x - 2;"]],
  "a declaration loses its value": ["() external pure", "uint32 day = 1 days;", ["deletion: uint32 day;", "literal: uint32 day = 0 days;", "literal: uint32 day = 2 days;"]],
  "assembly": [
    "(uint256 x) external pure returns (uint256 y)",
    'assembly { y := shr(3, and(x, 0x40)) }',
    ["deletion: assembly {  }", "literal: assembly { y := shr(2, and(x, 0x40)) }", "literal: assembly { y := shr(3, and(x, 0x20)) }", "literal: assembly { y := shr(3, and(x, 0x60)) }", "literal: assembly { y := shr(4, and(x, 0x40)) }",
      "yul call: assembly { y := shl(3, and(x, 0x40)) }", "yul call: assembly { y := shr(3, or(x, 0x40)) }", "yul operand: assembly { y := and(x, 0x40) }", "yul operand: assembly { y := shr(3, 0x40) }", "yul operand: assembly { y := shr(3, x) }"],
  ],
};

for (const [name, [signature, body, expected, around]] of Object.entries(cases)) {
  test(name, async () => assert.deepEqual(await bodies(signature, body, around), expected));
}

test("a modifier goes, or is another", async () => {
  const text = "pragma solidity ^0.8.28; contract A { modifier m() { _; } modifier n() { _; } function f() external m {} }";
  const tree = (await ask(text, { "": ["ast"] })).sources["A.sol"].ast;
  const made = [...edits(Buffer.from(text), tree, scopeOf([tree]))].map(({ operator, start, end, put, place }) => [operator, text.slice(start, end), put, place]);
  assert.deepEqual(made, [["modifier", "m", "", "A.f"], ["modifier", "m", "n", "A.f"]]);
});
