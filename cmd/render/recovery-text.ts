// What a storage says of the recovery of a lost store path, as one line for `fdfs monitor` and `fdfs explain`. Data in,
// text out.

import type { RecoveryReport } from "../../core/wire/own-commands.ts";
import type { Annotations } from "./cluster-text.ts";
import { reportKey } from "./replication-text.ts";
import { formatBytes, formatDuration } from "./units.ts";

/** Reports by group and storage id; only storages that recover have one. */
export type RecoveryReports = ReadonlyMap<string, RecoveryReport>;

/** `after` with the line of each recovering storage in front of its own. */
export function withRecoveryLines(reports: RecoveryReports, after: Annotations): Annotations {
  return {
    ofGroup: after.ofGroup,
    ofStorage(groupName, id) {
      const report = reports.get(reportKey(groupName, id));
      const lines = after.ofStorage(groupName, id);
      return report === undefined ? lines : [recoveryLine(report), ...lines];
    },
  };
}

/** "recovering store_path0: 12,345 of 20,000 files, 61 %, 80 MB, from 10.0.0.2:23000, 12 seconds to go". */
export function recoveryLine(report: RecoveryReport): string {
  const { storePathIndex, waitingPaths, trouble } = report;
  const more = waitingPaths === 0 ? "" : `, then ${waitingPaths} more store path${waitingPaths === 1 ? "" : "s"}`;
  const why = trouble === "" ? "" : ` (${trouble})`;
  return `recovering store_path${storePathIndex}: ${progressOf(report)}${more}${why}`;
}

function progressOf(report: RecoveryReport): string {
  const { phase, source } = report;
  if (phase === "asking") return "asking the trackers";
  if (phase === "fetching") return `fetching the list of files${fromText(source)}`;
  if (phase === "checking" && report.totalFiles === 0) return `comparing with what ${source} has`;
  return countsOf(report);
}

function countsOf({ totalFiles, doneFiles, bytes, source, etaSeconds }: RecoveryReport): string {
  const percent = totalFiles === 0 ? 100 : Math.floor((doneFiles * 100) / totalFiles);
  const parts = [
    `${grouped(doneFiles)} of ${grouped(totalFiles)} files`,
    `${percent} %`,
    formatBytes(bytes).replace("  ", " "),
    ...(source === "" ? [] : [`from ${source}`]),
    ...(etaSeconds === null ? [] : [`${formatDuration(etaSeconds)} to go`]),
  ];
  return parts.join(", ");
}

const fromText = (source: string): string => (source === "" ? "" : ` from ${source}`);

const grouped = (count: number): string => String(count).replace(/\B(?=(\d{3})+$)/g, ",");
