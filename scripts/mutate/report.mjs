// What a run found: for people, for a file, and as faults that fail the gate.
import { nameOf } from "./mutants.mjs";
import { SOURCES } from "./sources.mjs";
import { entryFor } from "./survivors.mjs";

const AT_LEAST = 600; // mutants of different code, in a whole run
const PERCENT = 98; // killed, of those that are not equivalent

export class Report {
  /** @param {Mutant[]} all of the sources; `killed` with their `killer`, `alive`: those judged */
  constructor({ all, killed, alive, accepted, counts }) {
    Object.assign(this, { all, killed, accepted, counts });
    const byPlace = (a, b) => (a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1);
    this.survivors = alive.map((mutant) => ({ ...mutant, ...accepted.get(nameOf(mutant)) })).sort(byPlace);
    this.unlisted = this.survivors.filter(({ reason }) => !reason);
    this.equivalent = this.survivors.filter(({ equivalent }) => equivalent).length;
    this.unique = killed.length + alive.length;
    const percentOf = (whole) => (whole ? Math.floor((killed.length / whole) * 10_000) / 100 : 100);
    this.percent = percentOf(this.unique - this.equivalent);
    this.percentOfAll = percentOf(this.unique);
  }

  lines() {
    const { unique, counts, killed, survivors, equivalent, percent, percentOfAll } = this;
    const found = survivors.map(({ file, line, place, operator, before, after, reason, equivalent }) => {
      const verdict = !reason ? "SURVIVED" : equivalent ? "equivalent" : "accepted";
      return `${verdict} ${SOURCES}/${file}:${line} ${place} (${operator})\n  - ${before}\n  + ${after}${reason ? `\n  : ${reason}` : ""}`;
    });
    const dropped = `${counts.tried} tried: ${counts.invalid} do not compile, ${counts.equal} change nothing, ${counts.duplicate} twice`;
    return [...found, `mutation: ${unique} mutants (${dropped}), ${killed.length} killed, ${survivors.length} survived (${equivalent} equivalent): ${percent} % (${percentOfAll} % with the equivalent ones)`];
  }

  /** Why the gate is shut; nothing where it is open. A part of the mutants can't be held to the numbers of all. */
  faults({ whole }) {
    const faults = [];
    if (this.unlisted.length) faults.push(`${this.unlisted.length} survivors are not in survivors.json`);
    const names = new Set(this.all.map(nameOf));
    const killed = new Set(this.killed.map(nameOf));
    for (const name of this.accepted.keys()) {
      if (!names.has(name)) faults.push(`survivors.json lists what is no mutant any more: ${name}`);
      if (killed.has(name)) faults.push(`survivors.json lists what a test kills: ${name}`);
    }
    if (whole && this.unique < AT_LEAST) faults.push(`${this.unique} mutants are fewer than ${AT_LEAST}`);
    if (whole && this.percent < PERCENT) faults.push(`${this.percent} % killed are less than ${PERCENT} %`);
    return faults;
  }

  summary() {
    const { unique, killed, survivors, unlisted, equivalent, percent, percentOfAll, counts, all } = this;
    const countBy = (items, field) => items.reduce((sums, item) => ({ ...sums, [field(item)]: (sums[field(item)] ?? 0) + 1 }), {});
    const table = (field) => {
      const alive = countBy(survivors, field);
      return Object.fromEntries(Object.entries(countBy([...killed, ...survivors], field)).sort().map(([name, unique]) => [name, { unique, survived: alive[name] ?? 0 }]));
    };
    return {
      generated: all.length,
      ...counts,
      unique,
      killed: killed.length,
      endless: killed.filter(({ killer }) => killer.endless).length,
      survived: survivors.length,
      equivalent,
      unlisted: unlisted.length,
      percent,
      percentOfAll,
      operators: table(({ operator }) => operator),
      files: table(({ file }) => file),
      killers: countBy(killed, ({ killer }) => killer.suite),
      survivors: survivors.map((mutant) => ({ ...entryFor(mutant), equivalent: mutant.equivalent ?? false, reason: mutant.reason ?? "" })),
    };
  }
}
