// What a tracker tells about the cluster's rules and its storages' identities (tracker.md §4.15-§4.16).

import { Buffer } from "node:buffer";
import { parseStorageIds, type StorageIdEntry } from "../../conf/storage-ids.ts";
import * as lookup from "../wire/tracker-lookup.ts";
import { parameterRequest, type StorageBrief } from "../wire/tracker-report.ts";
import type { Session } from "./session.ts";
import type { Trackers } from "./trackers.ts";

/** The parameters every storage takes from its tracker, by their names in tracker.conf. */
export async function parameters({ trackers }: Session): Promise<Map<string, string>> {
  const { text } = await trackers.ask("ask for the parameters of the cluster", parameterRequest, {});
  const found = new Map<string, string>();
  for (const line of Buffer.from(text).toString("latin1").split("\n")) {
    const at = line.indexOf("=");
    if (at > 0) found.set(line.slice(0, at).trim(), line.slice(at + 1).trim());
  }
  return found;
}

/** The table of storage ids; empty where ids are not in use. */
export async function storageIds(trackers: Trackers): Promise<StorageIdEntry[]> {
  const operation = "fetch the table of storage ids";
  const parts: string[] = [];
  for (let startIndex = 0; ; ) {
    const { total, current, lines } = await trackers.ask(operation, lookup.fetchStorageIds, {
      startIndex,
      allowEmpty: true,
    });
    parts.push(lines);
    startIndex += current;
    if (current <= 0 || startIndex >= total) return parseStorageIds(parts.join(""), "the tracker's storage ids");
  }
}

/** The id of the storage at `host:port`. */
export async function storageIdOf({ trackers }: Session, groupName: string, host: string): Promise<string> {
  const operation = `find the id of storage ${host} of ${groupName}`;
  return (await trackers.ask(operation, lookup.getServerId, { groupName, host })).storageId;
}

/** Status, id and address of the storage at `host:port`. */
export async function storageStatusOf({ trackers }: Session, groupName: string, host: string): Promise<StorageBrief> {
  const operation = `ask for the status of storage ${host} of ${groupName}`;
  return trackers.ask(operation, lookup.getStorageStatus, { groupName, host });
}
