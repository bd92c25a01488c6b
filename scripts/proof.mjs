#!/usr/bin/env node
// What is known of the contracts and how: runs the steps of `make proof`, prints one table, and writes docs/proof.json.
// Each result is stamped with the hash of contracts/src it was made with. `--check` runs nothing: it fails unless every
// step is there, has passed, and was made with today's sources. `scripts/proof.mjs STEP...` makes some steps anew.
import { spawnSync } from "node:child_process";
import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";

const FILE = "docs/proof.json";
const FOLDER = ".build/proof";
const read = (file) => JSON.parse(fs.readFileSync(file, "utf8"));
const lastMatch = (text, pattern) => [...text.matchAll(pattern)].at(-1);

/** The steps: a name, what it shows, how it is run, and its result in words, taken from what the run printed or wrote. */
const STEPS = [
  {
    name: "coverage",
    shows: "lines, functions and branches of contracts/src run by unit tests",
    run: ["scripts/coverage", "--json", `${FOLDER}/coverage.json`],
    result: () => {
      const { lines, functions, branches } = read(`${FOLDER}/coverage.json`);
      return [lines, functions, branches].map(({ found, hit }) => `${hit}/${found}`).join(", ");
    },
  },
  {
    name: "zoo",
    shows: "vaults broken on purpose, each caught by the suite it names",
    run: ["node", "scripts/bug-zoo.mjs"],
    result: (text) => text.trim().split("\n").at(-1),
  },
  {
    name: "mutation",
    shows: "mutants of contracts/src killed by unit and fuzz tests, without the invariants' campaigns",
    run: ["node", "scripts/mutate.mjs", "--quick", "--json", `${FOLDER}/mutation.json`],
    result: (text) => text.trim().split("\n").at(-1),
  },
  {
    name: "symbolic",
    shows: "claims that hold for all inputs, each with a twin that must fail",
    run: ["scripts/prove"],
    result: (text) => text.trim().split("\n").at(-1),
  },
  {
    name: "pipeline",
    shows: "the same tests, but those of gas, on a build without the IR pipeline, campaigns of 2,000 calls",
    run: ["forge", "test", "--no-match-contract", "CostTest", "--out", `${FOLDER}/legacy/out`, "--cache-path", `${FOLDER}/legacy/cache`],
    env: { FOUNDRY_VIA_IR: "false", FOUNDRY_INVARIANT_RUNS: "10" },
    result: (text) => `${lastMatch(text, /(\d+) tests passed/g)?.[1]} tests passed`,
  },
  {
    name: "slither",
    shows: "findings of medium impact or above without an explanation",
    run: ["scripts/slither"],
    result: () => "none",
  },
];

/** Hash over the paths and texts of all sources. */
function stamp() {
  const hash = crypto.createHash("sha256");
  const files = fs.readdirSync("contracts/src", { recursive: true }).filter((file) => file.endsWith(".sol")).sort();
  for (const file of files) {
    hash.update(file.split(path.sep).join("/")).update("\0");
    hash.update(fs.readFileSync(path.join("contracts/src", file))).update("\0");
  }
  return hash.digest("hex");
}

function check(known, sources) {
  const faults = STEPS.flatMap(({ name }) => {
    const row = known.find((entry) => entry.name === name);
    if (!row) return [`${name} was never run`];
    if (!row.passed) return [`${name} failed`];
    return row.sources === sources ? [] : [`${name} was run with other sources`];
  });
  if (faults.length === 0) return;
  console.error(`error: ${FILE} does not speak of today's contracts/src:\n  ${faults.join("\n  ")}\nfix: make proof`);
  process.exit(1);
}

function perform({ name, run, env, result }, sources) {
  console.error(`proof: ${name} ...`);
  const started = Date.now();
  const [command, ...args] = run;
  const done = spawnSync(command, args, {
    encoding: "utf8",
    env: { ...process.env, ...env },
    maxBuffer: 1 << 28,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const passed = done.status === 0;
  const row = { name, passed, result: "", seconds: Math.round((Date.now() - started) / 1000), sources };
  if (passed) row.result = String(result(done.stdout));
  else console.error(done.error ?? done.stdout.slice(-4000));
  return row;
}

const wanted = process.argv.slice(2);
const known = fs.existsSync(FILE) ? read(FILE).steps : [];
const sources = stamp();
if (wanted.includes("--check")) {
  check(known, sources);
  process.exit(0);
}
const strangers = wanted.filter((name) => !STEPS.some((step) => step.name === name));
if (strangers.length) throw new Error(`no such step: ${strangers.join(" ")}; there are ${STEPS.map(({ name }) => name).join(" ")}`);

fs.mkdirSync(FOLDER, { recursive: true });
const rows = new Map(known.map((row) => [row.name, row]));
for (const step of STEPS) {
  if (wanted.length && !wanted.includes(step.name)) continue;
  rows.set(step.name, perform(step, sources));
  const steps = STEPS.flatMap(({ name }) => rows.get(name) ?? []);
  fs.writeFileSync(FILE, `${JSON.stringify({ steps }, null, 2)}\n`);
}
for (const { name, shows } of STEPS) {
  const row = rows.get(name);
  const word = !row ? "not run" : row.sources !== sources ? "other sources" : row.passed ? "pass" : "FAIL";
  console.log(`${name.padEnd(10)} ${word.padEnd(13)} ${String(row?.seconds ?? "").padStart(5)} s  ${shows}: ${row?.result ?? ""}`);
}
process.exit([...rows.values()].every(({ passed }) => passed) ? 0 : 1);
