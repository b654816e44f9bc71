// The keys of a log: in the global part for all logs, and again in [error-log] or [access-log] for one of them
// (http-config-tools.md §1.9, C: sf_load_log_config).

import { bool, choice, timeOfDay } from "../kinds.ts";
import { integer, seconds, size } from "../number-kinds.ts";
import type { ConfSection, Setting } from "../setting.ts";

/** Found in the section, else in the global part. */
function shared<Value>(entry: Setting<Value>): Setting<Value> {
  return { ...entry, fallsBackToGlobal: true };
}

const logSettings = {
  flushIntervalSeconds: shared(
    seconds({
      key: "sync_log_buff_interval",
      default: 1,
      min: 1,
      doc: "How long a line may wait in memory before it is written to the log file.",
    }),
  ),
  rotateEveryday: shared(
    bool({
      key: "log_file_rotate_everyday",
      default: true,
      since: "6.14",
      doc: "Start a new log file every day, at log_file_rotate_time.",
    }),
  ),
  rotateAtSeconds: shared(
    timeOfDay({
      key: "log_file_rotate_time",
      default: "00:00",
      since: "6.14",
      doc: "When the daily rotation takes place.",
    }),
  ),
  rotateOnSizeBytes: shared(
    size({
      key: "log_file_rotate_on_size",
      default: 0,
      min: 0,
      max: 64 * 1024 ** 3,
      outside: "clamp",
      since: "6.14",
      doc: "Start a new log file when the current one is larger than this. 0: never for its size.",
    }),
  ),
  compressOld: shared(
    bool({
      key: "log_file_compress_old",
      default: false,
      since: "6.14",
      doc: "Compress rotated log files with gzip.",
    }),
  ),
  compressDaysBefore: shared(
    integer({
      key: "log_file_compress_days_before",
      default: 1,
      min: 0,
      since: "6.14",
      doc: "Age in days at which a rotated file is compressed.",
    }),
  ),
  keepDays: shared(
    integer({
      key: "log_file_keep_days",
      default: 15,
      min: 0,
      outside: "clamp",
      since: "6.14",
      doc: "Delete rotated files older than this many days. 0: keep all.",
    }),
  ),
  deleteAtSeconds: shared(
    timeOfDay({
      key: "log_file_delete_old_time",
      default: "01:30",
      since: "6.14",
      doc: "When old log files are deleted.",
    }),
  ),
} as const;

export const errorLogSection = {
  section: "error-log",
  doc: "The error log only. The log keys above may be given here again and then count for this log.",
  settings: logSettings,
} as const satisfies ConfSection;

export const accessLogSection = {
  section: "access-log",
  doc: "The access log, logs/storage_access.log. The log keys above may be given here again for this log.",
  settings: {
    enabled: bool({
      key: "enabled",
      default: false,
      since: "6.14",
      doc: "Write one line for each request of a client.",
    }),
    timePrecision: choice<"ms" | "us">({
      key: "time_precision",
      values: { ms: "ms", us: "us", millisecond: "ms", microsecond: "us" },
      default: "ms",
      otherwise: "ms",
      since: "6.16",
      doc: "Times in milliseconds or microseconds.",
    }),
    ...logSettings,
  },
} as const satisfies ConfSection;
