// A name for a new file that no other file has: made from time, size, CRC32 and random numbers (storage.md §4).

import { formatTail } from "../../fileid/file-id.ts";
import { encodeBlock } from "../../fileid/packed-block.ts";
import { Op } from "../binlog/record.ts";
import { pathOf, placeNewFile } from "../io/store-paths.ts";
import type { WorkerContext } from "../io/worker-context.ts";

const NAME_ATTEMPTS = 10;
const RANDOM_RANGE = 0x80_0000;
const DIGITS_RANGE = 10_000_000;

export interface FreshFile {
  readonly kind: "normal" | "appender";
  readonly storePath: number;
  /** Bytes. */
  readonly size: number;
  /** Without dot. */
  readonly ext: string;
}

/** Tries fresh names until one is free: `create` throws EEXIST on a taken one. Returns the logic name. */
export function withFreshName(
  worker: WorkerContext,
  { storePath, kind, size, ext }: FreshFile,
  timestamp: number,
  crc: number,
  create: (path: string) => void,
): string {
  for (let attempt = 1; ; attempt++) {
    const random = Math.floor(Math.random() * RANDOM_RANGE);
    const block = encodeBlock(worker.config.sourceBytes, timestamp, kind, size, crc, random);
    const name = placeNewFile(worker, storePath, block, formatTail(ext, Math.floor(Math.random() * DIGITS_RANGE)));
    try {
      worker.commits.intend(Op.CREATE, name);
      create(pathOf(worker, storePath, name));
      return name;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST" || attempt === NAME_ATTEMPTS) throw error;
    }
  }
}
