// Where a downloaded file goes: which path, which temporary name beside it, and what is already there of it. It touches
// the disk only to look.

import { statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { UsageError } from "./command.ts";

/** Behind the name of a file that is not complete yet. */
const PARTIAL_SUFFIX = ".fdfs-part";
/** Behind the name of one that is being filled in no order. */
const SCATTERED_SUFFIX = ".fdfs-parts";

export interface Target {
  readonly id: string;
  /** Absolute path, or null for standard output. */
  readonly path: string | null;
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** The last part of an ID: `fwAAXW....jpg`. */
function nameOf(id: string): string {
  return id.slice(id.lastIndexOf("/") + 1);
}

/** One target for each ID. UsageError when several files would land in one. */
export function chooseTargets(ids: readonly string[], output: string | undefined, cwd: string): Target[] {
  if (output === "-") {
    if (ids.length > 1)
      throw new UsageError("Standard output (-o -) takes one file: several would run into each other");
    return ids.map((id) => ({ id, path: null }));
  }
  if (output === undefined) return distinct(ids.map((id) => ({ id, path: resolve(cwd, nameOf(id)) })));
  const path = resolve(cwd, output);
  const intoFolder = ids.length > 1 || output.endsWith("/") || isFolder(path);
  return distinct(ids.map((id) => ({ id, path: intoFolder ? join(path, nameOf(id)) : path })));
}

function distinct(targets: Target[]): Target[] {
  const seen = new Set<string | null>();
  for (const { id, path } of targets) {
    if (seen.has(path)) throw new UsageError(`Two files would be written to ${path}: the second is ${id}`);
    seen.add(path);
  }
  return targets;
}

/** A fresh name beside `path`; the process id keeps two downloads of one file apart. */
export function temporaryPath(path: string, serial: number): string {
  return join(dirname(path), `.${basename(path)}.${process.pid}-${serial}${PARTIAL_SUFFIX}`);
}

/** The name `--continue` keeps an unfinished file under. */
export function partialPath(path: string): string {
  return `${path}${PARTIAL_SUFFIX}`;
}

/**
 * The name `--continue` fills a file under in several places at once. Left behind by a process that was killed it tells
 * nobody how much of it is there, so it is never gone on from.
 */
export function scatteredPath(path: string): string {
  return `${path}${SCATTERED_SUFFIX}`;
}
