// `fdfs conf`: shows the effective settings of a file, checks files, prints sample files. What is right or wrong about a
// file is known in conf/; here it becomes lines and an exit status.

import { resolve } from "node:path";
import {
  type ConfProblem,
  formatProblem,
  guessSettingsFile,
  type Inspection,
  inspectConf,
  type SettingsFile,
  sampleConf,
  settingsFiles,
} from "../conf/index.ts";

interface Output {
  stdout(text: string): void;
  stderr(text: string): void;
}

const usage = `Usage: fdfs conf print FILE [--as KIND]      effective settings and the lines that set them
       fdfs conf check FILE... [--as KIND] [--notes]   all problems; exit status 1 if a file cannot be used
       fdfs conf sample KIND                 a file with every option explained
KIND is ${settingsFiles.join(", ")}; without --as it is guessed from the file's name or keys
`;

/** Runs the words after `fdfs conf`. Exit status: 0 fine, 1 a file cannot be used, 2 used wrongly. */
export async function runConf(args: string[], out: Output): Promise<number> {
  const misuse = (reason: string): number => {
    out.stderr(`${reason}\n${usage}`);
    return 2;
  };
  const words = readWords(args);
  if (typeof words === "string") return misuse(words);
  const [action, ...names] = words.names;
  if (action === "sample") {
    const kind = settingsFiles.find((file) => file === names[0]);
    if (kind === undefined || names.length > 1) return misuse("Name one settings file to print a sample of");
    out.stdout(sampleConf(kind));
    return 0;
  }
  if (action !== "print" && action !== "check")
    return misuse(action === undefined ? "Say what to do" : `No such action: ${action}`);
  if (names.length === 0 || (action === "print" && names.length > 1)) return misuse("Name the file");
  let status = 0;
  for (const name of names) {
    const path = resolve(name);
    const kind = words.kind ?? guessSettingsFile(path);
    if (kind === null) {
      out.stderr(`Cannot tell which settings file ${name} is: give --as ${settingsFiles.join("|")}\n`);
      status = 1;
      continue;
    }
    const inspection = inspectConf(path, kind);
    if (inspection.problems.length > 0) status = 1;
    out.stderr(action === "print" ? findings(inspection, false) : "");
    out.stdout(
      action === "print" ? effectiveText(inspection) : `${findings(inspection, words.notes)}${verdict(inspection)}`,
    );
  }
  return status;
}

function readWords(args: readonly string[]): { names: string[]; kind: SettingsFile | null; notes: boolean } | string {
  const names: string[] = [];
  let kind: SettingsFile | null = null;
  let notes = false;
  const rest = [...args];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === "--notes") {
      notes = true;
    } else if (word === "--as" || word.startsWith("--as=")) {
      const value = word === "--as" ? rest.shift() : word.slice("--as=".length);
      kind = settingsFiles.find((file) => file === value) ?? null;
      if (kind === null) return `--as ${value ?? ""} is no settings file`;
    } else if (word.startsWith("-")) {
      return `No such option: ${word}`;
    } else {
      names.push(word);
    }
  }
  return { names, kind, notes };
}

function findings({ problems, warnings, notes }: Inspection, withNotes: boolean): string {
  const lines = (word: string, found: readonly ConfProblem[]): string[] =>
    found.map((problem) => `${word}: ${formatProblem(problem)}\n`);
  const noteLines = withNotes ? notes.map((note) => `note: ${note}\n`) : [];
  return [...lines("error", problems), ...lines("warning", warnings), ...noteLines].join("");
}

function verdict({ file, kind, problems, warnings }: Inspection): string {
  const count = (number: number, word: string): string => `${number} ${word}${number === 1 ? "" : "s"}`;
  const found = `${count(problems.length, "error")}, ${count(warnings.length, "warning")}`;
  return `${file}: ${problems.length === 0 ? `good as ${kind}.conf` : `cannot be used as ${kind}.conf`} (${found})\n`;
}

/** Two columns: where a value comes from, and the value as it would stand in a file. */
function effectiveText({ values }: Inspection): string {
  const width = Math.max(0, ...values.map(({ origin }) => origin.length));
  let section = "";
  let text = "";
  for (const value of values) {
    if (value.section !== section) text += `\n${" ".repeat(width)}  [${value.section}]\n`;
    section = value.section;
    text += `${value.origin.padEnd(width)}  ${value.key} = ${value.text}`.trimEnd();
    text += "\n";
  }
  return text;
}
