// Brings the trunk binlog to one other storage of the group while this one is the trunk server
// (trunk-dedup-recovery.md §1.12): a connection of its own, packages of whole lines, a mark. A new copy begins with TRUNCATE.

import { join } from "node:path";
import type { ServerAddress } from "../../../../conf/index.ts";
import type { Logger } from "../../../observe/logger.ts";
import { decodeResponse } from "../../../wire/command.ts";
import { activeTest } from "../../../wire/common-commands.ts";
import { Status } from "../../../wire/status.ts";
import { StorageStatus } from "../../../wire/storage-status.ts";
import { trunkGetBinlogSize, trunkSyncBinlog, trunkTruncateBinlogFile } from "../../../wire/storage-sync.ts";
import type { LinkOptions } from "../../control/dial.ts";
import { messageOf } from "../../control/discovery.ts";
import type { Member } from "../../control/membership.ts";
import { pause } from "../../control/pause.ts";
import { PeerLink } from "../../replication/peer-link.ts";
import { readCopyMark, writeCopyMark } from "./copy-mark.ts";
import { copyStart } from "./copy-start.ts";
import type { TrunkPaths } from "./paths.ts";
import { WholeLines } from "./whole-lines.ts";

/** What a C storage takes at most. */
const PACKAGE_BYTES = 64 * 1024;
const LOOK_MS = 200;
const RETRY_MS = 1000;
/** A C storage writes what it has received after a second at most. */
const PEER_WRITES_MS = 1500;
const MARK_EVERY_MS = 1000;
const { DELETED, IP_CHANGED, NONE } = StorageStatus;

export interface CopyHelp {
  readonly ownId: string;
  readonly paths: TrunkPaths;
  readonly linkOptions: LinkOptions;
  readonly heartBeatIntervalMs: number;
  readonly log: Logger;
  member(id: string): Member | undefined;
  addressOf(member: Member): ServerAddress;
  markName(id: string): string;
  /** What it was called before storage ids were used; null: they are not, or nothing is known of the storage. */
  oldMarkName(id: string): string | null;
}

/** How a copy stands. */
export interface CopyState {
  /** Bytes of the binlog that the peer has for sure. */
  readonly offset: number;
  readonly isConnected: boolean;
  /** "" = none. */
  readonly lastError: string;
}

export class CopyTask {
  readonly id: string;
  readonly #help: CopyHelp;
  readonly #signal: AbortSignal;
  readonly #markPath: string;
  readonly #lines: WholeLines;
  #offset = 0;
  #savedOffset = 0;
  #savedMs = 0;
  #wantsAnew = false;
  #isConnected = false;
  #lastError = "";
  #failures = 0;

  constructor(help: CopyHelp, id: string, signal: AbortSignal) {
    this.#help = help;
    this.id = id;
    this.#signal = signal;
    this.#markPath = join(help.paths.folder, help.markName(id));
    this.#lines = new WholeLines(help.paths.binlog, PACKAGE_BYTES);
  }

  get state(): CopyState {
    return { offset: this.#offset, isConnected: this.#isConnected, lastError: this.#lastError };
  }

  /** The binlog is another one now (compaction): the peer gets all of it. */
  beginAnew(): void {
    this.#wantsAnew = true;
  }

  /** Runs until the signal is aborted or the peer has left the group; never rejects. */
  async run(): Promise<void> {
    const { log } = this.#help;
    while (!this.#signal.aborted) {
      const member = this.#peer();
      if (member === null) break;
      let link: PeerLink | undefined;
      try {
        link = await this.#connect(member);
        if (link !== undefined) await this.#copy(link);
      } catch (error) {
        if (this.#signal.aborted) break;
        this.#lastError = messageOf(error);
        // A peer that has just started hears of its trunk server a moment later: the first failure is no news.
        if (++this.#failures === 2) log.warn(`Cannot copy the trunk binlog to storage ${this.id}: ${this.#lastError}`);
      } finally {
        this.#isConnected = false;
        link?.close();
        this.#lines.close();
      }
      await pause(RETRY_MS, this.#signal);
    }
    this.#saveMark();
    this.#lines.close();
  }

  #peer(): Member | null {
    const member = this.#help.member(this.id);
    if (member === undefined) return null;
    const { status } = member;
    return status === DELETED || status === IP_CHANGED || status === NONE ? null : member;
  }

  async #connect(member: Member): Promise<PeerLink | undefined> {
    const { ownId, linkOptions, addressOf } = this.#help;
    const link = await PeerLink.open(addressOf(member), ownId, linkOptions);
    if (!this.#signal.aborted) return link;
    link.close();
    return undefined;
  }

  async #copy(link: PeerLink): Promise<void> {
    await this.#begin(link);
    this.#isConnected = true;
    this.#lastError = "";
    this.#failures = 0;
    while (!this.#signal.aborted && this.#peer() !== null) {
      if (this.#wantsAnew) {
        this.#lines.close();
        await this.#truncate(link);
      }
      const lines = this.#lines.read(this.#offset);
      if (lines.length === 0) {
        this.#saveMark();
        if (link.idleMs >= this.#help.heartBeatIntervalMs) this.#require(await link.ask(activeTest, {}), "ACTIVE_TEST");
        await pause(LOOK_MS, this.#signal);
        continue;
      }
      const { length } = lines;
      this.#require(await link.ask(trunkSyncBinlog, { lines }), "lines of the trunk binlog");
      this.#offset += length;
      if (Date.now() - this.#savedMs >= MARK_EVERY_MS) this.#saveMark();
    }
  }

  async #begin(link: PeerLink): Promise<void> {
    const markOffset = this.#wantsAnew ? 0 : readCopyMark(this.#markPath);
    for (let hasWaited = false; ; hasWaited = true) {
      const peerSize = markOffset === 0 ? null : await this.#sizeAt(link);
      const start = copyStart({
        markOffset,
        ownSize: this.#lines.size,
        peerSize,
        packageBytes: PACKAGE_BYTES,
        hasWaited,
        isLineStart: (offset) => this.#lines.isLineStart(offset),
      });
      if (start.kind === "anew") return await this.#truncate(link);
      if (start.kind === "from") {
        this.#offset = start.offset;
        return;
      }
      await pause(PEER_WRITES_MS, this.#signal);
      this.#signal.throwIfAborted();
    }
  }

  async #sizeAt(link: PeerLink): Promise<number | null> {
    const { status, body } = await link.request(trunkGetBinlogSize, {});
    return status === Status.OK ? decodeResponse(trunkGetBinlogSize, body).size : null;
  }

  async #truncate(link: PeerLink): Promise<void> {
    this.#wantsAnew = false;
    this.#offset = 0;
    this.#saveMark();
    this.#require(await link.ask(trunkTruncateBinlogFile, {}), "TRUNCATE of its trunk binlog");
  }

  #require(status: number, what: string): void {
    if (status === Status.OK) return;
    const hint = status === Status.EINVAL ? "; it takes itself for the trunk server, or has no trunk files" : "";
    throw new Error(`it refused ${what} with status ${status}${hint}`);
  }

  #saveMark(): void {
    this.#savedMs = Date.now();
    // What the mark would speak of is not the binlog of now.
    if (this.#wantsAnew || this.#offset === this.#savedOffset) return;
    try {
      writeCopyMark(this.#markPath, this.#offset);
      this.#savedOffset = this.#offset;
    } catch (error) {
      this.#help.log.error(`Cannot save the mark ${this.#markPath}: ${messageOf(error)}`);
    }
  }
}
