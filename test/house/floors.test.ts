// The floors of the house (ARCHITECTURE.md): a file imports only rooms below its own, there are no cycles, only
// core/runtime names Bun or Deno, and the three terminal libraries and the INI library have one importer each.

import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

const root = resolve(import.meta.dir, "../..");

/** Rooms from the ground up. A room may import itself and every room of a lower floor. */
const floors: [room: string, floor: number][] = [
  ["core/wire", 1],
  ["core/fileid", 1],
  ["conf", 1],
  ["core/runtime", 2],
  ["core/observe", 3],
  ["core/net", 4],
  ["core/disk", 4],
  ["core/client", 5],
  ["core/tracker", 6],
  ["core/storage", 6],
  ["core/bench", 6],
  ["cmd", 7],
];

function sourcesBelow(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
}

const files = ["cmd", "core", "conf"].flatMap(sourcesBelow).sort();
const text = new Map(files.map((file) => [file, readFileSync(join(root, file), "utf8")]));

/** The code without its comments: a comment may speak of Bun. */
const code = (file: string): string =>
  text
    .get(file)!
    .replace(/\/\*[\s\S]*?\*\//g, "")
    .replace(/^\s*\/\/.*$/gm, "");

const importPattern = /(?:from\s+|import\s+|import\(\s*|new URL\(\s*)"([^"]+)"/g;
const importsOf = (file: string): string[] => Array.from(code(file).matchAll(importPattern), (match) => match[1]!);
const localImportsOf = (file: string): string[] =>
  importsOf(file)
    .filter((target) => target.startsWith("."))
    .map((target) => relative(root, resolve(root, dirname(file), target)))
    .filter((target) => target.endsWith(".ts"));

const roomOf = (file: string): [string, number] | undefined =>
  floors.find(([room]) => file === room || file.startsWith(`${room}/`));

describe("the floors", () => {
  test("every source file is in a known room", () => {
    expect(files.filter((file) => roomOf(file) === undefined)).toEqual([]);
  });

  test("imports go down only, and servers never import each other", () => {
    const wrong: string[] = [];
    for (const file of files) {
      for (const target of localImportsOf(file)) {
        const from = roomOf(file)!;
        const to = roomOf(target);
        if (to === undefined) wrong.push(`${file} -> ${target}: outside the house`);
        else if (from[0] !== to[0] && to[1] >= from[1]) wrong.push(`${file} -> ${target}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  test("every import exists", () => {
    const missing = files.flatMap((file) =>
      localImportsOf(file)
        .filter((target) => !text.has(target))
        .map((target) => `${file} -> ${target}`),
    );
    expect(missing).toEqual([]);
  });

  test("there are no import cycles", () => {
    const state = new Map<string, "open" | "done">();
    const cycles: string[] = [];
    const visit = (file: string, path: string[]): void => {
      if (state.get(file) === "done") return;
      if (state.get(file) === "open") {
        cycles.push([...path.slice(path.indexOf(file)), file].join(" -> "));
        return;
      }
      state.set(file, "open");
      // A worker's entry file starts a thread of its own: the URL that names it is no import.
      for (const target of localImportsOf(file)) if (text.has(target)) visit(target, [...path, file]);
      state.set(file, "done");
    };
    for (const file of files) visit(file, []);
    expect(cycles).toEqual([]);
  });
});

describe("the runtime boundary", () => {
  test("only core/runtime names Bun or Deno", () => {
    const named = files.filter(
      (file) => !file.startsWith("core/runtime/") && /\bBun\.|["']bun(:[a-z]+)?["']|\bDeno\b/.test(code(file)),
    );
    expect(named).toEqual([]);
  });

  test("the pure rooms do no I/O", () => {
    const io = /^node:(fs|net|http|https|dgram|child_process|worker_threads|dns|tls)(\/|$)/;
    const impure = ["core/wire", "core/fileid"]
      .flatMap(sourcesBelow)
      .filter((file) => importsOf(file).some((name) => io.test(name)));
    expect(impure).toEqual([]);
  });
});

describe("libraries", () => {
  for (const [library, room] of [
    ["chalk", "cmd/"],
    ["cli-progress", "cmd/"],
    ["cac", "cmd/"],
    ["ini", "conf/"],
  ] as const) {
    test(`${library} is imported by exactly one file of ${room}`, () => {
      const importers = files.filter((file) => importsOf(file).includes(library));
      expect(importers.length).toBe(1);
      expect(importers[0]!.startsWith(room)).toBe(true);
    });
  }
});
