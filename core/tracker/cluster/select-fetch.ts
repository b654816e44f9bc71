// Which storages can serve a file (tracker.md §6.5): its name says who created it and when, the sync timestamps say how
// far the copies have come.

import { decodeBlock, type PackedBlock } from "../../fileid/packed-block.ts";
import { ProtocolError } from "../../wire/protocol-error.ts";
import { Status } from "../../wire/status.ts";
import { StorageStatus } from "../../wire/storage-status.ts";
import type { Cluster } from "./cluster.ts";
import type { Group } from "./group.ts";
import { selectStorage } from "./select-store.ts";
import { isReadable, isWritable, type StorageRecord } from "./storage-record.ts";

const BLOCK_START = 10;
const SLAVE_ABOVE_TRUNK = 60;
const SLAVE_ABOVE_PLAIN = 44;

/** What the tracker reads from a name; a name without a readable block has no source and time 0. */
interface WantedFile {
  readonly source: StorageRecord | undefined;
  /** The address in the name, if it has one. With different ports in a group no source can be found by it. */
  readonly sourceIp: string | undefined;
  readonly timestamp: number;
  /** Neither slave nor appender: equal on all replicas once it is there. */
  readonly isNormal: boolean;
  readonly isAppender: boolean;
}

function readWanted(cluster: Cluster, group: Group, fileName: string): WantedFile {
  const block = decodeBlock(fileName, BLOCK_START);
  if (block === null) {
    return {
      source: undefined,
      sourceIp: undefined,
      timestamp: 0,
      isNormal: fileName.length <= SLAVE_ABOVE_PLAIN,
      isAppender: false,
    };
  }
  const isSlave = fileName.length > SLAVE_ABOVE_TRUNK || (fileName.length > SLAVE_ABOVE_PLAIN && !block.isTrunk);
  return {
    source: findSource(cluster, group, block),
    sourceIp: block.source.kind === "ipv4" ? block.source.address : undefined,
    timestamp: block.timestamp,
    isNormal: !isSlave && !block.isAppender,
    isAppender: block.isAppender,
  };
}

function findSource(cluster: Cluster, group: Group, { source }: PackedBlock): StorageRecord | undefined {
  if (source.kind === "id") return group.find(String(source.id));
  if (!cluster.settings.useStorageId) return group.find(source.address);
  const entry = cluster.ids.byAddress(group.name, source.address, group.storagePort);
  return entry === undefined ? undefined : group.find(entry.id);
}

/** True when a copy of the file can be expected on the storage. */
function hasFile(cluster: Cluster, storage: StorageRecord, wanted: WantedFile, now: number): boolean {
  const { storageSyncFileMaxDelaySeconds: maxDelay, storageSyncFileMaxTimeSeconds: maxTime } = cluster.settings;
  const synced = storage.stat.lastSyncedTimestamp;
  return (
    (wanted.sourceIp === undefined ? storage === wanted.source : storage.currentIp === wanted.sourceIp) ||
    wanted.timestamp < now - maxDelay ||
    synced > wanted.timestamp ||
    (synced + 1 >= wanted.timestamp && now - wanted.timestamp > maxTime)
  );
}

const missing = (): ProtocolError => new ProtocolError("no storage serves the file", Status.ENOENT);

function requireReadable(cluster: Cluster, groupName: string): Group {
  const group = cluster.find(groupName);
  if (group === undefined || group.readable.length === 0) throw missing();
  return group;
}

/** The group's standing choice, when it may be read. */
function standIn(cluster: Cluster, group: Group): StorageRecord {
  const storage = group.storeServer(cluster.settings.storeServer);
  if (storage === undefined || !isReadable(storage)) throw missing();
  return storage;
}

/** QUERY_FETCH_ONE; throws 2. `now` in Unix seconds. */
export function selectFetch(cluster: Cluster, groupName: string, fileName: string, now: number): StorageRecord {
  const group = requireReadable(cluster, groupName);
  const wanted = readWanted(cluster, group, fileName);
  const { source } = wanted;
  if ((!wanted.isNormal || cluster.settings.downloadServer === 1) && source !== undefined && isReadable(source))
    return source;
  if (wanted.isNormal) {
    const { readable } = group;
    for (let step = 0; step < readable.length; step++) {
      const index = (group.currentReadServer + step) % readable.length;
      const storage = readable[index]!;
      if (!hasFile(cluster, storage, wanted, now)) continue;
      group.currentReadServer = (index + 1) % readable.length;
      return storage;
    }
  }
  return standIn(cluster, group);
}

/** QUERY_FETCH_ALL; throws 2. */
export function selectFetchAll(cluster: Cluster, groupName: string, fileName: string, now: number): StorageRecord[] {
  const group = requireReadable(cluster, groupName);
  const wanted = readWanted(cluster, group, fileName);
  const { source } = wanted;
  const found = wanted.isNormal
    ? group.readable.filter((storage) => hasFile(cluster, storage, wanted, now))
    : source !== undefined && isReadable(source)
      ? [source]
      : [];
  return found.length > 0 ? found : [standIn(cluster, group)];
}

/**
 * QUERY_UPDATE: the source while it is writable, else the upload's choice; throws 2. An appender file has one writer: two
 * copies that were changed in different ways stay different for ever. While its source is away the answer is 11, unless
 * the settings want C's way (update_failover) or the source does not come back.
 */
export function selectUpdate(cluster: Cluster, groupName: string, fileName: string): StorageRecord {
  const group = cluster.find(groupName);
  if (group === undefined) throw missing();
  const { source, isAppender } = readWanted(cluster, group, fileName);
  if (source !== undefined && isWritable(source)) return source;
  if (isAppender && !cluster.settings.updateFailover && source !== undefined && !isGone(source))
    throw new ProtocolError(`${source.id} takes the changes of this appender file and is away`, Status.EAGAIN);
  if (group.writable.length === 0) throw missing();
  return selectStorage(cluster, group);
}

const isGone = ({ status }: StorageRecord): boolean =>
  status === StorageStatus.DELETED || status === StorageStatus.IP_CHANGED;
