// The bench of judges: for each target the suites that deploy it, in stages, quick ones first. None sits on it that does
// not pass on the contract as it is, built and deployed the way mutants are.
import { DoesNotCompile, TARGETS } from "./compiler.mjs";
import { inLanes } from "./lanes.mjs";
import { judge, removeArtifact, suitesFor, writeArtifact } from "./suites.mjs";

const QUICK = 0.1; // the quickest suites that take so much of the time of all are one run of forge
const PATIENCE = 20; // times what the unbroken contract takes
const LEAST = 60; // seconds
const ENV = { FOUNDRY_INVARIANT_RUNS: "8" };
/** The last order of the stages before the invariants'. */
export const UNIT_STAGES = 1;
const isInvariant = (suite) => suite.includes("/invariant/");

/**
 * For every suite the quickest pipeline under which it passes on the unbroken contract: the gas that some tests allow does
 * not do for code without the optimizer.
 * @param judges {contract: suites}
 * @returns {{originals: Map<string, object>, pipelineOf: function, seconds: {suite: number}}} originals: {contract: 0x...}
 *          by pipeline, the quickest first
 */
export async function fairOriginals(compilers, lanes, judges, say) {
  const originals = new Map();
  const pipelines = new Map();
  const seconds = {};
  const nameOf = (contract, suite) => `${contract} ${suite}`;
  let cases = Object.entries(judges).flatMap(([contract, suites]) => suites.map((suite) => ({ contract, suite })));
  for await (const { pipeline, code } of compilers.originals()) {
    originals.set(pipeline, code);
    const artifacts = Object.fromEntries(Object.keys(code).map((contract) => [contract, writeArtifact(`${contract}.original`, code[contract])]));
    const unfair = [];
    await inLanes(lanes, cases, async ({ contract, suite }) => {
      const verdict = await judge(`${contract}.${suite.replaceAll("/", ".")}`, { [TARGETS[contract]]: artifacts[contract] }, [suite], { env: ENV });
      Object.assign(seconds, verdict.seconds);
      if (!verdict.failures.length) return void pipelines.set(nameOf(contract, suite), pipeline);
      unfair.push({ contract, suite });
      say(`${suite} ${verdict.failures.map(({ test }) => test).join(", ")} fails on the unbroken contract (${pipeline} code)`);
    });
    cases = unfair;
    if (!cases.length) return { originals, pipelineOf: (contract, suite) => pipelines.get(nameOf(contract, suite)), seconds };
  }
  throw new Error("no fair judge: a suite that fails on the unbroken contract would catch everything");
}

export class Bench {
  #stages = {}; // {contract: {order, pipeline, suites}[]}
  #seconds;

  /** @returns the bench, and the pipeline that every mutant is compiled with, with what it makes of the originals */
  static async seat(compilers, lanes, say, { quick = false } = {}) {
    const bench = new Bench();
    const wanted = (suite) => !quick || !isInvariant(suite);
    const judges = Object.fromEntries(Object.entries(TARGETS).map(([contract, variable]) => [contract, suitesFor(variable).filter(wanted)]));
    for (const [contract, suites] of Object.entries(judges)) if (!suites.length) throw new Error(`no test deploys ${contract} by ${TARGETS[contract]}`);
    const { originals, pipelineOf, seconds } = await fairOriginals(compilers, lanes, judges, say);
    const [[pipeline, original]] = originals;
    bench.#seconds = seconds;
    for (const [contract, suites] of Object.entries(judges)) {
      const total = suites.reduce((sum, suite) => sum + seconds[suite], 0);
      const groups = {};
      let spent = 0;
      for (const suite of [...suites].sort((a, b) => seconds[a] - seconds[b])) {
        if (!isInvariant(suite)) spent += seconds[suite];
        const by = pipelineOf(contract, suite);
        // Quick, slow, invariants; last what needs another compilation of the mutant
        const order = by !== pipeline ? 3 : isInvariant(suite) ? 2 : spent > QUICK * total ? 1 : 0;
        (groups[`${order} ${by}`] ??= { order, pipeline: by, suites: [] }).suites.push(suite);
      }
      bench.#stages[contract] = Object.values(groups);
      const killer = await bench.killerOf("original", [contract], async (by) => originals.get(by), { lastOrder: 0 });
      if (killer) throw new Error(`${killer.suite} ${killer.test} passes alone, but not beside other suites`);
      say(`${contract}: ${suites.length} suites pass in ${total.toFixed(1)} s: ${bench.stagesFor([contract]).map((stage) => `${stage.suites.length} on ${stage.pipeline} code`).join(", ")}`);
    }
    return { bench, pipeline, original };
  }

  /** The stages for a mutant of these contracts. */
  stagesFor(contracts) {
    const merged = {};
    for (const { order, pipeline, suites } of contracts.flatMap((contract) => this.#stages[contract])) {
      const stage = (merged[`${order} ${pipeline}`] ??= { order, pipeline, suites: [] });
      stage.suites = [...new Set([...stage.suites, ...suites])];
    }
    return Object.values(merged).sort((a, b) => a.order - b.order);
  }

  /**
   * The first test that fails on a mutant of these contracts as {suite, test, endless}; null where all pass.
   * @param codeBy the mutant's code by a pipeline: {contract: 0x...}
   * @param only a suite: no other is asked
   */
  async killerOf(name, contracts, codeBy, { lastOrder = Infinity, only } = {}) {
    for (const { order, pipeline, suites: all } of this.stagesFor(contracts)) {
      if (order > lastOrder) break;
      const suites = only ? all.filter((suite) => suite === only) : all;
      if (!suites.length) continue;
      let code;
      try {
        code = await codeBy(pipeline);
      } catch (error) {
        if (error instanceof DoesNotCompile) continue;
        throw error;
      }
      const variables = Object.fromEntries(contracts.map((contract) => [TARGETS[contract], writeArtifact(`${contract}.${name}`, code[contract])]));
      const longest = LEAST + PATIENCE * suites.reduce((sum, suite) => sum + this.#seconds[suite], 0);
      try {
        const { failures, endless } = await judge(name, variables, suites, { failFast: true, env: ENV, longest });
        if (failures.length) return { ...failures[0], endless };
      } finally {
        Object.values(variables).forEach(removeArtifact);
      }
    }
    return null;
  }
}
