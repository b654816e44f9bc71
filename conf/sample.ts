// Sample settings files, written from the tables: each option with its sentence, its default and what is allowed. The
// files in samples/ are made by generate-samples.ts and held against this text by a test.

import type { ConfKind, ConfSection, ConfTable, Setting, SettingGroup } from "./setting.ts";
import { clientTable } from "./table/client.ts";
import { storageTable } from "./table/storage.ts";
import { trackerTable } from "./table/tracker.ts";

/** The settings files there are. */
export type SettingsFile = ConfKind | "storage_ids";

export const settingsFiles: readonly SettingsFile[] = ["tracker", "storage", "client", "storage_ids"];

export const confTables: Readonly<Record<ConfKind, ConfTable>> = {
  tracker: trackerTable,
  storage: storageTable,
  client: clientTable,
};

const LINE_WIDTH = 100;

/** The whole text of a sample file. */
export function sampleConf(file: SettingsFile): string {
  if (file === "storage_ids") return storageIdsSample;
  const table = confTables[file];
  const all = Object.values(table.global);
  const sections: readonly ConfSection[] = Object.values(table.sections);
  const idle = all.filter((setting) => setting.noMeaning !== undefined);
  const parts = [
    comment(
      `${file}.conf: every option of a FastDFS ${file}. An option that is set here has its default value, except ` +
        "addresses and paths; an option behind # is not set. A line is a comment only when it starts with #.",
    ),
    ...all.filter((setting) => setting.noMeaning === undefined).map((setting) => optionText(setting)),
    ...sharedLogOptions(sections),
    ...(idle.length === 0 ? [] : [comment("Accepted for the sake of existing files, without effect here:")]),
    ...idle.map((setting) => optionText(setting)),
    ...sections.map(sectionText),
  ];
  return `${parts.join("\n\n")}\n`;
}

/** Texts of a setting's default as they stand in a file; empty when the key must be left out to get it. */
function defaultTexts(setting: Setting<unknown>): readonly string[] {
  const texts = setting.pattern === undefined ? setting.format(setting.missing()) : [];
  return setting.missingText === undefined || texts[0] === setting.missingText ? texts : [];
}

/** The default in words, for a reader. */
export function defaultWords(setting: Setting<unknown>): string {
  return setting.missingText ?? (defaultTexts(setting).join(", ") || (setting.required ? "none, required" : "not set"));
}

function optionText(setting: Setting<unknown>): string {
  const key = setting.key.replace("{N}", "0");
  const facts = [
    `Allowed: ${setting.allowed}.`,
    `Default: ${defaultWords(setting)}.`,
    ...(setting.repeats ? ["May be repeated."] : []),
    ...(setting.since === undefined ? [] : [`Since ${setting.since}.`]),
    ...(setting.noMeaning === undefined ? [] : [`Without effect: ${setting.noMeaning}.`]),
  ];
  const examples = typeof setting.example === "string" ? [setting.example] : (setting.example ?? [""]);
  const defaults = defaultTexts(setting);
  const isWanted = setting.required || setting.isSetInSample === true || setting.example === "";
  const isSet = setting.noMeaning === undefined && (isWanted || defaults.length > 0);
  const values = defaults.length > 0 ? defaults : examples;
  const lines = values.map((value) => `${isSet ? "" : "#"}${key} = ${value}`.trimEnd());
  return [comment(setting.doc), comment(facts.join(" ")), ...lines].join("\n");
}

/** Keys of the log sections that may stand in the global part: there they count for all logs. */
function sharedLogOptions(sections: readonly ConfSection[]): string[] {
  const [first] = sections;
  if (first === undefined) return [];
  const settings = Object.values(first.settings).filter((setting) => setting.fallsBackToGlobal === true);
  return [comment("For all logs:"), ...settings.map((setting) => optionText(setting))];
}

function sectionText({ section, doc, settings }: ConfSection<SettingGroup>): string {
  const own = Object.values(settings).filter((setting) => setting.fallsBackToGlobal !== true);
  return [`[${section}]\n${comment(doc)}`, ...own.map((setting) => optionText(setting))].join("\n\n");
}

function comment(text: string): string {
  const lines: string[] = [];
  let line = "#";
  for (const word of text.split(" ")) {
    if (line.length + 1 + word.length > LINE_WIDTH) {
      lines.push(line);
      line = "#";
    }
    line += ` ${word}`;
  }
  return [...lines, line].join("\n");
}

const storageIdsSample = `# storage_ids.conf: numbers for storages. One storage a line:
#
#   id  group  address[:port]  [rw=mode]
#
# id: a number from 1 to 16777215; six digits, such as 100001, are usual.
# address: a host name or an IP address; two of them separated by a comma, one internal and one
#   external; IPv6 in brackets: [fd12:3456::21]:23000. The port is 23000 when it is left out.
# mode: both (default), read, write or none.
#
# All trackers need the same file. After a change restart the trackers, then the storages.

100001  group1  192.168.0.21
100002  group1  192.168.0.22
100003  group2  192.168.0.23:23001  rw=read
`;
