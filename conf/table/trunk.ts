// The trunk keys of tracker.conf: small files packed into large ones (tracker.md §9.2). The tracker decides them for the
// whole cluster and hands them to the storages.

import { bool, timeOfDay } from "../kinds.ts";
import { integer, seconds, size } from "../number-kinds.ts";

export const trunkSettings = {
  useTrunkFile: bool({
    key: "use_trunk_file",
    default: false,
    since: "3.00",
    doc: "Pack small files into large trunk files.",
  }),
  slotMinSizeBytes: size({
    key: "slot_min_size",
    default: 256,
    min: 1,
    outside: "fail",
    invalid: "fail",
    since: "3.00",
    doc: "Smallest piece of a trunk file. More than 64KB is taken as 64KB; raised to trunk_alloc_alignment_size.",
  }),
  trunkFileSizeBytes: size({
    key: "trunk_file_size",
    default: 64 * 1024 ** 2,
    min: 4 * 1024 ** 2,
    max: 2 ** 31 - 1,
    outside: "clamp",
    invalid: "fail",
    since: "3.00",
    doc: "Size of a trunk file.",
  }),
  slotMaxSizeBytes: size({
    key: "slot_max_size",
    default: 0,
    defaultText: "trunk_file_size / 8",
    invalid: "fail",
    since: "3.00",
    example: "1MB",
    doc: "Files whose size and 24 bytes more fit into this go into trunk files. At most half of trunk_file_size, more than slot_min_size.",
  }),
  trunkAllocAlignmentSizeBytes: integer({
    key: "trunk_alloc_alignment_size",
    default: 0,
    since: "6.05",
    doc: "Pieces of trunk files start at multiples of this many bytes: less fragmentation, more waste. 0: no alignment.",
  }),
  trunkFreeSpaceMerge: bool({
    key: "trunk_free_space_merge",
    default: false,
    since: "6.05",
    doc: "Merge neighbouring free pieces of a trunk file.",
  }),
  deleteUnusedTrunkFiles: bool({
    key: "delete_unused_trunk_files",
    default: false,
    since: "6.05",
    doc: "Delete trunk files in which nothing is left.",
  }),
  trunkCreateFileAdvance: bool({
    key: "trunk_create_file_advance",
    default: false,
    since: "3.06",
    doc: "Create trunk files ahead of need.",
  }),
  trunkCreateFileTimeBaseSeconds: timeOfDay({
    key: "trunk_create_file_time_base",
    default: "02:00",
    since: "3.06",
    doc: "When the creation ahead of need starts.",
  }),
  trunkCreateFileIntervalSeconds: seconds({
    key: "trunk_create_file_interval",
    default: 86400,
    since: "3.06",
    doc: "How often trunk files are created ahead of need.",
  }),
  trunkCreateFileSpaceThresholdBytes: size({
    key: "trunk_create_file_space_threshold",
    default: 0,
    invalid: "fail",
    since: "3.06",
    doc: "Create trunk files while less than this is free in them.",
  }),
  trunkInitCheckOccupying: bool({
    key: "trunk_init_check_occupying",
    default: false,
    since: "3.09",
    doc: "Check at the start that free pieces are really free. Slow.",
  }),
  trunkInitReloadFromBinlog: bool({
    key: "trunk_init_reload_from_binlog",
    default: false,
    since: "3.10",
    doc: "Build the list of free pieces from the trunk binlog instead of its snapshot.",
  }),
  trunkCompressBinlogMinIntervalSeconds: seconds({
    key: "trunk_compress_binlog_min_interval",
    default: 0,
    since: "5.01",
    doc: "Least time between two compressions of the trunk binlog at start or end. 0: never.",
  }),
  trunkCompressBinlogIntervalSeconds: seconds({
    key: "trunk_compress_binlog_interval",
    default: 0,
    since: "6.05",
    doc: "How often the trunk binlog is compressed. 0: never.",
  }),
  trunkCompressBinlogTimeBaseSeconds: timeOfDay({
    key: "trunk_compress_binlog_time_base",
    default: "03:00",
    since: "6.05",
    doc: "When the compression of the trunk binlog starts.",
  }),
  trunkBinlogMaxBackups: integer({
    key: "trunk_binlog_max_backups",
    default: 0,
    since: "6.05",
    doc: "Backups of the trunk binlog that are kept. 0: none.",
  }),
} as const;
