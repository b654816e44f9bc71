// A plan for tests: 4 KB uploads over four connections, to be overridden where a test asks for something else.

import { FileList } from "../../../../core/bench/file-table.ts";
import type { LoadPlan } from "../../../../core/bench/plan.ts";
import { parseFileId } from "../../../../core/fileid/file-id.ts";
import { FIXED_ID, type MemoryServer } from "./memory-server.ts";

/** A table of the one file that a memory server has, `count` times. */
export function fixedFiles(count = 1): NonNullable<LoadPlan["files"]> {
  const list = new FileList();
  for (let index = 0; index < count; index++) list.addFile(parseFileId(FIXED_ID));
  return list.table();
}

export function planFor({ host, port }: MemoryServer, overrides: Partial<LoadPlan> = {}): LoadPlan {
  return {
    target: { host, port },
    mix: [{ kind: "upload", weight: 1 }],
    uploadsAppenders: false,
    sizes: [{ least: 4096, greatest: 4096, weight: 1 }],
    storePathIndex: -1,
    groupName: null,
    connections: 4,
    threads: 1,
    fresh: false,
    ratePerSecond: null,
    warmUp: { operations: 0 },
    extent: { operations: 1000 },
    timeoutMs: 10_000,
    seed: 1,
    keepsNames: false,
    files: null,
    appenders: null,
    pids: [],
    ...overrides,
  };
}
