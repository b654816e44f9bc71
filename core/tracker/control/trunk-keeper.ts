// Sees to it that every group has a trunk server while this tracker leads and trunk files are in use (tracker.md §7.5):
// asks the candidates, appoints the winner, replaces one that has fallen silent, keeps the log of changes. Who wins is
// decided in cluster/trunk-server.ts.

import { ClientConnection } from "../../net/client-connection.ts";
import { RemoteError } from "../../net/remote-error.ts";
import type { Logger } from "../../observe/logger.ts";
import { decodeResponse, encodeRequest } from "../../wire/command.ts";
import { ProtocolError } from "../../wire/protocol-error.ts";
import { Status } from "../../wire/status.ts";
import { trunkDeleteBinlogMarks, trunkGetBinlogSize } from "../../wire/storage-sync.ts";
import type { Cluster } from "../cluster/cluster.ts";
import type { Group } from "../cluster/group.ts";
import type { Leadership } from "../cluster/leadership.ts";
import type { StorageRecord } from "../cluster/storage-record.ts";
import {
  electTrunkServer,
  isTrunkServerLost,
  mustDeleteMarks,
  setTrunkServer,
  trunkCandidates,
} from "../cluster/trunk-server.ts";
import type { StateFolder } from "../state-files/state-folder.ts";
import { appendTrunkServerChange, formatTrunkServerChange } from "../state-files/trunk-change-log.ts";

/** After an election that failed. C waits for the next storage that becomes active. */
const RETRY_SECONDS = 10;

export class TrunkKeeper {
  readonly #cluster: Cluster;
  readonly #leadership: Leadership;
  readonly #files: StateFolder;
  readonly #log: Logger;
  readonly #elections = new Map<Group, Promise<StorageRecord>>();
  readonly #retryAt = new Map<Group, number>();

  constructor(cluster: Cluster, leadership: Leadership, files: StateFolder, log: Logger) {
    this.#cluster = cluster;
    this.#leadership = leadership;
    this.#files = files;
    this.#log = log;
  }

  /** True while trunk servers are this tracker's business. */
  get isOnDuty(): boolean {
    return this.#leadership.isLeader && this.#cluster.settings.useTrunkFile;
  }

  /** Called about once a second. */
  tick(now: number): void {
    if (!this.isOnDuty) return;
    for (const group of this.#cluster.groups) {
      if (group.find(group.trunkServerId) !== undefined || group.writable.length === 0) continue;
      if (this.#elections.has(group) || now < (this.#retryAt.get(group) ?? 0)) continue;
      this.elect(group, now).catch((error: unknown) => {
        this.#retryAt.set(group, now + RETRY_SECONDS);
        this.#log.error(`No trunk server for ${group.name} yet: ${messageOf(error)}`);
      });
    }
  }

  /** Called with check_alive: replaces trunk servers that have not been heard of for too long. */
  replaceLost(now: number): void {
    if (!this.isOnDuty) return;
    for (const group of this.#cluster.groups) {
      const current = group.find(group.trunkServerId);
      if (current === undefined || this.#elections.has(group) || !isTrunkServerLost(this.#cluster, current, now))
        continue;
      const silentFor = now - current.stat.lastHeartBeatTime;
      this.#log.warn(`trunk server ${current.id} of ${group.name} has not been heard of for ${silentFor} s`);
      this.elect(group, now).catch((error: unknown) => {
        this.#log.error(`No new trunk server for ${group.name}: ${messageOf(error)}`);
        if (group.trunkServerId === current.id) this.#set(group, undefined, now);
      });
    }
  }

  /** Elects and appoints; rejects with the status that stands against it. Elections of one group are one. */
  elect(group: Group, now: number): Promise<StorageRecord> {
    let election = this.#elections.get(group);
    if (election === undefined) {
      election = this.#elect(group, now).finally(() => this.#elections.delete(group));
      this.#elections.set(group, election);
    }
    return election;
  }

  /** Makes a storage the trunk server; rejects when it cannot be told. */
  async appoint(group: Group, storage: StorageRecord, now: number): Promise<void> {
    if (mustDeleteMarks(group, storage)) await this.#ask(storage, encodeRequest(trunkDeleteBinlogMarks, {}));
    // The talk took time: meanwhile another tracker may have taken the lead.
    if (!this.isOnDuty) throw new ProtocolError("this tracker does not lead any more", Status.EOPNOTSUPP);
    this.#set(group, storage, now);
    this.#log.info(`trunk server of ${group.name} is ${storage.id} (${storage.currentIp}:${storage.port})`);
  }

  async #elect(group: Group, now: number): Promise<StorageRecord> {
    const candidates = trunkCandidates(this.#cluster, group);
    const sizes: (number | null)[] = [];
    for (const candidate of candidates) {
      try {
        sizes.push(await this.#binlogSize(candidate));
      } catch (error) {
        // Without the upload server's size there is nothing to compare with.
        if (sizes.length === 0) throw error;
        sizes.push(null);
      }
    }
    const winner = electTrunkServer(candidates, sizes);
    await this.appoint(group, winner, now);
    return winner;
  }

  #set(group: Group, storage: StorageRecord | undefined, now: number): void {
    const beforeId = group.lastTrunkServerId;
    const before = group.find(group.trunkServerId || beforeId);
    const { settings } = this.#cluster;
    if (setTrunkServer(this.#cluster, group, storage)) {
      const change = {
        groupName: group.name,
        before,
        beforeId,
        after: storage,
      };
      try {
        appendTrunkServerChange(settings.basePath, formatTrunkServerChange(change, settings.useStorageId, now));
      } catch (error) {
        this.#log.error(`Cannot write the log of trunk servers: ${messageOf(error)}`);
      }
    }
    this.#files.save();
  }

  async #binlogSize(storage: StorageRecord): Promise<number> {
    const body = await this.#ask(storage, encodeRequest(trunkGetBinlogSize, {}));
    return decodeResponse(trunkGetBinlogSize, body).size;
  }

  /** One request on a connection of its own; rejects with a RemoteError. */
  async #ask(storage: StorageRecord, packet: Uint8Array): Promise<Uint8Array> {
    const { connectTimeoutSeconds, networkTimeoutSeconds } = this.#cluster.settings;
    const connection = await ClientConnection.open({
      host: storage.currentIp,
      port: storage.port,
      connectTimeoutMs: connectTimeoutSeconds * 1000,
      networkTimeoutMs: networkTimeoutSeconds * 1000,
    });
    try {
      const { status, body } = await connection.request(packet);
      if (status !== Status.OK) throw RemoteError.fromStatus(connection.server, status);
      return body;
    } finally {
      connection.destroy();
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
