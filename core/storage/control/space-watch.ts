// Free space of the store paths: looked at once a second, shown to the workers through the scoreboard. A path that cannot
// be looked at takes no uploads until it can.

import type { ReservedSpace, StorePathSetting } from "../../../conf/index.ts";
import { readDiskSpace } from "../../disk/space.ts";
import type { Logger } from "../../observe/logger.ts";
import type { Scoreboard } from "../scoreboard/scoreboard.ts";
import { reservedMbPerPath } from "./parameters.ts";

export class SpaceWatch {
  readonly #paths: readonly StorePathSetting[];
  readonly #reserved: ReservedSpace;
  readonly #scoreboard: Scoreboard;
  readonly #log: Logger;
  readonly #lost = new Set<number>();

  constructor(paths: readonly StorePathSetting[], reserved: ReservedSpace, scoreboard: Scoreboard, log: Logger) {
    this.#paths = paths;
    this.#reserved = reserved;
    this.#scoreboard = scoreboard;
    this.#log = log;
  }

  refresh(): void {
    for (const [index, { path }] of this.#paths.entries()) {
      try {
        const { totalMb, freeMb } = readDiskSpace(path);
        const reservedMb = reservedMbPerPath(this.#reserved, this.#paths.length, totalMb);
        this.#scoreboard.setPathSpace(index, totalMb, freeMb, reservedMb);
        if (this.#lost.delete(index)) this.#log.notice(`store_path${index} = ${path} can be used again`);
      } catch (error) {
        this.#scoreboard.setPathSpace(index, this.#scoreboard.pathSpace(index).totalMb, 0, 0);
        if (this.#lost.has(index)) continue;
        this.#lost.add(index);
        const reason = error instanceof Error ? error.message : String(error);
        this.#log.error(`Cannot look at store_path${index} = ${path}: ${reason}; it takes no uploads`);
      }
    }
  }

  /** What the trackers are told, path by path. */
  report(): { totalMb: number; freeMb: number }[] {
    return this.#paths.map((_, index) => this.#scoreboard.pathSpace(index));
  }
}
