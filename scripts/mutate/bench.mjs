// The bench of judges: for each target the suites that deploy it, in stages, quick ones first. None sits on it that does
// not pass on the contract as it is, built and deployed the way mutants are.
import { TARGETS } from "./compiler.mjs";
import { inLanes } from "./lanes.mjs";
import { judge, removeArtifact, suitesFor, writeArtifact } from "./suites.mjs";

const QUICK = 0.1; // the quickest suites that take so much of the time of all are one run of forge
const PATIENCE = 20; // times what the unbroken contract takes
const LEAST = 60; // seconds
const ENV = { FOUNDRY_INVARIANT_RUNS: "8" };
const isInvariant = (suite) => suite.includes("/invariant/");

/**
 * The quickest pipeline under which every suite passes on the unbroken contract it judges (the gas that tests allow may not
 * do for code without the optimizer): {pipeline, code: {contract: 0x...}, seconds: {suite: number}}.
 * @param judges {contract: suites}
 */
export async function fairOriginals(compilers, lanes, judges, say) {
  let unfair = [];
  for await (const { pipeline, code } of compilers.originals()) {
    const seconds = {};
    const doubted = new Set(unfair.map(({ suite }) => suite));
    unfair = [];
    const artifacts = Object.fromEntries(Object.keys(code).map((contract) => [contract, writeArtifact(`${contract}.original`, code[contract])]));
    const cases = Object.entries(judges).flatMap(([contract, suites]) => suites.map((suite) => ({ contract, suite })));
    await inLanes(lanes, [...cases.filter(({ suite }) => doubted.has(suite)), ...cases.filter(({ suite }) => !doubted.has(suite))], async ({ contract, suite }) => {
      const verdict = await judge(`${contract}.${suite.replaceAll("/", ".")}`, { [TARGETS[contract]]: artifacts[contract] }, [suite], { env: ENV });
      Object.assign(seconds, verdict.seconds);
      unfair.push(...verdict.failures);
      return !doubted.has(suite) || !verdict.failures.length; // still fails: no need to ask the others
    });
    if (!unfair.length) return { pipeline, code, seconds };
    say(`${unfair.map(({ suite, test }) => `${suite} ${test}`).join(", ")} fails on the unbroken contract (${pipeline} code)`);
  }
  throw new Error("no fair judge: a suite that fails on the unbroken contract would catch everything");
}

export class Bench {
  #stages = {};
  #seconds;

  static async seat(compilers, lanes, say) {
    const bench = new Bench();
    const judges = Object.fromEntries(Object.entries(TARGETS).map(([contract, variable]) => [contract, suitesFor(variable)]));
    for (const [contract, suites] of Object.entries(judges)) if (!suites.length) throw new Error(`no test deploys ${contract} by ${TARGETS[contract]}`);
    const { pipeline, code, seconds } = await fairOriginals(compilers, lanes, judges, say);
    bench.#seconds = seconds;
    for (const [contract, suites] of Object.entries(judges)) {
      const total = suites.reduce((sum, suite) => sum + seconds[suite], 0);
      const quick = [];
      const slow = [];
      let spent = 0;
      for (const suite of suites.filter((one) => !isInvariant(one)).sort((a, b) => seconds[a] - seconds[b])) {
        spent += seconds[suite];
        (spent < QUICK * total || !quick.length ? quick : slow).push(suite);
      }
      bench.#stages[contract] = [quick, slow, suites.filter(isInvariant)];
      const killer = await bench.killerOf("original", { [contract]: code[contract] }, 1);
      if (killer) throw new Error(`${killer.suite} ${killer.test} passes alone, but not beside other suites`);
      say(`${contract}: ${suites.length} suites pass in ${total.toFixed(1)} s, ${quick.length} of them quick (${pipeline} code)`);
    }
    return { bench, pipeline, original: code };
  }

  /** The stages for a mutant of these contracts: lists of suites. */
  stagesFor(contracts) {
    const all = [0, 1, 2].map((stage) => [...new Set(contracts.flatMap((contract) => this.#stages[contract][stage]))]);
    return all.filter((stage) => stage.length);
  }

  /** The first test that fails on `code` ({contract: 0x...}) as {suite, test, endless}; null where all pass. */
  async killerOf(name, code, stages = Infinity) {
    const contracts = Object.keys(code);
    const variables = Object.fromEntries(contracts.map((contract) => [TARGETS[contract], writeArtifact(`${contract}.${name}`, code[contract])]));
    try {
      for (const stage of this.stagesFor(contracts).slice(0, stages)) {
        const longest = LEAST + PATIENCE * stage.reduce((sum, suite) => sum + this.#seconds[suite], 0);
        const { failures, endless } = await judge(name, variables, stage, { failFast: true, env: ENV, longest });
        if (failures.length) return { ...failures[0], endless };
      }
      return null;
    } finally {
      Object.values(variables).forEach(removeArtifact);
    }
  }
}
