// What storages say of their copying, as lines for `fdfs monitor`: one for each peer, one for equal files kept once, and one
// for a group in which records were set aside. Data in, text out.

import type { DuplicatesReport, PeerReport, ReplicationReport } from "../../core/wire/own-commands.ts";
import type { Annotations } from "./cluster-text.ts";
import { formatBytes, formatDuration } from "./units.ts";

/** Reports by group and storage id; a storage that does not tell is absent. */
export type ReplicationReports = ReadonlyMap<string, ReplicationReport>;

export const reportKey = (groupName: string, storageId: string): string => `${groupName}/${storageId}`;

export function replicationLines(reports: ReplicationReports): Annotations {
  return {
    ofStorage(groupName, id) {
      const report = reports.get(reportKey(groupName, id));
      if (report === undefined) return [];
      const { peers, duplicates } = report;
      return [...peers.map(peerLine), ...(duplicates === undefined ? [] : [duplicatesLine(duplicates)])];
    },
    ofGroup: (groupName) => {
      const count = setAsideCount(reports, groupName);
      return count === 0 ? [] : [`records set aside = ${count}`];
    },
  };
}

/** In all storages of a group that tell. */
export function setAsideCount(reports: ReplicationReports, groupName: string): number {
  const peers = [...reports.values()].filter((report) => report.groupName === groupName).flatMap(({ peers }) => peers);
  return peers.reduce((sum, { setAsideRecords }) => sum + setAsideRecords, 0);
}

function duplicatesLine({ index, found, misses, owed }: DuplicatesReport): string {
  return `equal files (${index}): ${found} found, ${misses} stored unseen, ${owed} removals to be told`;
}

function peerLine(peer: PeerReport): string {
  const { id, ipAddress, state, reason, behindBytes, behindSeconds, lagP50Ms, lagP99Ms, setAsideRecords } = peer;
  const parts = [
    reason === "" ? state : `${state} (${reason})`,
    ...(behindBytes === 0 ? [] : [`${formatBytes(behindBytes).replace("  ", " ")} behind`]),
    ...(behindSeconds < 1 ? [] : [`oldest ${formatDuration(Math.round(behindSeconds))}`]),
    ...(lagP50Ms === null || lagP99Ms === null ? [] : [`lag p50 ${lagP50Ms} ms p99 ${lagP99Ms} ms`]),
    `${setAsideRecords} set aside`,
  ];
  return `copies to ${id === ipAddress ? ipAddress : `${id} (${ipAddress})`}: ${parts.join(", ")}`;
}
