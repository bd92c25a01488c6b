// All mutants of the sources: every edit of the operators as a small record that can be named in a list.
import { fileOf, TARGETS } from "./compiler.mjs";
import { edits, scopeOf } from "./operators.mjs";
import { SOURCES, closure, filesBelow } from "./sources.mjs";

/**
 * @typedef {object} Mutant
 * @property {string} file      below contracts/src
 * @property {number} line      first line of the edit
 * @property {number} lastLine
 * @property {string} place     Contract.function
 * @property {string} operator
 * @property {string} before    the lines it is in, blanks closed up
 * @property {string} after     the same lines, edited
 * @property {number} nth       1, or 2... where before and after are the same elsewhere in the same place
 * @property {object} edited    {name: text} of the file, edited
 * @property {string[]} contracts  which targets contain it
 */

/** @returns {Promise<Mutant[]>} by file and place */
export async function mutants(compilers) {
  const closures = Object.fromEntries(Object.keys(TARGETS).map((contract) => [contract, closure(fileOf(contract))]));
  const files = filesBelow(SOURCES, ".sol").filter((file) => !file.includes("/interfaces/"));
  const trees = await treesOf(compilers, Object.assign({}, ...Object.values(closures)));
  const scope = scopeOf(Object.entries(trees).filter(([name]) => name.startsWith(SOURCES)).map(([, tree]) => tree));
  const all = [];
  for (const file of files) {
    const contracts = Object.keys(closures).filter((contract) => file in closures[contract]);
    if (!contracts.length) throw new Error(`${file} is in none of ${Object.keys(closures).join(", ")}: no test could judge its mutants`);
    const bytes = Buffer.from(closures[contracts[0]][file]);
    const seen = new Map(); // records that read the same, counted
    for (const edit of [...edits(bytes, trees[file], scope)].sort((a, b) => a.start - b.start)) {
      const mutant = { file: file.slice(SOURCES.length + 1), ...describe(bytes, edit), place: edit.place, operator: edit.operator, contracts };
      const key = nameOf(mutant);
      mutant.nth = (seen.get(key) ?? 0) + 1;
      seen.set(key, mutant.nth);
      mutant.edited = { [file]: Buffer.concat([bytes.subarray(0, edit.start), Buffer.from(edit.put), bytes.subarray(edit.end)]).toString() };
      all.push(mutant);
    }
  }
  return all;
}

/** What a mutant is called in lists: stays the same when lines move. */
export const nameOf = ({ file, place, before, after, nth = 1 }) => `${file} ${place}: ${before} => ${after}${nth > 1 ? ` (${nth})` : ""}`;

function describe(bytes, { start, end, put }) {
  const NEWLINE = 10;
  const first = bytes.lastIndexOf(NEWLINE, start - 1) + 1;
  const next = bytes.indexOf(NEWLINE, end);
  const last = next < 0 ? bytes.length : next;
  const closeUp = (text) => text.replace(/\s+/g, " ").trim();
  const lineOf = (at) => bytes.subarray(0, at).toString().split("\n").length;
  return {
    line: lineOf(start),
    lastLine: lineOf(end),
    before: closeUp(bytes.subarray(first, last).toString()),
    after: closeUp(bytes.subarray(first, start) + put + bytes.subarray(end, last)),
  };
}

async function treesOf(compilers, sources) {
  const output = await compilers.ask({
    language: "Solidity",
    sources: Object.fromEntries(Object.entries(sources).map(([name, content]) => [name, { content }])),
    settings: { outputSelection: { "*": { "": ["ast"] } } },
  });
  const complaint = (output.errors ?? []).find(({ severity }) => severity === "error");
  if (complaint) throw new Error(complaint.formattedMessage);
  return Object.fromEntries(Object.entries(output.sources).map(([name, { ast }]) => [name, ast]));
}
