// What start-up does with the store paths: they must exist, belong to this storage, and have their directories; what an
// earlier crash left half-received is removed.

import { existsSync, readdirSync, statSync, unlinkSync } from "node:fs";
import type { StorageSettings } from "../../../conf/index.ts";
import { createDataDirectories, hasDataDirectories } from "../../disk/data-directories.ts";
import { dataFolder } from "../../disk/data-paths.ts";
import { DIRECTORY_MODE, ensureDirectory } from "../../disk/ensure-directory.ts";
import type { Owner } from "../../disk/owner.ts";
import { formatStorePathMark, judgeStorePathMark, parseStorePathMark } from "../../disk/store-path-mark.ts";
import { readStorePathMark, storePathMarkFile, writeStorePathMark } from "../../disk/store-path-mark-file.ts";
import type { Logger } from "../../observe/logger.ts";
import { TEMPORARY_PREFIX } from "../io/new-file.ts";
import { RecoveryFiles } from "../recovery/recovery-files.ts";

const PROGRESS_MS = 1000;

export interface StorePathHelp {
  readonly log: Logger;
  readonly owner: Owner | undefined;
  readonly signal: AbortSignal;
}

/** Throws a sentence for every store path that is no folder. */
export function requireStorePaths(settings: StorageSettings): void {
  const problems = settings.storePaths.flatMap(({ path }, index) => {
    try {
      return statSync(path).isDirectory() ? [] : [`store_path${index} = ${path} is not a folder`];
    } catch (error) {
      const reason = (error as NodeJS.ErrnoException).code ?? String(error);
      return [`store_path${index} = ${path}: ${reason}; create the folder or mount the disk`];
    }
  });
  if (problems.length > 0) throw new Error(`Cannot start: ${problems.join("; ")}`);
}

/**
 * Makes what is missing of the data directories, telling how far it is. Returns the paths that had none; where the storage
 * `hadFiles`, these are marked for recovery first: with their directories they no longer look like that after a crash.
 */
export async function prepareDirectories(
  settings: StorageSettings,
  hadFiles: boolean,
  help: StorePathHelp,
): Promise<Set<number>> {
  const { log, owner, signal } = help;
  const count = settings.subdirCountPerPath;
  const created = new Set<number>();
  for (const [index, { path }] of settings.storePaths.entries()) {
    const data = dataFolder(path);
    ensureDirectory(data, DIRECTORY_MODE, owner);
    const first = `${data}/00/00`;
    if (existsSync(first) && hasDataDirectories(data, count)) continue;
    created.add(index);
    if (hadFiles) new RecoveryFiles(path, owner).begin();
    ensureDirectory(first, DIRECTORY_MODE, owner);
    const startMs = Date.now();
    let toldMs = startMs;
    log.info(`Creating ${count} x ${count} data directories in ${data}`);
    const made = await createDataDirectories(data, count, {
      ...(owner === undefined ? {} : { owner }),
      signal,
      progress(done, total) {
        if (Date.now() - toldMs < PROGRESS_MS) return;
        toldMs = Date.now();
        log.info(`Creating data directories in ${data}: ${Math.floor((done * 100) / total)}%`);
      },
    });
    log.info(`Created ${made} data directories in ${data}`, { seconds: (Date.now() - startMs) / 1000 });
  }
  return created;
}

/** Removes uploads and copies that were cut off by the end of an earlier process. */
export function removeLeftovers(settings: StorageSettings, log: Logger): void {
  for (const { path } of settings.storePaths) {
    for (const name of readdirSync(dataFolder(path))) {
      if (!name.startsWith(TEMPORARY_PREFIX)) continue;
      unlinkSync(`${dataFolder(path)}/${name}`);
      log.notice(`Removed ${dataFolder(path)}/${name}: an upload that an earlier process did not finish`);
    }
  }
}

/**
 * Compares the marks on the disks with those remembered and writes what is missing (storage.md §5.5). `remember` gets the
 * marks to keep before they are on the disks: after a crash in between they are written again. Throws when a disk belongs to
 * another storage. With check_store_path_mark = false nothing is looked at.
 */
export function checkStorePathMarks(
  settings: StorageSettings,
  remembered: readonly (string | null)[],
  own: { readonly ipAddress: string; readonly port: number; readonly createTime: number },
  created: ReadonlySet<number>,
  { log, owner }: StorePathHelp,
  remember: (marks: (string | null)[]) => void,
): void {
  if (!settings.checkStorePathMark) return;
  const missing = new Map<string, string>();
  const marks = settings.storePaths.map(({ path }, index) => {
    const found = readStorePathMark(path);
    const known = remembered[index] ?? null;
    const action = judgeStorePathMark(known, found);
    // A store path that was taken out of the settings and comes back. C takes its own mark for a stranger's then. A storage
    // that remembers none of its paths has lost its identity, though, and must not serve files of an earlier life.
    if (action === "foreign" && remembered.some((mark) => mark !== null) && isOwnMark(found, index, own)) {
      log.notice(
        `store_path${index} = ${path} has been a store path of this storage before: its files are served again`,
      );
      return found;
    }
    if (action === "fine") return known;
    if (action === "foreign" || action === "different") throw new Error(foreignMark(index, path, found));
    if (action === "recreate" && !created.has(index)) {
      log.warn(`store_path${index} = ${path} has lost its mark ${storePathMarkFile(path)}: it is written again`);
    }
    const mark = formatStorePathMark({ ...own, storePathIndex: index });
    missing.set(path, mark);
    return mark;
  });
  if (marks.every((mark, index) => mark === (remembered[index] ?? null))) return;
  remember(marks);
  for (const [path, mark] of missing) writeStorePathMark(path, mark, owner);
}

function isOwnMark(
  text: string | null,
  index: number,
  own: { readonly ipAddress: string; readonly port: number },
): boolean {
  const mark = text === null ? null : parseStorePathMark(text);
  return mark?.ipAddress === own.ipAddress && mark.port === own.port && mark.storePathIndex === index;
}

function foreignMark(index: number, path: string, found: string | null): string {
  const mark = found === null ? null : parseStorePathMark(found);
  const whose =
    mark === null
      ? "another storage"
      : `store path ${mark.storePathIndex} of ${mark.ipAddress}:${mark.port}, since ${new Date(mark.createTime * 1000).toISOString()}`;
  return (
    `Cannot start: store_path${index} = ${path} is marked as ${whose}; mount the right disk, or, if its files may be ` +
    `served from here, remove ${storePathMarkFile(path)} or set check_store_path_mark = false`
  );
}
