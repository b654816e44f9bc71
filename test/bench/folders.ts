// Where a run of the benchmark keeps its files. Nothing in it is deleted before the process ends: ext4 avoids the numbers
// of files deleted within the last five minutes, and looking past thousands of them makes each new file cost up to a
// millisecond of system time.

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

let root: string | undefined;
let count = 0;

/** Removed when this process ends, by a signal too; server-process.ts kills its servers first. */
export function benchRoot(): string {
  if (root === undefined) {
    root = mkdtempSync(join(tmpdir(), "fdfs-bench-"));
    process.on("exit", () => {
      console.log(`Removing ${root}, which can take minutes`);
      rmSync(root!, { recursive: true, force: true, maxRetries: 3 });
    });
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
  }
  return root;
}

/** A fresh empty folder in it. */
export function freshFolder(name: string): string {
  const path = join(benchRoot(), `${++count}-${name}`);
  mkdirSync(path);
  return path;
}

/** A path in it that nothing has yet. */
export function freshPath(name: string): string {
  return join(benchRoot(), `${++count}-${name}`);
}
