// The trackers' settings of trunk files as a storage understands them (trunk-dedup-recovery.md §1.1): text to typed values
// with the storage's own defaults, which are not the tracker's.

import { readSize, readTimeOfDay } from "../../../conf/index.ts";

/** Sizes in bytes, times in seconds. */
export interface TrunkParameters {
  /** Smallest slot; also the smallest remainder that is kept. Never below the alignment. */
  readonly slotMinSize: number;
  /** Largest slot, its header of 24 bytes included. */
  readonly slotMaxSize: number;
  /** Slots are rounded up to a multiple; 0 = they are not. */
  readonly allocAlignmentSize: number;
  readonly trunkFileSize: number;
  readonly createFileAdvance: boolean;
  /** Second of the day. */
  readonly createFileTimeBase: number;
  /** 0 = files are never created ahead. */
  readonly createFileInterval: number;
  readonly createFileSpaceThreshold: number;
  readonly initCheckOccupying: boolean;
  readonly initReloadFromBinlog: boolean;
  readonly freeSpaceMerge: boolean;
  readonly deleteUnusedTrunkFiles: boolean;
  /** A snapshot compresses the binlog when so long has passed; 0 = it does not. */
  readonly compressBinlogMinInterval: number;
  /** 0 = the binlog is not compressed at fixed times. */
  readonly compressBinlogInterval: number;
  /** Second of the day. */
  readonly compressBinlogTimeBase: number;
  /** Old binlogs that TRUNCATE keeps; 0 = the binlog is cut. */
  readonly binlogMaxBackups: number;
}

const DEFAULT_SLOT_MIN = 256;
const DEFAULT_TRUNK_FILE_SIZE = 64 * 1024 * 1024;
const DEFAULT_CREATE_INTERVAL = 86_400;

/** `get` finds a key's text. What is missing or no number is the storage's default, as in C. */
export function parseTrunkParameters(get: (key: string) => string | undefined): TrunkParameters {
  const flag = (key: string): boolean => /^(true|yes|on|1)$/i.test(get(key) ?? "");
  const size = (key: string, otherwise: number): number => {
    const text = get(key) ?? "";
    return text === "" ? otherwise : (readSize(text) ?? otherwise);
  };
  const number = (key: string, otherwise: number): number => {
    const value = Number.parseInt(get(key) ?? "", 10);
    return value >= 0 ? value : otherwise;
  };
  const time = (key: string, otherwise: string): number => readTimeOfDay(get(key) ?? otherwise) ?? 0;
  const trunkFileSize = size("trunk_file_size", DEFAULT_TRUNK_FILE_SIZE) || DEFAULT_TRUNK_FILE_SIZE;
  const allocAlignmentSize = size("trunk_alloc_alignment_size", 0);
  return {
    slotMinSize: Math.max(size("slot_min_size", DEFAULT_SLOT_MIN), allocAlignmentSize),
    slotMaxSize: size("slot_max_size", Math.floor(trunkFileSize / 4)),
    allocAlignmentSize,
    trunkFileSize,
    createFileAdvance: flag("trunk_create_file_advance"),
    createFileTimeBase: time("trunk_create_file_time_base", "02:00"),
    createFileInterval: number("trunk_create_file_interval", DEFAULT_CREATE_INTERVAL),
    createFileSpaceThreshold: size("trunk_create_file_space_threshold", 0),
    initCheckOccupying: flag("trunk_init_check_occupying"),
    initReloadFromBinlog: flag("trunk_init_reload_from_binlog"),
    freeSpaceMerge: flag("trunk_free_space_merge"),
    deleteUnusedTrunkFiles: flag("delete_unused_trunk_files"),
    compressBinlogMinInterval: number("trunk_compress_binlog_min_interval", 0),
    compressBinlogInterval: number("trunk_compress_binlog_interval", 0),
    compressBinlogTimeBase: time("trunk_compress_binlog_time_base", "03:00"),
    binlogMaxBackups: number("trunk_binlog_max_backups", 0),
  };
}
