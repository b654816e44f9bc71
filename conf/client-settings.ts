// The settings of a client: its table and the rules between keys (http-config-tools.md §2.1, C: fdfs_client_do_init_ex).

import type { ConfDocument } from "./document.ts";
import { readIdTable } from "./id-table.ts";
import { type Loaded, loadConf } from "./loaded.ts";
import { defaultSettings, readTable } from "./read-table.ts";
import type { Report } from "./report.ts";
import type { ServerAddress } from "./server-address.ts";
import type { SettingsOf } from "./setting.ts";
import type { StorageIdEntry } from "./storage-ids.ts";
import { clientTable } from "./table/client.ts";

export type ClientSettings = SettingsOf<typeof clientTable> & {
  /** From the file's own table; empty when the numbers come from the tracker or are not in use. */
  readonly storageIds: readonly StorageIdEntry[];
};

/** Reads client.conf. ConfError with every problem. */
export function loadClientConf(file: string): Loaded<ClientSettings> {
  return loadConf(file, interpretClient);
}

/** Settings of a client that knows its trackers and nothing else. */
export function clientDefaults(trackerServers: readonly ServerAddress[]): ClientSettings {
  return Object.freeze({ ...defaultSettings(clientTable), storageIds: [], trackerServers });
}

export function interpretClient(document: ConfDocument, report: Report): ClientSettings {
  const settings = readTable(clientTable, document, report);
  if (settings.antiStealCheckToken && settings.antiStealSecretKey === "") {
    report.failKey("http.anti_steal.secret_key", "missing or empty, and http.anti_steal.check_token is on");
  }
  const hasTable = settings.useStorageId && !settings.loadFdfsParametersFromTracker;
  return {
    ...settings,
    storageIds: hasTable ? readIdTable(document.file, settings.storageIdsFilename, report) : [],
  };
}
