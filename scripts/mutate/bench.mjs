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

export class Bench {
  #stages = {};
  #seconds = {};

  static async seat(lanes, original, say) {
    const bench = new Bench();
    for (const [contract, variable] of Object.entries(TARGETS)) {
      const variables = { [variable]: writeArtifact(`${contract}.original`, original[contract]) };
      const pass = async (suites) => {
        const { failures, seconds } = await judge(suites[0].replaceAll("/", "."), variables, suites, { env: ENV });
        if (failures.length) throw new Error(`not a fair judge: ${failures.map(({ suite, test }) => `${suite} ${test}`).join(", ")} fails on the unbroken contract`);
        return seconds;
      };
      const suites = suitesFor(variable);
      await inLanes(lanes, suites, async (suite) => Object.assign(bench.#seconds, await pass([suite])));
      const total = suites.reduce((sum, suite) => sum + bench.#seconds[suite], 0);
      const quick = [];
      const slow = [];
      let spent = 0;
      for (const suite of suites.filter((one) => !isInvariant(one)).sort((a, b) => bench.#seconds[a] - bench.#seconds[b])) {
        spent += bench.#seconds[suite];
        (spent < QUICK * total || !quick.length ? quick : slow).push(suite);
      }
      bench.#stages[contract] = [quick, slow, suites.filter(isInvariant)];
      await pass(quick); // also all together
      say(`${contract}: ${suites.length} suites pass in ${total.toFixed(1)} s, ${quick.length} of them quick`);
    }
    return bench;
  }

  /** The stages for a mutant of these contracts: lists of suites. */
  stagesFor(contracts) {
    const all = [0, 1, 2].map((stage) => [...new Set(contracts.flatMap((contract) => this.#stages[contract][stage]))]);
    return all.filter((stage) => stage.length);
  }

  /** The first test that fails on `code` ({contract: 0x...}) as {suite, test, endless}; null where all pass. */
  async killerOf(name, code) {
    const contracts = Object.keys(code);
    const variables = Object.fromEntries(contracts.map((contract) => [TARGETS[contract], writeArtifact(`${contract}.${name}`, code[contract])]));
    try {
      for (const stage of this.stagesFor(contracts)) {
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
