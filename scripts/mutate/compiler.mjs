// Long-lived compilers: each worker thread loads the wasm solc once and then compiles a vault in a third of a second
// (a process of its own takes four).
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { SOURCES, closure, evmVersion, optimizerRuns } from "./sources.mjs";

/** The contracts that tests deploy by the name in an environment variable. */
export const TARGETS = { Vault: "MUTANT", VaultFactory: "MUTANT_FACTORY", VaultLens: "MUTANT_LENS" };

export const fileOf = (contract) => `${SOURCES}/${contract}.sol`;

/** Quickest first, as the one that ships last. All mean the same, but for gas; not all have the stack for every contract. */
export const PIPELINES = {
  plain: { viaIR: false, optimizer: { enabled: false } },
  optimized: { viaIR: false, optimizer: { enabled: true, runs: 200 } },
  "plain IR": { viaIR: true, optimizer: { enabled: false } },
  shipped: { viaIR: true, optimizer: { enabled: true, runs: optimizerRuns } },
};

export class Compilers {
  #idle = [];
  #waiting = [];
  #workers = [];

  constructor(count) {
    for (let i = 0; i < count; ++i) {
      const worker = new Worker(new URL("./compiler-worker.mjs", import.meta.url), { resourceLimits: { stackSizeMb: 32 } });
      this.#workers.push(worker);
      this.#idle.push(worker);
    }
  }

  /** What solc answers to a standard JSON question. */
  async ask(input) {
    const worker = this.#idle.pop() ?? (await new Promise((resolve) => this.#waiting.push(resolve)));
    try {
      worker.postMessage(input);
      const [output] = await once(worker, "message"); // rejects where the worker fails
      return output;
    } finally {
      const next = this.#waiting.shift();
      if (next) next(worker);
      else this.#idle.push(worker);
    }
  }

  /** Creation code of a contract as 0x..., without metadata: same code, same text. Throws what solc complains of. */
  async compile(contract, sources, pipeline) {
    const file = fileOf(contract);
    const output = await this.ask({
      language: "Solidity",
      sources: Object.fromEntries(Object.entries(sources).map(([name, content]) => [name, { content }])),
      settings: {
        ...PIPELINES[pipeline],
        evmVersion,
        metadata: { appendCBOR: false, bytecodeHash: "none" },
        outputSelection: { [file]: { [contract]: ["evm.bytecode.object"] } },
      },
    });
    const complaint = (output.errors ?? []).find(({ severity }) => severity === "error");
    if (complaint) throw new DoesNotCompile(complaint.formattedMessage);
    return `0x${output.contracts[file][contract].evm.bytecode.object}`;
  }

  /** The targets as they are, by each pipeline that can compile them: {pipeline, code: {contract: 0x...}}. */
  async *originals() {
    let complaint;
    for (const pipeline of Object.keys(PIPELINES)) {
      try {
        const code = {};
        for (const contract of Object.keys(TARGETS)) code[contract] = await this.compile(contract, closure(fileOf(contract)), pipeline);
        yield { pipeline, code };
      } catch (error) {
        if (!(error instanceof DoesNotCompile)) throw error;
        complaint = error;
      }
    }
    if (complaint) throw complaint;
  }

  async close() {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}

export class DoesNotCompile extends Error {}
