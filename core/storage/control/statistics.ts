// The counters of a storage over its life: those of earlier processes from storage_stat.dat, those of the workers from the
// scoreboard, together in the heartbeat and again in the file.

import { join } from "node:path";
import { readTextFile, writeFileAtomically } from "../../disk/atomic-file.ts";
import type { Owner } from "../../disk/owner.ts";
import { emptyStorageStat, storageStat } from "../../wire/storage-stat.ts";
import { Counter, counterNames } from "../scoreboard/counters.ts";
import type { Scoreboard } from "../scoreboard/scoreboard.ts";
import { formatStatFile, parseStatFile } from "./stat-file.ts";

/** Row of what earlier processes counted; workers take the rows before it. */
const EARLIER_ROW = 255;
/** Workers that have a row of their own. */
export const MAX_WORKERS = EARLIER_ROW;

export class Statistics {
  readonly #path: string;
  readonly #scoreboard: Scoreboard;
  #written: string;

  /** Loads the file into the scoreboard; a missing or empty one counts from zero. */
  constructor(basePath: string, scoreboard: Scoreboard) {
    this.#path = join(basePath, "data", "storage_stat.dat");
    this.#scoreboard = scoreboard;
    const { counters, directory } = parseStatFile(readTextFile(this.#path), this.#path);
    const row = scoreboard.counterRow(EARLIER_ROW);
    for (const [column, name] of counterNames.entries()) row[column] = counters[name];
    scoreboard.directories.set(directory.high, directory.low, directory.count);
    this.#written = "";
  }

  /** Content that was sent to other storages. The control thread's counts share the row of earlier processes. */
  copiedOut(bytes: number): void {
    const row = this.#scoreboard.counterRow(EARLIER_ROW);
    row[Counter.totalSyncOutBytes]! += bytes;
    row[Counter.successSyncOutBytes]! += bytes;
  }

  /** The heartbeat's block, 348 bytes; the two times that the tracker keeps are 0 (storage.md §7.3). */
  block(): Uint8Array {
    const { current, max } = this.#scoreboard.connections;
    return storageStat.format({
      ...emptyStorageStat(),
      ...this.#scoreboard.totals(),
      connectionAllocCount: max,
      connectionCurrentCount: current,
      connectionMaxCount: max,
    });
  }

  /** Replaces the file when something was counted since; throws the system's error. */
  save(owner?: Owner): void {
    const text = formatStatFile({
      counters: this.#scoreboard.totals(),
      directory: this.#scoreboard.directories.newest,
    });
    if (text === this.#written) return;
    writeFileAtomically(this.#path, text, owner === undefined ? {} : { owner });
    this.#written = text;
  }
}
