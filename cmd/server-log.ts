// The error log of a server process: the file in C's place, its level, and its rotation by day, size and SIGHUP.

import { join } from "node:path";
import type { LogSettings } from "../conf/index.ts";
import { DIRECTORY_MODE, ensureDirectory } from "../core/disk/ensure-directory.ts";
import type { Owner } from "../core/disk/owner.ts";
import { LogFile } from "../core/observe/log-file.ts";
import { LogRotator } from "../core/observe/log-rotator.ts";
import { createLogger, type Logger, type LogLevelName, logFileSink } from "../core/observe/logger.ts";

const TICK_MS = 1000;

export interface ServerLog {
  readonly logger: Logger;
  /** Path of the log file. */
  readonly file: string;
  /** SIGHUP: rotates now, when the settings rotate at all. */
  rotate(): void;
  close(): Promise<void>;
}

/** Opens `<base_path>/logs/<name>`; everything of `level` and above goes there. */
export function openServerLog(
  basePath: string,
  name: "trackerd.log" | "storaged.log",
  level: LogLevelName,
  settings: LogSettings,
  owner: Owner | undefined,
): ServerLog {
  const folder = join(basePath, "logs");
  ensureDirectory(folder, DIRECTORY_MODE, owner);
  const file = new LogFile({
    path: join(folder, name),
    flushIntervalMs: settings.flushIntervalSeconds * 1000,
    ...(owner === undefined ? {} : { owner }),
  });
  const logger = createLogger(level, logFileSink(file));
  const rotator = new LogRotator({ file, rules: settings, report: (text) => logger.error(text) });
  const timer = setInterval(() => rotator.tick(Date.now()), TICK_MS);
  return {
    logger,
    file: file.path,
    rotate() {
      if (settings.rotateEveryday) rotator.rotateNow(Date.now());
    },
    async close() {
      clearInterval(timer);
      await rotator.close();
      file.close();
    },
  };
}
