// Sources as the compiler is given them: a file with all that it imports, under forge's remappings.
import fs from "node:fs";
import path from "node:path";

export const SOURCES = "contracts/src";

const config = fs.readFileSync("foundry.toml", "utf8");
const remappings = [...config.match(/^remappings = \[([^\]]*)\]/m)[1].matchAll(/"([^"=]+)=([^"]+)"/g)].map(([, from, to]) => [from, to]);
export const optimizerRuns = Number(config.match(/^optimizer_runs = ([\d_]+)/m)[1].replaceAll("_", ""));
export const evmVersion = config.match(/^evm_version = "(\w+)"/m)[1];

const contents = new Map();
function read(name) {
  if (!contents.has(name)) {
    const [from, to] = remappings.find(([prefix]) => name.startsWith(prefix)) ?? ["", ""];
    contents.set(name, fs.readFileSync(to + name.slice(from.length), "utf8"));
  }
  return contents.get(name);
}

/** `file` and all that it imports, `edited` in place of what is on disk: {name: text}. */
export function closure(file, edited = {}, found = {}) {
  if (file in found) return found;
  const text = edited[file] ?? read(file);
  found[file] = text;
  for (const [, wanted] of text.matchAll(/^\s*import\s[^;]*?["']([^"']+)["']\s*;/gm)) {
    closure(wanted.startsWith(".") ? path.posix.join(path.posix.dirname(file), wanted) : wanted, edited, found);
  }
  return found;
}

/** All files below a folder whose names end so, sorted. */
export function filesBelow(folder, ending) {
  return fs.readdirSync(folder, { recursive: true }).filter((name) => name.endsWith(ending)).map((name) => path.posix.join(folder, name)).sort();
}
