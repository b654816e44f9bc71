// The counters of a storage by name: every number of the heartbeat's statistics block (tracker.md §2.5) that the data
// plane counts. Each worker adds to a row of its own; the control thread sums the rows.

import type { StorageStat } from "../../wire/storage-stat.ts";

/** Counters in storage_stat.dat and in the heartbeat. The two `last*` ones are moments, the greatest of all rows counts. */
export const counterNames = [
  "totalUploadCount",
  "successUploadCount",
  "totalAppendCount",
  "successAppendCount",
  "totalModifyCount",
  "successModifyCount",
  "totalTruncateCount",
  "successTruncateCount",
  "totalSetMetaCount",
  "successSetMetaCount",
  "totalDeleteCount",
  "successDeleteCount",
  "totalDownloadCount",
  "successDownloadCount",
  "totalGetMetaCount",
  "successGetMetaCount",
  "totalCreateLinkCount",
  "successCreateLinkCount",
  "totalDeleteLinkCount",
  "successDeleteLinkCount",
  "totalUploadBytes",
  "successUploadBytes",
  "totalAppendBytes",
  "successAppendBytes",
  "totalModifyBytes",
  "successModifyBytes",
  "totalDownloadBytes",
  "successDownloadBytes",
  "totalSyncInBytes",
  "successSyncInBytes",
  "totalSyncOutBytes",
  "successSyncOutBytes",
  "totalFileOpenCount",
  "successFileOpenCount",
  "totalFileReadCount",
  "successFileReadCount",
  "totalFileWriteCount",
  "successFileWriteCount",
  "lastSourceUpdate",
  "lastSyncUpdate",
] as const satisfies readonly (keyof StorageStat)[];

export type CounterName = (typeof counterNames)[number];

/** Position of each counter in a row. */
export const Counter = Object.fromEntries(counterNames.map((name, index) => [name, index])) as Readonly<
  Record<CounterName, number>
>;

/** Moments are not summed. */
export function isMoment(name: CounterName): boolean {
  return name === "lastSourceUpdate" || name === "lastSyncUpdate";
}
