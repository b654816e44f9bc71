// Small state files that are replaced as a whole: written beside, flushed, renamed. A crash at any moment leaves the old
// or the new content, never a part (storage.md §5).

import { closeSync, fdatasyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";

const FILE_MODE = 0o644;

/** Replaces `path` with `content`. */
export function writeFileAtomically(path: string, content: string | Uint8Array): void {
  const temporary = `${path}.tmp`;
  const fd = openSync(temporary, "w", FILE_MODE);
  try {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    let done = 0;
    while (done < bytes.length) done += writeSync(fd, bytes, done);
    fdatasyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(temporary, path);
}

/** The file's text, or null when it does not exist. */
export function readTextFile(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}
