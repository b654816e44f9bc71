// A temporary storage on disk for tests of recovery: store paths, a base path, and files put into them.

import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Logger } from "../../../../../core/observe/logger.ts";
import { createLogger } from "../../../../../core/observe/logger.ts";
import { Progress } from "../../../../../core/storage/recovery/progress.ts";

export class Disk {
  readonly folder = mkdtempSync(join(tmpdir(), "fdfs-recovery-"));
  readonly storePaths = [join(this.folder, "p0"), join(this.folder, "p1")];
  readonly logged: string[] = [];
  readonly log: Logger = createLogger("DEBUG", (line) => this.logged.push(line));
  readonly progress = new Progress(0, "p0");

  constructor() {
    for (const path of this.storePaths) mkdirSync(join(path, "data"), { recursive: true });
    mkdirSync(join(this.folder, "data", "sync"), { recursive: true });
  }

  pathOf(name: string): string {
    return join(this.storePaths[Number(name[2])]!, "data", name.slice(4));
  }

  put(name: string, content: Uint8Array | string, seconds?: number): void {
    const path = this.pathOf(name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    if (seconds !== undefined) utimesSync(path, seconds, seconds);
  }

  link(name: string, target: string): void {
    mkdirSync(dirname(this.pathOf(name)), { recursive: true });
    symlinkSync(this.pathOf(target), this.pathOf(name));
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
