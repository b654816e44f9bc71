// logs/trunk_server_change.log (tracker.md §8.6): who was the trunk server of a group, who is now, and since when.

import { closeSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { formatServerAddress } from "../../../conf/index.ts";
import { formatSecond } from "../../observe/timestamp.ts";
import type { StorageRecord } from "../cluster/storage-record.ts";

export interface TrunkServerChange {
  readonly groupName: string;
  readonly before: StorageRecord | undefined;
  /** Id of the one before; empty when there was none. */
  readonly beforeId: string;
  readonly after: StorageRecord | undefined;
}

/** `[2026-01-02 03:04:05] group1  10.0.0.1:23000  =>  10.0.0.2:23000`; with storage ids each as `id/ip:port`. */
export function formatTrunkServerChange(change: TrunkServerChange, useStorageId: boolean, now: number): string {
  const name = (storage: StorageRecord | undefined, missing: string): string => {
    if (storage === undefined) return useStorageId ? `${missing}/-` : missing;
    const address = formatServerAddress({
      hosts: [storage.currentIp],
      port: storage.port,
    });
    return useStorageId ? `${storage.id}/${address}` : address;
  };
  const { groupName, before, beforeId, after } = change;
  return `[${formatSecond(now * 1000)}] ${groupName}  ${name(before, beforeId || "-")}  =>  ${name(after, "-")}\n`;
}

/** Throws the system's error. */
export function appendTrunkServerChange(basePath: string, line: string): void {
  const fd = openSync(join(basePath, "logs", "trunk_server_change.log"), "a", 0o644);
  try {
    writeSync(fd, line);
  } finally {
    closeSync(fd);
  }
}
