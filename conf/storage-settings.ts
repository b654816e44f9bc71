// The settings of a storage: its table, the numbered store paths, and the rules between keys (storage.md §8.2, C:
// storage_func_init). Where C refuses a file that our storage has no reason to refuse, it loads.

import { isAbsolute } from "node:path";
import type { ConfDocument } from "./document.ts";
import { checkDuplicateSearch } from "./duplicate-settings.ts";
import { type Loaded, loadConf } from "./loaded.ts";
import { defaultSettings, readTable } from "./read-table.ts";
import type { Report } from "./report.ts";
import type { SettingsOf } from "./setting.ts";
import { storageTable } from "./table/storage.ts";

type StorageTableSettings = SettingsOf<typeof storageTable>;

/** One store path of a storage. */
export interface StorePathSetting {
  /** Without a slash at its end. */
  readonly path: string;
  /** No new files go here. */
  readonly isReadOnly: boolean;
}

export type StorageSettings = Omit<StorageTableSettings, "storePaths" | "storePathReadonly"> & {
  /** By index; there is at least one. */
  readonly storePaths: readonly StorePathSetting[];
};

export type AccessLogSettings = StorageSettings["accessLog"];

/** What C storages of 6.16 refuse: a trunk binlog buffer and a header must fit. */
const C_BUFF_SIZE_MIN = 65_546;
const SYNC_THREADS_MAX = 256;
const AUTO_SYNC_THREADS_MIN = 4;

/** Reads storage.conf. ConfError with every problem. */
export function loadStorageConf(file: string): Loaded<StorageSettings> {
  return loadConf(file, interpretStorage);
}

/** Settings without a file. The store path is base_path unless `storePaths` is given. */
export function storageDefaults(overrides: Partial<StorageSettings>): StorageSettings {
  const { storePathReadonly: _, ...defaults } = defaultSettings(storageTable);
  const { basePath = "" } = overrides;
  const storePaths = overrides.storePaths ?? (basePath === "" ? [] : [{ path: basePath, isReadOnly: false }]);
  const syncMaxThreads = overrides.syncMaxThreads ?? autoSyncThreads(storePaths.length);
  const storePathCount = storePaths.length;
  return Object.freeze({ ...defaults, ...overrides, storePaths, storePathCount, syncMaxThreads });
}

export function interpretStorage(document: ConfDocument, report: Report): StorageSettings {
  const { storePaths: paths, storePathReadonly: readOnly, ...settings } = readTable(storageTable, document, report);
  if (settings.disabled) report.warnKey("disabled", "a server refuses to start with this file");
  const buffSize = document.values("buff_size").at(-1);
  if (buffSize !== undefined && settings.buffSizeBytes < C_BUFF_SIZE_MIN) {
    report.note(buffSize, `works here; C storage servers of 6.16 refuse less than ${C_BUFF_SIZE_MIN} bytes`);
  }
  checkDuplicateSearch(settings, report);
  const { storePathCount: count, basePath } = settings;
  checkStorePaths(paths, count, report);
  const storePaths = Array.from({ length: count }, (_, index) => ({
    path: paths.get(index) ?? (index === 0 ? basePath : ""),
    isReadOnly: readOnly.get(index) ?? false,
  }));
  return { ...settings, storePaths, syncMaxThreads: syncMaxThreads(settings, report) };
}

function checkStorePaths(paths: ReadonlyMap<number, string>, count: number, report: Report): void {
  for (let index = 1; index < count; index++) {
    if (paths.has(index)) continue;
    const remedy = `write store_path${index} = /path or lower store_path_count`;
    report.failKey(`store_path${index}`, `the key is missing, and store_path_count is ${count}`, { remedy });
  }
  for (const [index, path] of paths) {
    const key = `store_path${index}`;
    if (index >= count) report.warnKey(key, `not used: store_path_count is ${count}`);
    else if (path !== "" && !isAbsolute(path)) report.warnKey(key, "relative to the folder the server is started in");
  }
}

/** C takes twice the store paths; with one path two connections are too few to keep up with uploads. */
function autoSyncThreads(storePathCount: number): number {
  return Math.min(SYNC_THREADS_MAX, Math.max(AUTO_SYNC_THREADS_MIN, 2 * storePathCount));
}

/** 0 stands for auto. */
function syncMaxThreads(
  settings: Pick<StorageTableSettings, "syncMaxThreads" | "syncMinThreads" | "storePathCount">,
  report: Report,
): number {
  const { syncMinThreads } = settings;
  const most = settings.syncMaxThreads || autoSyncThreads(settings.storePathCount);
  if (most >= syncMinThreads) return most;
  report.warnKey("sync_max_threads", `less than sync_min_threads, ${syncMinThreads} is used`);
  return syncMinThreads;
}
