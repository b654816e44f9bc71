// Small state files that are replaced as a whole: written beside, flushed, renamed. A crash at any moment leaves the old
// or the new content, never a part (storage.md §5).

import { Buffer } from "node:buffer";
import { closeSync, fdatasyncSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from "node:fs";
import { open, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { handOver, type Owner } from "./owner.ts";

const FILE_MODE = 0o644;

export interface AtomicFileOptions {
  readonly owner?: Owner;
  /** Also flush the folder, so that the replacement survives a power cut, not only a crash. C does not. */
  readonly syncFolder?: boolean;
}

/** Replaces `path` with `content`; throws the system's error and leaves the old content. One writer at a time. */
export function writeFileAtomically(path: string, content: string | Uint8Array, options: AtomicFileOptions = {}): void {
  const temporary = `${path}.tmp`;
  try {
    writeAndSync(temporary, typeof content === "string" ? Buffer.from(content) : content);
    handOver(temporary, options.owner);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  if (options.syncFolder === true) syncFolder(dirname(path));
}

/** The same as `writeFileAtomically` without holding up the thread. One writer at a time. */
export async function replaceFile(path: string, content: string): Promise<void> {
  const temporary = `${path}.tmp`;
  const file = await open(temporary, "w", FILE_MODE);
  try {
    await file.writeFile(content);
    await file.datasync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
}

function writeAndSync(path: string, bytes: Uint8Array): void {
  const fd = openSync(path, "w", FILE_MODE);
  try {
    let done = 0;
    while (done < bytes.length) done += writeSync(fd, bytes, done);
    fdatasyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function syncFolder(path: string): void {
  const fd = openSync(path, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** The file's text, or null when it does not exist; throws the system's error for anything else. */
export function readTextFile(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}
