// The load function of each settings file: its tables plus the rules that span several keys.

import { dirname, isAbsolute, join } from "node:path";
import { type ConfDocument, readConfFile } from "./document.ts";
import { defaultsOf, Findings, keysOf, type Loaded, readTable, type SettingsOf, warnUnknownKeys } from "./load.ts";
import type { ServerAddress } from "./server-address.ts";
import { loadStorageIds, type StorageIdEntry } from "./storage-ids.ts";
import { clientTable } from "./table/client.ts";
import { storageLogTable, storageTable } from "./table/storage.ts";
import { trackerLogTable, trackerTable } from "./table/tracker.ts";
import { readBoolean } from "./units.ts";

export type LogSettings = SettingsOf<typeof trackerLogTable.errorLog>;
export type AccessLogSettings = SettingsOf<typeof storageLogTable.accessLog>;
export type TrackerSettings = SettingsOf<typeof trackerTable> & {
  readonly errorLog: LogSettings;
  /** Empty unless use_storage_id. */
  readonly storageIds: readonly StorageIdEntry[];
};

/** One store path of a storage. */
export interface StorePathSetting {
  /** Absolute, without a slash at its end. */
  readonly path: string;
  readonly isReadOnly: boolean;
}
export type StorageSettings = SettingsOf<typeof storageTable> & {
  readonly errorLog: LogSettings;
  readonly accessLog: AccessLogSettings;
  readonly storePaths: readonly StorePathSetting[];
};
export type ClientSettings = SettingsOf<typeof clientTable> & { readonly storageIds: readonly StorageIdEntry[] };

/** All keys a file may have. */
export const knownKeys = {
  tracker: keysOf(trackerTable, trackerLogTable.errorLog),
  storage: keysOf(storageTable, storageLogTable.errorLog, storageLogTable.accessLog),
  client: keysOf(clientTable),
} as const;

const withoutSlash = (path: string): string => (path.length > 1 ? path.replace(/\/+$/, "") : path);
const beside = (file: string, name: string): string => (isAbsolute(name) ? name : join(dirname(file), name));

function loaded<T>(document: ConfDocument, settings: T, findings: Findings): Loaded<T> {
  return { file: document.file, settings: Object.freeze(settings), warnings: findings.warnings, notes: findings.notes };
}

function readIds(use: boolean, fileName: string, findings: Findings): readonly StorageIdEntry[] {
  if (!use) return [];
  if (fileName === "") {
    findings.problem("storage_ids_filename", "the key is missing: use_storage_id = true needs it");
    return [];
  }
  try {
    return loadStorageIds(beside(findings.document.file, fileName));
  } catch (error) {
    if (error !== null && typeof error === "object" && "problems" in error) {
      findings.problems.push(...(error.problems as Findings["problems"]));
      return [];
    }
    throw error;
  }
}

/** tracker.conf; throws ConfError with every problem. */
export function loadTrackerConf(file: string): Loaded<TrackerSettings> {
  const document = readConfFile(file);
  const findings = new Findings(document);
  const keys = readTable(trackerTable, findings);
  const errorLog = readTable(trackerLogTable.errorLog, findings);
  if (keys.storeLookup === 1 && keys.storeGroup === "")
    findings.problem("store_group", "the key is missing: store_lookup = 1 needs it");
  if (keys.useTrunkFile && keys.slotMaxSizeBytes <= keys.slotMinSizeBytes) {
    findings.problem("slot_max_size", `allowed is more than slot_min_size (${keys.slotMinSizeBytes})`);
  }
  if (keys.addressFamily === "IPv6" && !(keys.useStorageId && keys.idTypeInFilename === "id")) {
    findings.problem("address_family", "IPv6 needs use_storage_id = true and id_type_in_filename = id");
  }
  const storageIds = readIds(keys.useStorageId, keys.storageIdsFilename, findings);
  warnUnknownKeys(knownKeys.tracker, findings);
  findings.settle();
  // Trunk mode has one storage that allocates: taking turns makes no sense there (tracker.md §6.4).
  const storeServer = keys.useTrunkFile && keys.storeServer === 0 ? 1 : keys.storeServer;
  return loaded(
    document,
    { ...keys, storeServer, basePath: withoutSlash(keys.basePath), errorLog, storageIds },
    findings,
  );
}

function readStorePaths(keys: SettingsOf<typeof storageTable>, findings: Findings): StorePathSetting[] {
  const { document } = findings;
  return Array.from({ length: keys.storePathCount }, (_, index) => {
    const key = `store_path${index}`;
    const value = document.get(key) ?? (index === 0 ? keys.basePath : "");
    if (value === "") findings.problem(key, `the key is missing: store_path_count is ${keys.storePathCount}`);
    else if (!isAbsolute(value)) findings.problem(key, "allowed is an absolute path");
    return { path: withoutSlash(value), isReadOnly: readBoolean(document.get(`${key}_readonly`) ?? "") };
  });
}

/** storage.conf; throws ConfError with every problem. */
export function loadStorageConf(file: string): Loaded<StorageSettings> {
  const document = readConfFile(file);
  const findings = new Findings(document);
  const keys = readTable(storageTable, findings);
  const errorLog = readTable(storageLogTable.errorLog, findings);
  const accessLog = readTable(storageLogTable.accessLog, findings);
  const storePaths = readStorePaths(keys, findings);
  const loopback = keys.trackerServers
    .flatMap((server) => server.hosts)
    .find((host) => /^(127\.0\.0\.1|::1|fe80::1|localhost)$/.test(host));
  if (loopback !== undefined) {
    findings.warn(
      "tracker_server",
      `${loopback} is reached from this host only: a C storage refuses it, and the tracker sees this storage as ${loopback}`,
    );
  }
  warnUnknownKeys(knownKeys.storage, findings);
  findings.settle();
  return loaded(
    document,
    { ...keys, basePath: withoutSlash(keys.basePath), errorLog, accessLog, storePaths },
    findings,
  );
}

/** client.conf; throws ConfError with every problem. */
export function loadClientConf(file: string): Loaded<ClientSettings> {
  const document = readConfFile(file);
  const findings = new Findings(document);
  const keys = readTable(clientTable, findings);
  if (keys.antiStealCheckToken && keys.antiStealSecretKey === "") {
    findings.problem("http.anti_steal.secret_key", "the key is missing: http.anti_steal.check_token needs it");
  }
  const storageIds = readIds(
    keys.useStorageId && !keys.loadFdfsParametersFromTracker,
    keys.storageIdsFilename,
    findings,
  );
  warnUnknownKeys(knownKeys.client, findings);
  findings.settle();
  return loaded(document, { ...keys, storageIds }, findings);
}

/** Settings of a tracker without a file: for the embedded server and for tests. */
export function trackerDefaults(overrides: Partial<TrackerSettings>): TrackerSettings {
  return { ...defaultsOf(trackerTable), errorLog: defaultsOf(trackerLogTable.errorLog), storageIds: [], ...overrides };
}

/** Settings of a storage without a file. */
export function storageDefaults(overrides: Partial<StorageSettings>): StorageSettings {
  return {
    ...defaultsOf(storageTable),
    errorLog: defaultsOf(storageLogTable.errorLog),
    accessLog: defaultsOf(storageLogTable.accessLog),
    storePaths: [],
    ...overrides,
  };
}

/** Settings of a client without a file. */
export function clientDefaults(trackerServers: readonly ServerAddress[]): ClientSettings {
  return { ...defaultsOf(clientTable), trackerServers, storageIds: [] };
}
