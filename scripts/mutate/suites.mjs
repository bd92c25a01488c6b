// Forge as the judge of a built contract: tests deploy what an environment variable names, so nothing is rebuilt.
import { execFile } from "node:child_process";
import fs from "node:fs";
import { promisify } from "node:util";
import { closure, filesBelow } from "./sources.mjs";

const run = promisify(execFile);
export const TESTS = "contracts/test";
const CACHE = "cache/solidity-files-cache.json";
const ARTIFACTS = `out/mutants/${process.pid}`; // forge lets tests read below out/
const SCRATCH = `.build/mutate/${process.pid}`;
const LONGEST = 300; // seconds
const TAIL = 1_000; // characters of a complaint
const HEAD = 4_000;
const MEMORY = ".build/solc-memo"; // of solc-memo beside this file
const REMEMBERED = 24 * 3_600_000; // ms
const ENDED = { SIGINT: 130, SIGTERM: 143 };

/** Test files whose tests deploy the contract that `variable` names. Others are blind to a mutant. */
export function suitesFor(variable) {
  const deploys = new RegExp(`\\b${variable}\\b`);
  return filesBelow(TESTS, ".t.sol").filter((file) => !file.includes("/symbolic/") && Object.values(closure(file)).some((text) => deploys.test(text)));
}

/** Builds the tests as they are, so that no run has to. */
export async function buildTests() {
  for (const folder of [ARTIFACTS, SCRATCH, MEMORY]) fs.mkdirSync(folder, { recursive: true });
  process.on("exit", () => [ARTIFACTS, SCRATCH].forEach((folder) => fs.rmSync(folder, { recursive: true, force: true })));
  for (const [signal, code] of Object.entries(ENDED)) process.on(signal, () => process.exit(code));
  for (const name of fs.readdirSync(MEMORY)) {
    if (Date.now() - fs.statSync(`${MEMORY}/${name}`).mtimeMs > REMEMBERED) fs.rmSync(`${MEMORY}/${name}`, { force: true });
  }
  await run("forge", ["build"], { maxBuffer: 1 << 28 }).catch(({ message, stdout, stderr }) => {
    throw new Error(`forge build fails:\n${(stdout + stderr || message).slice(0, HEAD)}`);
  });
}

/** Writes creation code where tests find it; the path is what the environment variable is set to. */
export function writeArtifact(name, code) {
  const artifact = `${ARTIFACTS}/${name}.json`;
  fs.writeFileSync(artifact, JSON.stringify({ abi: [], bytecode: { object: code } }));
  return artifact;
}

export const removeArtifact = (artifact) => fs.rmSync(artifact);

/**
 * Runs test files on the artifacts in `variables` ({MUTANT: path}).
 * @returns {{failures: {suite, test}[], seconds: {suite: number}, endless: boolean}} no failures: all passed
 */
export async function judge(name, variables, suites, { failFast = false, env = {}, longest = LONGEST } = {}) {
  const scratch = `${SCRATCH}/${name}`;
  fs.mkdirSync(`${scratch}/cache`, { recursive: true });
  fs.copyFileSync(CACHE, `${scratch}/${CACHE}`); // each run writes it anew: two must not write into each other's
  const options = {
    maxBuffer: 1 << 28,
    timeout: Math.ceil(longest * 1_000),
    killSignal: "SIGKILL",
    env: {
      ...process.env,
      FOUNDRY_CACHE_PATH: `${scratch}/cache`,
      FOUNDRY_SOLC: "scripts/mutate/solc-memo",
      // A failing case is replayed by the next run of its test: a mutant's must not be by any other
      FOUNDRY_FUZZ_FAILURE_PERSIST_DIR: `${scratch}/fuzz`,
      FOUNDRY_INVARIANT_FAILURE_PERSIST_DIR: `${scratch}/invariant`,
      FOUNDRY_TEST_FAILURES_FILE: `${scratch}/failures`,
      FOUNDRY_INVARIANT_SHRINK_RUN_LIMIT: "0", // that it fails is enough
      NO_COLOR: "1",
      ...env,
      ...variables,
    },
  };
  const glob = suites.length === 1 ? suites[0] : `{${suites.join(",")}}`;
  let stdout;
  try {
    ({ stdout } = await run("forge", ["test", "--threads", "1", "--match-path", glob, ...(failFast ? ["--fail-fast"] : [])], options));
  } catch (error) {
    if (error.killed) return { failures: [{ suite: suites[0], test: `no end in ${Math.ceil(longest)} s` }], seconds: {}, endless: true };
    if (!error.stdout) throw error;
    stdout = error.stdout;
    if (!failuresIn(stdout).length) throw new Error(`forge failed without a failing test:\n${stdout.slice(-TAIL)}${error.stderr.slice(-TAIL)}`);
  } finally {
    fs.rmSync(scratch, { recursive: true, force: true });
  }
  if (!stdout.startsWith("No files changed")) throw new Error(`the tests were rebuilt for ${name}: has somebody edited them meanwhile?`);
  const failures = failuresIn(stdout);
  const idle = suites.filter((suite) => !stdout.includes(` for ${suite}:`));
  if (!failures.length && idle.length) throw new Error(`no test ran in ${idle.join(" ")}`);
  return { failures, seconds: secondsIn(stdout), endless: false };
}

function failuresIn(stdout) {
  const failures = [];
  let suite;
  let open = false; // a failed invariant's name stands below the calls that led to it
  for (const line of stdout.split("\n")) {
    suite = line.match(/^Ran \d+ tests? for (\S+\.sol):/)?.[1] ?? suite;
    if (line.startsWith("Failing tests:")) break; // the same again
    if (line.startsWith("[FAIL")) open = true;
    const test = open && line.match(/^(?:.*\])? (\w+)\(.*\) \((?:runs|gas): /s)?.[1];
    if (test) {
      failures.push({ suite, test });
      open = false;
    }
  }
  return failures;
}

function secondsIn(stdout) {
  const seconds = {};
  const units = { s: 1, ms: 1e-3, "µs": 1e-6, ns: 1e-9 };
  for (const [, suite, amount, unit] of stdout.matchAll(/^Ran \d+ tests? for (\S+\.sol):[^]*?^Suite result: .* finished in ([\d.]+)(\S+) \(/gm)) {
    seconds[suite] = (seconds[suite] ?? 0) + Number(amount) * units[unit];
  }
  return seconds;
}
