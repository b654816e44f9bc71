// Directories made where they are missing, with their parents: base paths, logs, data folders.

import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { handOver, type Owner } from "./owner.ts";

/** Of everything below a store or base path. */
export const DIRECTORY_MODE = 0o755;
/** Of a base path that had to be made. */
export const BASE_PATH_MODE = 0o775;

/**
 * Creates `path`, an absolute path, and its missing parents; all that was created gets `mode` (less the umask) and the
 * owner. Returns whether anything was created; throws the system's error.
 */
export function ensureDirectory(path: string, mode: number, owner?: Owner): boolean {
  const first = mkdirSync(path, { recursive: true, mode });
  if (first === undefined) return false;
  let created = path;
  handOver(created, owner);
  while (created.length > first.length) {
    created = dirname(created);
    handOver(created, owner);
  }
  return true;
}
