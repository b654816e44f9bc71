// Writing a file that arrives in several places at once (`--parts`). An interrupted `--continue` is cut back to what is
// there without a gap, so that a partial file always is a beginning, whoever goes on with it.

import { type FileHandle, open, rename } from "node:fs/promises";
import type { FdfsClient } from "../core/client/index.ts";
import { partialPath, scatteredPath } from "./download-target.ts";
import type { TransferProgress } from "./progress.ts";

/** More connections than that are an attack on the storages. */
export const PARTS_MAX = 64;

interface Wanted {
  readonly offset?: number;
  readonly length?: number;
  readonly parts: number;
  readonly signal: AbortSignal;
}

/** Into a new file at `path`; resolves with the bytes written. */
export async function writeParts(
  client: FdfsClient,
  id: string,
  path: string,
  wanted: Wanted,
  transfer: TransferProgress,
): Promise<number> {
  const file = await open(path, "w");
  try {
    return await client.downloadParts(id, writerAt(file, 0), { ...wanted, onProgress: transfer.advance });
  } finally {
    await file.close();
  }
}

/** What the partial file of `path` lacks behind its `offset` bytes. Whatever happens it keeps what is there without a gap. */
export async function continueInParts(
  client: FdfsClient,
  id: string,
  path: string,
  wanted: Wanted & { readonly offset: number },
  transfer: TransferProgress,
): Promise<number> {
  const { offset } = wanted;
  const [partial, scattered] = [partialPath(path), scatteredPath(path)];
  if (offset > 0) await rename(partial, scattered);
  const file = await open(scattered, offset > 0 ? "r+" : "w");
  let beginning = offset;
  try {
    return await client.downloadParts(id, writerAt(file, offset), {
      ...wanted,
      onProgress: transfer.advance,
      onBeginning: (bytes) => {
        beginning = offset + bytes;
      },
    });
  } finally {
    await file.truncate(beginning);
    await file.close();
    await rename(scattered, partial);
  }
}

function writerAt(file: FileHandle, base: number) {
  return async (bytes: Uint8Array, position: number): Promise<void> => {
    for (let done = 0; done < bytes.length; ) {
      const { bytesWritten } = await file.write(bytes, done, bytes.length - done, base + position + done);
      done += bytesWritten;
    }
  };
}
