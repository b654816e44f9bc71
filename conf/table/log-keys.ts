// The log_file_* keys: they stand globally or in [error-log] and [access-log] (http-config-tools.md §1.9).

import { bool, int, size, timeOfDay } from "../kind.ts";

const MAX_ROTATE_BYTES = 64 * 2 ** 30;

/** The keys of one log. */
export function logKeys(section: "error-log" | "access-log") {
  return {
    flushIntervalSeconds: int({
      section,
      key: "sync_log_buff_interval",
      default: 1,
      min: 1,
      doc: "Seconds a log line may wait in memory.",
    }),
    rotateEveryday: bool({
      section,
      key: "log_file_rotate_everyday",
      default: true,
      since: "6.14",
      doc: "Rotate the log every day.",
    }),
    rotateAtSeconds: timeOfDay({
      section,
      key: "log_file_rotate_time",
      default: 0,
      since: "6.14",
      doc: "Time of day of the rotation.",
    }),
    rotateOnSizeBytes: size({
      section,
      key: "log_file_rotate_on_size",
      default: 0,
      max: MAX_ROTATE_BYTES,
      outside: "clamp",
      since: "6.14",
      doc: "Rotate when the log is larger than this; 0: never.",
    }),
    compressOld: bool({
      section,
      key: "log_file_compress_old",
      default: false,
      since: "6.14",
      doc: "Compress rotated logs with gzip.",
    }),
    compressDaysBefore: int({
      section,
      key: "log_file_compress_days_before",
      default: 1,
      since: "6.14",
      doc: "Compress those older than this many days.",
    }),
    keepDays: int({
      section,
      key: "log_file_keep_days",
      default: 15,
      since: "6.14",
      doc: "Delete rotated logs after this many days; 0: keep all.",
    }),
    deleteAtSeconds: timeOfDay({
      section,
      key: "log_file_delete_old_time",
      default: 5400,
      since: "6.14",
      doc: "Time of day of the deletion.",
    }),
  };
}
