// The table of storage numbers that a settings file names: found beside that file, read, its problems reported as those of
// the file. The syntax of the table is in storage-ids.ts.

import { dirname, resolve } from "node:path";
import { ConfError } from "./problem.ts";
import type { Report } from "./report.ts";
import { loadStorageIds, type StorageIdEntry } from "./storage-ids.ts";

/** Entries of `storage_ids_filename`, which is relative to the folder of `confFile`. */
export function readIdTable(confFile: string, name: string, report: Report): readonly StorageIdEntry[] {
  if (name === "") {
    const remedy = "write storage_ids_filename = storage_ids.conf";
    report.failKey("storage_ids_filename", "needed because use_storage_id is on", { remedy });
    return [];
  }
  try {
    return loadStorageIds(resolve(dirname(confFile), name));
  } catch (error) {
    if (!(error instanceof ConfError)) throw error;
    report.problems.push(...error.problems);
    return [];
  }
}
