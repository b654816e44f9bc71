// Packs old binlog files once a day at compress_binlog_time (storage.md §6.8).

import type { Logger } from "../../observe/logger.ts";
import { packBinlogs } from "../binlog/compression.ts";

const DAY_MS = 86_400_000;

export interface PackingHelp {
  readonly folder: string;
  /** Second of the local day. */
  readonly timeSeconds: number;
  readonly log: Logger;
  /** The first file that somebody still reads. */
  neededIndex(): number;
}

export class BinlogPacking {
  readonly #help: PackingHelp;
  #dueMs: number;
  #isBusy = false;

  constructor(help: PackingHelp, nowMs: number) {
    this.#help = help;
    this.#dueMs = nextTimeOfDay(nowMs, help.timeSeconds);
  }

  /** Called about once a second. */
  tick(nowMs: number): void {
    if (nowMs < this.#dueMs || this.#isBusy) return;
    this.#dueMs = nextTimeOfDay(nowMs, this.#help.timeSeconds);
    this.#isBusy = true;
    const { folder, log } = this.#help;
    packBinlogs(folder, this.#help.neededIndex())
      .then((count) => {
        if (count > 0) log.info(`Packed ${count} old binlog files in ${folder}`);
      })
      .catch((error: unknown) => log.error(`Cannot pack old binlog files in ${folder}: ${String(error)}`))
      .finally(() => {
        this.#isBusy = false;
      });
  }
}

/** The next moment after `nowMs` that is this second of the local day. */
export function nextTimeOfDay(nowMs: number, secondOfDay: number): number {
  const midnight = new Date(nowMs).setHours(0, 0, 0, 0);
  const today = midnight + secondOfDay * 1000;
  return today > nowMs ? today : today + DAY_MS;
}
