// Verdicts of earlier runs, so that a run that was broken off goes on, and only what changed is judged again. A verdict
// belongs to bytes of code, not to text; it stands while the suite that killed (or, of a survivor, every suite) is the same.
import { createHash } from "node:crypto";
import fs from "node:fs";
import { closure } from "./sources.mjs";

const FILE = ".build/mutate/verdicts.jsonl";

export const hashOf = (...texts) => {
  const hash = createHash("sha256");
  for (const text of texts) hash.update(`${text.length}\n${text}`);
  return hash.digest("hex");
};

export class Verdicts {
  #known = new Map();
  #suites = new Map();
  #settings = hashOf(...["foundry.toml", "package-lock.json"].map((file) => fs.readFileSync(file, "utf8")));

  constructor() {
    if (!fs.existsSync(FILE)) return;
    for (const line of fs.readFileSync(FILE, "utf8").split("\n").filter(Boolean)) {
      try {
        const { key, ...verdict } = JSON.parse(line);
        this.#known.set(key, verdict);
      } catch {
        // the last line of a run that was killed while it wrote
      }
    }
  }

  /** {killer: {suite, test} or null for a survivor}, or undefined where nobody has judged these bytes by these suites. */
  of(key, suites) {
    const verdict = this.#known.get(key);
    if (!verdict) return undefined;
    const by = verdict.killer ? [verdict.killer.suite] : suites;
    return suites.includes(by[0]) && verdict.judges === this.#hashOfSuites(by) ? verdict : undefined;
  }

  /** The suite that killed these bytes when they were last judged, whatever has changed since. */
  lastKiller(key) {
    return this.#known.get(key)?.killer?.suite;
  }

  remember(key, killer, suites) {
    const verdict = { killer, judges: this.#hashOfSuites(killer ? [killer.suite] : suites) };
    this.#known.set(key, verdict);
    fs.appendFileSync(FILE, `${JSON.stringify({ key, ...verdict })}\n`);
    return verdict;
  }

  #hashOfSuites(suites) {
    for (const suite of suites) {
      if (!this.#suites.has(suite)) this.#suites.set(suite, hashOf(...Object.values(closure(suite))));
    }
    return hashOf(this.#settings, ...[...suites].sort().map((suite) => suite + this.#suites.get(suite)));
  }
}
