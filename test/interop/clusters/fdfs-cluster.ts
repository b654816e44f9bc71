/**
 * How our compiled binary is started as a tracker or storage in the foreground.
 * FDFS_BIN names another binary than dist/fdfs when a test shall judge that one.
 */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";

const ROOT = resolve(import.meta.dirname, "../../..");

export function fdfsProgram(): string {
  return process.env.FDFS_BIN || join(ROOT, "dist", "fdfs");
}

/** Why none of our servers can be started here, or null when they can. */
export function whyNoFdfs(): string | null {
  return existsSync(fdfsProgram()) ? null : "dist/fdfs does not exist: run make build";
}

export function fdfsTracker(confPath: string): string[] {
  return [fdfsProgram(), "tracker", "--conf", confPath];
}

export function fdfsStorage(confPath: string): string[] {
  return [fdfsProgram(), "storage", "--conf", confPath];
}
