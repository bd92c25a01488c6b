#!/usr/bin/env node
// The gate over contracts/test/zoo/variants.mjs: every broken vault must be caught by the suite it names, and the suites
// must pass on the vault as it is, built in the same way. `scripts/bug-zoo.mjs NAME...` runs some; `--compile` runs no
// test: it only asks whether the variants still fit the sources.
import { Compilers, TARGETS, fileOf } from "./mutate/compiler.mjs";
import { inLanes } from "./mutate/lanes.mjs";
import { SOURCES, closure } from "./mutate/sources.mjs";
import { TESTS, buildTests, judge, writeArtifact } from "./mutate/suites.mjs";
import { variants } from "../contracts/test/zoo/variants.mjs";

const AT_ONCE = 2;
const compileOnly = process.argv.includes("--compile");
const only = process.argv.slice(2).filter((argument) => argument !== "--compile");
const unknown = only.filter((name) => !variants.some((variant) => variant.name === name));
if (unknown.length) throw new Error(`no such variant: ${unknown.join(" ")}`);
if (new Set(variants.map(({ name }) => name)).size !== variants.length) throw new Error("two variants have one name");
const chosen = variants.filter(({ name }) => !only.length || only.includes(name));

let faults = 0;
const complain = (line) => {
  faults += 1;
  console.error(line);
};

const contractOf = (file) => Object.keys(TARGETS).find((contract) => file in closure(fileOf(contract)));

/** The contract a variant is of, and its code. */
async function build({ file, find, put }) {
  const name = `${SOURCES}/${file}`;
  const contract = contractOf(name);
  if (!contract) throw new Error(`${name} is in none of ${Object.keys(TARGETS).join(", ")}`);
  const text = closure(fileOf(contract))[name];
  const times = text.split(find).length - 1;
  if (times !== 1) throw new Error(`its text is ${times} times in ${file}; mend the variant`);
  const code = await compilers.compile(contract, closure(fileOf(contract), { [name]: text.replace(find, () => put) }), pipeline);
  if (code === original[contract]) throw new Error("it compiles to the unbroken contract");
  return { contract, code };
}

const compilers = new Compilers(AT_ONCE);
const [{ pipeline, code: original }] = await Promise.all([compilers.originals(), compileOnly || buildTests()]);

const built = [];
await inLanes(AT_ONCE, chosen, async (variant) => {
  try {
    const { contract, code } = await build(variant);
    const twin = built.find((other) => other.code === code && other.variant.suite === variant.suite);
    if (twin) throw new Error(`it is ${twin.variant.name} again`);
    built.push({ variant, contract, code, suite: `${TESTS}/${variant.suite}` });
  } catch (error) {
    complain(`NO VARIANT ${variant.name}: ${error.message}`);
  }
});

if (!compileOnly) {
  // Fair judges: a suite that fails on the unbroken contract would catch everything
  const fair = new Map(built.map(({ suite, contract }) => [suite, contract]));
  const artifacts = Object.fromEntries(Object.keys(original).map((contract) => [contract, writeArtifact(`${contract}.original`, original[contract])]));
  await inLanes(AT_ONCE, fair, async ([suite, contract]) => {
    const { failures } = await judge(suite.replaceAll("/", "."), { [TARGETS[contract]]: artifacts[contract] }, [suite]);
    if (failures.length) complain(`NOT FAIR   ${suite} fails on the unbroken contract: ${failures.map(({ test }) => test).join(", ")}`);
  });

  await inLanes(AT_ONCE, built, async ({ variant, contract, code, suite }) => {
    const what = `${variant.name}: ${variant.attack}`;
    const { failures } = await judge(variant.name, { [TARGETS[contract]]: writeArtifact(variant.name, code) }, [suite]);
    // What can't even be set up is caught by every suite, whatever that asks
    const early = failures.some(({ test }) => test === "setUp");
    if (!failures.length) complain(`SURVIVED   ${what} (${variant.suite} passes)`);
    else if (early && !variant.inSetUp) complain(`NOT JUDGED ${what} (the set-up of ${variant.suite} fails; if that is the judge, say inSetUp)`);
    else if (!early && variant.inSetUp) complain(`NOT JUDGED ${what} (inSetUp, but the set-up of ${variant.suite} passes)`);
    else console.log(`caught     ${variant.name.padEnd(26)} by ${variant.suite} (${failures.length > 1 ? `${failures.length} tests` : failures[0].test}): ${variant.attack}`);
  });
}
console.log(`bug zoo: ${chosen.length} broken vaults, ${faults} faults (${compileOnly ? "compiled only" : `${pipeline} code`})`);
process.exit(faults ? 1 : 0);
