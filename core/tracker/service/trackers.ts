// What other trackers ask (tracker.md §7): status, election, the leader's pings, system files.

import { ProtocolError } from "../../wire/protocol-error.ts";
import { Status } from "../../wire/status.ts";
import * as cluster from "../../wire/tracker-cluster.ts";
import { systemFiles } from "../state-files/state-folder.ts";
import type { Session } from "./context.ts";

const SECONDS_STEP = 300;
const FILE_PART_BYTES = 8173;
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

/** Connections of followers that have joined, with the trunk servers' state they were told. */
const followers = new WeakMap<Session, { toldTrunk: string | null }>();

export function joinLeader(session: Session, body: Uint8Array): void {
  const { serverPort } = cluster.joinLeader.request.parse(body);
  const { leadership } = session.tracker;
  if (!leadership.isLeader) throw new ProtocolError("this tracker does not lead", Status.EOPNOTSUPP);
  if (followers.has(session)) throw new ProtocolError("joined already", Status.EEXIST);
  const peer = session.connection.remoteAddress;
  const isKnown = leadership.trackers.some(({ hosts, port }) => port === serverPort && hosts.includes(peer));
  if (!isKnown) throw new ProtocolError(`${peer}:${serverPort} is not a known tracker`, Status.ENOENT);
  followers.set(session, { toldTrunk: null });
  session.done();
}

export function pingLeader(session: Session, body: Uint8Array): void {
  cluster.pingLeader.request.parse(body);
  const { leadership, cluster: state } = session.tracker;
  if (!leadership.isLeader) throw new ProtocolError("this tracker does not lead", Status.EOPNOTSUPP);
  const follower = followers.get(session);
  if (follower === undefined) throw new ProtocolError("not joined");
  const groups = state.groups.map((group) => ({ groupName: group.name, trunkServerId: group.trunkServerId }));
  const trunk = JSON.stringify(groups);
  const isNews = trunk !== follower.toldTrunk;
  follower.toldTrunk = trunk;
  session.reply(cluster.pingLeader, { groups: isNews ? groups : [] });
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
  session.reply(cluster.getOneSystemFile, { fileSize, content: files.readPart(name, offset, FILE_PART_BYTES) });
}
