// A simulated storage: a connection that joins a tracker and sends signs of life as a real storage does, with statistics
// that change. It serves nothing; the tracker has the work that a real one would make.

import { connect, type Socket } from "../../core/runtime/index.ts";
import { type Command, encodeRequest } from "../../core/wire/command.ts";
import { decodeHeader } from "../../core/wire/header.ts";
import { HEADER_SIZE } from "../../core/wire/limits.ts";
import { emptyStorageStat, storageStat } from "../../core/wire/storage-stat.ts";
import { StorageStatus } from "../../core/wire/storage-status.ts";
import { reportDiskUsage, storageBeat, storageJoin } from "../../core/wire/tracker-report.ts";

const CONNECT_TIMEOUT_MS = 60_000;
const ANSWER_TIMEOUT_MS = 60_000;
export const STORAGE_PORT = 23000;
const SUBDIRS = 256;
const TOTAL_MB = 1_000_000;
const FREE_MB = 500_000;
/** C trackers and storages must be of one version. */
export const VERSION = "6.16.1";

export interface JoinerPlace {
  readonly tracker: { readonly host: string; readonly port: number };
  readonly groupName: string;
  /** The loopback address it comes from: its identity within the group. */
  readonly address: string;
}

interface Waiting {
  resolve(status: number): void;
  reject(error: Error): void;
}

export class Joiner {
  readonly #place: JoinerPlace;
  #socket: Socket | undefined;
  #waiting: Waiting | undefined;
  /** Bytes of the current answer that are still to come; its header when none has come yet. */
  #left = 0;
  #status = 0;
  #uploads = 0;
  #beats: Timer | undefined;

  constructor(place: JoinerPlace) {
    this.#place = place;
  }

  /** Joins as a storage that was ACTIVE before, reports its disk and its first sign of life: it is ACTIVE then. */
  async join(): Promise<void> {
    const { tracker, address, groupName } = this.#place;
    this.#socket = await connect({
      ...tracker,
      localAddress: address,
      timeoutMs: CONNECT_TIMEOUT_MS,
      handlers: () => ({
        data: (chunk) => this.#take(chunk),
        drain: () => {},
        close: () =>
          this.#waiting?.reject(new Error(`The tracker closed the connection of ${address} of ${groupName}`)),
      }),
    });
    const now = Math.floor(Date.now() / 1000);
    await this.#ask(storageJoin, {
      groupName,
      storagePort: STORAGE_PORT,
      storePathCount: 1,
      subdirCountPerPath: SUBDIRS,
      uploadPriority: 10,
      joinTime: now - 86_400,
      upTime: now,
      version: VERSION,
      initFlag: false,
      status: StorageStatus.ACTIVE,
      storageId: "",
      currentTrackerIp: tracker.host,
      trackerCount: 1,
      trackerLines: `${tracker.host}:${tracker.port}\n`,
    });
    await this.beat();
    await this.#ask(reportDiskUsage, { paths: [{ totalMb: TOTAL_MB, freeMb: FREE_MB }] });
  }

  /** A sign of life with statistics. */
  beat(): Promise<void> {
    this.#uploads++;
    const stat = { ...emptyStorageStat(), totalUploadCount: this.#uploads, successUploadCount: this.#uploads };
    return this.#ask(storageBeat, { stat: storageStat.format(stat) });
  }

  /** Beats every `intervalMs` from now on, first after `delayMs`; `failed` hears of one that is not answered with 0. */
  beatEvery(intervalMs: number, delayMs: number, failed: (error: Error) => void): void {
    this.#beats = setTimeout(() => {
      this.#beats = setInterval(() => this.beat().catch(failed), intervalMs);
      this.beat().catch(failed);
    }, delayMs);
  }

  leave(): void {
    clearTimeout(this.#beats);
    clearInterval(this.#beats);
    this.#waiting = undefined;
    this.#socket?.destroy();
  }

  async #ask<Q, S>(command: Command<Q, S>, value: Q): Promise<void> {
    const status = await new Promise<number>((resolve, reject) => {
      this.#left = -1;
      const what = `${command.name} of ${this.#place.address} of ${this.#place.groupName}`;
      const timer = setTimeout(() => reject(new Error(`${what} is not answered`)), ANSWER_TIMEOUT_MS);
      this.#waiting = {
        resolve(found) {
          clearTimeout(timer);
          resolve(found);
        },
        reject(error) {
          clearTimeout(timer);
          reject(error);
        },
      };
      this.#socket!.write(encodeRequest(command, value));
    });
    if (status === 0) return;
    throw new Error(`${command.name} of ${this.#place.address} of ${this.#place.groupName} is answered with ${status}`);
  }

  /** Answers are counted, not read: how large a group's list is, is the tracker's work alone. */
  #take(chunk: Uint8Array): void {
    if (this.#left < 0) {
      // A tracker writes an answer at once, so its header comes whole.
      const { bodyLength, status } = decodeHeader(chunk);
      this.#status = status;
      this.#left = HEADER_SIZE + bodyLength;
    }
    this.#left -= chunk.length;
    if (this.#left > 0) return;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.resolve(this.#status);
  }
}
