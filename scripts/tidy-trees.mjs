#!/usr/bin/env node
// Every leaf of every .tree under contracts/test has its test, and every test beside a tree has its leaf.
//
// A tree is a verb, then branches ("given" a state, "when" an input, "about" a group), then "it should" outcomes.
// A branch with outcomes is a test in a .t.sol of the same folder whose name is the tree's, first letter large:
//   when the payee is not in the book / it should revert with PayeeNotInBook  ->  test_RevertWhen_ThePayeeIsNotInTheBook
//   given the vault paused            / it should change nothing              ->  test_Given_TheVaultPaused
// (testFuzz_ will do for test_).
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";

const root = path.join(import.meta.dirname, "..", "contracts", "test");
const faults = [];
let leaves = 0;

for (const name of readdirSync(root, { recursive: true }).filter((file) => file.endsWith(".tree"))) {
  const tree = path.join(root, name);
  const verb = path.basename(name, ".tree");
  const tests = path.join(path.dirname(tree), `${verb[0].toUpperCase()}${verb.slice(1)}.t.sol`);
  if (!existsSync(tests)) {
    faults.push(`${name}: no ${path.basename(tests)} beside it`);
    continue;
  }
  const wanted = new Set(testNames(readFileSync(tree, "utf8"), name));
  const present = new Set(
    [...readFileSync(tests, "utf8").matchAll(/function test(?:Fuzz)?_(\w+)\(/g)].map((match) => match[1]),
  );
  for (const test of wanted) if (!present.has(test)) faults.push(`${name}: no test_${test}`);
  for (const test of present) if (!wanted.has(test)) faults.push(`${name}: no leaf for test_${test}`);
  leaves += wanted.size;
}

for (const fault of faults) console.error(`error: ${fault}`);
if (faults.length !== 0) process.exit(1);
console.log(`${leaves} branches of the test trees have their tests`);

/** The test names of one tree, in order. */
function* testNames(text, name) {
  let branch;
  let reverts = false;
  let outcomes = 0;
  const lines = text.split("\n").slice(1).map((line) => line.replace(/^[\s│├└─]+/u, "").trim());
  for (const line of [...lines, "about the end"]) {
    if (line === "") continue;
    if (line.startsWith("it should ")) {
      reverts ||= line.startsWith("it should revert");
      outcomes += 1;
      continue;
    }
    if (branch && outcomes !== 0) yield testName(branch, reverts);
    if (!/^(given|when|about) /.test(line)) faults.push(`${name}: "${line}" is neither given, when, about nor it should`);
    [branch, reverts, outcomes] = [line, false, 0];
  }
}

/** "when the payee's category is 0" -> "When_ThePayeesCategoryIs0", with Revert before it where that is the outcome. */
function testName(branch, reverts) {
  const words = branch.replaceAll(/['’]/g, "").split(/[^A-Za-z0-9]+/).filter(Boolean);
  const [kind, ...rest] = words.map((word) => word[0].toUpperCase() + word.slice(1));
  return `${reverts ? "Revert" : ""}${kind}_${rest.join("")}`;
}
