// The table of all keys for docs/configuration.md, written from the same entries as everything else.

import { confTables, defaultWords } from "./sample.ts";
import type { ConfKind, Setting, SettingGroup } from "./setting.ts";

/** Markdown: a heading and a table for the global part and each section of a file. */
export function keyReference(kind: ConfKind): string {
  const { global, sections } = confTables[kind];
  const parts = [`### ${kind}.conf`, "", keyTable(global)];
  for (const { section, doc, settings } of Object.values(sections)) {
    const shared = Object.values(settings).some((setting) => setting.fallsBackToGlobal === true);
    parts.push(
      "",
      `#### ${kind}.conf, [${section}]`,
      "",
      shared ? `${doc} Without a value here the global part counts.` : doc,
    );
    parts.push("", keyTable(settings));
  }
  return parts.join("\n");
}

function keyTable(group: SettingGroup): string {
  const rows = Object.values(group).map(keyRow);
  return ["| key | default | allowed | since | |", "|---|---|---|---|---|", ...rows].join("\n");
}

function keyRow(setting: Setting<unknown>): string {
  const repeats = setting.repeats ? " May be repeated." : "";
  const effect = setting.noMeaning === undefined ? "" : ` *Without effect here: ${setting.noMeaning}.*`;
  const cells = [
    `\`${setting.key}\``,
    defaultWords(setting),
    setting.allowed,
    setting.since ?? "",
    `${setting.doc}${repeats}${effect}`,
  ];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}
