// What a storage remembers about itself over restarts: `.data_init_flag` (storage.md §5.1), byte for byte as C keeps it.
// Text in, text out, and the file; what the facts mean is decided elsewhere.

import { join } from "node:path";
import { parseConfText } from "../../../conf/index.ts";
import { readTextFile, writeFileAtomically } from "../../disk/atomic-file.ts";
import type { Owner } from "../../disk/owner.ts";

/** Identity, state of the first copy, and marks of the store paths. */
export interface InitFlag {
  /** First start ever, unix seconds. */
  readonly joinTime: number;
  /** A tracker has said where the old files come from (or that there are none); not that they have arrived. */
  readonly syncOldDone: boolean;
  /** Id of the storage that hands the old files over; "" = none. */
  readonly syncSourceId: string;
  readonly syncUntilTimestamp: number;
  /** Own addresses, comma separated; "" = not known yet. */
  readonly lastIpAddress: string;
  readonly lastServerPort: number;
  readonly currentTrunkFileId: number;
  readonly trunkLastCompressTime: number;
  readonly trunkBinlogCompressStage: number;
  /** By store path index; null = none. */
  readonly storePathMarks: readonly (string | null)[];
}

/** The state of a storage that starts for the first time. */
export function firstInitFlag(nowSeconds: number, port: number, storePathCount: number): InitFlag {
  return {
    joinTime: nowSeconds,
    syncOldDone: false,
    syncSourceId: "",
    syncUntilTimestamp: 0,
    lastIpAddress: "",
    lastServerPort: port,
    currentTrunkFileId: 0,
    trunkLastCompressTime: 0,
    trunkBinlogCompressStage: 0,
    storePathMarks: new Array<null>(storePathCount).fill(null),
  };
}

/** The file's text, keys in C's order. */
export function formatInitFlag(flag: InitFlag): string {
  const lines = [
    `storage_join_time=${flag.joinTime}`,
    `sync_old_done=${flag.syncOldDone ? 1 : 0}`,
    `sync_src_server=${flag.syncSourceId}`,
    `sync_until_timestamp=${flag.syncUntilTimestamp}`,
    `last_ip_addr=${flag.lastIpAddress}`,
    `last_server_port=${flag.lastServerPort}`,
    `current_trunk_file_id=${flag.currentTrunkFileId}`,
    `trunk_last_compress_time=${flag.trunkLastCompressTime}`,
    `trunk_binlog_compress_stage=${flag.trunkBinlogCompressStage}`,
  ];
  for (const [index, mark] of flag.storePathMarks.entries()) {
    if (mark !== null) lines.push(`store_path_mark${index}=${mark}`);
  }
  return `${lines.join("\n")}\n`;
}

/** Reads the text; throws an Error naming `file` when one of the three keys that C requires is missing. */
export function parseInitFlag(text: string, file: string, storePathCount: number): InitFlag {
  const document = parseConfText(text, file);
  const required = (key: string): string => {
    const value = document.get(key);
    if (value !== undefined) return value;
    throw new Error(`Cannot start: ${file} has no ${key}; restore the file, it holds the storage's identity`);
  };
  const number = (key: string): number => Number.parseInt(document.get(key) ?? "0", 10) || 0;
  return {
    joinTime: Number.parseInt(required("storage_join_time"), 10) || 0,
    syncOldDone: (Number.parseInt(required("sync_old_done"), 10) || 0) !== 0,
    syncSourceId: required("sync_src_server"),
    syncUntilTimestamp: number("sync_until_timestamp"),
    lastIpAddress: document.get("last_ip_addr") ?? "",
    lastServerPort: number("last_server_port"),
    currentTrunkFileId: number("current_trunk_file_id"),
    trunkLastCompressTime: number("trunk_last_compress_time"),
    trunkBinlogCompressStage: number("trunk_binlog_compress_stage"),
    storePathMarks: Array.from(
      { length: storePathCount },
      (_, index) => document.get(`store_path_mark${index}`) || null,
    ),
  };
}

/** `.data_init_flag` on disk with the state it holds: every change is written before it counts. */
export class InitFlagFile {
  readonly path: string;
  readonly isFirstStart: boolean;
  readonly #owner: Owner | undefined;
  #flag: InitFlag;

  /** Loads the file; without one this is a first start with `first`. Writes nothing; throws when it cannot be used. */
  constructor(basePath: string, first: InitFlag, owner: Owner | undefined) {
    this.#owner = owner;
    this.path = join(basePath, "data", ".data_init_flag");
    const text = readTextFile(this.path);
    this.isFirstStart = text === null;
    this.#flag = text === null ? first : parseInitFlag(text, this.path, first.storePathMarks.length);
  }

  get value(): InitFlag {
    return this.#flag;
  }

  /** Changes some facts and replaces the file; the change does not count when the file could not be written. */
  update(changes: Partial<InitFlag>): void {
    const next = { ...this.#flag, ...changes };
    writeFileAtomically(this.path, formatInitFlag(next), this.#owner === undefined ? {} : { owner: this.#owner });
    this.#flag = next;
  }
}
