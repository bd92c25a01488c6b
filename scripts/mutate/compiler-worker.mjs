// One wasm solc, loaded once: standard JSON in, standard JSON out.
import { createRequire } from "node:module";
import { parentPort } from "node:worker_threads";

const solc = createRequire(import.meta.url)("solc");
parentPort.on("message", (input) => parentPort.postMessage(JSON.parse(solc.compile(JSON.stringify(input)))));
