// The sample files cannot rot: they are what the tables say, they load without a word, and what they set is the default.
// With FDFS_C_CONF naming the C project's conf folder its own samples must load unchanged as well.

import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { inspectConf, sampleConf, settingsFiles } from "../../../conf/index.ts";
import { keyReference } from "../../../conf/key-reference.ts";
import { confTables } from "../../../conf/sample.ts";
import { ConfFolder } from "./temp-folder.ts";

const root = resolve(import.meta.dir, "../../..");
const kinds = ["tracker", "storage", "client"] as const;
const regenerate = "run: bun conf/generate-samples.ts";

for (const file of settingsFiles) {
  test(`samples/${file}.conf is up to date and loads without a word`, () => {
    const path = join(root, "conf/samples", `${file}.conf`);
    expect(readFileSync(path, "utf8") === sampleConf(file) ? "" : regenerate).toBe("");
    expect(inspectConf(path, file)).toMatchObject({ problems: [], warnings: [], notes: [] });
  });
}

for (const kind of kinds) {
  test(`docs/configuration.md has the keys of ${kind}.conf`, () => {
    const page = readFileSync(join(root, "docs/configuration.md"), "utf8");
    expect(page.includes(keyReference(kind)) ? "" : regenerate).toBe("");
  });

  test(`the sample of ${kind}.conf names every key once and sets defaults`, () => {
    const { global, sections } = confTables[kind];
    const text = sampleConf(kind);
    const settings = [
      ...Object.values(global),
      ...Object.values(sections).flatMap((each) => Object.values(each.settings)),
    ];
    for (const { key, repeats } of settings) {
      const lines = text
        .split("\n")
        .filter((line) => line.replace(/^#/, "").startsWith(`${key.replace("{N}", "0")} =`));
      if (repeats) expect(lines.length).toBeGreaterThan(0);
      else expect([key, lines.length]).toEqual([key, 1]);
    }
    using folder = new ConfFolder();
    const required = text
      .split("\n")
      .filter((line) => /^(base_path|store_path0|tracker_server|group_name) =/.test(line));
    const bare = inspectConf(folder.write(`${kind}.conf`, required), kind);
    const full = inspectConf(folder.write(`full-${kind}.conf`, text), kind);
    const shown = ({ values }: typeof bare): string[] =>
      values.map(({ section, key, text: value }) => `${section}/${key}=${value}`);
    expect(shown(full)).toEqual(shown(bare));
  });

  test(`every entry of ${kind}.conf prints what it reads`, () => {
    using folder = new ConfFolder();
    const first = inspectConf(folder.write(`${kind}.conf`, sampleConf(kind)), kind);
    const lines = first.values.map(({ section, key, text }) => `[${section}]\n${key} = ${text}`);
    const again = inspectConf(
      folder.write(
        `again-${kind}.conf`,
        lines.filter((line) => !/\n(inner_port|outer_port|group_name|server_id) = 0?$/.test(line)),
      ),
      kind,
    );
    expect(again.problems).toEqual([]);
    expect(again.values.map(({ key, text }) => `${key}=${text}`)).toEqual(
      first.values.map(({ key, text }) => `${key}=${text}`),
    );
  });
}

describe("the C project's samples", () => {
  const folder = process.env.FDFS_C_CONF;
  for (const file of settingsFiles) {
    test.skipIf(folder === undefined)(
      `${file}.conf loads unchanged${folder === undefined ? " (FDFS_C_CONF is not set)" : ""}`,
      () => {
        expect(inspectConf(join(folder!, `${file}.conf`), file)).toMatchObject({ problems: [], warnings: [] });
      },
    );
  }
});
