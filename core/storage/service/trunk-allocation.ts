// What the trunk server does for the other storages of its group (trunk-dedup-recovery.md §1.10): a slot for an upload, its
// confirmation, its return. Whoever is not the trunk server answers 22, as C does.

import type { WholeRoute } from "../../net/frame-protocol.ts";
import { encodeResponse } from "../../wire/command.ts";
import { ProtocolError } from "../../wire/protocol-error.ts";
import { Status } from "../../wire/status.ts";
import { type TrunkInfo, trunkAllocConfirm, trunkAllocSpace, trunkFreeSpace } from "../../wire/storage-sync.ts";
import type { Session } from "../io/session.ts";
import { checkGroup } from "../io/store-paths.ts";
import type { WorkerContext } from "../io/worker-context.ts";
import type { SharedTrunkSpace } from "../trunk/shared-space.ts";
import type { Reservation } from "../trunk/trunk-store.ts";

/** Slots that turn out to be in use before a request is refused: the next one goes on from there. */
const ATTEMPTS = 100;

function requireRole({ trunk }: WorkerContext): SharedTrunkSpace {
  const space = trunk.ownSpace;
  if (space === null) throw new ProtocolError("this storage is not the trunk server");
  return space;
}

function requireBlock(worker: WorkerContext, block: TrunkInfo): void {
  if (block.storePathIndex >= worker.config.storePaths.length || block.offset < 0 || block.size <= 0) {
    throw new ProtocolError(`Cannot use the block at ${block.offset} of trunk file ${block.trunkFileId}`);
  }
}

export const trunkAllocSpaceRoute: WholeRoute<Session> = {
  kind: "whole",
  handle(session, body) {
    const { groupName, size, storePathIndex } = trunkAllocSpace.request.parse(body);
    const { worker } = session;
    checkGroup(worker, groupName);
    const space = requireRole(worker);
    if (size < 0 || size > space.rules.slotMaxSize || storePathIndex >= worker.config.storePaths.length) {
      throw new ProtocolError(`Cannot allocate ${size} bytes in store path ${storePathIndex}`);
    }
    allocate(session, storePathIndex, size, 1);
  },
};

/**
 * A map that was taken over from a C storage may be wrong (§1.7), and the C storage that asks looks at 24 bytes only: what is
 * in use here is not handed out.
 */
function allocate(session: Session, storePathIndex: number, size: number, attempt: number): void {
  const { trunk } = session.worker;
  const answer = (reservation: Reservation | null): void => {
    try {
      if (reservation === null || trunk.slots.isFree(reservation.block)) {
        hold(session, reservation);
        return;
      }
      trunk.abandon(reservation);
      if (attempt === ATTEMPTS) throw new ProtocolError("the map of free space is wrong", Status.EAGAIN);
      allocate(session, storePathIndex, size, attempt + 1);
    } catch (error) {
      session.failWith(error);
    }
  };
  const reserved = trunk.reserveHere(storePathIndex, size);
  if (reserved === "not-server") throw new ProtocolError("this storage is not the trunk server");
  if (reserved instanceof Promise) void reserved.then(answer);
  else answer(reserved);
}

function hold(session: Session, reservation: Reservation | null): void {
  const { trunk } = session.worker;
  if (reservation === null) throw new ProtocolError("no trunk file has room", Status.ENOSPC);
  const { block, term } = reservation;
  const space = trunk.ownSpace;
  if (space === null || space.term !== term || !space.hold(block, term)) {
    trunk.giveUp(reservation);
    throw new ProtocolError("the role has moved, or too many slots wait for their confirmation", Status.EAGAIN);
  }
  // Whoever is the trunk server next must not hand it out again.
  trunk.flush();
  session.reply(encodeResponse(trunkAllocSpace, block));
}

export const trunkAllocConfirmRoute: WholeRoute<Session> = {
  kind: "whole",
  handle(session, body, { status: outcome }) {
    const { groupName, block } = trunkAllocConfirm.request.parse(body);
    const { worker } = session;
    checkGroup(worker, groupName);
    const space = requireRole(worker);
    requireBlock(worker, block);
    const status = space.confirm(block, outcome);
    worker.trunk.flush();
    session.connection.replyStatus(status);
  },
};

export const trunkFreeSpaceRoute: WholeRoute<Session> = {
  kind: "whole",
  handle(session, body) {
    const { groupName, block } = trunkFreeSpace.request.parse(body);
    const { worker } = session;
    checkGroup(worker, groupName);
    const space = requireRole(worker);
    requireBlock(worker, block);
    const status = worker.trunk.release(space, block);
    worker.trunk.flush();
    session.connection.replyStatus(status);
  },
};
