// Two storages that share an index, one without locks between them: uploads and deletions of a few contents in every order a
// seed gives, with refused calls and lost answers. The steps are those of service/upload-once.ts and delete.ts. Whatever
// happens, no link loses its content; without failures nothing is left of what nobody links to.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  Bookkeeping,
  type FileRef,
  formatFileRef,
  LinkNotCounted,
  SourceNotRegistered,
} from "../../../../../core/storage/duplicates/bookkeeping.ts";
import { DebtFile } from "../../../../../core/storage/duplicates/debt-file.ts";
import { Settlement } from "../../../../../core/storage/duplicates/settlement.ts";
import { bytes, MemoryIndex } from "./memory-index.ts";

const SEEDS = 150;
const STEPS = 40;
const CONTENTS = 2;

function randomOf(seed: number): () => number {
  let state = seed * 2_654_435_761 + 1;
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b_3c6d) + 0x6d2b_79f5) | 0;
    return (state >>> 0) / 0x1_0000_0000;
  };
}

class World {
  readonly index = new MemoryIndex();
  readonly sources = new Set<string>();
  /** Link to source. */
  readonly links = new Map<string, FileRef>();
  /** Links that clients have been told of. */
  readonly told = new Set<string>();
  readonly random: () => number;
  readonly #sleeping: (() => void)[] = [];
  #serial = 0;

  constructor(seed: number, mishaps: number) {
    this.random = randomOf(seed);
    this.index.pause = () => this.turn();
    this.index.mishap = () => {
      const chance = this.random();
      if (chance < mishaps / 2) return "refused";
      return chance < mishaps ? "answer-lost" : "none";
    };
  }

  fresh(kind: string): FileRef {
    return { groupName: "g1", fileName: `${kind}${++this.#serial}` };
  }

  /** Goes on when the seed says so. */
  turn(): Promise<void> {
    return new Promise((resolve) => this.#sleeping.push(resolve));
  }

  /** Lets one of those who wait go on; false: nobody waits. */
  wakeOne(): boolean {
    const at = Math.floor(this.random() * this.#sleeping.length);
    const [wake] = this.#sleeping.splice(at, 1);
    wake?.();
    return wake !== undefined;
  }
}

class Storage {
  readonly #world: World;
  readonly #books: Bookkeeping;
  readonly settlement: Settlement;
  readonly #locks = new Map<string, Promise<unknown>>();
  owed = 0;

  constructor(world: World, path: string) {
    this.#world = world;
    this.#books = new Bookkeeping(world.index);
    this.settlement = new Settlement(this.#books, new DebtFile(path), {
      linkExists: (link) => world.links.has(formatFileRef(link)),
      removeSource: async (source) => void world.sources.delete(formatFileRef(source)),
      whileAlone: (key, work) => this.#alone(key, work),
      owedChanged: (count) => {
        this.owed = count;
      },
      log: { debug() {}, warn() {}, error() {} },
    });
  }

  upload(content: number): Promise<void> {
    const signature = bytes(`content ${content}`.padEnd(24));
    return this.#alone(Buffer.from(signature).toString("hex"), async () => {
      try {
        const source = await this.#books.findSource(signature);
        if (source === null || !(await this.#link(signature, source))) await this.#storeAsSource(signature);
      } catch {
        // Stored plainly: nothing of it is in the index.
      }
    });
  }

  remove(link: string): void {
    const source = this.#world.links.get(link);
    if (source === undefined) return;
    const [groupName, fileName] = link.split("/") as [string, string];
    this.settlement.open({ groupName, fileName }, source);
    this.#world.links.delete(link);
    this.#world.told.delete(link);
    this.settlement.settle({ groupName, fileName }, source);
  }

  async #link(signature: Uint8Array, source: FileRef): Promise<boolean> {
    const { links, sources } = this.#world;
    try {
      if (!(await this.#books.countLink(signature, source))) {
        this.settlement.settleCount(source, signature);
        return false;
      }
    } catch (error) {
      if (error instanceof LinkNotCounted && error.isRaised) this.settlement.settleCount(source, signature);
      throw error;
    }
    if (!sources.has(formatFileRef(source))) {
      await this.#books.forgetSource(signature, source);
      return false;
    }
    const link = this.#world.fresh("link");
    links.set(formatFileRef(link), source);
    try {
      await this.#books.noteLink(signature, link);
    } catch (error) {
      links.delete(formatFileRef(link));
      this.settlement.settleCount(source, signature);
      throw error;
    }
    this.#world.told.add(formatFileRef(link));
    return true;
  }

  async #storeAsSource(signature: Uint8Array): Promise<void> {
    const { links, sources } = this.#world;
    const source = this.#world.fresh("source");
    const link = this.#world.fresh("link");
    sources.add(formatFileRef(source));
    links.set(formatFileRef(link), source);
    try {
      await this.#books.registerSource(signature, source, link);
    } catch (error) {
      links.delete(formatFileRef(link));
      const mayBeFound = error instanceof SourceNotRegistered && error.mayBeFound;
      if (mayBeFound) this.settlement.settle(link, source);
      else sources.delete(formatFileRef(source));
      return;
    }
    this.#world.told.add(formatFileRef(link));
  }

  #alone<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#locks.get(key) ?? Promise.resolve();
    const result = before.then(work, work);
    this.#locks.set(
      key,
      result.catch(() => {}),
    );
    return result;
  }
}

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fdfs-races-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function run(seed: number, storages: number, mishaps: number): Promise<World> {
  const world = new World(seed, mishaps);
  const all = Array.from({ length: storages }, (_, at) => new Storage(world, join(folder, `${seed}-${at}`)));
  const any = <T>(items: readonly T[]): T => items[Math.floor(world.random() * items.length)]!;
  const check = (): void => {
    for (const [link, source] of world.links) {
      if (!world.sources.has(formatFileRef(source))) throw new Error(`seed ${seed}: ${link} has lost its content`);
    }
  };
  const drain = async (): Promise<void> => {
    for (let idle = 0; idle < 20; ) {
      await new Promise((resolve) => setImmediate(resolve));
      idle = world.wakeOne() ? 0 : idle + 1;
      for (const { settlement } of all) settlement.wake();
      check();
    }
  };
  for (let step = 0; step < STEPS; step++) {
    if (world.random() < 0.5) void any(all).upload(Math.floor(world.random() * CONTENTS));
    else if (world.told.size > 0) any(all).remove(any([...world.told]));
    for (let wakes = Math.floor(world.random() * 8); wakes > 0; wakes--) {
      world.wakeOne();
      for (let tick = 0; tick < 4; tick++) await Promise.resolve();
      check();
    }
  }
  await drain();
  for (const link of world.told) all[0]!.remove(link);
  await drain();
  expect(all.map(({ owed }) => owed)).toEqual(all.map(() => 0));
  for (const { settlement } of all) settlement.close();
  return world;
}

describe("uploads and deletions of equal files", () => {
  test("one storage: everything is counted, nothing is left", async () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const world = await run(seed, 1, 0);
      expect([seed, world.sources.size, world.index.entries.size]).toEqual([seed, 0, 0]);
    }
  });

  test("one storage whose index fails now and then: no link loses its content", async () => {
    for (let seed = 1; seed <= SEEDS; seed++) await run(seed, 1, 0.1);
  });

  test("two storages without a lock between them: no link loses its content", async () => {
    for (let seed = 1; seed <= 4 * SEEDS; seed++) await run(seed, 2, 0);
    for (let seed = 1; seed <= SEEDS; seed++) await run(seed, 2, 0.05);
  });
});
