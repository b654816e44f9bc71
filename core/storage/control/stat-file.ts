// storage_stat.dat (storage.md §5.2): the counters of a storage over restarts, keys in C's order. The running counters
// live in the scoreboard; this file reads and writes text.

import { parseConfText } from "../../../conf/index.ts";
import { type CounterName, counterNames } from "../scoreboard/counters.ts";

/** Where the next new file goes when directories take turns (storage.md §4.8). */
interface DirectoryTurn {
  readonly high: number;
  readonly low: number;
  readonly count: number;
}

export interface SavedStat {
  readonly counters: Readonly<Record<CounterName, number>>;
  readonly directory: DirectoryTurn;
}

/** The order of the file differs from the heartbeat's in the counts after truncate. */
const fileOrder: readonly CounterName[] = [
  "totalUploadCount",
  "successUploadCount",
  "totalAppendCount",
  "successAppendCount",
  "totalModifyCount",
  "successModifyCount",
  "totalTruncateCount",
  "successTruncateCount",
  "totalDownloadCount",
  "successDownloadCount",
  "lastSourceUpdate",
  "lastSyncUpdate",
  "totalSetMetaCount",
  "successSetMetaCount",
  "totalDeleteCount",
  "successDeleteCount",
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
];

/** `successUploadCount` -> `success_upload_count`, the key in the file. */
function keyOf(name: CounterName): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

export function formatStatFile({ counters, directory }: SavedStat): string {
  const lines = fileOrder.map((name) => `${keyOf(name)}=${counters[name]}`);
  lines.push(
    `dist_path_index_high=${directory.high}`,
    `dist_path_index_low=${directory.low}`,
    `dist_write_file_count=${directory.count}`,
  );
  return `${lines.join("\n")}\n`;
}

/** Missing keys, an empty or absent (null) file: zeros. */
export function parseStatFile(text: string | null, file: string): SavedStat {
  const document = parseConfText(text ?? "", file);
  const number = (key: string): number => {
    const value = Number.parseInt(document.get(key) ?? "0", 10);
    return Number.isSafeInteger(value) && value > 0 ? value : 0;
  };
  const counters = Object.fromEntries(counterNames.map((name) => [name, number(keyOf(name))]));
  return {
    counters: counters as Record<CounterName, number>,
    directory: {
      high: number("dist_path_index_high"),
      low: number("dist_path_index_low"),
      count: number("dist_write_file_count"),
    },
  };
}
