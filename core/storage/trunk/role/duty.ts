// One term of this storage as the trunk server of its group: takes the map from its disk, hands slots out through the shared
// space, keeps the files and the copies, and leaves everything in order at the end (trunk-dedup-recovery.md §1.6).

import { open } from "node:fs/promises";
import type { ServerAddress } from "../../../../conf/index.ts";
import { DIRECTORY_MODE, ensureDirectory } from "../../../disk/ensure-directory.ts";
import type { Logger } from "../../../observe/logger.ts";
import { Status } from "../../../wire/status.ts";
import type { StorageInfo } from "../../../wire/tracker-list.ts";
import type { LinkOptions } from "../../control/dial.ts";
import { messageOf } from "../../control/discovery.ts";
import type { InitFlagFile } from "../../control/init-flag.ts";
import type { Member, Membership } from "../../control/membership.ts";
import { pause } from "../../control/pause.ts";
import type { TrunkParameters } from "../../control/trunk-parameters.ts";
import type { Scoreboard } from "../../scoreboard/scoreboard.ts";
import type { FoundSlots } from "../found-slots.ts";
import type { TrunkJournalFile } from "../journal-file.ts";
import type { SharedTrunkSpace } from "../shared-space.ts";
import { Copies } from "./copies.ts";
import { Creator } from "./creator.ts";
import type { FileMaker } from "./file-maker.ts";
import { Inheritance } from "./inheritance.ts";
import { readLastTrunkServer, writeLastTrunkServer } from "./last-server.ts";
import { loadMap } from "./load-map.ts";
import type { TrunkPaths } from "./paths.ts";
import { trunkBinlogSize } from "./received-binlog.ts";
import { Upkeep } from "./upkeep.ts";

const RETRY_MS = 1000;
/** C saves a snapshot at the end of a role that was held for so long. */
const LONG_TERM_SECONDS = 3600;
/** Deletions reach the other storages first, then their space is used again. */
const COOL_SECONDS = 30;
/** A C storage does not tell when an upload was cut off; a slow one may still write. */
const HOLD_SECONDS = 86_400;

export interface DutyHelp {
  readonly ownId: string;
  readonly basePath: string;
  readonly paths: TrunkPaths;
  readonly storePaths: readonly { readonly path: string; readonly isReadOnly: boolean }[];
  readonly parameters: TrunkParameters;
  readonly space: SharedTrunkSpace;
  readonly journal: TrunkJournalFile;
  readonly maker: FileMaker;
  readonly flag: InitFlagFile;
  readonly membership: Membership;
  readonly scoreboard: Scoreboard;
  readonly linkOptions: LinkOptions;
  readonly heartBeatIntervalMs: number;
  readonly log: Logger;
  /** Start of this storage, Unix seconds. */
  readonly upSince: number;
  /** Slots that hold files, whatever the trunk binlog says. */
  readonly foundSlots: FoundSlots;
  /** The leading tracker is silent: slots wait. */
  isSuspended(): boolean;
  addressOf(member: Member): ServerAddress;
  markName(id: string): string;
  oldMarkName(id: string): string | null;
  /** The greatest trunk file id that the leading tracker knows; rejects when it cannot be asked. */
  leadersFileId(): Promise<number>;
  storages(): Promise<readonly StorageInfo[]>;
}

/** How a term stands. `failed`: it cannot begin; `reason` says why. */
export type DutyState = "loading" | "serving" | "failed";

export class Duty {
  readonly term: number;
  readonly copies: Copies;
  readonly #help: DutyHelp;
  readonly #ending = new AbortController();
  readonly #inheritance: Inheritance;
  readonly #creator: Creator;
  readonly #upkeep: Upkeep;
  readonly #since = Math.floor(Date.now() / 1000);
  #state: DutyState = "loading";
  #failure = "";
  #syncedSize = 0;
  #isSyncing = false;
  #failedMs = Number.POSITIVE_INFINITY;
  #started: Promise<void> = Promise.resolve();

  constructor(help: DutyHelp, term: number) {
    this.#help = help;
    this.term = term;
    const { space, parameters, maker, scoreboard, storePaths, log, paths, membership, linkOptions } = help;
    const storePathCount = storePaths.length;
    const { ownId, heartBeatIntervalMs, addressOf, markName, oldMarkName } = help;
    this.copies = new Copies({
      ...{ ownId, paths, linkOptions, heartBeatIntervalMs, log, addressOf, markName, oldMarkName },
      member: (id) => membership.find(id),
    });
    this.#inheritance = new Inheritance({
      ...{ ownId, space, membership, scoreboard, linkOptions, log, addressOf },
      storePaths: storePaths.map(({ path }) => path),
      heartBeatSeconds: heartBeatIntervalMs / 1000,
      storages: () => help.storages(),
    });
    const isReadOnly = (storePath: number): boolean => storePaths[storePath]!.isReadOnly;
    this.#creator = new Creator({ parameters, scoreboard, space, maker, storePathCount, isReadOnly, log }, this.#since);
    const { journal, flag, upSince } = help;
    this.#upkeep = new Upkeep(
      {
        ...{ space, journal, paths, parameters, flag, scoreboard, log, upSince },
        storePaths: storePaths.map(({ path }) => path),
        replaced: () => this.copies.beginAnew(),
        failed: (reason) => this.#fail(reason),
        pause: () => pause(0, this.#ending.signal),
      },
      this.#since,
    );
  }

  get state(): DutyState {
    return this.#state;
  }

  /** Why slots, or some of them, are not handed out; "" = nothing. */
  get reason(): string {
    return this.#failure !== "" ? this.#failure : this.#inheritance.reason;
  }

  /** When it failed (performance.now); infinite = it has not. */
  get failedMs(): number {
    return this.#failedMs;
  }

  /** Begins in the background. */
  start(): void {
    this.#started = this.#start().catch((error: unknown) => {
      if (!this.#ending.signal.aborted) this.#fail(messageOf(error));
    });
  }

  /** Members of the group have changed. */
  groupChanged(): void {
    if (this.#state !== "serving") return;
    this.copies.groupChanged(this.#help.membership.members);
    this.#setCooling();
  }

  /** Called about once a second. */
  tick(): void {
    if (this.#state !== "serving") return;
    const { space, journal, log } = this.#help;
    const now = Math.floor(Date.now() / 1000);
    const expired = space.expireHolds(now, HOLD_SECONDS);
    if (expired > 0) log.warn(`${expired} slots were never confirmed and are free again`);
    try {
      journal.flush();
    } catch (error) {
      log.error(`Cannot write the trunk binlog: ${messageOf(error)}`);
    }
    void this.#syncBinlog();
    this.#creator.tick(now);
    this.#upkeep.tick(now);
  }

  /** Nobody gets a slot any more; resolves when files and copies are in order. Does not reject. */
  async end(): Promise<void> {
    const { space, journal, log, parameters } = this.#help;
    const wasServing = this.#state === "serving";
    this.#ending.abort(new Error("this storage is not the trunk server any more"));
    space.suspend();
    await this.#started;
    await this.#upkeep.ended();
    await this.copies.end();
    try {
      journal.flush();
    } catch (error) {
      log.error(`Cannot write the trunk binlog: ${messageOf(error)}`);
    }
    const now = Math.floor(Date.now() / 1000);
    const isLong = now - this.#since >= LONG_TERM_SECONDS;
    if (wasServing && isLong && parameters.compressBinlogInterval === 0) this.#upkeep.snapshot(now);
    space.end();
  }

  async #start(): Promise<void> {
    const { paths, space, maker, membership, log } = this.#help;
    const { signal } = this.#ending;
    ensureDirectory(paths.folder, DIRECTORY_MODE);
    // It may have been a copy of another storage's until now.
    space.whileJournalRests(() => {});
    space.begin();
    for (const block of this.#help.foundSlots.inUse) space.carve(block);
    const known = await this.#leadersFileId();
    if (known === null) return;
    maker.raiseId(known);
    const isQuarantined = this.#inherits();
    const { lines, isSnapshotAhead } = await this.#load(isQuarantined);
    if (signal.aborted) return;
    maker.raiseId(this.#greatestId());
    const empty = this.#help.foundSlots.takeEmpty();
    // With 17 it is known as free already.
    space.exclusively((map) => {
      if (!isQuarantined) for (const block of empty) map.free(block, this.#since, 0);
    });
    this.#setCooling();
    if (!this.#help.isSuspended()) space.resume();
    space.ready(this.term);
    this.#state = "serving";
    const { blockCount, freeBytes } = space.exclusively((map) => ({
      blockCount: map.blockCount,
      freeBytes: map.freeBytes(),
    }));
    log.notice("This storage is the trunk server of its group now", {
      ...{ term: this.term, lines, blocks: blockCount, freeBytes, quarantined: isQuarantined },
    });
    const now = Math.floor(Date.now() / 1000);
    if (isSnapshotAhead) this.#upkeep.snapshot(now);
    else if (lines > 0 && this.#help.parameters.compressBinlogInterval === 0) await this.#upkeep.save(now);
    this.copies.groupChanged(membership.members);
    if (isQuarantined && !(await this.#inheritance.end(signal))) return;
    writeLastTrunkServer(this.#help.basePath, this.#help.ownId);
  }

  /** Null: the term has ended before the leader answered. */
  async #leadersFileId(): Promise<number | null> {
    const { leadersFileId, log } = this.#help;
    const { signal } = this.#ending;
    for (let isFirst = true; !signal.aborted; isFirst = false) {
      try {
        return await leadersFileId();
      } catch (error) {
        if (isFirst)
          log.warn(`Cannot ask the leading tracker for the last trunk file id: ${messageOf(error)}; trying on`);
      }
      await pause(RETRY_MS, signal);
    }
    return null;
  }

  /** `lines` of the trunk binlog were replayed. */
  async #load(isQuarantined: boolean): Promise<{ lines: number; isSnapshotAhead: boolean }> {
    const { space, paths, parameters, log, storePaths } = this.#help;
    const { signal } = this.#ending;
    const { counts, isSnapshotAhead } = await loadMap({
      ...{ space, paths, parameters, isQuarantined, log },
      storePaths: storePaths.map(({ path }) => path),
      pause: async () => {
        await pause(0, signal);
        signal.throwIfAborted();
      },
    });
    const { lines, ...odd } = counts;
    if (Object.values(odd).some((count) => count > 0))
      log.warn("The trunk binlog was read with oddities", { ...counts });
    return { lines, isSnapshotAhead };
  }

  /** Whether what is loaded may have been handed out by another storage meanwhile. */
  #inherits(): boolean {
    const { paths, basePath, ownId } = this.#help;
    return trunkBinlogSize(paths) > 0 && readLastTrunkServer(basePath) !== ownId;
  }

  #greatestId(): number {
    const files = this.#help.space.exclusively((map) => map.files());
    return files.reduce((greatest, { place }) => Math.max(greatest, place.trunkFileId), 0);
  }

  /** Alone there is nobody whom a deletion has to reach. */
  #setCooling(): void {
    const { space, membership } = this.#help;
    space.coolSeconds = membership.members.length > 1 ? COOL_SECONDS : 0;
  }

  /** As C, once a second: after a power cut little of the binlog is missing. */
  async #syncBinlog(): Promise<void> {
    const { journal, paths, log } = this.#help;
    const { size } = journal;
    if (size === this.#syncedSize || this.#isSyncing) return;
    this.#isSyncing = true;
    try {
      const file = await open(paths.binlog, "r+");
      await file.datasync().finally(() => file.close());
      this.#syncedSize = size;
    } catch (error) {
      log.error(`Cannot flush ${paths.binlog} to the disk: ${messageOf(error)}`);
    } finally {
      this.#isSyncing = false;
    }
  }

  #fail(reason: string): void {
    const { space, log } = this.#help;
    this.#state = "failed";
    this.#failure = reason;
    this.#failedMs = performance.now();
    space.suspend();
    log.crit(`This storage cannot be the trunk server: ${reason}; small files are stored one by one meanwhile`);
  }

  /** Another file in a store path: 0 or an errno. Does not reject. */
  async makeFile(storePath: number): Promise<number> {
    const { space, maker } = this.#help;
    if (this.#state !== "serving") return Status.EAGAIN;
    // A wish that crossed with a new file.
    const isThere = space.exclusively((map) => map.largestAvailable(storePath)) >= space.rules.trunkFileSize;
    return isThere ? Status.OK : await maker.make(storePath);
  }
}
