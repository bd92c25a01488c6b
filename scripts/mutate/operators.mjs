// What a slip or a saboteur may change in Solidity: small edits, found on the syntax tree, so that each is well-formed.
// An edit is {operator, start, end, put}: bytes of the file replaced by text.
import { yulEdits } from "./yul-operators.mjs";

const RELATIONS = { "<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==" }; // the border moves
const ARITHMETIC = { "+": "-", "-": "+", "*": "/", "/": "*", "%": "*", "**": "*" };
const JOINING = new Set(["&&", "||", "&", "|", "^"]); // one operand goes: a mask, a field, a condition
const SHIFTS = new Set(["<<", ">>"]); // what is shifted stays where it was
const ASSIGNMENTS = { "+=": "-=", "-=": "+=", "*=": "/=", "/=": "*=", "|=": "&=", "&=": "|=", "^=": "|=", "<<=": ">>=", ">>=": "<<=" };
const ENVIRONMENT = { "msg.sender": "address(this)", "msg.value": "0", "block.timestamp": "block.number", "block.chainid": "block.number", "address(this)": "msg.sender" };

// Declarations, types and documentation: nothing in them runs
const PASSED_OVER = new Set(
  "StructuredDocumentation ImportDirective PragmaDirective UsingForDirective OverrideSpecifier InheritanceSpecifier StructDefinition ErrorDefinition EventDefinition EnumDefinition UserDefinedValueTypeDefinition ParameterList Mapping ArrayTypeName ElementaryTypeName".split(" "),
);

export const rangeOf = (node) => {
  const [start, length] = (node.nativeSrc ?? node.src).split(":").map(Number);
  return [start, start + length];
};

/** `visit(node, ancestors)` for a node and all below it, outermost first; not below nodes for which it answers false. */
export function walk(node, visit, ancestors = []) {
  if (Array.isArray(node)) return node.forEach((item) => walk(item, visit, ancestors));
  if (!node || typeof node !== "object") return;
  if (!node.nodeType) return Object.values(node).forEach((item) => walk(item, visit, ancestors));
  if (visit(node, ancestors) === false) return;
  const below = [...ancestors, node];
  for (const value of Object.values(node)) walk(value, visit, below);
}

/** Where a node is: "Contract.function", or less. */
export const placeOf = (ancestors) =>
  ancestors
    .filter(({ nodeType }) => ["ContractDefinition", "FunctionDefinition", "ModifierDefinition"].includes(nodeType))
    .map(({ name, kind }) => name || kind)
    .join(".");

/** All edits of a file: `bytes` its text, `unit` its tree, `scope` what `scopeOf` made of all the trees. */
export function* edits(bytes, unit, scope) {
  const found = [];
  walk(unit, (node, ancestors) => {
    if (PASSED_OVER.has(node.nodeType)) return false;
    const text = (part) => bytes.subarray(...rangeOf(part)).toString();
    const tools = { node, ancestors, text, scope, bytes };
    const operate = node.nodeType === "InlineAssembly" ? yulEdits : OPERATORS[node.nodeType];
    for (const [operator, where, put] of operate?.(tools) ?? []) {
      const [start, end] = Array.isArray(where) ? where : rangeOf(where);
      if (bytes.subarray(start, end).toString() !== put) found.push({ operator, start, end, put, place: placeOf(ancestors) });
    }
    return node.nodeType !== "InlineAssembly";
  });
  yield* found;
}

/** What may stand for what: variables and struct members by id, each with the next of its kind and type. */
export function scopeOf(units) {
  const next = new Map();
  const ring = (declarations) => {
    const kinds = {};
    for (const one of declarations.filter(({ name }) => name)) (kinds[`${one.typeDescriptions.typeString} ${one.constant}`] ??= []).push(one);
    for (const kind of Object.values(kinds)) kind.forEach(({ id }, i) => next.set(id, kind[(i + 1) % kind.length].name));
  };
  const modifiers = [];
  walk(units, (node) => {
    if (node.nodeType === "FunctionDefinition") ring(node.parameters.parameters);
    if (node.nodeType === "ContractDefinition" || node.nodeType === "SourceUnit") ring(node.nodes.filter(({ nodeType }) => nodeType === "VariableDeclaration"));
    if (node.nodeType === "StructDefinition") ring(node.members);
    if (node.nodeType === "ModifierDefinition") modifiers.push(node.name);
  });
  return { next, modifiers };
}

const OPERATORS = {
  *BinaryOperation({ node, text, bytes }) {
    const { leftExpression: left, rightExpression: right, operator } = node;
    const other = RELATIONS[operator] ?? ARITHMETIC[operator];
    if (other) yield [RELATIONS[operator] ? "relation" : "arithmetic", signBetween(bytes, left, right, operator), other];
    if (JOINING.has(operator) || SHIFTS.has(operator)) yield ["operand", node, text(left)];
    // In a chain each operand goes once: the left one of `(a | b) | c` has its own turn
    if (JOINING.has(operator) && left.operator !== operator) yield ["operand", node, text(right)];
  },

  *UnaryOperation({ node, text, ancestors }) {
    if (node.operator === "!" || node.operator === "~") yield ["negation", node, text(node.subExpression)];
    const steps = ancestors.some((outer) => outer.nodeType === "ForStatement" && within(node, outer.loopExpression)); // for ever
    if (["++", "--"].includes(node.operator) && !steps) yield ["step", node, text(node).replace(node.operator, node.operator === "++" ? "--" : "++")];
  },

  *Literal({ node }) {
    if (node.kind === "bool") yield ["literal", node, node.value === "true" ? "false" : "true"];
    if (node.kind === "string") {
      const fields = node.value.match(/^(\w+)\((.*)\)$/); // an EIP-712 type: without each of its fields
      if (!fields) yield ["literal", node, JSON.stringify(`${node.value}?`)];
      else {
        const names = fields[2].split(",");
        for (let i = 0; i < names.length; ++i) yield ["type string", node, JSON.stringify(`${fields[1]}(${names.toSpliced(i, 1).join(",")})`)];
      }
    }
    if (node.kind !== "number" || !/^(0x[\da-f]+|[\d_]+)$/i.test(node.value)) return;
    const unit = node.subdenomination ? ` ${node.subdenomination}` : "";
    const value = BigInt(node.value.replaceAll("_", ""));
    const written = (number) => (/^0x/i.test(node.value) ? `0x${number.toString(16).padStart(node.value.length - 2, "0")}` : `${number}`) + unit;
    yield ["literal", node, written(value + 1n)];
    if (value > 0n) yield ["literal", node, written(value - 1n)];
  },

  *IfStatement({ node }) {
    yield ["condition", node.condition, "false"];
    if (!refuses(node.trueBody)) yield ["condition", node.condition, "true"]; // else it refuses always, and everything notices
  },

  *ForStatement({ node }) {
    if (node.condition) yield ["condition", node.condition, "false"];
  },

  *WhileStatement({ node }) {
    yield ["condition", node.condition, "false"];
  },

  *Conditional({ node, text }) {
    yield ["branch", node, text(node.trueExpression)];
    yield ["branch", node, text(node.falseExpression)];
  },

  *ExpressionStatement({ node, ancestors, bytes }) {
    if (!ancestors.some((outer) => outer.nodeType === "ForStatement" && [outer.loopExpression, outer.initializationExpression].includes(node))) yield ["deletion", statement(bytes, node), "{}"];
  },

  *RevertStatement({ node, ancestors, bytes }) {
    const guards = ancestors.some((outer) => outer.nodeType === "IfStatement" && !outer.falseBody && refuses(outer.trueBody) && within(node, outer.trueBody));
    if (!guards) yield ["deletion", statement(bytes, node), "{}"]; // a guard goes with its condition
  },

  *EmitStatement({ node, bytes }) {
    yield ["deletion", statement(bytes, node), "{}"];
  },

  *Continue({ node, bytes }) {
    yield ["deletion", statement(bytes, node), "{}"];
  },

  *Break({ node, bytes }) {
    yield ["deletion", statement(bytes, node), "{}"];
  },

  *Return({ node, text, bytes }) {
    yield ["deletion", statement(bytes, node), "{}"];
    const type = node.expression?.typeDescriptions.typeString;
    if (type === "bool" && !["BinaryOperation", "Literal", "UnaryOperation"].includes(node.expression.nodeType)) yield ["negation", node.expression, `!(${text(node.expression)})`];
  },

  *VariableDeclarationStatement({ node, text }) {
    if (node.initialValue && node.declarations.length === 1 && node.declarations[0]) yield ["deletion", [rangeOf(node)[0], rangeOf(node.initialValue)[1]], text(node.declarations[0])];
  },

  *Assignment({ node, text, bytes }) {
    const { leftHandSide: left, rightHandSide: right, operator } = node;
    if (ASSIGNMENTS[operator]) {
      const sign = signBetween(bytes, left, right, operator);
      yield ["assignment", sign, ASSIGNMENTS[operator]];
      yield ["assignment", sign, "="];
    }
  },

  *ModifierInvocation({ node, scope }) {
    const name = node.modifierName.name;
    if (!scope.modifiers.includes(name)) return; // a base contract's constructor
    yield ["modifier", node, ""];
    for (const other of scope.modifiers) if (other !== name) yield ["modifier", node, other];
  },

  *FunctionCall({ node, text, bytes }) {
    const { arguments: given, expression: called, kind } = node;
    const callee = text(called);
    if (kind === "typeConversion") {
      const cut = callee.match(/^(uint|bytes)(\d+)$/);
      const bits = cut && (cut[1] === "uint" ? Number(cut[2]) : Number(cut[2]) * 8);
      if (cut && bits >= 16 && bits < 256) yield ["cast", called, `${cut[1]}${Number(cut[2]) / 2}`];
      if (ENVIRONMENT[text(node)]) yield ["environment", node, ENVIRONMENT[text(node)]];
      return;
    }
    if (node.names.length) return;
    const encodes = /^abi\.encode(Packed)?$|^bytes\.concat$/.test(callee);
    for (let i = 0; i < given.length; ++i) {
      const [start, end] = rangeOf(given[i]);
      if (encodes && given.length > 1) yield ["field", i + 1 < given.length ? [start, rangeOf(given[i + 1])[0]] : [rangeOf(given[i - 1])[1], end], ""];
      if (i + 1 === given.length || typeOf(given[i]) !== typeOf(given[i + 1])) continue;
      const [from, to] = rangeOf(given[i + 1]);
      yield ["swap", [start, to], text(given[i + 1]) + bytes.subarray(end, from) + text(given[i])];
    }
  },

  *Identifier({ node, scope }) {
    const other = scope.next.get(node.referencedDeclaration);
    if (other) yield ["variable", node, other];
  },

  *MemberAccess({ node, text, scope }) {
    const other = scope.next.get(node.referencedDeclaration);
    if (other) yield ["variable", node, text(node.expression) + "." + other];
    const whole = text(node);
    if (ENVIRONMENT[whole]) yield ["environment", node, ENVIRONMENT[whole]];
    if (/^type\(u?int\d+\)\.max$/.test(whole)) yield ["mask", node, `(${whole} >> 1)`];
  },
};

/** A statement with its semicolon, which the tree leaves out. */
const statement = (bytes, node) => [rangeOf(node)[0], bytes.indexOf(";", rangeOf(node)[1]) + 1];

const within = (inner, outer) => outer && rangeOf(inner)[0] >= rangeOf(outer)[0] && rangeOf(inner)[1] <= rangeOf(outer)[1];

/** Whether a branch does nothing but revert. */
function refuses(body) {
  const statements = body.nodeType === "Block" ? body.statements : [body];
  return statements.length === 1 && statements[0].nodeType === "RevertStatement";
}

function signBetween(bytes, left, right, sign) {
  const from = rangeOf(left)[1];
  const at = from + bytes.subarray(from, rangeOf(right)[0]).indexOf(sign);
  return [at, at + Buffer.byteLength(sign)];
}

const typeOf = ({ typeDescriptions }) => typeDescriptions.typeString.replace(/ (storage|memory|calldata)( ref| pointer)?.*/, "");
