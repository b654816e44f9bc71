// The client of a FastDFS cluster: all operations over trackers and storages. The same object serves the commands, other
// people's programs and the tests. It never prints and reads no configuration.

import type { ServerAddress } from "../../conf/server-address.ts";
import { extensionOf, formatFileId, parseFileId } from "../fileid/file-id.ts";
import { ConnectionPool } from "../net/connection-pool.ts";
import { RemoteError } from "../net/remote-error.ts";
import { activeTest } from "../wire/common-commands.ts";
import { Status } from "../wire/status.ts";
import * as storage from "../wire/storage-client.ts";
import { StorageStatus } from "../wire/storage-status.ts";
import * as list from "../wire/tracker-list.ts";
import * as query from "../wire/tracker-query.ts";
import { type Content, type OpenedContent, openContent, watched } from "./content.ts";
import { FdfsError, isUnreachable } from "./errors.ts";
import { type FileInfo, type InfoOptions, infoFromAnswer, infoFromName } from "./file-info.ts";
import { type Metadata, packMetadata, unpackMetadata } from "./metadata.ts";
import { call, callForContent, callWithContent, type Endpoint } from "./server-call.ts";
import { Trackers } from "./trackers.ts";

const DEFAULT_CONNECT_TIMEOUT_MS = 10_000;
const DEFAULT_NETWORK_TIMEOUT_MS = 30_000;
const MAX_IDLE_MS = 3_600_000;
const PROBE_AFTER_MS = 5000;
/** The storage chooses the store path. */
const ANY_STORE_PATH = -1;

export interface ClientOptions {
  readonly trackers: readonly ServerAddress[];
  readonly connectTimeoutMs?: number;
  readonly networkTimeoutMs?: number;
}

/** Where an upload goes. */
export interface StoreTarget {
  readonly groupName: string;
  readonly server: Endpoint;
  /** -1: the storage chooses. */
  readonly storePathIndex: number;
}

export interface TransferOptions {
  readonly signal?: AbortSignal;
  /** Called with the size of each piece that was handed over. */
  readonly onProgress?: (bytes: number) => void;
}

export interface UploadOptions extends TransferOptions {
  readonly group?: string;
  /** Without dot, at most 6 characters; default: that of `fileName` or of the file. */
  readonly ext?: string;
  /** Local name the extension is taken from. */
  readonly fileName?: string;
  readonly metadata?: Metadata;
  readonly appender?: boolean;
  /** File ID of the master; needs `prefix`. */
  readonly slaveOf?: string;
  readonly prefix?: string;
  /** A storage of the caller's choice. */
  readonly target?: StoreTarget;
}

export interface DownloadOptions {
  readonly offset?: number;
  /** 0: to the end. */
  readonly length?: number;
  readonly signal?: AbortSignal;
}

/** Filters of the statistics queries: absent means any. */
export interface TrackerFilter {
  readonly isActive?: boolean;
  readonly isLeader?: boolean;
}
export interface StorageFilter {
  readonly isActive?: boolean;
  readonly isTrunkServer?: boolean;
}
export interface VolumeFilter {
  readonly isDiskAvailable?: boolean;
  readonly isTrunkAvailable?: boolean;
  readonly isSpaceAvailable?: boolean;
}

/** Connects lazily; close it when done. */
export function createClient(options: ClientOptions): FdfsClient {
  return new FdfsClient(options);
}

export class FdfsClient {
  readonly #pool: ConnectionPool;
  readonly #trackers: Trackers;

  constructor(options: ClientOptions) {
    this.#pool = new ConnectionPool({
      connectTimeoutMs: options.connectTimeoutMs ?? DEFAULT_CONNECT_TIMEOUT_MS,
      networkTimeoutMs: options.networkTimeoutMs ?? DEFAULT_NETWORK_TIMEOUT_MS,
      maxIdleMs: MAX_IDLE_MS,
      probeAfterMs: PROBE_AFTER_MS,
    });
    this.#trackers = new Trackers(options.trackers, this.#pool);
  }

  /** Closes all connections. */
  async close(): Promise<void> {
    this.#pool.close();
  }

  // ---- upload ----

  /** Stores a local file; resolves with its file ID. */
  uploadFile(path: string, options: UploadOptions = {}): Promise<string> {
    return this.upload({ kind: "file", path }, { fileName: path, ...options });
  }

  /** Stores a stream; of unknown length (null) it is first written to a temporary file. */
  uploadStream(stream: AsyncIterable<Uint8Array>, length: number | null, options: UploadOptions = {}): Promise<string> {
    return this.upload({ kind: "stream", stream, length }, options);
  }

  /** Stores content; resolves with its file ID. With metadata that cannot be stored the file is deleted again, as C does. */
  async upload(content: Content, options: UploadOptions = {}): Promise<string> {
    const metadata = options.metadata === undefined ? null : packMetadata(options.metadata);
    const opened = await openContent(content);
    let id: string;
    try {
      id =
        options.slaveOf === undefined
          ? await this.#uploadFresh(opened, options)
          : await this.#uploadSlave(opened, options);
    } finally {
      await opened.close();
    }
    if (metadata === null || metadata.length === 0) return id;
    try {
      await this.setMetadata(id, options.metadata!, "overwrite");
    } catch (error) {
      await this.delete(id).catch(() => {});
      throw error;
    }
    return id;
  }

  async #uploadFresh(content: OpenedContent, options: UploadOptions): Promise<string> {
    const command = options.appender === true ? storage.uploadAppenderFile : storage.uploadFile;
    const fileExt = options.ext ?? extensionOf(options.fileName ?? "");
    const attempts: unknown[] = [];
    const send = async (target: StoreTarget): Promise<string> => {
      const request = { storePathIndex: target.storePathIndex, fileSize: content.length, fileExt };
      const chunks = watched(content.chunks(), options.signal, options.onProgress);
      const { groupName, fileName } = await callWithContent(
        this.#pool,
        target.server,
        command,
        request,
        chunks,
        content.length,
      );
      return formatFileId(groupName, fileName);
    };
    if (options.target !== undefined) {
      return send(options.target).catch((error: unknown) => {
        options.signal?.throwIfAborted();
        throw new FdfsError("upload", [error]);
      });
    }
    let targets = [await this.queryStore(options.group)];
    for (let round = 0; round < targets.length; round++) {
      try {
        return await send(targets[round]!);
      } catch (error) {
        options.signal?.throwIfAborted();
        attempts.push(error);
        if (!isUnreachable(error) || !content.isRepeatable) break;
        if (round === 0) targets = [targets[0]!, ...(await this.#otherTargets(targets[0]!))];
      }
    }
    throw new FdfsError("upload", attempts);
  }

  /** The other storages of the group whose first choice did not answer. */
  async #otherTargets(failed: StoreTarget): Promise<StoreTarget[]> {
    try {
      const { groupName, servers } = await this.queryStoreAll(failed.groupName);
      const others = servers.filter(({ host, port }) => host !== failed.server.host || port !== failed.server.port);
      return others.map((server) => ({ groupName, server, storePathIndex: ANY_STORE_PATH }));
    } catch {
      return [];
    }
  }

  async #uploadSlave(content: OpenedContent, options: UploadOptions): Promise<string> {
    const master = parseFileId(options.slaveOf!);
    const server = await this.queryUpdate(options.slaveOf!);
    const request = {
      fileSize: content.length,
      prefix: options.prefix ?? "",
      fileExt: options.ext ?? extensionOf(options.fileName ?? ""),
      masterName: master.fileName,
    };
    const chunks = watched(content.chunks(), options.signal, options.onProgress);
    return this.#at(`upload a slave of ${options.slaveOf}`, async () => {
      const answer = await callWithContent(
        this.#pool,
        server,
        storage.uploadSlaveFile,
        request,
        chunks,
        content.length,
      );
      return formatFileId(answer.groupName, answer.fileName);
    });
  }

  // ---- change ----

  /** Adds content at the end of an appender file. */
  append(id: string, content: Content, options: TransferOptions = {}): Promise<void> {
    return this.#change(`append to ${id}`, id, content, options, (fileName, byteCount) => [
      storage.appendFile,
      { fileName, byteCount },
    ]);
  }

  /** Overwrites a part of an appender file. */
  modify(id: string, offset: number, content: Content, options: TransferOptions = {}): Promise<void> {
    return this.#change(`modify ${id}`, id, content, options, (fileName, byteCount) => [
      storage.modifyFile,
      { fileName, byteCount, offset },
    ]);
  }

  async #change(
    operation: string,
    id: string,
    content: Content,
    options: TransferOptions,
    request: (
      fileName: string,
      byteCount: number,
    ) =>
      | [typeof storage.appendFile, { fileName: string; byteCount: number }]
      | [typeof storage.modifyFile, { fileName: string; byteCount: number; offset: number }],
  ): Promise<void> {
    const { fileName } = parseFileId(id);
    const opened = await openContent(content);
    try {
      const server = await this.queryUpdate(id);
      const chunks = watched(opened.chunks(), options.signal, options.onProgress);
      const [command, value] = request(fileName, opened.length);
      await this.#at(operation, () =>
        callWithContent(
          this.#pool,
          server,
          command as typeof storage.modifyFile,
          value as never,
          chunks,
          opened.length,
        ),
      );
    } finally {
      await opened.close();
    }
  }

  /** Cuts or extends an appender file to `size` bytes. */
  async truncate(id: string, size: number): Promise<void> {
    const { fileName } = parseFileId(id);
    await this.#update(`truncate ${id}`, id, storage.truncateFile, { fileName, newSize: size });
  }

  /** Turns an appender file into a normal one; resolves with its new ID. */
  async regenerate(id: string): Promise<string> {
    const { fileName } = parseFileId(id);
    const answer = await this.#update(`regenerate ${id}`, id, storage.regenerateAppenderFilename, { fileName });
    return formatFileId(answer.groupName, answer.fileName);
  }

  async delete(id: string): Promise<void> {
    await this.#update(`delete ${id}`, id, storage.deleteFile, parseFileId(id));
  }

  /** Replaces all metadata, or with "merge" only the items named. An empty map removes all. */
  async setMetadata(id: string, items: Metadata, mode: "overwrite" | "merge"): Promise<void> {
    const flag = mode === "merge" ? storage.MetadataFlag.MERGE : storage.MetadataFlag.OVERWRITE;
    const request = { ...parseFileId(id), flag, metadata: packMetadata(items) };
    await this.#update(`set metadata of ${id}`, id, storage.setMetadata, request);
  }

  async #update<Q, S>(
    operation: string,
    id: string,
    command: import("../wire/command.ts").Command<Q, S>,
    value: Q,
  ): Promise<S> {
    const server = await this.queryUpdate(id);
    return this.#at(operation, () => call(this.#pool, server, command, value));
  }

  async #at<T>(operation: string, run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (error) {
      if (error instanceof RemoteError) throw new FdfsError(operation, [error]);
      throw error;
    }
  }

  // ---- read ----

  /** The file's bytes. A replica that cannot be reached or lacks the file is followed by the next one. */
  async download(id: string, options: DownloadOptions = {}): Promise<AsyncIterable<Uint8Array>> {
    const { groupName, fileName } = parseFileId(id);
    const request = { offset: options.offset ?? 0, byteCount: options.length ?? 0, groupName, fileName };
    const read = async (server: Endpoint): Promise<AsyncIterable<Uint8Array>> => {
      const { content } = await callForContent(this.#pool, server, storage.downloadFile, request);
      return watched(content, options.signal, undefined);
    };
    try {
      return await this.#fromAnyReplica(`download ${id}`, id, read);
    } catch (error) {
      // Since 6.15.4 a storage refuses to send an empty file (storage.md §2.7).
      const isEmpty =
        error instanceof FdfsError &&
        error.status === Status.EINVAL &&
        request.offset === 0 &&
        (await this.#isEmpty(id));
      if (!isEmpty) throw error;
      return watched(nothing(), undefined, undefined);
    }
  }

  async #isEmpty(id: string): Promise<boolean> {
    try {
      return (await this.info(id, { skipCrc: true })).size === 0;
    } catch {
      return false;
    }
  }

  /** Metadata by name; empty when the file has none. */
  async getMetadata(id: string): Promise<Map<string, string>> {
    const location = parseFileId(id);
    const { metadata } = await this.#fromAnyReplica(`get metadata of ${id}`, id, (server) =>
      call(this.#pool, server, storage.getMetadata, location, { isRepeatable: true }),
    );
    return unpackMetadata(metadata);
  }

  /** What is known of a file: from its ID, or from a storage where the ID does not tell. */
  async info(id: string, options: InfoOptions = {}): Promise<FileInfo> {
    const location = parseFileId(id);
    const known = infoFromName(location.fileName);
    if (
      options.local === true ||
      (known !== null && known.type === "normal" && known.sourceIp !== "" && options.fromServer !== true)
    ) {
      if (known !== null) return known;
    }
    const status =
      (options.skipCrc === true ? storage.QueryFlag.NO_CRC : 0) |
      (options.silent === true ? storage.QueryFlag.SILENT : 0);
    const answer = await this.#fromAnyReplica(`query ${id}`, id, (server) =>
      call(this.#pool, server, storage.queryFileInfo, location, { isRepeatable: true, status }),
    );
    return infoFromAnswer(location.fileName, answer, options.skipCrc === true);
  }

  /** Asks the storage the tracker names, then the other replicas. */
  async #fromAnyReplica<T>(operation: string, id: string, read: (server: Endpoint) => Promise<T>): Promise<T> {
    const first = await this.queryFetch(id);
    const attempts: unknown[] = [];
    let servers: Endpoint[] = [first];
    for (let index = 0; index < servers.length; index++) {
      try {
        return await read(servers[index]!);
      } catch (error) {
        attempts.push(error);
        const mayBeElsewhere = error instanceof RemoteError && (!error.answered || error.status === Status.ENOENT);
        if (!mayBeElsewhere) break;
        if (index === 0) servers = [first, ...(await this.#otherReplicas(id, first))];
      }
    }
    throw new FdfsError(operation, attempts);
  }

  async #otherReplicas(id: string, first: Endpoint): Promise<Endpoint[]> {
    try {
      const all = await this.queryFetchAll(id);
      return all.filter(({ host, port }) => host !== first.host || port !== first.port);
    } catch {
      return [];
    }
  }

  // ---- trackers ----

  /** Succeeds when a tracker answers. */
  async activeTest(): Promise<void> {
    await this.#trackers.ask("reach a tracker", activeTest, {});
  }

  /** The storage and store path for an upload. */
  async queryStore(group?: string): Promise<StoreTarget> {
    const answer =
      group === undefined
        ? await this.#trackers.ask("find a storage for the upload", query.queryStoreWithoutGroupOne, {})
        : await this.#trackers.ask(`find a storage of ${group} for the upload`, query.queryStoreWithGroupOne, {
            groupName: group,
          });
    const { groupName, ipAddress, port, storePathIndex } = answer;
    return { groupName, server: { host: ipAddress, port }, storePathIndex };
  }

  /** All storages that would take an upload. */
  async queryStoreAll(group?: string): Promise<{ groupName: string; servers: Endpoint[]; storePathIndex: number }> {
    const operation = "list the storages for an upload";
    const answer =
      group === undefined
        ? await this.#trackers.ask(operation, query.queryStoreWithoutGroupAll, {})
        : await this.#trackers.ask(operation, query.queryStoreWithGroupAll, { groupName: group });
    return { ...answer, servers: answer.servers.map(({ ipAddress, port }) => ({ host: ipAddress, port })) };
  }

  /** The storage to read a file from. */
  async queryFetch(id: string): Promise<Endpoint> {
    const { ipAddress, port } = await this.#trackers.ask(`find ${id}`, query.queryFetchOne, parseFileId(id));
    return { host: ipAddress, port };
  }

  /** All storages a file can be read from. */
  async queryFetchAll(id: string): Promise<Endpoint[]> {
    const { servers } = await this.#trackers.ask(`find ${id}`, query.queryFetchAll, parseFileId(id));
    return servers.map(({ ipAddress, port }) => ({ host: ipAddress, port }));
  }

  /** The storage that takes changes of a file. */
  async queryUpdate(id: string): Promise<Endpoint> {
    const { ipAddress, port } = await this.#trackers.ask(`find ${id}`, query.queryUpdate, parseFileId(id));
    return { host: ipAddress, port };
  }

  async listGroups(): Promise<list.GroupStat[]> {
    return (await this.#trackers.ask("list the groups", list.listAllGroups, {})).groups;
  }

  /** All storages of a group, or the one with this id. */
  async listStorages(groupName: string, storageId = ""): Promise<list.StorageInfo[]> {
    return (await this.#trackers.ask(`list the storages of ${groupName}`, list.listStorage, { groupName, storageId }))
      .storages;
  }

  /** Removes an offline storage on every tracker, after making sure that none sees it alive (http-config-tools.md §4.3). */
  async deleteStorage(groupName: string, storageId: string): Promise<void> {
    const operation = `delete storage ${storageId} of ${groupName}`;
    const seen = await this.#trackers.askAll(list.listStorage, { groupName, storageId });
    for (const answer of seen) {
      if (answer instanceof RemoteError) {
        if (answer.answered && answer.status === Status.ENOENT) continue;
        throw new FdfsError(operation, [answer]);
      }
      const status = answer.storages[0]?.status;
      if (status === StorageStatus.ONLINE || status === StorageStatus.ACTIVE) {
        throw new FdfsError(operation, [
          new RemoteError(storageId, Status.EBUSY, true, "it is online: stop it first (16)"),
        ]);
      }
    }
    const answers = await this.#trackers.askAll(list.deleteStorage, { groupName, storageId });
    const failures = answers.filter((answer) => answer instanceof RemoteError);
    const serious = failures.filter(({ status }) => status !== Status.ENOENT && status !== Status.EALREADY);
    if (serious.length > 0) throw new FdfsError(operation, serious);
    if (failures.length === this.#trackers.count) throw new FdfsError(operation, failures);
  }

  /** Removes an empty group on every tracker. */
  async deleteGroup(groupName: string): Promise<void> {
    const answers = await this.#trackers.askAll(list.deleteGroup, { groupName });
    const failures = answers.filter((answer) => answer instanceof RemoteError);
    const serious = failures.filter(({ status }) => status !== Status.ENOENT);
    if (serious.length > 0 || failures.length === this.#trackers.count) {
      throw new FdfsError(`delete group ${groupName}`, serious.length > 0 ? serious : failures);
    }
  }

  /** Names or elects the trunk server; resolves with its id. */
  async setTrunkServer(groupName: string, storageId: string): Promise<string> {
    const operation = `set the trunk server of ${groupName}`;
    const answer = await this.#trackers.askUntil(
      operation,
      list.setTrunkServer,
      { groupName, storageId },
      Status.EOPNOTSUPP,
    );
    return answer.storageId;
  }

  /** The trackers as their leader sees them. */
  async trackerStat(filter: TrackerFilter) {
    const filterBy = (filter.isActive === undefined ? 0 : 1) | (filter.isLeader === undefined ? 0 : 2);
    const request = { filterBy, isActive: filter.isActive ?? false, isLeader: filter.isLeader ?? false };
    const operation = "ask for the state of the trackers";
    return (await this.#trackers.askUntil(operation, list.trackerClusterStat, request, Status.EOPNOTSUPP)).trackers;
  }

  /** All storages with their status. */
  async storageStat(filter: StorageFilter) {
    const filterBy = (filter.isTrunkServer === undefined ? 0 : 1) | (filter.isActive === undefined ? 0 : 2);
    const request = {
      filterBy,
      operator: (filter.isActive === false ? "!" : "=").charCodeAt(0),
      status: StorageStatus.ACTIVE,
      isTrunkServer: filter.isTrunkServer ?? false,
    };
    return this.#trackers.ask("ask for the state of the storages", list.storageClusterStatCommand, request);
  }

  /** Space of all groups. */
  async volumeStat(filter: VolumeFilter) {
    const filterBy =
      (filter.isDiskAvailable === undefined ? 0 : 1) |
      (filter.isTrunkAvailable === undefined ? 0 : 2) |
      (filter.isSpaceAvailable === undefined ? 0 : 4);
    return this.#trackers.ask("ask for the space of the groups", list.storageVolumnStat, {
      filterBy,
      isDiskAvailable: filter.isDiskAvailable ?? false,
      isTrunkAvailable: filter.isTrunkAvailable ?? false,
      isSpaceAvailable: filter.isSpaceAvailable ?? false,
    });
  }
}

async function* nothing(): AsyncGenerator<Uint8Array> {
  // An empty file has no chunks.
}
