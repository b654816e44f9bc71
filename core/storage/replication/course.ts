// What a storage does next for one other storage of its group (storage.md §6.4): wait, ask the trackers how it is to be fed,
// copy, report. A pure decision from what is known; time and conversation belong to the task that follows it.

import { StorageStatus } from "../../wire/storage-status.ts";
import type { Mark, Position } from "./mark.ts";

const { INIT, WAIT_SYNC, SYNCING, ACTIVE, DELETED, IP_CHANGED, NONE } = StorageStatus;

export interface PeerFacts {
  /** As the membership has it. */
  readonly status: number;
  /** Null: this peer was never served. */
  readonly mark: Mark | null;
  /** The trackers have been asked since the peer's status last was WAIT_SYNC or SYNCING anew. */
  readonly hasAsked: boolean;
  /** This storage itself has been told where its old files come from. */
  readonly isSettled: boolean;
  /** Everything in the binlog is confirmed. */
  readonly isAtEnd: boolean;
}

export type Step =
  | { readonly kind: "end" }
  | { readonly kind: "wait"; readonly reason: string }
  /** SYNC_SRC_REQ. */
  | { readonly kind: "ask" }
  /** Tell the trackers the peer's new status. */
  | { readonly kind: "report"; readonly status: number }
  | { readonly kind: "finish-old" }
  | { readonly kind: "copy" };

export function nextStep({ status, mark, hasAsked, isSettled, isAtEnd }: PeerFacts): Step {
  if (status === DELETED || status === IP_CHANGED || status === NONE) return { kind: "end" };
  if (status === INIT) return wait("the peer has no source for its old files yet");
  if (status !== WAIT_SYNC && status !== SYNCING && status !== ACTIVE) return wait("the peer is not available");
  const isNew = status === WAIT_SYNC || status === SYNCING;
  if (mark === null || (isNew && !hasAsked)) {
    return isSettled ? { kind: "ask" } : wait("this storage does not know its own source yet");
  }
  if (!mark.needsOld) return isNew ? wait("another storage hands the old files to the peer") : { kind: "copy" };
  if (mark.isOldDone) return isNew ? { kind: "report", status: StorageStatus.OFFLINE } : { kind: "copy" };
  if (isAtEnd) return { kind: "finish-old" };
  return status === WAIT_SYNC ? { kind: "report", status: SYNCING } : { kind: "copy" };
}

const wait = (reason: string): Step => ({ kind: "wait", reason });

/** The trackers' answer to SYNC_SRC_REQ. */
export interface FeedingOrder {
  readonly sourceId: string;
  readonly untilTimestamp: number;
}

/**
 * The mark to go on with after an answer. The same order again is a continuation; another one is a new life of the peer,
 * which starts at the beginning, or, where another storage hands over the old files, at the first own record that counts.
 */
export function markAfterAnswer(
  mark: Mark | null,
  order: FeedingOrder | null,
  ownId: string,
  isNewMember: boolean,
  firstAfter: (untilTimestamp: number) => Position,
): Mark {
  const needsOld = order !== null && order.sourceId === ownId;
  const untilTimestamp = order?.untilTimestamp ?? 0;
  if (mark !== null) {
    const isSame = mark.needsOld === needsOld && mark.untilTimestamp === untilTimestamp;
    if (isSame || !isNewMember) return mark;
  }
  const position = !needsOld && untilTimestamp > 0 ? firstAfter(untilTimestamp) : { index: 0, offset: 0 };
  return { position, needsOld, isOldDone: false, untilTimestamp, scannedRows: 0, copiedRows: 0 };
}
