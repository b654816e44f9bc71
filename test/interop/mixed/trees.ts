/**
 * What a storage holds on disk, and how two storages differ. Links count by the content they lead to: C 6.16.1 breaks on
 * the command that copies a link (storage.md 3.7), so a full copy is the right replica of one.
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, type Stats, statSync } from "node:fs";
import { join } from "node:path";
import type { Member } from "./member.ts";

const SHOWN_DIFFERENCES = 5;

interface TreeEntry {
  readonly size: number;
  readonly digest: string;
  /** Modification time in whole seconds. */
  readonly time: number;
}

/** Names as in file IDs without the group (`M00/00/01/...`) to what is there. */
export type Tree = ReadonlyMap<string, TreeEntry>;

/** Digests by path and identity of the content, so that a poll reads only what changed. */
const digests = new Map<string, { readonly key: string; readonly digest: string }>();

export function readTree(storage: Member): Tree {
  const tree = new Map<string, TreeEntry>();
  for (const [name, path] of dataFiles(storage)) {
    const stat = statOf(path);
    if (stat !== null)
      tree.set(name, { size: stat.size, digest: digestOf(path, stat), time: Math.floor(stat.mtimeMs / 1000) });
  }
  return tree;
}

/** How many files a storage holds, metadata files included. */
export function countFiles(storage: Member): number {
  return dataFiles(storage).length;
}

/** One sentence a difference among the names that are `judged`, at most five and how many more there are; empty when both hold the same. */
export function differences(one: Member, other: Member, isJudged: (name: string) => boolean = () => true): string[] {
  const first = readTree(one);
  const second = readTree(other);
  const found: string[] = [];
  for (const name of new Set([...first.keys(), ...second.keys()])) {
    if (!isJudged(name)) continue;
    const left = first.get(name);
    const right = second.get(name);
    if (left === undefined || right === undefined) {
      found.push(`${name} is missing on ${left === undefined ? one.label : other.label}`);
    } else if (left.digest !== right.digest) {
      found.push(`${name} differs: ${left.size} bytes on ${one.label}, ${right.size} on ${other.label}`);
    }
  }
  return shown(found);
}

/** The same for modification times. Of appender files and links C's replicas now and then have the second after. */
export function timeDifferences(one: Member, other: Member): string[] {
  const second = readTree(other);
  const found: string[] = [];
  for (const [name, left] of readTree(one)) {
    const right = second.get(name);
    if (right === undefined || left.time === right.time || /(-m|\.log|\.lnk)$/.test(name)) continue;
    found.push(`${name}: ${left.time} on ${one.label}, ${right.time} on ${other.label}`);
  }
  return shown(found);
}

function shown(found: readonly string[]): string[] {
  const more = found.length - SHOWN_DIFFERENCES;
  return more > 0 ? [...found.slice(0, SHOWN_DIFFERENCES), `${more} more`] : [...found];
}

function dataFiles(storage: Member): [name: string, path: string][] {
  const files: [string, string][] = [];
  for (const [index, storePath] of storage.storePaths.entries()) {
    const prefix = `M${index.toString(16).toUpperCase().padStart(2, "0")}`;
    const data = join(storePath, "data");
    for (const high of foldersIn(data)) {
      for (const low of foldersIn(join(data, high))) {
        for (const name of namesIn(join(data, high, low))) {
          if (!name.startsWith(".")) files.push([`${prefix}/${high}/${low}/${name}`, join(data, high, low, name)]);
        }
      }
    }
  }
  return files;
}

function foldersIn(folder: string): string[] {
  return namesIn(folder).filter((name) => /^[0-9A-F]{2}$/.test(name));
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Links are followed. A file deleted meanwhile, and a link that leads nowhere, count as absent. */
function statOf(path: string): Stats | null {
  return statSync(path, { throwIfNoEntry: false }) ?? null;
}

function digestOf(path: string, stat: Stats): string {
  const key = `${stat.ino} ${stat.size} ${stat.mtimeMs} ${stat.ctimeMs}`;
  const known = digests.get(path);
  if (known?.key === key) return known.digest;
  try {
    const digest = createHash("sha1").update(readFileSync(path)).digest("hex");
    digests.set(path, { key, digest });
    return digest;
  } catch {
    return "gone";
  }
}
