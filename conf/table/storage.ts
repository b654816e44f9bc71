// Every key of storage.conf (storage.md §8.2): name, kind, default, rule and sentence, once. The store_pathN keys are
// read beside the table, because their number is a setting itself.

import { availableParallelism } from "node:os";
import { bool, choice, int, serverAddresses, size, text, timeOfDay, word } from "../kind.ts";
import { serverKeys } from "./common-keys.ts";
import { logKeys } from "./log-keys.ts";

const KB = 1024;
const GROUP = { pattern: /^[0-9A-Za-z]{1,16}$/, allowed: "1 to 16 of 0-9 A-Z a-z" } as const;

export const storageTable = {
  ...serverKeys,
  innerBindAddr: text({ key: "inner_bind_addr", default: "", doc: "Overrides bind_addr for the inner network." }),
  outerBindAddr: text({ key: "outer_bind_addr", default: "", doc: "Overrides bind_addr for the outer network." }),
  groupName: text({
    key: "group_name",
    default: "",
    ...GROUP,
    doc: "The group this storage belongs to; empty: the tracker's storage ids say it.",
    sample: "group1",
  }),
  clientBind: bool({ key: "client_bind", default: true, doc: "Outgoing connections come from bind_addr." }),
  port: int({ key: "port", default: 23000, min: 1, max: 65535, doc: "Port of the storage." }),
  innerPort: int({ key: "inner_port", default: 0, max: 65535, doc: "Overrides port for the inner network; 0: port." }),
  outerPort: int({ key: "outer_port", default: 0, max: 65535, doc: "Overrides port for the outer network; 0: port." }),
  serverId: text({
    key: "server_id",
    default: "",
    since: "6.11",
    doc: "This storage's id where its address does not tell it (NAT).",
  }),
  networkTimeoutSeconds: int({
    key: "network_timeout",
    default: 60,
    min: 1,
    doc: "Seconds without progress after which a connection is closed.",
  }),
  heartBeatIntervalSeconds: int({
    key: "heart_beat_interval",
    default: 30,
    min: 1,
    doc: "Seconds between heartbeats to the trackers.",
  }),
  statReportIntervalSeconds: int({
    key: "stat_report_interval",
    default: 300,
    min: 1,
    doc: "Seconds between reports of free space.",
  }),
  buffSizeBytes: size({
    key: "buff_size",
    default: 256 * KB,
    min: 8 * KB,
    outside: "clamp",
    doc: "Largest request that is collected in memory; contents of files stream past it.",
  }),
  workThreads: int({
    key: "work_threads",
    default: availableParallelism(),
    min: 1,
    outside: "fail",
    doc: "I/O workers: threads that each accept, read and write.",
    sample: "4",
  }),
  diskRwSeparated: bool({
    key: "disk_rw_separated",
    default: true,
    doc: "Separate disk threads.",
    without: "workers do their own disk work",
  }),
  diskReaderThreads: int({
    key: "disk_reader_threads",
    default: 1,
    doc: "Reading disk threads.",
    without: "workers do their own disk work",
  }),
  diskWriterThreads: int({
    key: "disk_writer_threads",
    default: 1,
    doc: "Writing disk threads.",
    without: "workers do their own disk work",
  }),
  syncMinThreads: int({
    key: "sync_min_threads",
    default: 1,
    min: 1,
    max: 256,
    since: "6.15",
    doc: "Least parallel connections to a peer.",
  }),
  syncMaxThreads: text({
    key: "sync_max_threads",
    default: "auto",
    since: "6.15",
    pattern: /^(auto|\d{1,3})$/i,
    allowed: "auto or 0 to 256",
    doc: "Most parallel connections to a peer; auto: two a store path.",
  }),
  syncWaitMsec: int({
    key: "sync_wait_msec",
    default: 100,
    min: 1,
    doc: "Milliseconds to wait when there is nothing to copy.",
  }),
  syncIntervalMsec: int({ key: "sync_interval", default: 0, doc: "Milliseconds of pause after a batch." }),
  syncStartTimeSeconds: timeOfDay({ key: "sync_start_time", default: 0, doc: "Copying starts at this time of day." }),
  syncEndTimeSeconds: timeOfDay({
    key: "sync_end_time",
    default: 23 * 3600 + 59 * 60,
    doc: "Copying ends at this time of day.",
  }),
  writeMarkFileFreq: int({
    key: "write_mark_file_freq",
    default: 500,
    min: 1,
    doc: "Records between two writes of the position file.",
  }),
  diskRecoveryThreads: int({
    key: "disk_recovery_threads",
    default: 1,
    min: 1,
    outside: "fail",
    since: "6.04",
    doc: "Threads that rebuild a lost disk.",
  }),
  storePathCount: int({
    key: "store_path_count",
    default: 1,
    min: 1,
    max: 256,
    outside: "fail",
    doc: "How many store_path keys follow.",
  }),
  subdirCountPerPath: int({
    key: "subdir_count_per_path",
    default: 256,
    min: 1,
    max: 256,
    outside: "clamp",
    doc: "Directories on each of the two levels below a store path.",
  }),
  trackerServers: serverAddresses({
    key: "tracker_server",
    required: true,
    defaultPort: 22122,
    doc: "A tracker, host:port; one line each.",
    sample: "192.168.209.121:22122",
  }),
  fileDistributePathMode: choice({
    key: "file_distribute_path_mode",
    default: 0,
    choices: [0, 1],
    doc: "Which directory a file goes to: 0 in turn, 1 by hash.",
  }),
  fileDistributeRotateCount: int({
    key: "file_distribute_rotate_count",
    default: 100,
    min: 1,
    doc: "Files in a directory before the next one's turn.",
  }),
  fsyncAfterWrittenBytes: size({
    key: "fsync_after_written_bytes",
    default: 0,
    doc: "Flush after so many bytes.",
    without: "it has no effect in C either: see durability",
  }),
  durability: word({
    key: "durability",
    default: "process",
    words: { process: "process", power: "power" },
    doc: "What an acknowledged operation survives: process = the end of this process (file and record are in the kernel), power = a power cut (both are flushed to the disk first). Not known to C.",
  }),
  syncBinlogBuffIntervalSeconds: int({
    key: "sync_binlog_buff_interval",
    default: 60,
    min: 1,
    doc: "Seconds a binlog record may wait.",
    without: "records are written before the reply",
  }),
  syncStatFileIntervalSeconds: int({
    key: "sync_stat_file_interval",
    default: 60,
    min: 1,
    doc: "Seconds between writes of the statistics file.",
  }),
  uploadPriority: int({
    key: "upload_priority",
    default: 10,
    min: Number.MIN_SAFE_INTEGER,
    doc: "Lower is preferred by trackers with store_server = 2.",
  }),
  ifAliasPrefix: text({
    key: "if_alias_prefix",
    default: "",
    doc: "Prefixes of network interfaces.",
    without: "addresses come from the trackers",
  }),
  checkFileDuplicate: bool({ key: "check_file_duplicate", default: false, doc: "Store equal files once." }),
  fileSignatureMethod: word({
    key: "file_signature_method",
    default: "hash",
    words: { hash: "hash", md5: "md5" },
    doc: "How equal files are recognised: hash or md5.",
  }),
  keyNamespace: text({
    key: "key_namespace",
    default: "",
    doc: "Namespace of the duplicate index.",
    sample: "FastDFS",
  }),
  keepAlive: bool({ key: "keep_alive", default: false, doc: "Keep the connection to the duplicate index." }),
  fileSyncSkipInvalidRecord: bool({
    key: "file_sync_skip_invalid_record",
    default: false,
    since: "4.02",
    doc: "Skip binlog records that cannot be read.",
  }),
  compressBinlog: bool({ key: "compress_binlog", default: false, since: "6.01", doc: "Compress old binlog files." }),
  compressBinlogTimeSeconds: timeOfDay({
    key: "compress_binlog_time",
    default: 5400,
    since: "6.01",
    doc: "Time of day of that.",
  }),
  checkStorePathMark: bool({
    key: "check_store_path_mark",
    default: true,
    since: "6.03",
    doc: "Refuse a store path that belongs to another storage.",
  }),
};

export const storageLogTable = {
  errorLog: logKeys("error-log"),
  accessLog: {
    enabled: bool({
      section: "access-log",
      key: "enabled",
      default: false,
      doc: "Write a line for every client request.",
    }),
    timePrecision: word({
      section: "access-log",
      key: "time_precision",
      default: "ms",
      words: { ms: "ms", millisecond: "ms", us: "us", microsecond: "us" },
      since: "6.16",
      doc: "Unit of times: ms or us.",
    }),
    ...logKeys("access-log"),
  },
};
