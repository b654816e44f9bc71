// A file as numbered lines, before any rule of the grammar runs. Cuts at a NUL byte as C does and takes off a byte order
// mark, which C would make a part of the first name.

import { type ConfPlace, type ConfProblem, confProblem } from "./problem.ts";

/** One physical line, trimmed. */
export interface SourceLine extends ConfPlace {
  readonly text: string;
}

/** Collects what is found while reading goes on: doubtful things, and such that make the text unusable. */
export interface Findings {
  warn(problem: ConfProblem): void;
  fail(problem: ConfProblem): void;
}

const BYTE_ORDER_MARK = "\u{feff}";

/** The grammar trims blank, TAB, CR and LF and nothing else. */
export function trim(text: string): string {
  return text.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, "");
}

export function splitLines(text: string, file: string, findings: Findings): SourceLine[] {
  let rest = text;
  if (rest.startsWith(BYTE_ORDER_MARK)) {
    rest = rest.slice(1);
    const message = "the file starts with a UTF-8 byte order mark, which is left out";
    const remedy = "save it without one: C FastDFS does not find the key of this line";
    findings.warn(confProblem({ file, line: 1 }, message, { remedy }));
  }
  const end = rest.indexOf("\0");
  if (end >= 0) {
    rest = rest.slice(0, end);
    const line = rest.split("\n").length;
    const message = "a NUL byte ends the file here";
    findings.warn(confProblem({ file, line }, message, { remedy: "remove it to have the rest read" }));
  }
  return rest.split("\n").map((line, index) => ({ file, line: index + 1, text: trim(line) }));
}
