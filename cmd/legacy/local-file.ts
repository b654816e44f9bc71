// A local file handed to a program of the C release, refused with the errno the C library has for it.

import { stat } from "node:fs/promises";

/** Resolves with the size in bytes; what is no regular file is EINVAL, what is not there ENOENT. */
export async function regularFileSize(path: string): Promise<number> {
  const status = await stat(path);
  if (!status.isFile()) throw Object.assign(new Error(`${path} is no regular file`), { code: "EINVAL" });
  return status.size;
}
