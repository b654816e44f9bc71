// The client of a FastDFS cluster: all operations over trackers and storages. The same object serves the commands, other
// people's programs and the tests. It never prints and reads no configuration; each family of operations has its file.

import type { ServerAddress } from "../../conf/server-address.ts";
import type { StorageIdEntry } from "../../conf/storage-ids.ts";
import { ConnectionPool } from "../net/connection-pool.ts";
import { activeTest } from "../wire/common-commands.ts";
import type { RecoveryReport } from "../wire/own-commands.ts";
import type { GroupStat, StorageInfo } from "../wire/tracker-list.ts";
import type { StorageBrief } from "../wire/tracker-report.ts";
import { Caller } from "./caller.ts";
import * as change from "./change.ts";
import * as cluster from "./cluster.ts";
import type { Content } from "./content.ts";
import * as download from "./download.ts";
import { AddressBook, type Endpoint } from "./endpoint.ts";
import type { FileInfo, InfoOptions } from "./file-info.ts";
import * as inquire from "./inquire.ts";
import * as locate from "./locate.ts";
import type { Metadata } from "./metadata.ts";
import * as parameters from "./parameters.ts";
import { downloadParts, type PartsOptions, type TakeAt } from "./parts.ts";
import * as probe from "./probe.ts";
import type { Session } from "./session.ts";
import * as statistics from "./statistics.ts";
import { type TrackerView, trackerViews } from "./tracker-views.ts";
import { Trackers } from "./trackers.ts";
import { type TransferOptions, type UploadOptions, upload } from "./upload.ts";

const DEFAULT_CONNECT_TIMEOUT_MS = 10_000;
const DEFAULT_NETWORK_TIMEOUT_MS = 30_000;
const DEFAULT_MAX_IDLE_MS = 3_600_000;
const DEFAULT_PROBE_AFTER_MS = 5000;

export interface ClientOptions {
  /** At least one; each with one or two addresses. */
  readonly trackers: readonly ServerAddress[];
  /** Default 10 s. */
  readonly connectTimeoutMs?: number;
  /** Longest time without progress of a request. Default 30 s. */
  readonly networkTimeoutMs?: number;
  readonly pool?: {
    /** A connection idle for longer is closed. Default 1 h. */
    readonly maxIdleMs?: number;
    /** A connection idle for longer is probed before it is used again. Default 5 s. */
    readonly probeAfterMs?: number;
  };
  /** The table of storage ids, which tells two addresses of one storage; "tracker": fetched on first use. */
  readonly storageIds?: readonly StorageIdEntry[] | "tracker";
  /** Of two addresses: the one the tracker named, or the one that worked last. Default "tracker". */
  readonly connectFirstBy?: "tracker" | "last";
}

/** Connects when needed and keeps connections for reuse: close it when done. */
export function createClient(options: ClientOptions): FdfsClient {
  return new FdfsClient(options);
}

/**
 * Every operation rejects with FdfsError when the servers fail it, with FileNameError for an ID, group, extension or prefix
 * that FastDFS does not allow, and with the file system's error for a local file.
 */
export class FdfsClient {
  readonly #pool: ConnectionPool;
  readonly #session: Session;

  constructor(options: ClientOptions) {
    if (options.trackers.length === 0) throw new Error("Cannot use a cluster without trackers: none is given");
    this.#pool = new ConnectionPool({
      connectTimeoutMs: options.connectTimeoutMs ?? DEFAULT_CONNECT_TIMEOUT_MS,
      networkTimeoutMs: options.networkTimeoutMs ?? DEFAULT_NETWORK_TIMEOUT_MS,
      maxIdleMs: options.pool?.maxIdleMs ?? DEFAULT_MAX_IDLE_MS,
      probeAfterMs: options.pool?.probeAfterMs ?? DEFAULT_PROBE_AFTER_MS,
    });
    const { storageIds = [] } = options;
    const table = storageIds === "tracker" ? () => parameters.storageIds(trackers) : storageIds;
    const addresses = new AddressBook(options.trackers, table, options.connectFirstBy ?? "tracker");
    const caller = new Caller(this.#pool, addresses);
    const trackers = new Trackers(options.trackers, caller);
    this.#session = { trackers, caller, addresses };
  }

  /** Closes all connections; what is under way fails. */
  async close(): Promise<void> {
    this.#pool.close();
  }

  // ---- store ----

  /** Stores a local file; resolves with its file ID. */
  uploadFile(path: string, options: UploadOptions = {}): Promise<string> {
    return upload(this.#session, { kind: "file", path }, { fileName: path, ...options });
  }

  /** Stores bytes; resolves with their file ID. */
  uploadBytes(bytes: Uint8Array, options: UploadOptions = {}): Promise<string> {
    return upload(this.#session, { kind: "bytes", bytes }, options);
  }

  /** Stores a stream; of unknown length (null) it is first written to a temporary file. */
  uploadStream(stream: AsyncIterable<Uint8Array>, length: number | null, options: UploadOptions = {}): Promise<string> {
    return upload(this.#session, { kind: "stream", stream, length }, options);
  }

  /**
   * Stores content; resolves with its file ID. With metadata that cannot be stored the file is deleted again, as C does.
   * When the chosen storage cannot be reached others are tried, as long as the content can be read again.
   */
  upload(content: Content, options: UploadOptions = {}): Promise<string> {
    return upload(this.#session, content, options);
  }

  // ---- change ----

  /** Adds content at the end of an appender file. */
  append(id: string, content: Content, options: TransferOptions = {}): Promise<void> {
    return change.append(this.#session, id, content, options);
  }

  /** Overwrites a part of an appender file from `offset`, which is at most its size. */
  modify(id: string, offset: number, content: Content, options: TransferOptions = {}): Promise<void> {
    return change.modify(this.#session, id, offset, content, options);
  }

  /** Cuts or extends an appender file to `size` bytes. */
  truncate(id: string, size: number): Promise<void> {
    return change.truncate(this.#session, id, size);
  }

  /** Turns an appender file into a normal one; resolves with its new ID. */
  regenerate(id: string): Promise<string> {
    return change.regenerate(this.#session, id);
  }

  /** Deletes a file and its metadata; slaves stay. */
  delete(id: string): Promise<void> {
    return change.deleteFile(this.#session, id);
  }

  /** Replaces all metadata, or with "merge" only the items named. Overwriting with an empty map removes all. */
  setMetadata(id: string, items: Metadata, mode: "overwrite" | "merge"): Promise<void> {
    return change.setMetadata(this.#session, id, items, mode);
  }

  // ---- read ----

  /**
   * The file's bytes as a stream, which holds a connection until it is read or ended. A storage that cannot be reached or
   * lacks the file is followed by the others of the group.
   */
  download(id: string, options: download.DownloadOptions = {}): Promise<AsyncIterable<Uint8Array>> {
    return download.download(this.#session, id, options);
  }

  /** The file's bytes in one piece. */
  downloadBytes(id: string, options: download.DownloadOptions = {}): Promise<Uint8Array> {
    return download.downloadBytes(this.#session, id, options);
  }

  /** Into a local file that appears when it is complete, in place of one that is there. Resolves with the bytes written. */
  downloadFile(id: string, path: string, options: download.DownloadOptions = {}): Promise<number> {
    return download.downloadFile(this.#session, id, path, options);
  }

  /**
   * The file's bytes in pieces over several connections and storages, each handed to `take` with its position counted from
   * the first byte asked for. Resolves with their number. Small files and appenders come over one connection.
   */
  downloadParts(id: string, take: TakeAt, options: PartsOptions): Promise<number> {
    return downloadParts(this.#session, id, take, options);
  }

  /** Metadata by name, in the order stored; ENOENT when the file has none. */
  getMetadata(id: string): Promise<Map<string, string>> {
    return inquire.getMetadata(this.#session, id);
  }

  /** What is known of a file: from its ID, or from a storage where the ID does not tell (appenders, slaves). */
  info(id: string, options: InfoOptions = {}): Promise<FileInfo> {
    return inquire.info(this.#session, id, options);
  }

  /** False only when every storage of the group that may have the file said that it has not. */
  exists(id: string): Promise<boolean> {
    return inquire.exists(this.#session, id);
  }

  // ---- where ----

  /** Succeeds when a tracker answers. */
  async activeTest(): Promise<void> {
    await this.#session.trackers.ask("reach a tracker", activeTest, {});
  }

  /** The storage and store path for an upload. */
  queryStore(group?: string): Promise<locate.StoreTarget> {
    return locate.queryStore(this.#session, group);
  }

  /** All storages that would take an upload; the store path is that of the first. */
  queryStoreAll(group?: string): Promise<{ groupName: string; servers: Endpoint[]; storePathIndex: number }> {
    return locate.queryStoreAll(this.#session, group);
  }

  /** The storage to read a file from. */
  queryFetch(id: string): Promise<Endpoint> {
    return locate.queryFetch(this.#session, id);
  }

  /** All storages a file can be read from. */
  queryFetchAll(id: string): Promise<Endpoint[]> {
    return locate.queryFetchAll(this.#session, id);
  }

  /** The storage that takes changes of a file. */
  queryUpdate(id: string): Promise<Endpoint> {
    return locate.queryUpdate(this.#session, id);
  }

  // ---- the cluster ----

  listGroups(): Promise<GroupStat[]> {
    return cluster.listGroups(this.#session);
  }

  getGroup(groupName: string): Promise<GroupStat> {
    return cluster.getGroup(this.#session, groupName);
  }

  /** All storages of a group, or the one with this id. */
  listStorages(groupName: string, storageId = ""): Promise<StorageInfo[]> {
    return cluster.listStorages(this.#session, groupName, storageId);
  }

  /** Removes an offline storage on every tracker, all of which must be reachable. */
  deleteStorage(groupName: string, storageId: string): Promise<void> {
    return cluster.deleteStorage(this.#session, groupName, storageId);
  }

  /** Removes an empty group on every tracker. */
  deleteGroup(groupName: string): Promise<void> {
    return cluster.deleteGroup(this.#session, groupName);
  }

  /** Names the trunk server, or with an empty id has it elected; resolves with its id. */
  setTrunkServer(groupName: string, storageId: string): Promise<string> {
    return cluster.setTrunkServer(this.#session, groupName, storageId);
  }

  /** `host:port` of the trackers' leader. */
  getLeader(): Promise<string> {
    return cluster.getLeader(this.#session);
  }

  /** The trackers as their leader sees them. */
  trackerStat(filter: statistics.TrackerFilter): Promise<statistics.TrackerStat[]> {
    return statistics.trackerStat(this.#session, filter);
  }

  /** All storages with their status. */
  storageStat(filter: statistics.StorageFilter): Promise<statistics.StorageClusterStat> {
    return statistics.storageStat(this.#session, filter);
  }

  /** Space of all groups, in MB. */
  volumeStat(filter: statistics.VolumeFilter): Promise<statistics.VolumeStat> {
    return statistics.volumeStat(this.#session, filter);
  }

  /** What each tracker says of the cluster, asked at the same time; a tracker that fails says why instead. Never rejects. */
  trackerViews(): Promise<TrackerView>[] {
    return trackerViews(this.#session);
  }

  // ---- one storage by itself ----

  /** How far one storage has copied its changes to each peer; a C storage does not know the question. Never rejects. */
  storageReplication(storage: Endpoint): Promise<probe.ReplicationAnswer> {
    return probe.storageReplication(this.#session, storage);
  }

  /** One storage's part in the trunk files of its group. Never rejects. */
  storageTrunk(storage: Endpoint): Promise<probe.TrunkAnswer> {
    return probe.storageTrunk(this.#session, storage);
  }

  /** How far a storage in status RECOVERY is with its lost store path; null when it does not tell. Never rejects. */
  storageRecovery(storage: Endpoint): Promise<RecoveryReport | null> {
    return probe.storageRecovery(this.#session, storage);
  }

  /** What one storage itself has of a file, without help of others. Never rejects for a server that fails. */
  fileAt(storage: Endpoint, id: string): Promise<probe.FileAnswer> {
    return probe.fileAt(this.#session, storage, id);
  }

  /** The same from the content that one storage sends: reads the whole file. */
  contentAt(storage: Endpoint, id: string): Promise<probe.ContentAnswer> {
    return probe.contentAt(this.#session, storage, id);
  }

  // ---- the cluster's rules ----

  /** The rules every storage takes from its tracker, by their names in tracker.conf. */
  parameters(): Promise<Map<string, string>> {
    return parameters.parameters(this.#session);
  }

  /** The table of storage ids; empty where ids are not in use. */
  storageIds(): Promise<StorageIdEntry[]> {
    return parameters.storageIds(this.#session.trackers);
  }

  /** The id of the storage at `host:port`. */
  storageIdOf(groupName: string, host: string): Promise<string> {
    return parameters.storageIdOf(this.#session, groupName, host);
  }

  /** Status, id and address of the storage at `host:port`. */
  storageStatusOf(groupName: string, host: string): Promise<StorageBrief> {
    return parameters.storageStatusOf(this.#session, groupName, host);
  }
}
