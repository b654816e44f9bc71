// Collects what is found while a document is read with a table: problems that refuse the file, warnings, and notes for
// keys that do nothing here. Findings come with the line they are about.

import type { ConfDocument } from "./document.ts";
import type { ConfValue } from "./ini-adapter.ts";
import { ConfError, type ConfProblem, confProblem } from "./problem.ts";
import type { Reporter } from "./setting.ts";

type Parts = Parameters<Reporter["warn"]>[2];

export class Report implements Reporter {
  readonly problems: ConfProblem[] = [];
  readonly warnings: ConfProblem[] = [];
  readonly notes: string[] = [];
  readonly #document: ConfDocument;

  constructor(document: ConfDocument) {
    this.#document = document;
    this.warnings.push(...document.warnings);
  }

  warn(value: ConfValue, found: string, parts: Parts = {}): void {
    this.warnings.push(confProblem(value, found, { key: value.key, value: value.text, ...parts }));
  }

  fail(value: ConfValue, found: string, parts: Parts = {}): void {
    this.problems.push(confProblem(value, found, { key: value.key, value: value.text, ...parts }));
  }

  note(value: ConfValue, text: string): void {
    this.notes.push(`${value.file}:${value.line}: ${value.key} ${text}`);
  }

  /** About a global key whether it is in the file or not. */
  failKey(key: string, found: string, parts: Parts = {}): void {
    this.problems.push(this.#aboutKey(key, found, parts));
  }

  warnKey(key: string, found: string, parts: Parts = {}): void {
    this.warnings.push(this.#aboutKey(key, found, parts));
  }

  /** ConfError with all problems, if there are any. */
  settle(): void {
    if (this.problems.length > 0) throw new ConfError(this.problems);
  }

  #aboutKey(key: string, found: string, parts: Parts): ConfProblem {
    const value = this.#document.values(key).at(-1);
    return confProblem(value ?? { file: this.#document.file, line: 0 }, found, {
      key,
      value: value?.text ?? "",
      ...parts,
    });
  }
}
