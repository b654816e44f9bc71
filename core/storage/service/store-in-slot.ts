// Puts a new file into a slot of a trunk file (trunk-dedup-recovery.md §1.8): a slot is reserved, written if it is free,
// confirmed, and only then does the name exist. Where that does not succeed the caller stores a file of its own.

import { formatTail } from "../../fileid/file-id.ts";
import { formatLogicName } from "../../fileid/logic-name.ts";
import { encodeBlock } from "../../fileid/packed-block.ts";
import { encodeTrunkSlot } from "../../fileid/trunk-slot.ts";
import { Status } from "../../wire/status.ts";
import type { TrunkInfo } from "../../wire/storage-sync.ts";
import { Op, UNCONFIRMED } from "../binlog/record.ts";
import type { Session } from "../io/session.ts";
import { locate } from "../io/store-paths.ts";
import type { WorkerContext } from "../io/worker-context.ts";
import type { SlotFiles } from "../trunk/slot-files.ts";
import { type SlotHeader, SlotType } from "../trunk/slot-header.ts";
import { slotPlaceOf } from "../trunk/slot-place.ts";
import type { Reservation } from "../trunk/trunk-store.ts";

/** Slots that turn out to be in use before the file gets a place of its own. */
const ATTEMPTS = 8;
const RANDOM_RANGE = 0x80_0000;
const DIGITS_RANGE = 10_000_000;

export interface SlotPlan {
  readonly session: Session;
  readonly storePath: number;
  /** Bytes. */
  readonly size: number;
  readonly ext: string;
}

export interface SlotContent {
  /** Of links any number. */
  readonly crc: number;
  /** Unix seconds. */
  readonly timestamp: number;
  /** Absent: a file. */
  readonly type?: number;
  /** False: the slot is in use. */
  write(slots: SlotFiles, block: TrunkInfo, header: SlotHeader): boolean;
}

/** A file that stands in its slot and waits for its record. */
export interface SlotFile {
  /** Logic name. */
  readonly name: string;
  /** Its record could not be written: takes it away again. */
  readonly undo: () => void;
}

/** Calls `done`, maybe before it returns; with null there is no slot and nothing was left behind. */
export function storeInSlot(plan: SlotPlan, content: SlotContent, done: (stored: SlotFile | null) => void): void {
  attempt(plan, content, 1, done);
}

function attempt(plan: SlotPlan, content: SlotContent, number: number, done: (stored: SlotFile | null) => void): void {
  const { worker } = plan.session;
  const missed = (): void => {
    worker.scoreboard.trunkMissed();
    done(null);
  };
  const again = (): void => (number === ATTEMPTS ? missed() : attempt(plan, content, number + 1, done));
  const use = (reservation: Reservation | null): void => {
    if (reservation === null) missed();
    else if (worker.trunk.isCurrent(reservation)) write(plan, content, reservation, { again, missed, done });
    else {
      worker.trunk.giveUp(reservation);
      again();
    }
  };
  const reserved = worker.trunk.reserve(plan.storePath, plan.size);
  if (reserved instanceof Promise) void reserved.then(use);
  else use(reserved);
}

interface Ends {
  /** Another slot. */
  again(): void;
  /** No slot at all. */
  missed(): void;
  done(stored: SlotFile): void;
}

function write(plan: SlotPlan, content: SlotContent, reservation: Reservation, ends: Ends): void {
  const { worker } = plan.session;
  const { trunk, commits } = worker;
  const { block } = reservation;
  const { name, header } = nameSlot(plan, content, block);
  const isOwn = reservation.server === null;
  // Another storage has to confirm first, which takes longer than this turn.
  const struckOut = isOwn ? null : commits.intendLong(UNCONFIRMED, name);
  if (isOwn) commits.intend(Op.CREATE, name);
  try {
    if (!content.write(trunk.slots, block, header)) {
      struckOut?.();
      trunk.abandon(reservation);
      ends.again();
      return;
    }
  } catch (error) {
    worker.log.error(`Cannot write ${plan.size} bytes into trunk file ${block.trunkFileId}: ${String(error)}`);
    struckOut?.();
    trunk.giveUp(reservation);
    ends.missed();
    return;
  }
  const undo = (): void => {
    clearSlot(worker, name);
    trunk.free(block);
  };
  commits.flushesFirst(() => trunk.slots.files.forWriting(block));
  const confirmed = (status: number): void => {
    if (status === Status.OK) {
      if (struckOut !== null) commits.intend(Op.CREATE, name);
      struckOut?.();
      ends.done({ name, undo });
      return;
    }
    // The trunk server does not know of the slot any more, or cannot be asked: it may give it to another.
    clearSlot(worker, name);
    struckOut?.();
    ends.again();
  };
  const status = trunk.confirm(reservation);
  if (status instanceof Promise) void status.then(confirmed);
  else confirmed(status);
}

function clearSlot(worker: WorkerContext, name: string): void {
  const place = slotPlaceOf(locate(worker, name));
  if (place !== null) worker.trunk.slots.clear(place);
}

/** The 60-character name and the header that belongs to it (§1.3, §1.4). */
function nameSlot(
  { session, storePath, size, ext }: SlotPlan,
  { crc, timestamp, type = SlotType.FILE }: SlotContent,
  block: TrunkInfo,
): { name: string; header: SlotHeader } {
  const { sourceBytes } = session.worker.config;
  const random = Math.floor(Math.random() * RANDOM_RANGE);
  const tail = formatTail(ext, Math.floor(Math.random() * DIGITS_RANGE));
  const file = encodeBlock(sourceBytes, timestamp, "trunk", size, crc, random) + encodeTrunkSlot(block) + tail;
  return {
    name: formatLogicName(storePath, block.subPathHigh, block.subPathLow, file),
    header: { type, allocatedSize: block.size, fileSize: size, crc32: crc, modifiedAt: timestamp, tail },
  };
}
