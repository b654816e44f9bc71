// A download into a local file as the C tools do it: the file is written in place and removed when the transfer fails.

import { open, rm } from "node:fs/promises";
import type { FdfsClient } from "../../core/client/index.ts";

/** Returns the bytes written; length 0 is to the end. */
export async function saveFile(
  client: FdfsClient,
  id: string,
  path: string,
  range: { offset: number; length: number },
): Promise<number> {
  // Asked for before the local file is touched: a file that is not there leaves an existing one alone.
  const content = await client.download(id, range);
  const file = await open(path, "w");
  let bytes = 0;
  try {
    for await (const chunk of content) {
      await file.writeFile(chunk);
      bytes += chunk.length;
    }
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    await file.close();
  }
  return bytes;
}
