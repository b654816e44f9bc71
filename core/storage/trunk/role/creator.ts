// Makes trunk files before they are needed (trunk_create_file_advance): at fixed times, up to a threshold of free space.

import type { Logger } from "../../../observe/logger.ts";
import { Status } from "../../../wire/status.ts";
import type { TrunkParameters } from "../../control/trunk-parameters.ts";
import type { Scoreboard } from "../../scoreboard/scoreboard.ts";
import type { SharedTrunkSpace } from "../shared-space.ts";
import { filesAhead, midnightBefore, nextTime, type SpaceFacts } from "./creation-plan.ts";
import type { FileMaker } from "./file-maker.ts";

export interface CreatorHelp {
  readonly parameters: TrunkParameters;
  readonly scoreboard: Scoreboard;
  readonly space: SharedTrunkSpace;
  readonly maker: FileMaker;
  readonly storePathCount: number;
  /** Store paths that take no new files. */
  isReadOnly(storePath: number): boolean;
  readonly log: Logger;
}

export class Creator {
  readonly #help: CreatorHelp;
  #nextSeconds: number | null;
  #isRunning = false;

  constructor(help: CreatorHelp, nowSeconds: number) {
    this.#help = help;
    this.#nextSeconds = this.#after(nowSeconds);
  }

  /** Called about once a second. */
  tick(nowSeconds: number): void {
    if (this.#nextSeconds === null || nowSeconds < this.#nextSeconds || this.#isRunning) return;
    this.#nextSeconds = this.#after(nowSeconds);
    this.#isRunning = true;
    void this.#create().finally(() => {
      this.#isRunning = false;
    });
  }

  #after(nowSeconds: number): number | null {
    const { parameters } = this.#help;
    if (!parameters.createFileAdvance) return null;
    const { createFileTimeBase: timeBase, createFileInterval: interval } = parameters;
    return nextTime({ timeBase, interval }, nowSeconds, midnightBefore(nowSeconds));
  }

  async #create(): Promise<void> {
    const { maker, log, parameters } = this.#help;
    const count = filesAhead(this.#facts());
    if (count === "no-space") {
      log.error(
        `Cannot make trunk files ahead up to ${parameters.createFileSpaceThreshold} bytes of free space: the disks would have less than reserved_storage_space left`,
      );
      return;
    }
    for (let made = 0; made < count; made++) {
      const storePath = this.#nextPath();
      if (storePath < 0 || (await maker.make(storePath)) !== Status.OK) return;
    }
  }

  #nextPath(): number {
    const { scoreboard, storePathCount, isReadOnly } = this.#help;
    const paths = Array.from({ length: storePathCount }, (_, path) => path).filter((path) => !isReadOnly(path));
    if (paths.length === 0) return -1;
    if (scoreboard.pathsAreBalanced)
      return paths.reduce((a, b) => (scoreboard.freeMb(b) > scoreboard.freeMb(a) ? b : a));
    return paths[scoreboard.nextPathTurn() % paths.length]!;
  }

  #facts(): SpaceFacts {
    const { scoreboard, space, parameters, storePathCount } = this.#help;
    let diskFreeMb = 0;
    let diskReservedMb = 0;
    for (let path = 0; path < storePathCount; path++) {
      diskFreeMb += scoreboard.freeMb(path);
      diskReservedMb += scoreboard.reservedMb(path);
    }
    return {
      trunkFreeBytes: space.exclusively((map) => map.freeBytes()),
      diskFreeMb,
      diskReservedMb,
      thresholdBytes: parameters.createFileSpaceThreshold,
      trunkFileSize: parameters.trunkFileSize,
    };
  }
}
