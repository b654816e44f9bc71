// The access log's file seen from the control thread: it exists with its header before the workers append to it, and is
// rotated for all of them.

import type { AccessLogSettings } from "../../../conf/index.ts";
import type { Owner } from "../../disk/owner.ts";
import { accessLogHeader } from "../../observe/access-log.ts";
import { LogFile } from "../../observe/log-file.ts";
import { LogRotator } from "../../observe/log-rotator.ts";
import type { Logger } from "../../observe/logger.ts";
import type { Scoreboard } from "../scoreboard/scoreboard.ts";

export class AccessLogKeeper {
  readonly #file: LogFile;
  readonly #rotator: LogRotator;

  constructor(
    path: string,
    settings: AccessLogSettings,
    scoreboard: Scoreboard,
    log: Logger,
    owner: Owner | undefined,
  ) {
    this.#file = new LogFile({
      path,
      flushIntervalMs: settings.flushIntervalSeconds * 1000,
      header: () => accessLogHeader(Date.now(), settings.timePrecision),
      complain: (note) => log.error(note),
      ...(owner === undefined ? {} : { owner }),
    });
    // Opens it: a new file gets its header.
    this.#file.reopen();
    this.#rotator = new LogRotator({
      file: this.#file,
      rules: settings,
      alwaysLongNames: true,
      bumpGeneration: () => scoreboard.accessLogRotated(),
      report: (text) => log.error(text),
    });
  }

  tick(nowMs: number): void {
    this.#rotator.tick(nowMs);
  }

  rotateNow(nowMs: number): void {
    this.#rotator.rotateNow(nowMs);
  }

  async close(): Promise<void> {
    await this.#rotator.close();
    this.#file.close();
  }
}
