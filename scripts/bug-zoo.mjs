#!/usr/bin/env node
// The gate over contracts/test/zoo/variants.mjs: every broken vault must be caught by the suite it names, and the suites
// must pass on the vault as it is, built in the same way. Two at a time; `scripts/bug-zoo NAME...` runs some.
import { execFile } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { variants } from "../contracts/test/zoo/variants.mjs";

const run = promisify(execFile);
const SOURCES = "contracts/src";
const ARTIFACTS = "out/zoo"; // forge lets tests read below out/
const AT_ONCE = 2;
// A failing case is replayed by the next run of its test: a mutant's must not be by the real vault's
const KEEP_FAILURES_APART = { FOUNDRY_FUZZ_FAILURE_PERSIST_DIR: ".build/zoo/fuzz", FOUNDRY_INVARIANT_FAILURE_PERSIST_DIR: ".build/zoo/invariant" };
const REMAPPINGS = ["solady/=node_modules/solady/src/", "@openzeppelin/=node_modules/@openzeppelin/"];

const resolve = (name) => REMAPPINGS.map((line) => line.split("=")).reduce((at, [from, to]) => (at.startsWith(from) ? to + at.slice(from.length) : at), name);

/** All sources that `file` needs, with `edit` applied: {path: {content}}. */
function sources(file, edit, found = {}) {
  if (found[file]) return found;
  const content = edit(file, fs.readFileSync(resolve(file), "utf8"));
  found[file] = { content };
  for (const [, wanted] of content.matchAll(/^\s*import\s[^;]*?["']([^"']+)["']\s*;/gms)) {
    sources(wanted.startsWith(".") ? path.posix.join(path.posix.dirname(file), wanted) : wanted, edit, found);
  }
  return found;
}

async function compile(contract, edit) {
  const file = `${SOURCES}/${contract}.sol`;
  const input = {
    language: "Solidity",
    sources: sources(file, edit),
    settings: {
      viaIR: true,
      evmVersion: "cancun",
      optimizer: { enabled: true, runs: 200 },
      outputSelection: { [file]: { [contract]: ["abi", "evm.bytecode.object", "evm.deployedBytecode.object"] } },
    },
  };
  const child = run("scripts/solc", ["--standard-json"], { maxBuffer: 1 << 28 });
  child.child.stdin.end(JSON.stringify(input));
  const output = JSON.parse((await child).stdout);
  const errors = (output.errors ?? []).filter((error) => error.severity === "error");
  if (errors.length) throw new Error(errors[0].formattedMessage);
  const { abi, evm } = output.contracts[file][contract];
  const artifact = { abi, bytecode: { object: `0x${evm.bytecode.object}` }, deployedBytecode: { object: `0x${evm.deployedBytecode.object}` } };
  return JSON.stringify(artifact);
}

/** Whether a suite passes with the artifact in place of the contract, and which tests failed. */
async function passes(contract, artifact, suite) {
  const variable = contract === "Vault" ? "MUTANT" : "MUTANT_FACTORY";
  try {
    const { stdout } = await run("forge", ["test", "--match-path", `contracts/test/${suite}`], { env: { ...process.env, ...KEEP_FAILURES_APART, [variable]: artifact }, maxBuffer: 1 << 28 });
    if (!/ passed/.test(stdout)) throw new Error(`no test ran in ${suite}`);
    return { passed: true, failures: 0 };
  } catch (error) {
    const failures = [...new Set((error.stdout ?? "").match(/^\[FAIL[^\n]*/gm) ?? [])];
    if (!failures.length) throw error;
    return { passed: false, failures: failures.length };
  }
}

async function judge(variant) {
  const contract = variant.file === "VaultFactory.sol" ? "VaultFactory" : "Vault";
  let edits = 0;
  const code = await compile(contract, (file, content) => {
    if (file !== `${SOURCES}/${variant.file}`) return content;
    edits += content.split(variant.find).length - 1;
    return content.replace(variant.find, () => variant.put);
  });
  if (edits !== 1) throw new Error(`${variant.name}: its text is ${edits} times in ${variant.file}; mend the variant`);
  const artifact = `${ARTIFACTS}/${variant.name}.json`;
  fs.writeFileSync(artifact, code);
  return passes(contract, artifact, variant.suite);
}

const only = process.argv.slice(2);
const chosen = variants.filter((variant) => !only.length || only.includes(variant.name));
fs.mkdirSync(ARTIFACTS, { recursive: true });
let broken = 0;
const complain = (line) => {
  broken += 1;
  console.error(line);
};

for (const contract of ["Vault", "VaultFactory"]) {
  const artifact = `${ARTIFACTS}/${contract}.original.json`;
  fs.writeFileSync(artifact, await compile(contract, (_, content) => content));
  const suites = chosen.filter((variant) => (variant.file === "VaultFactory.sol") === (contract === "VaultFactory")).map((variant) => variant.suite);
  for (const suite of new Set(suites)) {
    const { passed, failures } = await passes(contract, artifact, suite);
    if (!passed) complain(`not a fair judge: ${suite} fails ${failures} tests on the unbroken contract`);
  }
}

const queue = [...chosen];
const worker = async () => {
  for (let variant = queue.shift(); variant; variant = queue.shift()) {
    const { passed, failures } = await judge(variant);
    if (passed) complain(`SURVIVED  ${variant.name}: ${variant.attack} (${variant.suite} passes)`);
    else console.log(`caught    ${variant.name.padEnd(26)} by ${variant.suite} (${failures} tests): ${variant.attack}`);
  }
};
await Promise.all(Array.from({ length: AT_ONCE }, worker));
console.log(`bug zoo: ${chosen.length} broken vaults, ${broken} not caught`);
process.exit(broken ? 1 : 0);
