// A tracker that is new, or was away for long, takes over the system files of the best of the others before its first
// storage joins (tracker.md §7.6). Nothing is replaced before all of it has been read and understood.

import { Buffer } from "node:buffer";
import type { ServerAddress } from "../../../conf/server-address.ts";
import type { ClientConnection } from "../../net/client-connection.ts";
import { RemoteError } from "../../net/remote-error.ts";
import type { Logger } from "../../observe/logger.ts";
import { ProtocolError } from "../../wire/protocol-error.ts";
import { Status } from "../../wire/status.ts";
import * as among from "../../wire/tracker-cluster.ts";
import { Cluster } from "../cluster/cluster.ts";
import type { Leadership } from "../cluster/leadership.ts";
import { bestOf, compareStandings, type Ranked, standingOf } from "../cluster/standing.ts";
import { readSystemFiles, type StateFolder, systemFiles } from "../state-files/state-folder.ts";
import { askOnce, askTracker, openTracker } from "./tracker-link.ts";

/** C: twice TRACKER_SYNC_STATUS_FILE_INTERVAL. */
const LONG_ABSENCE_SECONDS = 600;
/** A file that grows while it is read, or whose parts do not fit, is read again. */
const ATTEMPTS = 5;
/** What a tracker's file may reasonably come to; a larger one is no file of a tracker. */
const FILE_MAX_BYTES = 256 * 1024 * 1024;

export interface SystemFilesCopyParts {
  readonly cluster: Cluster;
  readonly leadership: Leadership;
  readonly files: StateFolder;
  readonly log: Logger;
  readonly ownHosts: readonly string[];
  /** Unix seconds of this start, and of the last sign of life before it (0: never). */
  readonly upTime: number;
  readonly lastCheckTime: number;
  now(): number;
}

interface Other {
  readonly address: ServerAddress;
  readonly ranked: Ranked;
}

export class SystemFilesCopy {
  readonly #parts: SystemFilesCopyParts;
  #isDone = false;
  /** Joins that come meanwhile wait for the same copy. */
  #running: Promise<void> | null = null;

  constructor(parts: SystemFilesCopyParts) {
    this.#parts = parts;
  }

  /**
   * Called before a JOIN with the trackers of its list: null when there is nothing to copy, else what to wait for. It
   * rejects with 11 when there is a state that could not be had: the storage tries again.
   */
  beforeJoin(trackers: readonly ServerAddress[]): Promise<void> | null {
    if (this.#running !== null) return this.#running;
    if (this.#isDone || !this.#isNeeded()) return null;
    const others = trackers.filter((tracker) => !this.#parts.leadership.isOwn(tracker));
    if (others.length === 0) {
      this.#isDone = true;
      return null;
    }
    this.#running = this.#copy(others).finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  get #wasAwayForLong(): boolean {
    const { upTime, lastCheckTime } = this.#parts;
    return lastCheckTime > 0 && upTime - lastCheckTime > LONG_ABSENCE_SECONDS;
  }

  #isNeeded(): boolean {
    return this.#parts.cluster.groups.length === 0 || this.#wasAwayForLong;
  }

  async #copy(others: readonly ServerAddress[]): Promise<void> {
    const { upTime, lastCheckTime, cluster, now, log } = this.#parts;
    const best = await this.#bestOf(others);
    const own = standingOf(upTime, lastCheckTime, now(), false);
    const isBehind = best !== null && (cluster.groups.length === 0 || compareStandings(own, best.ranked.standing) < 0);
    if (isBehind) {
      await this.#take(best).catch((error: unknown) => {
        log.error(`Cannot copy the system files of tracker ${best.ranked.contender.name}: ${messageOf(error)}`);
        throw new ProtocolError("the system files of another tracker could not be copied yet", Status.EAGAIN);
      });
    }
    this.#isDone = true;
  }

  /** Asks all at once. Who cannot be reached does not count; who answers with an error must be asked again. */
  async #bestOf(others: readonly ServerAddress[]): Promise<Other | null> {
    const { cluster, ownHosts, log } = this.#parts;
    const found: Other[] = [];
    let refusal: RemoteError | null = null;
    const ask = async (address: ServerAddress): Promise<void> => {
      const [ip = ""] = address.hosts;
      try {
        const standing = await askOnce(address, cluster.settings, ownHosts, among.trackerGetStatus, {});
        const contender = { name: `${ip}:${address.port}`, ip, port: address.port };
        found.push({ address, ranked: { contender, standing } });
      } catch (error) {
        if (!(error instanceof RemoteError)) throw error;
        if (!error.answered) log.warn(`Tracker ${ip}:${address.port} cannot be asked for its state: ${error.message}`);
        else if (error.status !== Status.ENOENT) refusal = error;
      }
    };
    await Promise.all(others.map(ask));
    if (found.length === 0 && refusal !== null)
      throw new ProtocolError(`no state from the other trackers: ${messageOf(refusal)}`, Status.EAGAIN);
    const best = bestOf(found.map(({ ranked }) => ranked));
    return found.find(({ ranked }) => ranked === best) ?? null;
  }

  async #take(other: Other): Promise<void> {
    const { cluster, files, ownHosts, log, upTime, now } = this.#parts;
    const connection = await openTracker(other.address, cluster.settings, ownHosts);
    try {
      await askTracker(connection, among.getSystemFilesStart, {});
      const { contents, fresh } = await readAll(connection, cluster);
      files.replaceAll(contents, fresh);
      files.writeStatus(upTime, now());
      log.notice(`The system files of tracker ${connection.server} are taken over: ${fresh.groups.length} groups`);
      await askTracker(connection, among.getSystemFilesEnd, {}).catch(() => {});
    } finally {
      connection.destroy();
    }
  }
}

/** All four files and what they say; rejects when they do not fit each other after some attempts. */
async function readAll(
  connection: ClientConnection,
  { settings }: Cluster,
): Promise<{ contents: Uint8Array[]; fresh: Cluster }> {
  for (let attempt = 1; ; attempt++) {
    const contents: Uint8Array[] = [];
    for (const index of systemFiles.keys()) contents.push(await readFile(connection, index));
    const fresh = new Cluster(settings);
    try {
      readSystemFiles(fresh, contents);
      return { contents, fresh };
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
    }
  }
}

async function readFile(connection: ClientConnection, index: number): Promise<Uint8Array> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const parts: Uint8Array[] = [];
    let offset = 0;
    let size = -1;
    for (;;) {
      const part = await askTracker(connection, among.getOneSystemFile, { index, offset });
      if (part.fileSize > FILE_MAX_BYTES) throw new Error(`${systemFiles[index]} has ${part.fileSize} bytes`);
      const isTorn = (size >= 0 && part.fileSize !== size) || (part.content.length === 0 && offset < part.fileSize);
      if (isTorn) break;
      size = part.fileSize;
      parts.push(part.content);
      offset += part.content.length;
      if (offset >= size) return Buffer.concat(parts);
    }
  }
  throw new Error(`${systemFiles[index]} changed while it was read, ${ATTEMPTS} times`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
