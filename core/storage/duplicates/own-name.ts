// Whether a name was made by this storage: then the file it stands for is changed here.

import { readFileName } from "../../fileid/file-id.ts";
import { FileNameError } from "../../fileid/file-name-error.ts";
import { sourceBytes } from "../../fileid/packed-block.ts";

/** `own`: the four bytes in the names this storage makes. */
export function isOwnName(own: readonly number[], fileName: string): boolean {
  try {
    return sourceBytes(readFileName(fileName).source).every((byte, at) => byte === own[at]);
  } catch (error) {
    if (error instanceof FileNameError) return false;
    throw error;
  }
}
