#!/usr/bin/env node
// Mutation testing of contracts/src: breaks it in every small way, and asks whether a test notices.
import fs from "node:fs";
import { parseArgs } from "node:util";
import { Bench, UNIT_STAGES } from "./mutate/bench.mjs";
import { Compilers, DoesNotCompile, TARGETS, fileOf } from "./mutate/compiler.mjs";
import { inLanes } from "./mutate/lanes.mjs";
import { mutants } from "./mutate/mutants.mjs";
import { Progress } from "./mutate/progress.mjs";
import { Report } from "./mutate/report.mjs";
import { select } from "./mutate/selection.mjs";
import { closure } from "./mutate/sources.mjs";
import { buildTests } from "./mutate/suites.mjs";
import { acceptedSurvivors } from "./mutate/survivors.mjs";
import { Verdicts, hashOf } from "./mutate/verdicts.mjs";

const AT_ONCE = 2;
const LIMIT = 640; // mutants of a whole run; make proof has 90 minutes for everything
const HELP = `usage: scripts/mutate.mjs [--file F]... [--changed [--against REF]] [--sample N | --all] [--quick] [--list] [--json PATH]
Breaks contracts/src in small ways and runs the tests on each. A whole run takes ${LIMIT} mutants of different bytecode, always the
same. Fails for a survivor that contracts/test/zoo/survivors.json does not list; a whole run also below 98 % killed.
  --file F        only mutants of this file below contracts/src (may be given again)
  --changed       only mutants of lines that differ from REF (HEAD)
  --sample N      only the first N
  --all           every mutant there is
  --quick         without the campaigns of the invariants: shows sooner what the other suites let live
  --list          print them, judge none
  --json PATH     write counts and survivors there, the latter as entries for survivors.json
Verdicts are remembered in .build/mutate: a run that was broken off goes on where it was.`;

const { values: options } = parseArgs({
  options: {
    file: { type: "string", multiple: true },
    changed: { type: "boolean" },
    against: { type: "string", default: "HEAD" },
    sample: { type: "string" },
    all: { type: "boolean" },
    quick: { type: "boolean" },
    list: { type: "boolean" },
    json: { type: "string" },
    help: { type: "boolean" },
  },
});
if (options.help) {
  console.log(HELP);
  process.exit(0);
}
const whole = !options.file && !options.changed && !options.sample;
const limit = options.sample ? Number(options.sample) : options.file || options.changed || options.all ? Infinity : LIMIT;
if (!(limit > 0)) throw new Error("--sample wants a number");

const say = (line) => console.error(`mutate: ${line}`);
const started = Date.now();
const accepted = acceptedSurvivors();
const compilers = new Compilers(AT_ONCE);
const all = await mutants(compilers);
const candidates = select(all, { files: options.file, against: options.changed && options.against });
if (options.list) {
  const text = candidates.map(({ file, line, operator, place, before, after }) => `${file}:${line} ${place} (${operator})\n  - ${before}\n  + ${after}\n`).join("");
  await new Promise((resolve) => process.stdout.write(text, resolve));
  process.exit(0);
}

say(`${candidates.length} of ${all.length} mutants to choose from`);
await buildTests();
const { bench, pipeline, original } = await Bench.seat(compilers, AT_ONCE, say, options);

const codeOf = async ({ contracts, edited }, by) => {
  const code = {};
  for (const contract of contracts) code[contract] = await compilers.compile(contract, closure(fileOf(contract), edited), by);
  return code;
};
/** Only the contracts whose code is another than `than`. */
const changedIn = (code, than) => Object.fromEntries(Object.entries(code).filter(([contract]) => code[contract] !== than[contract]));

// Compile, and drop what is no mutant: what does not compile, and code that is there already
const counts = { tried: 0, invalid: 0, equal: 0, duplicate: 0 };
const unique = new Map(); // {hash of the code: {mutant, code}}
let progress = new Progress("compiled", Math.min(candidates.length, limit));
await inLanes(AT_ONCE, candidates, async (mutant) => {
  if (unique.size >= limit) return false;
  counts.tried += 1;
  try {
    const code = changedIn(await codeOf(mutant, pipeline), original);
    const key = hashOf(pipeline, ...Object.entries(code).flat());
    if (!Object.keys(code).length) counts.equal += 1;
    else if (unique.has(key)) counts.duplicate += 1;
    else if (unique.size >= limit) counts.tried -= 1; // the other lane was there first
    else unique.set(key, { mutant, code });
  } catch (error) {
    if (!(error instanceof DoesNotCompile)) throw error;
    counts.invalid += 1;
  }
  progress.at(limit < candidates.length ? unique.size : counts.tried, `${unique.size} of different code`);
});

// Judge: the first test that fails kills
const verdicts = new Verdicts();
const killed = [];
let alive = [];
let remembered = 0;
progress = new Progress("judged", unique.size);
await inLanes(AT_ONCE, unique, async ([key, { mutant, code }]) => {
  const contracts = Object.keys(code);
  const suites = bench.stagesFor(contracts).flatMap((stage) => stage.suites);
  let verdict = verdicts.of(key, suites);
  if (verdict) remembered += 1;
  else {
    const codeBy = async (by) => (by === pipeline ? code : codeOf(mutant, by));
    const only = verdicts.lastKiller(key); // who killed it will most likely kill it again
    const again = only && (await bench.killerOf(key, contracts, codeBy, { only }));
    verdict = { killer: again || (await bench.killerOf(key, contracts, codeBy, { lastOrder: options.quick ? UNIT_STAGES : Infinity })) };
    if (verdict.killer ? !verdict.killer.endless : !options.quick) verdicts.remember(key, verdict.killer, suites); // an end may depend on the machine
  }
  if (verdict.killer) killed.push({ ...mutant, killer: verdict.killer });
  else alive.push(mutant);
  progress.at(killed.length + alive.length, `${killed.length} killed, ${alive.length} alive, ${remembered} judged before`);
});

// What compiles to the bytes that ship is no mutant, whatever the quick pipeline made of it
if (pipeline !== "shipped" && alive.length) {
  say(`comparing ${alive.length} survivors as they would ship`);
  const shipped = await codeOf({ contracts: Object.keys(TARGETS) }, "shipped");
  const differ = [];
  await inLanes(AT_ONCE, alive, async (mutant) => {
    if (Object.keys(changedIn(await codeOf(mutant, "shipped"), shipped)).length) differ.push(mutant);
    else counts.equal += 1;
  });
  alive = differ;
}

const report = new Report({ all, killed, alive, accepted, counts });
const faults = report.faults({ whole });
await new Promise((resolve) => process.stdout.write(`${report.lines().join("\n")}\n`, resolve));
if (options.json) fs.writeFileSync(options.json, `${JSON.stringify({ ...report.summary(), pipeline, seconds: Math.round((Date.now() - started) / 1_000) }, null, 2)}\n`);
for (const fault of faults) console.error(`error: ${fault}`);
process.exit(faults.length ? 1 : 0);
