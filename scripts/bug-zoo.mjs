#!/usr/bin/env node
// The gate over contracts/test/zoo/variants.mjs: every broken vault must be caught by the suite it names, and the suites
// must pass on the vault as it is, built in the same way. `scripts/bug-zoo.mjs NAME...` runs some, `--attacks` those that a
// thief would try; `--compile` runs no test: it only asks whether the variants still fit the sources.
import fs from "node:fs";
import { fairOriginals } from "./mutate/bench.mjs";
import { Compilers, TARGETS, fileOf } from "./mutate/compiler.mjs";
import { inLanes } from "./mutate/lanes.mjs";
import { SOURCES, closure } from "./mutate/sources.mjs";
import { TESTS, buildTests, judge, writeArtifact } from "./mutate/suites.mjs";
import { attacks, variants } from "../contracts/test/zoo/variants.mjs";

const AT_ONCE = 2;
const compileOnly = process.argv.includes("--compile");
const herd = process.argv.includes("--attacks") ? attacks : variants;
const only = process.argv.slice(2).filter((argument) => !["--compile", "--attacks"].includes(argument));
const unknown = only.filter((name) => !variants.some((variant) => variant.name === name));
if (unknown.length) throw new Error(`no such variant: ${unknown.join(" ")}`);
if (new Set(variants.map(({ name }) => name)).size !== variants.length) throw new Error("two variants have one name");
const chosen = herd.filter(({ name }) => !only.length || only.includes(name));

let faults = 0;
const complain = (kind, { name, attack }, why) => {
  faults += 1;
  console.error(`${kind} ${name}: ${attack} (${why})`);
};

/** A variant with the contract that it breaks and that contract's sources; undefined where it fits nothing. */
function fitted(variant) {
  const file = `${SOURCES}/${variant.file}`;
  const contract = Object.keys(TARGETS).find((target) => file in closure(fileOf(target)));
  if (!contract) return complain("NO VARIANT", variant, `${file} is in none of ${Object.keys(TARGETS).join(", ")}`);
  const suite = `${TESTS}/${variant.suite}`;
  if (!fs.existsSync(suite)) return complain("NO VARIANT", variant, `there is no ${suite}`);
  const texts = {};
  for (const edit of [variant, ...(variant.also ?? [])]) {
    const name = `${SOURCES}/${edit.file ?? variant.file}`;
    const text = texts[name] ?? closure(fileOf(contract))[name];
    const times = text.split(edit.find).length - 1;
    if (times !== 1) return complain("NO VARIANT", variant, `this is ${times} times in ${name}, mend the variant: ${edit.find}`);
    texts[name] = text.replace(edit.find, () => edit.put);
  }
  return { variant, contract, suite, sources: closure(fileOf(contract), texts) };
}

async function quickest() {
  const { value } = await compilers.originals().next();
  return { originals: new Map([[value.pipeline, value.code]]), pipelineOf: () => value.pipeline };
}

const compilers = new Compilers(AT_ONCE);
const broken = chosen.map(fitted).filter(Boolean);
const judges = {};
for (const { contract, suite } of broken) judges[contract] = [...new Set([...(judges[contract] ?? []), suite])];
if (!compileOnly) await buildTests();
const { originals, pipelineOf } = compileOnly ? await quickest() : await fairOriginals(compilers, AT_ONCE, judges, (line) => console.error(line));

const seen = new Map();
await inLanes(AT_ONCE, broken, async ({ variant, contract, suite, sources }) => {
  const pipeline = pipelineOf(contract, suite);
  let code;
  try {
    code = await compilers.compile(contract, sources, pipeline);
  } catch (error) {
    return complain("NO VARIANT", variant, error.message);
  }
  if (code === originals.get(pipeline)[contract]) return complain("NO VARIANT", variant, "it compiles to the unbroken contract");
  const twin = seen.get(suite + code);
  if (twin) return complain("NO VARIANT", variant, `it is ${twin} again`);
  seen.set(suite + code, variant.name);
  if (compileOnly) return;

  const { failures } = await judge(variant.name, { [TARGETS[contract]]: writeArtifact(variant.name, code) }, [suite]);
  // What can't even be set up is caught by every suite, whatever that asks
  const early = failures.some(({ test }) => test === "setUp");
  if (!failures.length) complain("SURVIVED  ", variant, `${variant.suite} passes`);
  else if (early && !variant.inSetUp) complain("NOT JUDGED", variant, `the set-up of ${variant.suite} fails; if that is the judge, say inSetUp`);
  else if (!early && variant.inSetUp) complain("NOT JUDGED", variant, `inSetUp, but the set-up of ${variant.suite} passes`);
  else console.log(`caught     ${variant.name.padEnd(26)} by ${variant.suite} (${failures.length > 1 ? `${failures.length} tests` : failures[0].test}): ${variant.attack}`);
});
console.log(`bug zoo: ${chosen.length} broken vaults, ${faults} faults${compileOnly ? " (compiled only)" : ""}`);
process.exitCode = faults ? 1 : 0;
await compilers.close();
