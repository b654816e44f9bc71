/**
 * How the C programs named by FDFS_PEER_BIN are started in the foreground.
 * It owns their command lines; configuration and waiting are the same for all makers and live elsewhere.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";

/** The folder of the C 6.16.1 programs, or null when FDFS_PEER_BIN is not set. */
export function peerBin(): string | null {
  return process.env.FDFS_PEER_BIN || null;
}

/** Why no C cluster can be started here, or null when it can. */
export function whyNoPeer(): string | null {
  const folder = peerBin();
  if (folder === null) return "FDFS_PEER_BIN is not set";
  const missing = ["fdfs_trackerd", "fdfs_storaged"].filter((name) => !existsSync(join(folder, name)));
  return missing.length === 0 ? null : `the folder FDFS_PEER_BIN names has no ${missing.join(", ")}`;
}

/** Absolute path of a C program; the file may be missing. */
function peerProgram(name: string): string {
  return join(peerBin() ?? "", name);
}

export function cTracker(confPath: string): string[] {
  return [peerProgram("fdfs_trackerd"), "-N", confPath];
}

export function cStorage(confPath: string): string[] {
  return [peerProgram("fdfs_storaged"), "-N", confPath];
}
