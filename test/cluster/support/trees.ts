// What storages hold on disk, and how they differ. It reads the data folders and nothing else, so that no server's opinion
// of itself counts. Temporary files stand outside of the folders that it reads.

import { createHash } from "node:crypto";
import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import type { Server } from "./server.ts";

export interface TreeEntry {
  readonly kind: "file" | "link";
  readonly size: number;
  /** SHA-1 of the content; of a link its target relative to the store paths' folder. */
  readonly content: string;
}

/** Logic names (`M00/00/01/...`, those of metadata with `-m`) to what is there. */
export type Tree = ReadonlyMap<string, TreeEntry>;

export interface Difference {
  readonly name: string;
  /** By storage in the order given; undefined where it is missing. */
  readonly entries: readonly (TreeEntry | undefined)[];
}

/** Reads a tree again and again and opens only what has changed since. */
export class TreeReader {
  readonly #storage: Server;
  readonly #known = new Map<string, { readonly key: string; readonly content: string }>();

  constructor(storage: Server) {
    this.#storage = storage;
  }

  read(): Tree {
    const tree = new Map<string, TreeEntry>();
    for (const [name, path] of dataFiles(this.#storage)) {
      const entry = this.#entry(path);
      if (entry !== null) tree.set(name, entry);
    }
    return tree;
  }

  /** Null: gone meanwhile. */
  #entry(path: string): TreeEntry | null {
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat === undefined) return null;
    if (stat.isSymbolicLink()) {
      const target = readlinkSync(path);
      return { kind: "link", size: target.length, content: target.slice(this.#storage.basePath.length) };
    }
    const key = `${stat.ino} ${stat.size} ${stat.mtimeMs} ${stat.ctimeMs}`;
    const known = this.#known.get(path);
    if (known?.key === key) return { kind: "file", size: stat.size, content: known.content };
    try {
      const content = createHash("sha1").update(readFileSync(path)).digest("hex");
      this.#known.set(path, { key, content });
      return { kind: "file", size: stat.size, content };
    } catch {
      return null;
    }
  }
}

/** Names that are not the same in all trees. */
export function differences(trees: readonly Tree[]): Difference[] {
  const found: Difference[] = [];
  for (const name of new Set(trees.flatMap((tree) => [...tree.keys()]))) {
    const entries = trees.map((tree) => tree.get(name));
    const [first] = entries;
    if (first === undefined || entries.some((entry) => entry === undefined || !isSame(first, entry))) {
      found.push({ name, entries });
    }
  }
  return found;
}

function isSame(one: TreeEntry, other: TreeEntry): boolean {
  return one.kind === other.kind && one.size === other.size && one.content === other.content;
}

/** Names by `M00/HH/LL/...` with their paths. */
export function dataFiles(storage: Server): [name: string, path: string][] {
  const files: [string, string][] = [];
  for (const [index, storePath] of storage.storePaths.entries()) {
    const data = join(storePath, "data");
    const prefix = `M${index.toString(16).toUpperCase().padStart(2, "0")}`;
    for (const high of foldersIn(data)) {
      for (const low of foldersIn(join(data, high))) {
        const folder = join(data, high, low);
        for (const name of namesIn(folder)) {
          if (!name.startsWith(".")) files.push([`${prefix}/${high}/${low}/${name}`, join(folder, name)]);
        }
      }
    }
  }
  return files;
}

function foldersIn(folder: string): string[] {
  return namesIn(folder).filter((name) => /^[0-9A-F]{2}$/.test(name));
}

/** A folder that is not made yet is empty. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
