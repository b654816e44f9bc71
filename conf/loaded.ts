// What a load function answers, and the steps all of them share: read the file, interpret it, refuse it with all its
// problems or freeze the settings.

import { type ConfDocument, readConfFile } from "./document.ts";
import type { ConfProblem } from "./problem.ts";
import { Report } from "./report.ts";

export interface Loaded<Settings> {
  readonly file: string;
  readonly settings: Settings;
  readonly warnings: readonly ConfProblem[];
  /** Keys that are accepted and do nothing here, with the reason: worth a line at debug level. */
  readonly notes: readonly string[];
}

/** From a document to settings. Problems go into the report; the settings then are only good for looking at. */
export type Interpret<Settings> = (document: ConfDocument, report: Report) => Settings;

export function loadConf<Settings>(file: string, interpret: Interpret<Settings>): Loaded<Settings> {
  const document = readConfFile(file);
  const report = new Report(document);
  const settings = interpret(document, report);
  report.settle();
  return { file, settings: Object.freeze(settings), warnings: report.warnings, notes: report.notes };
}
