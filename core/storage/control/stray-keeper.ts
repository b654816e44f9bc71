// Now and then looks whether files that found their slots in use can move into them (trunk/strays.ts).

import type { StorageSettings } from "../../../conf/index.ts";
import type { Logger } from "../../observe/logger.ts";
import type { TrunkInfo } from "../../wire/storage-sync.ts";
import type { Scoreboard } from "../scoreboard/scoreboard.ts";
import { SlotFiles } from "../trunk/slot-files.ts";
import { settleStrays } from "../trunk/strays.ts";
import { trunkFolder } from "../trunk/trunk-file.ts";

const EVERY_MS = 5000;

export class StrayKeeper {
  readonly #settings: StorageSettings;
  readonly #scoreboard: Scoreboard;
  readonly #log: Logger;
  readonly #taken: (block: TrunkInfo) => void;
  readonly #slots: SlotFiles;
  #lookedMs = 0;
  #count = 0;

  /** `taken`: a slot of a trunk file is in use now. */
  constructor(settings: StorageSettings, scoreboard: Scoreboard, log: Logger, taken: (block: TrunkInfo) => void) {
    this.#taken = taken;
    this.#settings = settings;
    this.#scoreboard = scoreboard;
    this.#log = log;
    this.#slots = new SlotFiles(
      scoreboard,
      settings.storePaths.map(({ path }) => path),
    );
  }

  /** How many there were at the last look. */
  get count(): number {
    return this.#count;
  }

  tick(nowMs: number): void {
    if (nowMs - this.#lookedMs < EVERY_MS) return;
    this.#lookedMs = nowMs;
    const scoreboard = this.#scoreboard;
    try {
      const before = this.#count;
      this.#count = settleStrays({
        folder: trunkFolder(this.#settings.basePath),
        disks: { config: this.#settings, trunk: { slots: this.#slots } },
        whileLocked(name, section) {
          const stripe = scoreboard.stripeOf(name);
          if (!scoreboard.tryLockStripe(stripe)) return false;
          try {
            section();
          } finally {
            scoreboard.unlockStripe(stripe);
          }
          return true;
        },
        moved: (name, block) => {
          scoreboard.contentChanged(name);
          this.#taken(block);
        },
      });
      if (this.#count < before) this.#log.info(`${before - this.#count} files moved into their slots of trunk files`);
    } catch (error) {
      this.#log.error(`Cannot move files into their slots: ${String(error)}`);
    }
  }

  close(): void {
    this.#slots.close();
  }
}
