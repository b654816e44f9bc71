// The data binlog as the audit reads it: all files from the oldest that is left, packed ones without unpacking them on the
// disk. Nothing is changed, and a storage may append meanwhile.

import { createReadStream, existsSync, statSync } from "node:fs";
import { createGunzip } from "node:zlib";
import { binlogPath, readBinlogIndex } from "../../binlog/binlog-files.ts";

const LF = 10;
const PIECE_BYTES = 1024 * 1024;

export interface BinlogFile {
  readonly path: string;
  readonly isPacked: boolean;
  readonly size: number;
}

/** The files that there are. `missing`: numbers of those that are gone. `folder`: `BASE/data/sync`. */
export function binlogFiles(folder: string): { readonly files: BinlogFile[]; readonly missing: number[] } {
  const files: BinlogFile[] = [];
  const missing: number[] = [];
  const { currentWrite } = readBinlogIndex(folder);
  for (let index = 0; index <= currentWrite; index++) {
    const plain = binlogPath(folder, index);
    const path = [plain, `${plain}.gz`].find((candidate) => existsSync(candidate));
    if (path === undefined) missing.push(index);
    else files.push({ path, isPacked: path !== plain, size: statSync(path).size });
  }
  return { files, missing };
}

/** Hands every whole line's bytes to `take`: valid until it returns. Rejects with a sentence when the file cannot be read. */
export async function forEachLine(
  { path, isPacked }: BinlogFile,
  signal: AbortSignal,
  take: (bytes: Buffer, start: number, end: number) => void,
): Promise<void> {
  const file = createReadStream(path, { highWaterMark: PIECE_BYTES, signal });
  const stream = isPacked ? file.pipe(createGunzip({ chunkSize: PIECE_BYTES })) : file;
  // A pipe does not hand on the error of its source.
  if (isPacked) file.on("error", (error) => stream.destroy(error));
  try {
    await takeLines(stream as AsyncIterable<Buffer>, take);
  } catch (error) {
    signal.throwIfAborted();
    throw new Error(`Cannot read the data binlog ${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function takeLines(
  stream: AsyncIterable<Buffer>,
  take: (bytes: Buffer, start: number, end: number) => void,
): Promise<void> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of stream) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let start = 0;
    for (let end = bytes.indexOf(LF); end >= 0; end = bytes.indexOf(LF, start)) {
      take(bytes, start, end);
      start = end + 1;
    }
    rest = Buffer.from(bytes.subarray(start));
  }
}
