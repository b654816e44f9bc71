// The trunk files of one worker: which slot an upload gets, what becomes of it, and the slots themselves. While this storage
// is the trunk server slots come from the map that all threads share, otherwise from the trunk server by its commands. Who
// gets no slot stores a file of its own: valid everywhere, where C fails the upload.

import { Status } from "../../wire/status.ts";
import type { TrunkInfo } from "../../wire/storage-sync.ts";
import type { Scoreboard } from "../scoreboard/scoreboard.ts";
import { AllocatorLink, type AllocatorLinkOptions } from "./allocator-link.ts";
import { carveUsedIn } from "./carve-used.ts";
import { TrunkJournalFile } from "./journal-file.ts";
import { SharedTrunkSpace, type TrunkSetup } from "./shared-space.ts";
import { SlotFiles } from "./slot-files.ts";
import { SLOT_HEADER_SIZE } from "./slot-header.ts";
import { trunkFilePath } from "./trunk-file.ts";
import { readTrunkNotice, type TrunkNotice } from "./trunk-notice.ts";

const FILE_WAIT_MS = 3000;

/** A slot for one upload. */
export interface Reservation {
  readonly block: TrunkInfo;
  readonly term: number;
  /** The trunk server that gave it; null = this storage. */
  readonly server: { readonly ipAddress: string; readonly port: number } | null;
}

export interface TrunkStoreOptions {
  readonly scoreboard: Scoreboard;
  /** As in SharedLock. */
  readonly owner: number;
  readonly storePaths: readonly string[];
  /** `BASE/data/trunk` */
  readonly folder: string;
  readonly link: Omit<AllocatorLinkOptions, "server" | "takeBack">;
  wantTrunkFile(storePath: number): void;
}

export class TrunkStore {
  readonly slots: SlotFiles;
  readonly #options: TrunkStoreOptions;
  readonly #link: AllocatorLink;
  readonly #waiting: ((status: number) => void)[][] = [];
  #space: SharedTrunkSpace | null = null;
  #journal: TrunkJournalFile | null = null;
  #notice: TrunkNotice | null = null;
  #noticeGeneration = 0;

  constructor(options: TrunkStoreOptions) {
    this.#options = options;
    this.slots = new SlotFiles(options.scoreboard, options.storePaths);
    this.#link = new AllocatorLink({
      ...options.link,
      server: () => this.#server(),
      takeBack: (block) => this.#takeLate(block),
    });
  }

  /** Small files go into trunk files from now on. */
  start(setup: TrunkSetup): void {
    this.#journal?.close();
    this.#space = new SharedTrunkSpace(setup, this.#options.owner);
    this.#space.reclaim();
    this.#journal = new TrunkJournalFile(this.#space, this.#options.folder);
    this.slots.files.trunkFileSize = setup.rules.trunkFileSize;
  }

  get isOn(): boolean {
    return this.#space !== null;
  }

  /** The map while this storage is the trunk server, for the commands of other storages; else null. */
  get ownSpace(): SharedTrunkSpace | null {
    return this.#space === null || this.#space.term === 0 ? null : this.#space;
  }

  /** True when an upload of `size` bytes belongs into a slot (§1.2). */
  takes(size: number): boolean {
    return this.#space !== null && SLOT_HEADER_SIZE + size <= this.#space.rules.slotMaxSize;
  }

  /** A slot for a file of `size` bytes, at once where this storage gives it; null: there is none. Does not reject. */
  reserve(storePath: number, size: number): Reservation | null | Promise<Reservation | null> {
    const found = this.reserveHere(storePath, SLOT_HEADER_SIZE + size);
    return found === "not-server" ? this.#reserveRemotely(storePath, size) : found;
  }

  /** The same from this storage's own map; `size` counts the header too. */
  reserveHere(storePath: number, size: number): Reservation | Promise<Reservation | null> | "not-server" {
    const space = this.#space;
    const found = space === null ? "not-server" : space.allocate(storePath, size);
    if (space === null || found === "not-server") return "not-server";
    if (found === "no-space") return this.#reserveInNewFile(space, storePath, size);
    if (found.isLow) this.#options.wantTrunkFile(storePath);
    return { block: found.block, term: found.term, server: null };
  }

  /** False when the role has moved since: what an earlier trunk server gave must not be used any more. */
  isCurrent({ term, server }: Reservation): boolean {
    return server === null ? this.#space?.term === term : this.#current()?.term === term;
  }

  /** The slot was in use already (two trunk servers at once, or one that had forgotten): nobody gets it again. */
  abandon({ block, server }: Reservation): void {
    // In the own map it is taken already.
    if (server !== null) void this.#link.confirm(server, block, Status.EEXIST);
  }

  /** The map may be wrong about this block: what is in use of it on this storage's disk is taken out of the map. */
  #lookInto(block: TrunkInfo): void {
    const space = this.ownSpace;
    const storePath = this.#options.storePaths[block.storePathIndex];
    if (space === null || storePath === undefined || this.slots.isFree(block)) return;
    carveUsedIn(space, block, trunkFilePath(storePath, block));
  }

  /** A slot of another storage is free again. 0; 17: it is free already. */
  release(space: SharedTrunkSpace, block: TrunkInfo): number {
    const status = space.release(block);
    // Returned twice, it may be in use again: only a slot that still has its header here is certain to be the one that is meant.
    if (status === Status.OK && !this.slots.hasHeader(block)) this.#lookInto(block);
    return status;
  }

  /** Tells the trunk server that the slot is written; anything but 0: it must not be used. Does not reject. */
  confirm({ block, server }: Reservation): number | Promise<number> {
    return server === null ? Status.OK : this.#link.confirm(server, block, Status.OK);
  }

  /** Nothing was written. */
  giveUp(reservation: Reservation): void {
    const { block, server, term } = reservation;
    if (server !== null) void this.#link.confirm(server, block, Status.EIO);
    else if (this.#space?.term === term) this.#space.release(block);
  }

  /** A slot that was in use is free again; its bytes are zero already. */
  free(block: TrunkInfo): void {
    if (this.#space !== null && !this.#takeBack(block)) this.#link.giveBack(block);
  }

  /** A file has arrived in this slot from elsewhere: it is not free, whatever the map says. */
  taken(block: TrunkInfo): void {
    // Also while the map is being loaded or the role rests.
    this.#space?.carve(block);
  }

  /** Before records are written: what they speak of stands in the trunk binlog. Throws coded errors. */
  flush(): void {
    this.#journal?.flush();
  }

  /** What became of the wish for a trunk file. */
  fileReady(storePath: number, status: number): void {
    const waiting = this.#waiting[storePath] ?? [];
    this.#waiting[storePath] = [];
    for (const tell of waiting) tell(status);
  }

  close(): void {
    this.#link.close();
    try {
      this.#journal?.flush();
    } catch (error) {
      this.#options.link.warn(`Cannot write the trunk binlog: ${String(error)}`);
    }
    this.#journal?.close();
    this.slots.close();
  }

  async #reserveInNewFile(space: SharedTrunkSpace, storePath: number, size: number): Promise<Reservation | null> {
    const { promise, resolve } = Promise.withResolvers<number>();
    this.#waiting[storePath] ??= [];
    this.#waiting[storePath].push(resolve);
    const timer = setTimeout(() => resolve(Status.ETIMEDOUT), FILE_WAIT_MS);
    this.#options.wantTrunkFile(storePath);
    const status = await promise;
    clearTimeout(timer);
    if (status !== Status.OK) return null;
    const found = space.allocate(storePath, size);
    return typeof found === "string" ? null : { block: found.block, term: found.term, server: null };
  }

  #reserveRemotely(storePath: number, size: number): Promise<Reservation | null> | null {
    const notice = this.#current();
    if (notice === null || notice.isSelf || notice.server === null) return null;
    return this.#ask(notice.server, notice.term, storePath, size);
  }

  async #ask(
    server: NonNullable<Reservation["server"]>,
    term: number,
    storePath: number,
    size: number,
  ): Promise<Reservation | null> {
    const block = await this.#link.allocate(server, storePath, SLOT_HEADER_SIZE + size);
    if (typeof block === "number") return null;
    // Whatever a server answers: no slot elsewhere or too small is ever written.
    const isUsable = block.storePathIndex === storePath && block.size >= SLOT_HEADER_SIZE + size && block.offset >= 0;
    return isUsable ? { block, term, server } : null;
  }

  #takeBack(block: TrunkInfo): boolean {
    if (this.#space === null || this.#space.term === 0) return false;
    this.#space.release(block);
    return true;
  }

  /** One that has waited while another storage was the trunk server. */
  #takeLate(block: TrunkInfo): boolean {
    if (!this.#takeBack(block)) return false;
    this.#lookInto(block);
    return true;
  }

  #server(): Reservation["server"] {
    const notice = this.#current();
    return notice === null || notice.isSelf ? null : notice.server;
  }

  #current(): TrunkNotice | null {
    const { scoreboard } = this.#options;
    if (scoreboard.noticeGeneration("trunk") !== this.#noticeGeneration) {
      const { generation, text } = scoreboard.notice("trunk");
      this.#notice = readTrunkNotice(text);
      this.#noticeGeneration = generation;
    }
    return this.#notice;
  }
}
