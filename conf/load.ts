// From a document to typed settings by way of a table: defaults, checks, all problems at once, warnings for keys that
// nobody knows. Cross-key rules stand in the load function of each file.

import type { ConfDocument } from "./document.ts";
import type { Setting } from "./kind.ts";
import { ConfError, type ConfProblem } from "./problem.ts";

export type Table = Readonly<Record<string, Setting<unknown>>>;
type ValueOf<S> = S extends Setting<infer T> ? T : never;
/** The settings object a table describes. */
export type SettingsOf<T extends Table> = { readonly [K in keyof T]: ValueOf<T[K]> };

/** A loaded file: its settings, and what an operator should hear. */
export interface Loaded<T> {
  readonly file: string;
  readonly settings: T;
  readonly warnings: readonly ConfProblem[];
  /** Keys that have no effect here, with the reason: said once at debug level. */
  readonly notes: readonly string[];
}

/** Collects the findings of one load. */
export class Findings {
  readonly problems: ConfProblem[] = [];
  readonly warnings: ConfProblem[] = [];
  readonly notes: string[] = [];
  readonly document: ConfDocument;

  constructor(document: ConfDocument) {
    this.document = document;
    this.warnings.push(...document.warnings);
  }

  problem(key: string, message: string, section = ""): void {
    this.problems.push(this.#at(key, message, section));
  }

  warn(key: string, message: string, section = ""): void {
    this.warnings.push(this.#at(key, message, section));
  }

  #at(key: string, message: string, section: string): ConfProblem {
    const item = this.document.locate(key, section) ?? this.document.locate(key);
    return { file: item?.file ?? this.document.file, line: item?.line ?? 0, key, value: item?.value ?? "", message };
  }

  /** Throws when there is any problem. */
  settle(): void {
    if (this.problems.length > 0) throw new ConfError(this.problems);
  }
}

/** Reads every key of a table; problems leave the default in place. */
export function readTable<T extends Table>(table: T, findings: Findings): SettingsOf<T> {
  const { document } = findings;
  const settings: Record<string, unknown> = {};
  for (const [name, setting] of Object.entries(table)) {
    const section = setting.section ?? "";
    const own = document.getAll(setting.key, section);
    const values = own.length > 0 || section === "" ? own : globalFallback(document, setting);
    settings[name] = setting.default;
    if (values.length === 0) {
      if (setting.required === true) findings.problem(setting.key, `the key is missing: ${setting.doc}`);
      continue;
    }
    if (setting.without !== undefined) findings.notes.push(`${setting.key} has no effect here: ${setting.without}`);
    const reading = setting.read(values);
    if ("problem" in reading) {
      findings.problem(setting.key, reading.problem, section);
      continue;
    }
    settings[name] = reading.value;
    if (reading.warning !== undefined) findings.warn(setting.key, reading.warning, section);
    if (setting.required === true && reading.value === "")
      findings.problem(setting.key, `the value is empty: ${setting.doc}`);
  }
  return settings as SettingsOf<T>;
}

/** log_file_* keys fall back to the global section; `enabled` and `time_precision` are only of their own. */
function globalFallback(document: ConfDocument, setting: Setting<unknown>): readonly string[] {
  return /^(log_file_|sync_log_)/.test(setting.key) ? document.getAll(setting.key) : [];
}

/** The settings of a table without a file. */
export function defaultsOf<T extends Table>(table: T): SettingsOf<T> {
  return Object.fromEntries(Object.entries(table).map(([name, setting]) => [name, setting.default])) as SettingsOf<T>;
}

/** Old names of tutorials and what became of them (http-config-tools.md §1.9). */
const oldNames: Readonly<Record<string, string>> = {
  rotate_error_log: "renamed: use log_file_rotate_everyday",
  error_log_rotate_time: "renamed: use log_file_rotate_time",
  rotate_error_log_size: "renamed: use log_file_rotate_on_size",
  log_file_keep_day: "renamed: use log_file_keep_days",
  use_access_log: "renamed: use enabled in the section [access-log]",
  rotate_access_log: "renamed: use log_file_rotate_everyday in the section [access-log]",
  access_log_rotate_time: "renamed: use log_file_rotate_time in the section [access-log]",
  rotate_access_log_size: "renamed: use log_file_rotate_on_size in the section [access-log]",
  compress_old_access_log: "renamed: use log_file_compress_old in the section [access-log]",
  compress_access_log_days_before: "renamed: use log_file_compress_days_before in the section [access-log]",
  compress_old_error_log: "renamed: use log_file_compress_old in the section [error-log]",
  compress_error_log_days_before: "renamed: use log_file_compress_days_before in the section [error-log]",
  disk_rw_direct: "gone since long: remove it",
  save_interval: "gone since long: remove it",
};

/** Warns about keys that no table knows. */
export function warnUnknownKeys(known: readonly string[], findings: Findings): void {
  const names = new Set(known);
  const seen = new Set<string>();
  for (const item of findings.document.items) {
    const { name } = item;
    if (
      names.has(name) ||
      seen.has(name) ||
      name === "" ||
      /^store_path\d+(_readonly)?$/.test(name) ||
      name.startsWith("http.")
    )
      continue;
    seen.add(name);
    const near = oldNames[name] === undefined ? nearest(name, known) : undefined;
    const message =
      oldNames[name] ?? (near === undefined ? "no such key: it is ignored" : `no such key: did you mean ${near}?`);
    findings.warnings.push({ file: item.file, line: item.line, key: name, value: item.value, message });
  }
}

const NEAR = 3;

function nearest(name: string, known: readonly string[]): string | undefined {
  let best: string | undefined;
  let least = NEAR;
  for (const candidate of known) {
    if (Math.abs(candidate.length - name.length) >= least) continue;
    const distance = editDistance(name, candidate);
    if (distance < least) {
      least = distance;
      best = candidate;
    }
  }
  return best;
}

function editDistance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let i = 1; i <= left.length; i++) {
    const next = [i];
    for (let j = 1; j <= right.length; j++) {
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (left[i - 1] === right[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[right.length]!;
}

/** The keys of tables, for `warnUnknownKeys`. */
export function keysOf(...tables: readonly Table[]): string[] {
  return [...new Set(tables.flatMap((table) => Object.values(table).map((setting) => setting.key)))];
}
