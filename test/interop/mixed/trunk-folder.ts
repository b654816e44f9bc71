/**
 * A data folder in trunk mode that C and our storage hand to each other: what one has put into slots the other serves,
 * frees and uses again. Some times the folder looks as a compaction of the trunk binlog leaves it that was cut off.
 */
import assert from "node:assert/strict";
import { existsSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Maker } from "../clusters/cluster.ts";
import { CheckList, type Verdict } from "../verdict.ts";
import { Ledger, pattern } from "./ledger.ts";
import type { Member } from "./member.ts";
import { MixedGroup } from "./mixed-group.ts";
import {
  configure,
  SLOT_HEADER_BYTES,
  SLOT_MAX_BYTES,
  TRUNK_FILE_BYTES,
  TRUNK_MERGING,
  TRUNK_MODE,
} from "./trunk-conf.ts";
import { freeRanges, gaps, overlaps, slotOf, trunkBinlog, trunkFiles, unused } from "./trunk-slots.ts";
import { eventually } from "./waiting.ts";

export const TRUNK_FOLDER_ROW = "data folder in trunk mode exchanged between C and our storage";
const SLOTS_TIMEOUT_MS = 30_000;
const FLUSH_TIMEOUT_MS = 10_000;
const LARGEST = SLOT_MAX_BYTES - SLOT_HEADER_BYTES;
const SIZES: readonly number[] = [0, 1, 200, 232, 233, 1000, 30_000, LARGEST];
/** So old that nobody can be about to write into it. */
const OLD_SECONDS = 3600;

/** Stages of a compaction (trunk-dedup-recovery.md 1.12) that a start finds, in the order of the rounds. */
const STAGES: readonly (number | null)[] = [null, 2, 4, 5, 6, null];

/** `first` writes, `second` goes on, and so on; equal makers are the control. */
export async function exchangeTrunkFolder(tracker: Maker, first: Maker, second: Maker): Promise<Verdict[]> {
  const list = new CheckList();
  // In the other order each maker finds the stages that the other one found.
  const orders =
    first === second
      ? [[first, second]]
      : [
          [first, second],
          [second, first],
        ];
  const runs = orders.flatMap(([one = first, other = second]) =>
    [false, true].map((merges) => new FolderRun(list, tracker, one, other, merges).run()),
  );
  await Promise.all(runs);
  return list.verdicts;
}

class FolderRun {
  readonly #list: CheckList;
  readonly #tracker: Maker;
  readonly #makers: readonly [Maker, Maker];
  readonly #merges: boolean;
  readonly #ledger = new Ledger();
  #group!: MixedGroup;
  #storage!: Member;
  #isBroken = false;
  #count = 0;
  #last: string[] = [];

  constructor(list: CheckList, tracker: Maker, first: Maker, second: Maker, merges: boolean) {
    this.#list = list;
    this.#tracker = tracker;
    this.#makers = [first, second];
    this.#merges = merges;
  }

  async run(): Promise<void> {
    this.#group = await MixedGroup.layOut({ trackerCount: 1, storageCount: 1 });
    const [tracker] = this.#group.trackers;
    const [storage] = this.#group.storages;
    assert.ok(tracker !== undefined && storage !== undefined);
    this.#storage = storage;
    configure(tracker, this.#merges ? { ...TRUNK_MODE, ...TRUNK_MERGING } : TRUNK_MODE);
    try {
      tracker.start(this.#tracker);
      for (const [round, stage] of STAGES.entries()) {
        const maker = this.#makers[round % 2] ?? "c";
        const found = stage === null ? "" : ` after a compaction that was cut off in stage ${stage}`;
        await this.#check(`round ${round + 1}, ${maker} starts${found}`, () => this.#round(maker, stage));
      }
      for (const maker of this.#makers) {
        await this.#check(`${maker} starts on trunk files that are all free`, () => this.#allFree(maker));
      }
    } finally {
      await this.#group.stop();
    }
  }

  /** Starts `maker`'s storage on the folder as the last one left it, uses it, and stops it. */
  async #round(maker: Maker, stage: number | null): Promise<void> {
    if (stage !== null) this.#cutOff(stage);
    await this.#starts(maker);
    const client = this.#group.client(this.#storage);
    await this.#ledger.verify(client);
    if (stage !== null) assert.equal(this.#flag("trunk_binlog_compress_stage"), "9");
    const filesBefore = [...trunkFiles(this.#storage).keys()].sort();
    for (const name of this.#last) {
      await client.remove(name);
      this.#ledger.remove(name);
    }
    this.#last = [];
    for (const [index, size] of [...SIZES, ...SIZES].entries()) {
      const name = await this.#upload(size, index % 2);
      assert.ok(slotOf(name) !== null, `${size} bytes were stored as ${name}, not in a trunk file`);
      if (index >= SIZES.length) this.#last.push(name);
    }
    await this.#ledger.verify(client);
    if (filesBefore.length === this.#storage.storePaths.length) {
      assert.deepEqual(
        [...trunkFiles(this.#storage).keys()].sort(),
        filesBefore,
        "trunk files: there was room in them",
      );
    }
    await eventually("a sound trunk binlog", FLUSH_TIMEOUT_MS, () => this.#isSound());
    await this.#storage.stop();
    this.#isSound();
    const ids = [...trunkFiles(this.#storage).keys()].map((file) => Number(file.split("/").at(-1)));
    assert.ok(Number(this.#flag("current_trunk_file_id")) >= Math.max(...ids), "current_trunk_file_id");
  }

  /** Everything is deleted; with delete_unused_trunk_files the next start removes the trunk files. */
  async #allFree(maker: Maker): Promise<void> {
    await this.#starts(maker);
    const client = this.#group.client(this.#storage);
    for (const name of [...this.#ledger.files.keys()]) {
      await client.remove(name);
      this.#ledger.remove(name);
    }
    this.#last = [];
    await eventually("a sound trunk binlog", FLUSH_TIMEOUT_MS, () => this.#isSound());
    await this.#storage.stop();
    const files = [...trunkFiles(this.#storage).values()];
    for (const path of files) {
      assert.ok(
        readFileSync(path).every((byte) => byte === 0),
        `${path} is not all zero`,
      );
      const then = Date.now() / 1000 - OLD_SECONDS;
      utimesSync(path, then, then);
    }
    const lastId = Number(this.#flag("current_trunk_file_id"));
    await this.#starts(maker);
    if (this.#merges) {
      const ids = [...trunkFiles(this.#storage).keys()].map((file) => Number(file.split("/").at(-1)));
      assert.ok(
        ids.every((id) => id > lastId),
        `trunk files ${ids.join(", ")} are there, the last one was ${lastId}`,
      );
    } else {
      assert.deepEqual([...trunkFiles(this.#storage).values()].sort(), files.sort());
    }
    for (const [index, size] of SIZES.entries()) {
      assert.ok(slotOf(await this.#upload(size, index % 2)) !== null, `no slot for ${size} bytes`);
    }
    await this.#ledger.verify(client);
    await this.#storage.stop();
  }

  async #starts(maker: Maker): Promise<void> {
    this.#storage.start(maker);
    await this.#group.settled();
    await eventually(`${this.#storage.label} to have slots`, SLOTS_TIMEOUT_MS, async () => {
      const name = await this.#upload(100, 0);
      assert.ok(slotOf(name) !== null, `it has stored ${name}`);
    }).catch((error: Error) => {
      throw new Error(`${error.message}; ${this.#group.troubles()}`);
    });
  }

  async #upload(size: number, storePath: number): Promise<string> {
    const bytes = pattern(size, `${this.#count++}`);
    const name = await this.#group.client(this.#storage).upload(bytes, "txt", false, storePath);
    this.#ledger.files.set(name, bytes);
    return name;
  }

  /** Every byte of every trunk file is free by the trunk binlog or in use by a file, once. */
  #isSound(): void {
    const files = [...this.#ledger.files.keys()].flatMap((name) => slotOf(name) ?? []);
    const used = files.map((range) => ({ ...range, what: "a file" }));
    assert.deepEqual(overlaps(used), [], "overlaps of files");
    // Joined blocks are no lines of C's trunk binlog, only of its snapshot.
    if (this.#merges) return;
    const free = freeRanges(trunkBinlog(this.#storage)).map((range) => ({ ...range, what: "free space" }));
    assert.deepEqual(overlaps([...used, ...free]), [], "overlaps");
    assert.deepEqual(gaps([...used, ...free], TRUNK_FILE_BYTES), [], "neither free nor used");
  }

  /** The files of a compaction that ended in this stage; nothing was lost with it. */
  #cutOff(stage: number): void {
    const data = join(this.#storage.basePath, "data");
    const binlog = join(data, "trunk", "binlog");
    const snapshot = join(data, "storage_trunk.dat");
    const lines = this.#freeLines();
    if (stage === 6) {
      writeFileSync(binlog, lines.join(""));
      rmSync(snapshot, { force: true });
    } else {
      if (existsSync(snapshot)) renameSync(snapshot, `${snapshot}.rollback`);
      else writeFileSync(`${snapshot}.rollback`, "");
      renameSync(binlog, `${binlog}.rollback`);
      writeFileSync(binlog, stage === 5 ? lines.join("") : "");
      if (stage >= 3) writeFileSync(snapshot, `0\n${lines.join("")}`);
      if (stage === 4) writeFileSync(`${binlog}.tmp`, lines.slice(0, 1).join(""));
    }
    const flag = join(data, ".data_init_flag");
    const text = readFileSync(flag, "utf8");
    assert.match(text, /^trunk_binlog_compress_stage ?= ?\d+$/m);
    writeFileSync(flag, text.replace(/^trunk_binlog_compress_stage ?= ?\d+$/m, `trunk_binlog_compress_stage=${stage}`));
  }

  /** What a compaction writes: all free space. Where blocks are joined the trunk binlog itself does not know it. */
  #freeLines(): string[] {
    const used = [...this.#ledger.files.keys()].flatMap((name) => slotOf(name) ?? []);
    const free = this.#merges
      ? [...trunkFiles(this.#storage).keys()].flatMap((file) => unused(used, file, TRUNK_FILE_BYTES))
      : freeRanges(trunkBinlog(this.#storage));
    return free.map(({ file, offset, end }) => {
      const [path, high = "", low = "", id] = file.split("/");
      const place = `${path} ${Number.parseInt(high, 16)} ${Number.parseInt(low, 16)} ${id}`;
      return `${Math.floor(Date.now() / 1000)} A ${place} ${offset} ${end - offset}\n`;
    });
  }

  #flag(key: string): string | undefined {
    const text = readFileSync(join(this.#storage.basePath, "data", ".data_init_flag"), "utf8");
    return new RegExp(`^${key} ?= ?(.*)$`, "m").exec(text)?.[1];
  }

  /** After a failed check the next ones of this folder would only repeat it. */
  async #check(name: string, body: () => Promise<void>): Promise<void> {
    if (this.#isBroken) return;
    const title = `${this.#makers.join(" and ")}${this.#merges ? ", free blocks joined" : ""}: ${name}`;
    const ended = await this.#list.check(TRUNK_FOLDER_ROW, title, async () => {
      await body();
      return true;
    });
    if (ended !== true) this.#isBroken = true;
  }
}
