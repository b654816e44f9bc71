// A settings file looked at instead of used: all that is wrong or doubtful about it, and the effective value of every key
// with the line that sets it. For `fdfs conf`; servers load their files with the functions of their settings.

import { basename } from "node:path";
import { interpretClient } from "./client-settings.ts";
import { type ConfDocument, readConfFile } from "./document.ts";
import type { ConfValue } from "./ini-adapter.ts";
import { ConfError, type ConfProblem } from "./problem.ts";
import { valuesOf } from "./read-table.ts";
import { Report } from "./report.ts";
import { confTables, type SettingsFile, settingsFiles } from "./sample.ts";
import type { ConfKind, Setting } from "./setting.ts";
import { loadStorageIds } from "./storage-ids.ts";
import { interpretStorage } from "./storage-settings.ts";
import { interpretTracker } from "./tracker-settings.ts";
import { knowsKey } from "./unknown-keys.ts";

/** One line of `fdfs conf print`. */
interface EffectiveValue {
  /** "" for the global part. */
  readonly section: string;
  readonly key: string;
  readonly text: string;
  /** `file:line`, or `default`. */
  readonly origin: string;
}

export interface Inspection {
  readonly file: string;
  readonly kind: SettingsFile;
  readonly problems: readonly ConfProblem[];
  readonly warnings: readonly ConfProblem[];
  readonly notes: readonly string[];
  /** Empty when the file cannot be read. */
  readonly values: readonly EffectiveValue[];
}

/** Which settings file this is, by its name or else by its keys; null when neither tells. */
export function guessSettingsFile(path: string): SettingsFile | null {
  const name = basename(path);
  const named = [...settingsFiles].reverse().find((file) => name.includes(file));
  if (named !== undefined) return named;
  try {
    const keys = [...readConfFile(path).getSection("").keys()];
    const kinds = ["tracker", "storage", "client"] as const;
    const counts = kinds.map((kind) => keys.filter((key) => knowsKey(confTables[kind].global, key)).length);
    const most = Math.max(...counts);
    return most > 0 && counts.filter((count) => count === most).length === 1 ? kinds[counts.indexOf(most)]! : null;
  } catch {
    return null;
  }
}

/** Never throws for what is in the file. */
export function inspectConf(file: string, kind: SettingsFile): Inspection {
  const found = { file, kind, problems: [], warnings: [], notes: [], values: [] };
  try {
    return kind === "storage_ids" ? { ...found, values: idValues(file) } : inspectDocument(readConfFile(file), kind);
  } catch (error) {
    if (error instanceof ConfError) return { ...found, problems: error.problems };
    throw error;
  }
}

const interpreters = { tracker: interpretTracker, storage: interpretStorage, client: interpretClient } as const;

function inspectDocument(document: ConfDocument, kind: ConfKind): Inspection {
  const report = new Report(document);
  const settings: Readonly<Record<string, unknown>> = interpreters[kind](document, report);
  const table = confTables[kind];
  const values = Object.entries(table.global).flatMap(([field, setting]) =>
    effective(document, setting, "", settings[field]),
  );
  if (kind === "storage" && document.get("store_path0") === undefined) {
    values.push({ section: "", key: "store_path0", text: String(settings.basePath), origin: "default" });
  }
  for (const [field, { section, settings: group }] of Object.entries(table.sections)) {
    const sectionSettings = settings[field] as Readonly<Record<string, unknown>>;
    values.push(
      ...Object.entries(group).flatMap(([name, setting]) =>
        effective(document, setting, section, sectionSettings[name]),
      ),
    );
  }
  const { problems, warnings, notes } = report;
  return { file: document.file, kind, problems, warnings, notes, values };
}

function effective(
  document: ConfDocument,
  setting: Setting<unknown>,
  section: string,
  value: unknown,
): EffectiveValue[] {
  const places = valuesOf(document, setting, section);
  // Numbered keys are shown as they stand: which of them count, the warnings tell.
  if (setting.pattern !== undefined) {
    return places.map((place) => ({ section, key: place.key, text: place.text, origin: originOf([place]) }));
  }
  const texts = setting.format(value);
  const origin = originOf(setting.repeats ? places : places.slice(-1));
  return (texts.length === 0 ? [""] : texts).map((text) => ({ section, key: setting.key, text, origin }));
}

function originOf(places: readonly ConfValue[]): string {
  const [first] = places;
  if (first === undefined) return "default";
  const lines = places.filter((place) => place.file === first.file).map((place) => place.line);
  return `${first.file}:${[...new Set(lines)].join(",")}`;
}

function idValues(file: string): EffectiveValue[] {
  return loadStorageIds(file).map(({ id, groupName, hosts, port, rwMode }) => ({
    section: "",
    key: id,
    text: `${groupName} ${hosts.join(",")} port ${port} rw ${["none", "", "write", "", "read", "", "both"][rwMode]}`,
    origin: file,
  }));
}
