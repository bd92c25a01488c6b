// The contracts as they ship, for the static gates: compiled by forge with the settings of foundry.toml into a folder
// that no test writes to, so that what a gate reads is never an older or a quicker build.
"use strict";
const { spawnSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");

const ROOT = path.join(__dirname, "..");
const CONTRACTS = ["Vault", "VaultFactory", "VaultLens", "Purses", "Purse"];

/** Compiles the project at `root` into `folder` and returns the artifacts of the contracts by name. */
function build({ root = ROOT, folder = path.join(ROOT, ".build", "production"), args = [] } = {}) {
  const [out, cache] = [path.join(folder, "out"), path.join(folder, "cache")];
  const command = ["build", "contracts/src", "--root", root, "--out", out, "--cache-path", cache,
    "--extra-output", "storageLayout", ...args];
  const run = spawnSync("forge", command, { cwd: root, encoding: "utf8" });
  if (run.status !== 0) {
    fail(`the contracts do not compile: ${run.error ?? run.stdout + run.stderr}`, "run `make setup`, then `make build`");
  }
  const read = (name) => JSON.parse(fs.readFileSync(path.join(out, `${name}.sol`, `${name}.json`), "utf8"));
  return Object.fromEntries(CONTRACTS.map((name) => [name, read(name)]));
}

/** Compares what was measured with a committed file, or with `--write` writes the file. */
function snapshot(file, measured, { what, fix }) {
  const text = `${JSON.stringify(measured, null, 2)}\n`;
  const at = path.join(ROOT, file);
  if (process.argv.includes("--write")) {
    fs.writeFileSync(at, text);
    return;
  }
  const committed = fs.existsSync(at) ? fs.readFileSync(at, "utf8") : "";
  if (committed === text) return;
  const [old, now] = [committed.split("\n"), text.split("\n")];
  const changed = [...old.filter((line) => !now.includes(line)).map((line) => `  - ${line.trim()}`),
    ...now.filter((line) => !old.includes(line)).map((line) => `  + ${line.trim()}`)];
  fail(`${what} is not what ${file} says:\n${changed.join("\n")}`, fix);
}

/** Ends the gate, saying why and what to do. */
function fail(cause, fix) {
  console.error(`error: ${cause}\nfix: ${fix}`);
  process.exit(1);
}

module.exports = { ROOT, build, snapshot, fail };
