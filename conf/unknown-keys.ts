// Keys of a document that its table does not have: misspelt, former, of another file, or in a section where they do
// nothing. C ignores them without a word, and old files must go on loading: they are warnings.

import type { ConfDocument } from "./document.ts";
import type { ConfItem } from "./grammar.ts";
import { confProblem } from "./problem.ts";
import type { Report } from "./report.ts";
import type { ConfTable, Setting, SettingGroup } from "./setting.ts";
import { formerKeys } from "./table/former-keys.ts";

export function reportUnknownKeys(table: ConfTable, document: ConfDocument, report: Report): void {
  const seen = new Set<string>();
  for (const item of document.items) {
    const name = `${item.section}\n${item.key}`;
    if (item.key === "" || seen.has(name)) continue;
    seen.add(name);
    const finding = judge(table, item);
    if (finding !== null) {
      const remedy = finding.remedy === undefined ? {} : { remedy: finding.remedy };
      report.warnings.push(confProblem(item, finding.found, { key: item.key, value: item.text, ...remedy }));
    }
  }
}

/** True when a plain key or a family of numbered keys has this name. */
export function knowsKey(group: SettingGroup, key: string): boolean {
  return Object.values(group).some((setting) =>
    setting.pattern === undefined ? setting.key === key : setting.pattern.test(key),
  );
}

function judge(table: ConfTable, item: ConfItem): { found: string; remedy?: string } | null {
  const { key, section } = item;
  const sections = Object.values(table.sections);
  if (section === "") {
    const shared = sections.some(({ settings }) => settingOf(settings, key)?.fallsBackToGlobal === true);
    if (shared || knowsKey(table.global, key)) return null;
  } else {
    const here = sections.find((each) => each.section === section);
    if (here !== undefined && knowsKey(here.settings, key)) return null;
    const found = here === undefined ? `no setting has a section [${section}]` : `no key of section [${section}]`;
    if (knowsKey(table.global, key)) {
      return { found: `${found}, so it has no effect`, remedy: "move it above the first section line" };
    }
    if (here === undefined) return { found: `${found}, so it has no effect` };
  }
  const former = formerKeys.find(({ pattern, files }) => files.includes(table.name) && pattern.test(key));
  if (former !== undefined) return { found: "a key of older FastDFS versions, without effect", remedy: former.now };
  const home = sections.find(({ settings }) => knowsKey(settings, key));
  if (home !== undefined) return { found: `only has an effect in section [${home.section}]` };
  const near = nearestKey(table, key);
  return {
    found: `no key of ${table.name}.conf, so it has no effect`,
    remedy: near === null ? "remove the line" : `did you mean ${near}?`,
  };
}

function settingOf(group: SettingGroup, key: string): Setting<unknown> | undefined {
  return Object.values(group).find((setting) => setting.key === key);
}

/** The known key with the fewest changed letters, if these are few for its length. */
function nearestKey(table: ConfTable, key: string): string | null {
  const groups = [table.global, ...Object.values(table.sections).map(({ settings }) => settings)];
  const names = new Set(groups.flatMap((group) => Object.values(group).map((setting) => setting.key)));
  let best: string | null = null;
  let fewest = Math.max(2, Math.floor(key.length / 4)) + 1;
  for (const name of names) {
    if (Math.abs(name.length - key.length) >= fewest) continue;
    const changes = changesBetween(key.toLowerCase(), name);
    if (changes < fewest) [best, fewest] = [name, changes];
  }
  return best;
}

/** Levenshtein distance. */
function changesBetween(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 0; i < from.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < to.length; j++) {
      const replaced = row[j]! + (from[i] === to[j] ? 0 : 1);
      next.push(Math.min(replaced, row[j + 1]! + 1, next[j]! + 1));
    }
    row = next;
  }
  return row[to.length]!;
}
