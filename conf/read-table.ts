// A document read with a table: every setting gets its value or its default, doubtful and wrong values are reported, and
// so are keys that no table knows. Rules between settings are in the files of each server's settings.

import type { ConfDocument } from "./document.ts";
import type { ConfValue } from "./ini-adapter.ts";
import type { Report } from "./report.ts";
import type { ConfTable, Setting, SettingGroup, SettingsOf, ValuesOf } from "./setting.ts";
import { reportUnknownKeys } from "./unknown-keys.ts";

/** Occurrences of a setting in its section or, for keys of logs, in the global part. */
export function valuesOf(document: ConfDocument, setting: Setting<unknown>, section: string): readonly ConfValue[] {
  const { pattern } = setting;
  if (pattern !== undefined) {
    const keys = [...document.getSection(section)].filter(([key]) => pattern.test(key));
    return keys.flatMap(([, values]) => values);
  }
  const own = document.values(setting.key, section);
  return own.length === 0 && setting.fallsBackToGlobal === true ? document.values(setting.key) : own;
}

export function readTable<Table extends ConfTable>(
  table: Table,
  document: ConfDocument,
  report: Report,
): SettingsOf<Table> {
  const settings: Record<string, unknown> = readGroup(table.global, "", document, report);
  for (const [field, { section, settings: group }] of Object.entries(table.sections)) {
    settings[field] = Object.freeze(readGroup(group, section, document, report));
  }
  reportUnknownKeys(table, document, report);
  return settings as SettingsOf<Table>;
}

/** The settings of an empty file, without a word about keys that are required. */
export function defaultSettings<Table extends ConfTable>(table: Table): SettingsOf<Table> {
  const settings: Record<string, unknown> = missingValues(table.global);
  for (const [field, { settings: group }] of Object.entries(table.sections)) {
    settings[field] = Object.freeze(missingValues(group));
  }
  return settings as SettingsOf<Table>;
}

function missingValues(group: SettingGroup): Record<string, unknown> {
  return Object.fromEntries(Object.entries(group).map(([field, setting]) => [field, setting.missing()]));
}

function readGroup<Group extends SettingGroup>(
  group: Group,
  section: string,
  document: ConfDocument,
  report: Report,
): ValuesOf<Group> {
  const read = (setting: Setting<unknown>): unknown => {
    const values = valuesOf(document, setting, section);
    if (values.length > 0) return readSetting(setting, values, report);
    if (setting.required && setting.pattern === undefined) {
      const example = typeof setting.example === "string" ? setting.example : (setting.example?.[0] ?? "...");
      const remedy = `write ${setting.key} = ${example}`;
      report.failKey(setting.key, "the key is missing", { allowed: setting.allowed, remedy });
    }
    return setting.missing();
  };
  const entries = Object.entries(group).map(([field, setting]) => [field, read(setting)]);
  return Object.fromEntries(entries) as ValuesOf<Group>;
}

function readSetting(setting: Setting<unknown>, values: readonly ConfValue[], report: Report): unknown {
  const last = values.at(-1)!;
  if (setting.noMeaning !== undefined) report.note(last, `has no effect here: ${setting.noMeaning}`);
  if (!setting.repeats && setting.pattern === undefined && values.length > 1) {
    report.note(last, `is given ${values.length} times, this last one counts`);
  }
  return setting.parse(values, report);
}
