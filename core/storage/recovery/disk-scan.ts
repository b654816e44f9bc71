// All that the store paths of a storage hold: files and links with their names, trunk files apart.

import { lstatSync, readdirSync, readlinkSync } from "node:fs";
import { dataFolder } from "../../disk/data-paths.ts";
import { hex2, parseLogicName } from "../../fileid/logic-name.ts";

export type Scanned =
  | { readonly kind: "file"; readonly name: string; readonly modifiedAt: number }
  /** `target` null: it leads out of the store paths. */
  | { readonly kind: "link"; readonly name: string; readonly modifiedAt: number; readonly target: string | null }
  | { readonly kind: "trunk"; readonly name: string; readonly path: string }
  /** Not made by FastDFS. */
  | { readonly kind: "foreign"; readonly path: string };

const TRUNK_FILE = /^\d{6,}$/;
const UNFINISHED = ".recovery.tmp";

/** Yields nothing for what disappears meanwhile. Throws when a directory cannot be read. */
export function* scanStorePaths(storePaths: readonly string[]): Generator<Scanned> {
  for (const [index, storePath] of storePaths.entries()) {
    const data = dataFolder(storePath);
    for (const high of directoriesIn(data)) {
      for (const low of directoriesIn(`${data}/${high}`)) {
        const folder = `${data}/${high}/${low}`;
        for (const file of readdirSync(folder)) {
          const name = `M${hex2(index)}/${high}/${low}/${file}`;
          const scanned = file.endsWith(UNFINISHED) ? null : look(name, `${folder}/${file}`, file, storePaths);
          if (scanned !== null) yield scanned;
        }
      }
    }
  }
}

function look(name: string, path: string, file: string, storePaths: readonly string[]): Scanned | null {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined || stat.isDirectory()) return null;
  if (!isUsable(name, storePaths.length)) return { kind: "foreign", path };
  const modifiedAt = Math.floor(stat.mtimeMs / 1000);
  if (stat.isSymbolicLink())
    return { kind: "link", name, modifiedAt, target: targetName(readlinkSync(path), storePaths) };
  if (!stat.isFile()) return { kind: "foreign", path };
  return TRUNK_FILE.test(file) ? { kind: "trunk", name, path } : { kind: "file", name, modifiedAt };
}

function targetName(target: string, storePaths: readonly string[]): string | null {
  const index = storePaths.findIndex((storePath) => target.startsWith(`${dataFolder(storePath)}/`));
  if (index < 0) return null;
  return `M${hex2(index)}/${target.slice(dataFolder(storePaths[index]!).length + 1)}`;
}

function isUsable(name: string, storePathCount: number): boolean {
  try {
    parseLogicName(name, storePathCount);
    return true;
  } catch {
    return false;
  }
}

function directoriesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && /^[0-9A-F]{2}$/.test(entry.name))
    .map(({ name }) => name)
    .sort();
}
