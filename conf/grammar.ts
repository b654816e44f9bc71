// libfastcommon's line rules (http-config-tools.md §1.1, §1.4): lines become items with their section, `#include` pulls in
// other files, names and values have limits. Which section holds what is put together by the INI adapter.

import { dirname, resolve } from "node:path";
import { annotate } from "./annotations.ts";
import { preprocess, type Variables } from "./directives.ts";
import type { HostFacts } from "./host-facts.ts";
import { confProblem } from "./problem.ts";
import { type Findings, type SourceLine, splitLines, trim } from "./source-line.ts";

/** One `key = value`. `section` is "" in the global part. */
export interface ConfItem {
  readonly section: string;
  readonly key: string;
  readonly text: string;
  readonly file: string;
  readonly line: number;
}

export interface GrammarContext {
  /** Text of an included file by its absolute path; null where a text has no right to name files. Throws on failure. */
  readonly readText: ((path: string) => string) | null;
  readonly host: HostFacts;
  readonly findings: Findings;
}

const NAME_BYTES_MAX = 63;
const VALUE_BYTES_MAX = 255;
const INCLUDED_FILES_MAX = 1000;

/** Reads a text and all that it includes. A bad `#include` or `#@for` is a failure, everything else is tolerated. */
export function readItems(text: string, file: string, context: GrammarContext): ConfItem[] {
  const reading: Reading = { context, base: dirname(file), variables: new Map(), items: [], includes: 0 };
  readFile(reading, text, file, [resolve(file)]);
  return reading.items;
}

interface Reading {
  readonly context: GrammarContext;
  /** Relative includes start at the folder of the top-level file, wherever the including file is. */
  readonly base: string;
  readonly variables: Variables;
  readonly items: ConfItem[];
  includes: number;
}

function readFile(reading: Reading, text: string, file: string, openFiles: readonly string[]): void {
  const { host, findings } = reading.context;
  const lines = preprocess(splitLines(text, file, findings), host, reading.variables, findings);
  let section = "";
  let annotation: { readonly name: string; readonly line: SourceLine } | null = null;
  for (const line of lines) {
    const pending = annotation;
    annotation = null;
    const include = /^#include[ \t](.*)$/i.exec(line.text);
    const called = /^#@function[ \t]+(.*)$/.exec(line.text);
    const isItem = !line.text.startsWith("#") && !isSection(line.text) && line.text.includes("=");
    if (pending !== null && !isItem) {
      const message = `#@function ${pending.name} has no key on the next line and no effect`;
      findings.warn(confProblem(pending.line, message));
    }
    if (include !== null) {
      includeFile(reading, line, trim(include[1]!), openFiles);
      section = "";
    } else if (called !== null) {
      annotation = { name: trim(called[1]!), line };
    } else if (isSection(line.text)) {
      section = trim(line.text.slice(1, -1));
    } else if (isItem) {
      addItem(reading, section, line, pending);
    } else if (line.text !== "" && !line.text.startsWith("#")) {
      findings.warn(
        confProblem(line, `${JSON.stringify(line.text.slice(0, 60))} is neither a key nor a section: ignored`),
      );
    }
  }
}

function isSection(text: string): boolean {
  return text.length >= 2 && text.startsWith("[") && text.endsWith("]");
}

function addItem(
  reading: Reading,
  section: string,
  line: SourceLine,
  annotation: { readonly name: string; readonly line: SourceLine } | null,
): void {
  const { host, findings } = reading.context;
  const at = line.text.indexOf("=");
  const key = limited(trim(line.text.slice(0, at)), NAME_BYTES_MAX, "name", line, findings);
  const text = limited(trim(line.text.slice(at + 1)), VALUE_BYTES_MAX, "value", line, findings);
  if (text.includes("\u{fffd}")) {
    findings.warn(confProblem(line, "the value is not UTF-8", { key, value: text, remedy: "save the file as UTF-8" }));
  }
  const texts =
    annotation === null ? [text] : annotate(annotation.line, annotation.name, text, host, reading.variables, findings);
  for (const each of texts) reading.items.push({ section, key, text: each, file: line.file, line: line.line });
}

/** C cuts silently for the operator; we cut as well, so that both read the same, and say so. */
function limited(text: string, bytesMax: number, what: string, line: SourceLine, findings: Findings): string {
  const bytes = Buffer.from(text, "utf8");
  if (bytes.length <= bytesMax) return text;
  const cut = bytes
    .subarray(0, bytesMax)
    .toString("utf8")
    .replace(/\u{fffd}+$/u, "");
  findings.warn(
    confProblem(line, `the ${what} ${text.slice(0, 40)}… has ${bytes.length} bytes and is cut to ${bytesMax}`, {
      remedy: what === "value" ? "give the key several times where it may be repeated" : "shorten it",
    }),
  );
  return cut;
}

function includeFile(reading: Reading, line: SourceLine, target: string, openFiles: readonly string[]): void {
  const { readText, findings } = reading.context;
  const name = target.startsWith("file://") ? target.slice("file://".length) : target;
  const path = resolve(reading.base, name);
  let refusal = refuseInclude(reading, target, path, openFiles);
  let text = "";
  try {
    if (refusal === null && readText !== null) text = readText(path);
  } catch (error) {
    refusal = `cannot read ${path}: ${error instanceof Error ? error.message : String(error)}`;
  }
  if (refusal !== null) findings.fail(confProblem(line, refusal, { key: "#include", value: target }));
  else readFile(reading, text, path, [...openFiles, path]);
}

/** Why a file cannot be included, before it is touched; null when it may. */
function refuseInclude(reading: Reading, target: string, path: string, openFiles: readonly string[]): string | null {
  if (reading.context.readText === null) return "only a file may include files";
  if (target === "") return "no file is named: write #include and a path";
  if (/^https?:\/\//i.test(target)) {
    return "settings are not fetched over the network: download the file and include it by its path";
  }
  if (openFiles.includes(path)) return `the file includes itself: ${[...openFiles, path].join(" -> ")}`;
  reading.includes++;
  return reading.includes > INCLUDED_FILES_MAX ? `more than ${INCLUDED_FILES_MAX} files are included` : null;
}
