// What joined storages send over their long connection (tracker.md §4).

import { isIPv6 } from "node:net";
import type { ServerAddress } from "../../../conf/server-address.ts";
import type { Command } from "../../wire/command.ts";
import { MAX_STORAGES_PER_GROUP, MULTI_HOST_PORT_SIZE } from "../../wire/limits.ts";
import { ProtocolError } from "../../wire/protocol-error.ts";
import { Status } from "../../wire/status.ts";
import {
  fetchTrunkFileId as fetchTrunkFileIdCommand,
  reportTrunkFileId as reportTrunkFileIdCommand,
  reportTrunkFree as reportTrunkFreeCommand,
} from "../../wire/tracker-lookup.ts";
import * as report from "../../wire/tracker-report.ts";
import { joinStorage } from "../cluster/join.ts";
import * as life from "../cluster/life.ts";
import * as reports from "../cluster/reports.ts";
import type { Session } from "./context.ts";

const JOIN_FIXED_SIZE = 145;
/**
 * So often a storage is told leader and members though nothing has changed: what it has mistaken, or heard from a tracker
 * that wrongly took itself for the leader, does not last.
 */
const TELL_ALL_BEATS = 4;
const UNTOLD = -1;
const CHANGELOG_PART = 8 * 1024;

export function join(session: Session, body: Uint8Array): void {
  const { leadership, systemFilesCopy } = session.tracker;
  if (body.length < JOIN_FIXED_SIZE) throw new ProtocolError(`Cannot join with ${body.length} bytes`);
  const request = report.storageJoin.request.parse(body);
  if (body.length > JOIN_FIXED_SIZE + request.trackerCount * MULTI_HOST_PORT_SIZE)
    throw new ProtocolError(`Cannot join with ${body.length} bytes`);
  const trackers = leadership.parseTrackers(request.trackerLines, request.trackerCount);
  leadership.learnOwnAddresses([session.connection.localAddress, request.currentTrackerIp]);
  const copy = systemFilesCopy.beforeJoin(trackers);
  if (copy === null) session.reply(report.storageJoin, admit(session, request, trackers));
  else
    session.replyLater(report.storageJoin, async () => {
      await copy;
      if (session.connection.isClosed) throw new ProtocolError("the storage did not wait", Status.ECONNRESET);
      return admit(session, request, trackers);
    });
}

function admit(
  session: Session,
  request: report.JoinRequest,
  trackers: readonly ServerAddress[],
): { myStatus: number; syncSourceId: string } {
  const { cluster, leadership, files, log } = session.tracker;
  const { connection } = session;
  leadership.learnTrackers(trackers);
  if (!cluster.settings.useStorageId && isIPv6(connection.remoteAddress)) {
    throw new ProtocolError("storages with IPv6 addresses need storage ids");
  }
  const joined = joinStorage(cluster, request, connection.remoteAddress, session, files.changelogSize);
  session.joined = joined;
  files.save();
  const { storage } = joined;
  log.info(
    `storage ${storage.id} of ${storage.groupName} joined from ${connection.remoteAddress}:${storage.port}, status ${storage.status}`,
  );
  return { myStatus: storage.status, syncSourceId: storage.syncSourceId };
}

function answer(session: Session, command: Command<never, report.ReportAnswer>): void {
  const { group, storage } = session.requireJoined();
  const { leadership } = session.tracker;
  const { remoteAddress } = session.connection;
  const result = reports.answerReport(group, storage, leadership.view, session.toldLeaderChanges, remoteAddress);
  session.toldLeaderChanges = result.toldLeaderChanges;
  session.reply(command, result.answer);
}

export function beat(session: Session, body: Uint8Array): void {
  const { group, storage } = session.requireJoined();
  const { cluster, now } = session.tracker;
  reports.beat(cluster, group, storage, body, now());
  if (++session.beats % TELL_ALL_BEATS === 0) {
    storage.toldGroupChanges = UNTOLD;
    session.toldLeaderChanges = UNTOLD;
  }
  answer(session, report.storageBeat as Command<never, report.ReportAnswer>);
}

export function diskUsage(session: Session, body: Uint8Array): void {
  const { group, storage } = session.requireJoined();
  reports.diskUsage(session.tracker.cluster, group, storage, report.reportDiskUsage.request.parse(body).paths);
  answer(session, report.reportDiskUsage as Command<never, report.ReportAnswer>);
}

export function syncReport(session: Session, body: Uint8Array): void {
  const { group, storage } = session.requireJoined();
  const { timestamps } = report.syncReport.request.parse(body);
  if (timestamps.length === 0) throw new ProtocolError("Cannot use an empty sync report");
  reports.syncReported(session.tracker.cluster, group, storage, timestamps);
  answer(session, report.syncReport as Command<never, report.ReportAnswer>);
}

export function syncDestRequest(session: Session, body: Uint8Array): void {
  const { group, storage } = session.requireJoined();
  report.syncDestRequest.request.parse(body);
  const { cluster, files, now } = session.tracker;
  const source = life.chooseSyncSource(cluster, group, storage, now());
  files.save();
  session.reply(report.syncDestRequest, {
    sources: source === null ? [] : [source],
  });
}

export function syncDestQuery(session: Session, body: Uint8Array): void {
  const { storage } = session.requireJoined();
  report.syncDestQuery.request.parse(body);
  const source = {
    sourceId: storage.syncSourceId,
    untilTimestamp: storage.syncUntilTimestamp,
  };
  session.reply(report.syncDestQuery, {
    sources: source.sourceId === "" ? [] : [source],
  });
}

export function syncSourceRequest(session: Session, body: Uint8Array): void {
  const { groupName, destinationId } = report.syncSourceRequest.request.parse(body);
  const source = life.querySyncSource(session.tracker.cluster, groupName, destinationId);
  session.reply(report.syncSourceRequest, {
    sources: source === null ? [] : [source],
  });
}

export function syncNotify(session: Session, body: Uint8Array): void {
  const { group, storage } = session.requireJoined();
  const { cluster, files } = session.tracker;
  life.notifySyncSource(cluster, group, storage, report.syncNotify.request.parse(body));
  files.save();
  session.done();
}

export function replicaChange(session: Session, body: Uint8Array): void {
  const { group } = session.requireJoined();
  const { briefs } = report.replicaChange.request.parse(body);
  if (briefs.length === 0 || briefs.length > MAX_STORAGES_PER_GROUP)
    throw new ProtocolError(`Cannot use ${briefs.length} members`);
  const { cluster, leadership, files } = session.tracker;
  // The leader knows better; a follower learns (tracker.md §4.9).
  if (!leadership.isLeader) for (const brief of briefs) life.mergeBrief(cluster, group, brief);
  files.save();
  session.done();
}

export function reportStatus(session: Session, body: Uint8Array): void {
  const { groupName, brief } = report.reportStatus.request.parse(body);
  const { cluster, files } = session.tracker;
  const group = cluster.find(groupName);
  if (group === undefined) throw new ProtocolError(`${groupName} is not there`, Status.ENOENT);
  life.mergeBrief(cluster, group, brief);
  files.save();
  session.done();
}

export function changeStatus(session: Session, body: Uint8Array): void {
  const { group, storage } = session.requireJoined();
  const { cluster, files } = session.tracker;
  life.changeStatus(cluster, group, storage, report.changeStatus.request.parse(body).status);
  files.save();
  session.done();
}

export function changelog(session: Session, body: Uint8Array): void {
  const { storages } = report.changelogRequest.request.parse(body);
  const { cluster, files } = session.tracker;
  const [named, ...rest] = storages;
  if (rest.length > 0) throw new ProtocolError(`Cannot use ${body.length} bytes`);
  const { joined } = session;
  if ((joined === null) === (named === undefined)) throw new ProtocolError(`Cannot use ${body.length} bytes`);
  const storage = joined?.storage ?? cluster.find(named?.groupName ?? "")?.find(named?.id ?? "");
  if (storage === undefined) throw new ProtocolError(`${named?.id} is not there`, Status.ENOENT);
  const lines = files.readChangelog(storage.changelogOffset, CHANGELOG_PART);
  if (lines.length > 0) {
    storage.changelogOffset += lines.length;
    cluster.stale.servers = true;
    files.save();
  }
  session.reply(report.changelogRequest, { lines });
}

export function ipChanged(session: Session, body: Uint8Array): void {
  const { groupName, oldIp, newIp } = report.reportIpChanged.request.parse(body);
  const { cluster, files, now } = session.tracker;
  life.changeAddress(cluster, groupName, oldIp, newIp, session.connection.remoteAddress, now());
  files.save();
  session.done();
}

export function fetchTrunkFileId(session: Session, body: Uint8Array): void {
  const { group } = session.requireJoined();
  fetchTrunkFileIdCommand.request.parse(body);
  session.reply(fetchTrunkFileIdCommand, {
    trunkFileId: group.currentTrunkFileId,
  });
}

export function reportTrunkFileId(session: Session, body: Uint8Array): void {
  const { group, storage } = session.requireJoined();
  const { cluster, files } = session.tracker;
  reports.trunkFileId(cluster, group, storage, reportTrunkFileIdCommand.request.parse(body).trunkFileId);
  files.save();
  session.done();
}

export function reportTrunkFree(session: Session, body: Uint8Array): void {
  const { group, storage } = session.requireJoined();
  reports.trunkFree(session.tracker.cluster, group, storage, reportTrunkFreeCommand.request.parse(body).freeMb);
  session.done();
}
