// Who owns what the servers create: run_by_user and run_by_group, where the process still is root (storage.md §10.2).

import { chownSync } from "node:fs";

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** Hands a path over. Only root can: for anybody else what was created is his already. */
export function handOver(path: string, owner: Owner | undefined): void {
  if (owner !== undefined && process.getuid?.() === 0) chownSync(path, owner.uid, owner.gid);
}
