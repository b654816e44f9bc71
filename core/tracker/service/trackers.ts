// What other trackers ask (tracker.md §7): status, election, the leader's pings, system files.

import { GROUP_NAME_SIZE, STORAGE_ID_SIZE } from "../../wire/limits.ts";
import { ProtocolError } from "../../wire/protocol-error.ts";
import { Status } from "../../wire/status.ts";
import * as cluster from "../../wire/tracker-cluster.ts";
import { standingOf } from "../cluster/standing.ts";
import { systemFiles } from "../state-files/state-folder.ts";
import type { Session } from "./context.ts";

const FILE_PART_BYTES = 8173;
const GROUP_TRUNK_SERVER_SIZE = GROUP_NAME_SIZE + STORAGE_ID_SIZE;

export function getStatus(session: Session, body: Uint8Array): void {
  cluster.trackerGetStatus.request.parse(body);
  const { tracker } = session;
  if (tracker.cluster.groups.length === 0) throw new ProtocolError("no group is known", Status.ENOENT);
  const { upTime, lastCheckTime, leadership, now } = tracker;
  session.reply(cluster.trackerGetStatus, standingOf(upTime, lastCheckTime, now(), leadership.isLeader));
}

export function notifyNextLeader(session: Session, body: Uint8Array): void {
  const { leadership, nowMs } = session.tracker;
  leadership.notifyNext(cluster.notifyNextLeader.request.parse(body).address, nowMs());
  session.done();
}

export function commitNextLeader(session: Session, body: Uint8Array): void {
  const { leadership, nowMs } = session.tracker;
  leadership.commitNext(cluster.commitNextLeader.request.parse(body).address, nowMs());
  session.done();
}

export function notifyReselectLeader(session: Session, body: Uint8Array): void {
  cluster.notifyReselectLeader.request.parse(body);
  session.tracker.leadership.reselect(session.tracker.nowMs());
  session.done();
}

export function joinLeader(session: Session, body: Uint8Array): void {
  const { serverPort, upTime, version } = cluster.joinLeader.request.parse(body);
  const { leadership, now } = session.tracker;
  leadership.requireLeader();
  if (session.follower !== null) throw new ProtocolError("joined already", Status.EEXIST);
  const facts = { port: serverPort, upTime, version };
  const peer = leadership.acceptFollower(session.connection.remoteAddress, facts, now());
  session.follower = { peer, toldTrunkChanges: 0 };
  session.done();
}

/** The follower learns the trunk servers with its first ping and whenever one has changed. */
export function pingLeader(session: Session, body: Uint8Array): void {
  const connections = cluster.pingLeader.request.parse(body);
  const { leadership, cluster: state, now, maxPackageBytes } = session.tracker;
  leadership.requireLeader();
  const { follower } = session;
  if (follower === null) throw new ProtocolError("not joined");
  follower.peer.lastPing = now();
  follower.peer.connections = connections;
  const groups =
    follower.toldTrunkChanges === state.trunkServerChanges
      ? []
      : state.groups.map((group) => ({
          groupName: group.name,
          trunkServerId: group.trunkServerId,
        }));
  if (groups.length * GROUP_TRUNK_SERVER_SIZE > maxPackageBytes)
    throw new ProtocolError("the list is too long", Status.ENOSPC);
  follower.toldTrunkChanges = state.trunkServerChanges;
  session.reply(cluster.pingLeader, { groups });
}

export function systemFilesStart(session: Session, body: Uint8Array): void {
  cluster.getSystemFilesStart.request.parse(body);
  const { tracker } = session;
  if (tracker.cluster.groups.length === 0) throw new ProtocolError("no group is known", Status.ENOENT);
  if (tracker.systemFilesReader !== null && tracker.systemFilesReader !== session) {
    throw new ProtocolError("another tracker copies the files", Status.EBUSY);
  }
  tracker.files.save(true);
  tracker.systemFilesReader = session;
  session.systemFiles = systemFiles.map((name) => tracker.files.readPart(name, 0, tracker.files.sizeOf(name)));
  session.done();
}

export function systemFilesEnd(session: Session, body: Uint8Array): void {
  cluster.getSystemFilesEnd.request.parse(body);
  if (session.tracker.systemFilesReader === session) session.tracker.systemFilesReader = null;
  session.systemFiles = null;
  session.done();
}

export function oneSystemFile(session: Session, body: Uint8Array): void {
  const { index, offset } = cluster.getOneSystemFile.request.parse(body);
  const name = systemFiles[index];
  const { files } = session.tracker;
  const held = session.systemFiles?.[index];
  const fileSize = held?.length ?? (name === undefined ? 0 : files.sizeOf(name));
  if (name === undefined || offset < 0 || offset > fileSize)
    throw new ProtocolError(`Cannot read file ${index} at ${offset}`);
  session.reply(cluster.getOneSystemFile, {
    fileSize,
    content: held?.subarray(offset, offset + FILE_PART_BYTES) ?? files.readPart(name, offset, FILE_PART_BYTES),
  });
}
