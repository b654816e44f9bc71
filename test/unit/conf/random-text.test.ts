// Whatever stands in a file, reading it ends in settings or in a ConfError. Texts are put together at random from pieces
// that mean something; FDFS_SEED repeats a run.

import { expect, test } from "bun:test";
import fc from "fast-check";
import {
  ConfError,
  guessSettingsFile,
  inspectConf,
  parseConfText,
  parseStorageIds,
  settingsFiles,
} from "../../../conf/index.ts";
import { confTables } from "../../../conf/sample.ts";
import { ConfFolder } from "./temp-folder.ts";

const seed = Number(process.env.FDFS_SEED ?? Date.now() % 2 ** 31);
const keys = Object.values(confTables).flatMap(({ global }) =>
  Object.values(global).map(({ key }) => key.replace("{N}", "3")),
);

const value = fc.oneof(
  fc.string(),
  fc.string({ unit: "binary" }),
  fc.integer().map(String),
  fc.constantFrom(
    "true",
    "10%",
    "1G",
    "[",
    "]",
    "[1-9999999999]",
    "a,b,c",
    "[::1]:5",
    "1:2:3:4",
    "%",
    "T",
    "\0",
    "__proto__",
    "*",
  ),
);
const line = fc.oneof(
  fc.tuple(fc.constantFrom(...keys), value).map(([key, text]) => `${key} = ${text}`),
  fc.tuple(fc.string(), value).map(([key, text]) => `${key}=${text}`),
  value.map((text) => `[${text}]`),
  value.map((text) => `#@for i from 0 to ${text}`),
  value.map((text) => `#@if %{LOCAL_IP} in [${text}]`),
  value.map((text) => `#@set a = %{a}${text}`),
  value.map((text) => `#@function ${text}`),
  value.map((text) => `#include ${text}`),
  fc.constantFrom(
    "#@else",
    "#@endif",
    "#@endfor",
    "#@for i from 1 to 3",
    "{$i} = {$i}",
    "#@function LOCAL_IP_GET",
    "#include t.conf",
  ),
);
const text = fc.oneof(
  fc.array(line, { maxLength: 30 }).map((lines) => lines.join("\n")),
  fc.string({ unit: "binary", maxLength: 500 }),
);

test(`random texts end in settings or a ConfError (seed ${seed})`, () => {
  using folder = new ConfFolder();
  fc.assert(
    fc.property(text, fc.constantFrom(...settingsFiles), (content, kind) => {
      const document = parseConfText(content, "random");
      expect(document.items.every(({ key, section }) => document.values(key, section).length > 0)).toBe(true);
      const path = folder.write("t.conf", content);
      inspectConf(path, kind);
      guessSettingsFile(path);
      try {
        parseStorageIds(content, "random");
      } catch (error) {
        expect(error).toBeInstanceOf(ConfError);
      }
    }),
    { seed, numRuns: 1000 },
  );
});
