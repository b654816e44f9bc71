// The table of a tracker: command number to operation.

import type { Route } from "../../net/frame-protocol.ts";
import { activeTest, quit } from "../../wire/common-commands.ts";
import { Status } from "../../wire/status.ts";
import * as among from "../../wire/tracker-cluster.ts";
import * as list from "../../wire/tracker-list.ts";
import * as lookup from "../../wire/tracker-lookup.ts";
import * as query from "../../wire/tracker-query.ts";
import * as report from "../../wire/tracker-report.ts";
import * as administration from "./administration.ts";
import type { Session } from "./context.ts";
import * as lists from "./lists.ts";
import * as lookups from "./lookups.ts";
import { parameters } from "./parameters.ts";
import * as queries from "./queries.ts";
import * as statistics from "./statistics.ts";
import * as reports from "./storage-reports.ts";
import * as trackers from "./trackers.ts";

type Operation = (session: Session, body: Uint8Array) => void;

const operations: readonly (readonly [{ readonly number: number }, Operation])[] = [
  [quit, ({ connection }) => connection.destroy()],
  [activeTest, ({ connection }, body) => connection.replyStatus(body.length === 0 ? Status.OK : Status.EINVAL)],
  [query.queryStoreWithoutGroupOne, queries.queryStoreWithoutGroupOne],
  [query.queryStoreWithGroupOne, queries.queryStoreWithGroupOne],
  [query.queryStoreWithoutGroupAll, queries.queryStoreWithoutGroupAll],
  [query.queryStoreWithGroupAll, queries.queryStoreWithGroupAll],
  [query.queryFetchOne, queries.queryFetchOne],
  [query.queryFetchAll, queries.queryFetchAll],
  [query.queryUpdate, queries.queryUpdate],
  [list.listOneGroup, lists.listOneGroup],
  [list.listAllGroups, lists.listAllGroups],
  [list.listStorage, lists.listStorage],
  [list.deleteStorage, administration.deleteStorage],
  [list.deleteGroup, administration.deleteGroup],
  [list.setTrunkServer, administration.setTrunkServer],
  [list.getLeader, administration.getLeader],
  [list.trackerClusterStat, statistics.trackerClusterStat],
  [list.storageClusterStatCommand, statistics.storageClusterStat],
  [list.storageVolumnStat, statistics.storageVolumnStat],
  [report.storageJoin, reports.join],
  [report.storageBeat, reports.beat],
  [report.reportDiskUsage, reports.diskUsage],
  [report.syncReport, reports.syncReport],
  [report.syncDestRequest, reports.syncDestRequest],
  [report.syncDestQuery, reports.syncDestQuery],
  [report.syncSourceRequest, reports.syncSourceRequest],
  [report.syncNotify, reports.syncNotify],
  [report.replicaChange, reports.replicaChange],
  [report.reportStatus, reports.reportStatus],
  [report.changeStatus, reports.changeStatus],
  [report.changelogRequest, reports.changelog],
  [report.reportIpChanged, reports.ipChanged],
  [report.parameterRequest, parameters],
  [lookup.getMyIp, lookups.getMyIp],
  [lookup.getGroupName, lookups.getGroupName],
  [lookup.getServerId, lookups.getServerId],
  [lookup.getStorageStatus, lookups.getStorageStatus],
  [lookup.fetchStorageIds, lookups.fetchStorageIds],
  [lookup.fetchTrunkFileId, reports.fetchTrunkFileId],
  [lookup.reportTrunkFileId, reports.reportTrunkFileId],
  [lookup.reportTrunkFree, reports.reportTrunkFree],
  [among.trackerGetStatus, trackers.getStatus],
  [among.notifyNextLeader, trackers.notifyNextLeader],
  [among.commitNextLeader, trackers.commitNextLeader],
  [among.notifyReselectLeader, trackers.notifyReselectLeader],
  [among.joinLeader, trackers.joinLeader],
  [among.pingLeader, trackers.pingLeader],
  [among.getSystemFilesStart, trackers.systemFilesStart],
  [among.getSystemFilesEnd, trackers.systemFilesEnd],
  [among.getOneSystemFile, trackers.oneSystemFile],
];

/** Every command a tracker serves. */
export const trackerRoutes: ReadonlyMap<number, Route<Session>> = new Map(
  operations.map(([command, handle]) => [command.number, { kind: "whole", handle }]),
);
