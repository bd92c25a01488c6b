// The mutants that may live, each with its reason: contracts/test/zoo/survivors.json.
import fs from "node:fs";
import { nameOf } from "./mutants.mjs";

const FILE = "contracts/test/zoo/survivors.json";

/** {name: {reason, equivalent}}; throws where an entry has no reason or is there twice. */
export function acceptedSurvivors() {
  const accepted = new Map();
  for (const entry of JSON.parse(fs.readFileSync(FILE, "utf8"))) {
    const name = nameOf(entry);
    if (!entry.reason?.trim()) throw new Error(`${FILE}: no reason given for ${name}`);
    if (accepted.has(name)) throw new Error(`${FILE}: twice: ${name}`);
    accepted.set(name, { reason: entry.reason, equivalent: entry.equivalent === true });
  }
  return accepted;
}

/** The entry that would accept a mutant, once somebody has written down why. */
export const entryFor = ({ file, place, before, after, nth }) => ({ file, place, before, after, ...(nth > 1 ? { nth } : {}), equivalent: false, reason: "" });
