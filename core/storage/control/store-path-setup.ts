// What start-up does with the store paths: they must exist, belong to this storage, and have their directories; what an
// earlier crash left half-received is removed.

import { readdirSync, statSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { parseConfText, type StorageSettings } from "../../../conf/index.ts";
import { readTextFile, writeFileAtomically } from "../../disk/atomic-file.ts";
import { createDataDirectories, hasDataDirectories } from "../../disk/data-directories.ts";
import { DIRECTORY_MODE, ensureDirectory } from "../../disk/ensure-directory.ts";
import { formatStorePathMark, judgeStorePathMark } from "../../disk/store-path-mark.ts";
import type { Logger } from "../../observe/logger.ts";
import { TEMPORARY_PREFIX } from "../io/new-file.ts";

const MARK_FILE = ".fastdfs_vars";

/** Throws one sentence for every store path that is missing. */
export function requireStorePaths(settings: StorageSettings): void {
  const missing = settings.storePaths.flatMap(({ path }, index) => {
    try {
      return statSync(path).isDirectory() ? [] : [`store_path${index} = ${path} is no folder`];
    } catch (error) {
      return [
        `store_path${index} = ${path}: ${(error as NodeJS.ErrnoException).code ?? String(error)}; create the folder or mount the disk`,
      ];
    }
  });
  if (missing.length > 0) throw new Error(missing.join("\n"));
}

/** Makes what is missing of the data directories, saying how far it is. */
export async function prepareDirectories(settings: StorageSettings, log: Logger): Promise<void> {
  const count = settings.subdirCountPerPath;
  for (const { path } of settings.storePaths) {
    const data = join(path, "data");
    ensureDirectory(data, DIRECTORY_MODE);
    if (hasDataDirectories(data, count)) continue;
    let told = Date.now();
    const created = await createDataDirectories(data, count, {
      progress(done, total) {
        if (Date.now() - told < 1000) return;
        told = Date.now();
        log.info(`creating the directories of ${data}: ${Math.floor((done * 100) / total)}%`);
      },
    });
    log.info(`created ${created} directories in ${data}`);
  }
}

/** Removes uploads and copies that were cut off by the end of an earlier process. */
export function removeLeftovers(settings: StorageSettings, log: Logger): void {
  for (const { path } of settings.storePaths) {
    const data = join(path, "data");
    for (const name of readdirSync(data)) {
      if (!name.startsWith(TEMPORARY_PREFIX)) continue;
      unlinkSync(join(data, name));
      log.notice(`removed ${join(data, name)}: an upload that an earlier process did not finish`);
    }
  }
}

/**
 * Compares the marks on the disks with those remembered and writes what is missing (storage.md §5.5). Returns the marks
 * to remember; throws when a disk belongs to another storage.
 */
export function checkStorePathMarks(
  settings: StorageSettings,
  remembered: readonly string[],
  identity: { readonly ipAddress: string; readonly port: number; readonly now: number },
  log: Logger,
): string[] {
  return settings.storePaths.map(({ path }, index) => {
    const file = join(path, "data", MARK_FILE);
    const text = readTextFile(file);
    const found = text === null ? null : (parseConfText(text, file).get("store_path_mark") ?? "");
    const known = remembered[index] ?? null;
    const action = judgeStorePathMark(known, found);
    if (action === "fine") return known!;
    if (action === "foreign" || action === "different") {
      const message = `store_path${index} = ${path} is marked by another storage (${file}); mount the right disk, or remove that file if its data may be used here`;
      if (settings.checkStorePathMark) throw new Error(message);
      log.warn(message);
      return known ?? found!;
    }
    if (action === "recreate") log.warn(`store_path${index} = ${path} has lost its mark: written again`);
    const mark = known ?? formatStorePathMark({ ...identity, storePathIndex: index, createTime: identity.now });
    writeFileAtomically(file, `store_path_mark=${mark}\n`);
    return mark;
  });
}
