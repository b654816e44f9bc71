// Keys of storage.conf about copying between the storages of a group and about its binlog (storage.md §8.2).

import type { ConfValue } from "../ini-adapter.ts";
import { bool, choice, timeOfDay } from "../kinds.ts";
import { integer, milliseconds, seconds } from "../number-kinds.ts";
import type { Reporter, Setting } from "../setting.ts";

/** C: FDFS_FILE_SYNC_MAX_THREADS. */
const SYNC_THREADS_MAX = 256;

const maxThreads = integer({
  key: "sync_max_threads",
  default: 0,
  defaultText: "auto",
  min: 0,
  max: SYNC_THREADS_MAX,
  outside: "clamp",
  since: "6.15",
  doc: "Most tasks that copy to one peer. auto: twice the number of store paths, at least 4. Not less than sync_min_threads.",
});

/** A number, or `auto`, which is 0 here and becomes a number in storage-settings.ts. */
const syncMaxThreads: Setting<number> = {
  ...maxThreads,
  allowed: `auto, or ${maxThreads.allowed}`,
  format: (value) => [value === 0 ? "auto" : String(value)],
  parse(values: readonly ConfValue[], reporter: Reporter) {
    return values.at(-1)!.text.toLowerCase() === "auto" ? 0 : maxThreads.parse(values, reporter);
  },
};

export const storageSyncSettings = {
  syncMinThreads: integer({
    key: "sync_min_threads",
    default: 1,
    min: 1,
    max: SYNC_THREADS_MAX,
    outside: "clamp",
    since: "6.15",
    doc: "Least tasks that copy to one peer.",
  }),
  syncMaxThreads,
  syncWaitMsec: milliseconds({
    key: "sync_wait_msec",
    default: 100,
    min: 1,
    doc: "Pause before the binlog is looked at again when there was nothing to copy.",
  }),
  syncIntervalMsec: milliseconds({
    key: "sync_interval",
    default: 0,
    min: 0,
    doc: "Pause after each copied file. 0: none.",
  }),
  syncStartTimeSeconds: timeOfDay({
    key: "sync_start_time",
    default: "00:00",
    doc: "Copy only from this time of day on.",
  }),
  syncEndTimeSeconds: timeOfDay({
    key: "sync_end_time",
    default: "23:59",
    doc: "Copy only up to this time of day. 00:00 to 23:59 is always.",
  }),
  writeMarkFileFreq: integer({
    key: "write_mark_file_freq",
    default: 500,
    min: 1,
    doc: "Save the position in the binlog after this many copied files.",
  }),
  fileSyncSkipInvalidRecord: bool({
    key: "file_sync_skip_invalid_record",
    default: false,
    since: "4.02",
    doc: "Skip binlog records that cannot be read instead of stopping at them.",
  }),
  diskRecoveryThreads: integer({
    key: "disk_recovery_threads",
    default: 1,
    min: 1,
    outside: "fail",
    since: "6.04",
    doc: "Tasks that fetch the files of a lost store path back from a peer.",
  }),
  syncBinlogBuffIntervalSeconds: seconds({
    key: "sync_binlog_buff_interval",
    default: 60,
    min: 1,
    noMeaning: "a record is written before its request is answered; see durability",
    doc: "How long binlog records wait in memory.",
  }),
  syncStatFileIntervalSeconds: seconds({
    key: "sync_stat_file_interval",
    default: 60,
    min: 1,
    doc: "How often the statistics are saved.",
  }),
  compressBinlog: bool({
    key: "compress_binlog",
    default: false,
    since: "6.01",
    doc: "Compress binlog files that all peers have been served from.",
  }),
  compressBinlogTimeSeconds: timeOfDay({
    key: "compress_binlog_time",
    default: "01:30",
    since: "6.01",
    doc: "When binlog files are compressed.",
  }),
  readThrough: bool({
    key: "read_through",
    default: true,
    since: "fdfs 0.2",
    doc: "A file that is asked for and is not here yet is fetched from a storage of the group that has it and passed on; nothing is stored. Off: missing.",
  }),
  durability: choice<"process" | "power">({
    key: "durability",
    values: { process: "process", power: "power" },
    default: "process",
    since: "fdfs 0.1",
    doc: "What an acknowledged request survives. process: the end of this process (data and binlog record are with the operating system). power: also a power cut (both are on the disk).",
  }),
} as const;
