// What other trackers ask (tracker.md §7): status, election, the leader's pings, system files.

import { GROUP_NAME_SIZE, STORAGE_ID_SIZE } from "../../wire/limits.ts";
import { ProtocolError } from "../../wire/protocol-error.ts";
import { Status } from "../../wire/status.ts";
import * as cluster from "../../wire/tracker-cluster.ts";
import { systemFiles } from "../state-files/state-folder.ts";
import type { Session } from "./context.ts";

const SECONDS_STEP = 300;
const FILE_PART_BYTES = 8173;
const GROUP_TRUNK_SERVER_SIZE = GROUP_NAME_SIZE + STORAGE_ID_SIZE;
const down = (seconds: number): number => Math.floor(seconds / SECONDS_STEP) * SECONDS_STEP;

export function getStatus(session: Session, body: Uint8Array): void {
  cluster.trackerGetStatus.request.parse(body);
  const { tracker } = session;
  if (tracker.cluster.groups.length === 0) throw new ProtocolError("no group is known", Status.ENOENT);
  const { upTime, lastCheckTime } = tracker;
  session.reply(cluster.trackerGetStatus, {
    isLeader: tracker.leadership.isLeader,
    runningTimeSeconds: down(tracker.now() - upTime),
    restartIntervalSeconds: lastCheckTime === 0 ? 0 : down(upTime - lastCheckTime),
  });
}

export function notifyNextLeader(session: Session, body: Uint8Array): void {
  session.tracker.leadership.notifyNext(cluster.notifyNextLeader.request.parse(body).address);
  session.done();
}

export function commitNextLeader(session: Session, body: Uint8Array): void {
  session.tracker.leadership.commitNext(cluster.commitNextLeader.request.parse(body).address);
  session.done();
}

export function notifyReselectLeader(session: Session, body: Uint8Array): void {
  cluster.notifyReselectLeader.request.parse(body);
  session.tracker.leadership.reselect();
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
  session.done();
}

export function systemFilesEnd(session: Session, body: Uint8Array): void {
  cluster.getSystemFilesEnd.request.parse(body);
  if (session.tracker.systemFilesReader === session) session.tracker.systemFilesReader = null;
  session.done();
}

export function oneSystemFile(session: Session, body: Uint8Array): void {
  const { index, offset } = cluster.getOneSystemFile.request.parse(body);
  const name = systemFiles[index];
  const { files } = session.tracker;
  const fileSize = name === undefined ? 0 : files.sizeOf(name);
  if (name === undefined || offset < 0 || offset > fileSize)
    throw new ProtocolError(`Cannot read file ${index} at ${offset}`);
  session.reply(cluster.getOneSystemFile, {
    fileSize,
    content: files.readPart(name, offset, FILE_PART_BYTES),
  });
}
