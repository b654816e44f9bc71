// What an administrator changes: deleted storages and groups, the trunk server, and who leads (tracker.md §2.6-§2.9).

import { ProtocolError } from "../../wire/protocol-error.ts";
import { Status } from "../../wire/status.ts";
import * as list from "../../wire/tracker-list.ts";
import { deleteGroup as removeGroup, deleteStorage as removeStorage } from "../cluster/life.ts";
import { activeTrunkServer, namedTrunkServer } from "../cluster/trunk-server.ts";
import type { Session } from "./context.ts";
import { readStorageRequest } from "./lists.ts";

export function deleteStorage(session: Session, body: Uint8Array): void {
  const { groupName, storageId } = readStorageRequest(body, true);
  const { cluster, files, now } = session.tracker;
  removeStorage(cluster, groupName, storageId, now());
  files.save();
  session.done();
}

export function deleteGroup(session: Session, body: Uint8Array): void {
  const { groupName } = list.deleteGroup.request.parse(body);
  const { cluster, files } = session.tracker;
  removeGroup(cluster, groupName);
  files.save();
  session.done();
}

export function getLeader(session: Session, body: Uint8Array): void {
  list.getLeader.request.parse(body);
  session.reply(list.getLeader, {
    address: session.tracker.leadership.leaderText(session.connection.remoteAddress),
  });
}

/** Names the trunk server of a group; without an id the one that is, or the winner of an election. */
export function setTrunkServer(session: Session, body: Uint8Array): void {
  const { groupName, storageId } = readStorageRequest(body, false);
  const { cluster, trunkKeeper, now } = session.tracker;
  const group = cluster.find(groupName);
  if (group === undefined) throw new ProtocolError(`${groupName} is not there`, Status.ENOENT);
  if (!trunkKeeper.isOnDuty)
    throw new ProtocolError("trunk files are off, or this tracker does not lead", Status.EOPNOTSUPP);
  session.replyLater(list.setTrunkServer, async () => {
    let chosen = storageId === "" ? activeTrunkServer(group) : namedTrunkServer(group, storageId);
    if (chosen === undefined) chosen = await trunkKeeper.elect(group, now());
    else if (storageId !== "") await trunkKeeper.appoint(group, chosen, now());
    return { storageId: chosen.id };
  });
}
