// The same for inline assembly: edits as [operator, node or range, text].
import { rangeOf, walk } from "./operators.mjs";

const CALLS = { add: "sub", sub: "add", mul: "div", div: "mul", mod: "div", and: "or", or: "and", xor: "or", shl: "shr", shr: "shl", lt: "gt", gt: "lt", slt: "sgt", sgt: "slt", caller: "address", address: "caller" };
const DROPPING = new Set("add sub mul and or xor shl shr".split(" "));
const WORD = 0x20n;

export function* yulEdits({ node, bytes }) {
  const found = [];
  const text = (part) => bytes.subarray(...rangeOf(part)).toString();
  walk(node.AST, (part) => {
    for (const edit of OPERATORS[part.nodeType]?.(part, text) ?? []) found.push(edit);
  });
  yield* found;
}

const OPERATORS = {
  *YulFunctionCall(call, text) {
    const { functionName, arguments: given } = call;
    const name = functionName.name;
    if (CALLS[name]) yield ["yul call", functionName, CALLS[name]];
    if (name === "iszero") yield ["yul call", call, text(given[0])];
    if (name === "eq") yield ["yul call", call, `iszero(${text(call)})`];
    if (DROPPING.has(name)) {
      const shift = name === "shl" || name === "shr";
      if (!shift) yield ["yul operand", call, text(given[0])];
      yield ["yul operand", call, text(given[1])];
    }
    if (/^log[2-4]$/.test(name)) {
      for (let i = 2; i + 1 < given.length; ++i) yield ["swap", [rangeOf(given[i])[0], rangeOf(given[i + 1])[1]], `${text(given[i + 1])}, ${text(given[i])}`];
    }
  },

  *YulLiteral(literal) {
    if (literal.kind !== "number") return;
    const value = BigInt(literal.value);
    const step = value !== 0n && value % WORD === 0n ? WORD : 1n; // offsets and lengths by words
    const written = (number) => (literal.value.startsWith("0x") ? `0x${number.toString(16)}` : `${number}`);
    yield ["literal", literal, written(value + step)];
    if (value > 0n) yield ["literal", literal, written(value - step)];
  },

  *YulExpressionStatement(statement) {
    yield ["deletion", statement, ""];
  },

  *YulAssignment(statement) {
    yield ["deletion", statement, ""];
  },

  *YulVariableDeclaration({ variables, value }) {
    if (value && variables.length === 1) yield ["deletion", value, "0"];
  },

  *YulIf({ condition }) {
    yield ["condition", condition, "0"];
  },

  *YulForLoop({ condition }) {
    yield ["condition", condition, "0"];
  },
};
