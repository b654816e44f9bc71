// What operators are told of trunk files on this storage (TRUNK_STATUS).

import type { TrunkReport } from "../../../wire/own-commands.ts";
import type { SharedTrunkSpace } from "../shared-space.ts";
import type { Duty } from "./duty.ts";

const COUNT_FILES_EVERY_MS = 5000;

/** What the keeper knows besides its term's own state. */
export type KeeperFacts = Pick<
  TrunkReport,
  "storageId" | "server" | "term" | "currentTrunkFileId" | "misses" | "binlogSize" | "freeMb"
> & { readonly isSuspended: boolean };

export class StatusReport {
  readonly #space: SharedTrunkSpace;
  #files = 0;
  #filesCountedMs = Number.NEGATIVE_INFINITY;

  constructor(space: SharedTrunkSpace) {
    this.#space = space;
  }

  /** `duty` null: this storage is not the trunk server. */
  of({ isSuspended, ...facts }: KeeperFacts, duty: Duty | null): TrunkReport {
    const isServing = duty?.state === "serving";
    return {
      ...facts,
      role: roleOf(facts, isSuspended, duty),
      reason: isSuspended ? "the leading tracker is silent" : (duty?.reason ?? ""),
      freeMb: isServing ? facts.freeMb : 0,
      ...(isServing ? this.#map() : { freeBlocks: 0, quarantinedBlocks: 0, files: 0 }),
      copies: (duty?.copies.states() ?? []).map(({ id, offset, isConnected, lastError }) => ({
        ...{ id, isConnected, lastError },
        behindBytes: Math.max(0, facts.binlogSize - offset),
      })),
    };
  }

  #map(): Pick<TrunkReport, "freeBlocks" | "quarantinedBlocks" | "files"> {
    const now = performance.now();
    // There may be many trunk files: they are counted now and then.
    const counts = now - this.#filesCountedMs > COUNT_FILES_EVERY_MS;
    if (counts) this.#filesCountedMs = now;
    return this.#space.exclusively((map) => {
      if (counts) this.#files = map.files().length;
      return { freeBlocks: map.blockCount, quarantinedBlocks: map.quarantinedCount, files: this.#files };
    });
  }
}

function roleOf(
  { server, storageId }: Pick<KeeperFacts, "server" | "storageId">,
  isSuspended: boolean,
  duty: Duty | null,
): TrunkReport["role"] {
  if (server === "") return "none";
  if (server !== storageId) return "other";
  if (isSuspended || duty?.state === "failed") return "suspended";
  return duty?.state === "serving" ? "serving" : "loading";
}
