// Which of all mutants a run looks at, always in the same order: by the hash of their names.
import { execFileSync } from "node:child_process";
import { nameOf } from "./mutants.mjs";
import { SOURCES } from "./sources.mjs";
import { hashOf } from "./verdicts.mjs";

/** `files` below contracts/src, and only lines that differ from the git revision `against`; both may be missing. */
export function select(all, { files, against }) {
  for (const file of files ?? []) if (!all.some((mutant) => mutant.file === file)) throw new Error(`no mutants of ${file} below ${SOURCES}`);
  const changed = against && changedLines(against);
  const wanted = ({ file, line, lastLine }) => {
    if (files && !files.includes(file)) return false;
    const lines = changed?.[`${SOURCES}/${file}`];
    return !changed || lines === WHOLE_FILE || [...(lines ?? [])].some((number) => line <= number && number <= lastLine);
  };
  return all.filter(wanted).map((mutant) => [hashOf(nameOf(mutant)), mutant]).sort(([a], [b]) => (a < b ? -1 : 1)).map(([, mutant]) => mutant);
}

const WHOLE_FILE = "whole";

/** Lines of contracts/src that differ from a revision: {file: Set of numbers, or WHOLE_FILE where git has none}. */
function changedLines(revision) {
  const git = (...args) => execFileSync("git", args, { encoding: "utf8", maxBuffer: 1 << 28 });
  const unknown = git("ls-files", "--others", "--exclude-standard", SOURCES).split("\n").filter(Boolean);
  const changed = Object.fromEntries(unknown.map((file) => [file, WHOLE_FILE]));
  let file;
  for (const line of git("diff", "--unified=0", "--no-color", "--no-ext-diff", revision, "--", SOURCES).split("\n")) {
    file = line.match(/^\+\+\+ b\/(.*)/)?.[1] ?? file;
    const hunk = line.match(/^@@ .* \+(\d+)(?:,(\d+))? @@/);
    if (hunk) for (let i = 0; i < Number(hunk[2] ?? 1); ++i) (changed[file] ??= new Set()).add(Number(hunk[1]) + i);
  }
  return changed;
}
