/**
 * Replication between storages of both makers: all operations both ways, a new empty storage filled, source and target
 * killed half-way through a backlog, and the same with storage ids. Everything is compared byte by byte at the end.
 */
import assert from "node:assert/strict";
import { whyNoPeer } from "../clusters/c-cluster.ts";
import type { Maker } from "../clusters/cluster.ts";
import { whyNoFdfs } from "../clusters/fdfs-cluster.ts";
import { CheckList, type Verdict } from "../verdict.ts";
import { partlyCopied, recorded, writeBacklog } from "./backlog.ts";
import { Ledger } from "./ledger.ts";
import type { Member } from "./member.ts";
import { MixedGroup } from "./mixed-group.ts";
import { operationSteps } from "./operations.ts";
import { countFiles, differences, timeDifferences } from "./trees.ts";
import { eventually } from "./waiting.ts";

const COPY_TIMEOUT_MS = 60_000;
const BACKLOG_FILES = 2000;

export const REPLICATION_ROWS: readonly string[] = [row("c"), row("fdfs")];

function row(second: Maker): string {
  return `replication in a group with ${second === "c" ? "a C" : "our"} storage`;
}

/** The column's storage is first; the second is of each maker in turn, by address and by id. */
export async function checkReplication(tracker: Maker, first: Maker): Promise<Verdict[]> {
  const list = new CheckList();
  const runs: Promise<void>[] = [];
  for (const second of ["c", "fdfs"] as const) {
    const reason = second === "c" ? whyNoPeer() : whyNoFdfs();
    if (reason !== null) list.verdicts.push({ row: row(second), name: "everything", outcome: "skipped", reason });
    else for (const byId of [false, true]) runs.push(new PairRun(list, tracker, first, second, byId).run());
  }
  await Promise.all(runs);
  return list.verdicts;
}

class PairRun {
  readonly #list: CheckList;
  readonly #tracker: Maker;
  readonly #first: Maker;
  readonly #second: Maker;
  readonly #storageIds: boolean;
  readonly #ledger = new Ledger();
  #isBroken = false;

  constructor(list: CheckList, tracker: Maker, first: Maker, second: Maker, storageIds: boolean) {
    this.#list = list;
    this.#tracker = tracker;
    this.#first = first;
    this.#second = second;
    this.#storageIds = storageIds;
  }

  async run(): Promise<void> {
    const plan = { trackerCount: 1, storageCount: 3, storageIds: this.#storageIds };
    const group = await MixedGroup.layOut(plan);
    const [a, b, c] = group.storages;
    const [tracker] = group.trackers;
    assert.ok(a !== undefined && b !== undefined && c !== undefined && tracker !== undefined);
    try {
      await this.#check("an empty storage is filled", async () => {
        tracker.start(this.#tracker);
        a.start(this.#first);
        await group.settled();
        await writeBacklog(group.client(a), this.#ledger, 100, "old");
        for (const step of this.#steps(group, a, true)) await step();
        b.start(this.#second);
        await group.settled();
        await this.#equal(group, a, b);
      });
      await this.#check("all operations, both ways", () => this.#bothWays(group, a, b));
      const ours = [a, b].find(({ maker }) => maker === "fdfs");
      if (ours !== undefined) {
        await this.#check("all changes at our storage in one backlog", () =>
          this.#atOnce(group, ours, ours === a ? b : a),
        );
      }
      if (!this.#storageIds) {
        await this.#check("source killed half-way", () => this.#interrupted(group, a, b, a));
        await this.#check("a third storage is filled, killed half-way, then its source", () => this.#filled(group, c));
        // Last: a C storage killed while it receives forgets records, and who is filled from it later lacks those files.
        await this.#check("target killed half-way", () => this.#interrupted(group, b, a, a));
      }
      await this.#check("everything reads back from every storage", async () => {
        for (const storage of group.storages.filter((candidate) => candidate.isUp)) {
          await this.#equal(group, a, storage);
          await this.#ledger.verify(group.client(storage));
        }
      });
      await this.#check("times of files are equal", () => {
        const found = timeDifferences(a, b);
        assert.deepEqual(found, []);
      });
    } finally {
      await group.stop();
    }
  }

  async #bothWays(group: MixedGroup, a: Member, b: Member): Promise<void> {
    const fromA = this.#steps(group, a, false);
    const fromB = this.#steps(group, b, false);
    for (const [index, step] of fromA.entries()) {
      await Promise.all([step(), fromB[index]?.()]);
      await this.#equal(group, a, b);
    }
  }

  /** What C cannot do: changes of files that a storage has wait together while it is away. */
  async #atOnce(group: MixedGroup, source: Member, target: Member): Promise<void> {
    const options = { seed: `${source.label} at once`, hasLinks: this.#mayLink(source) };
    const [uploads, ...changes] = operationSteps(group.client(source), this.#ledger, options);
    await uploads?.();
    await this.#equal(group, source, target);
    await target.stop();
    for (const change of changes) await change();
    target.start(target.maker);
    await group.settled();
    await this.#equal(group, source, target);
  }

  /** A backlog at `source` for `target`, and `victim` killed with part of it copied. */
  async #interrupted(group: MixedGroup, source: Member, target: Member, victim: Member): Promise<void> {
    await target.kill();
    const before = countFiles(target);
    const end = await writeBacklog(group.client(source), this.#ledger, BACKLOG_FILES, `backlog of ${source.address}`);
    await recorded(source, end);
    target.start(target.maker);
    await partlyCopied(source, target, before, 0.2);
    await victim.kill();
    victim.start(victim.maker);
    await group.settled();
    await this.#equal(group, source, target);
  }

  async #filled(group: MixedGroup, target: Member): Promise<void> {
    const [a] = group.storages;
    assert.ok(a !== undefined);
    target.start(this.#second);
    await partlyCopied(a, target, 0, 0.2);
    await target.kill();
    target.start(this.#second);
    await partlyCopied(a, target, 0, 0.6);
    const source = await group.syncSourceOf(target);
    await source.kill();
    source.start(source.maker);
    await group.settled();
    await this.#equal(group, a, target);
  }

  #steps(group: MixedGroup, storage: Member, isOld: boolean): (() => Promise<void>)[] {
    const seed = `${storage.label}${isOld ? " before" : ""}`;
    return operationSteps(group.client(storage), this.#ledger, { seed, hasLinks: this.#mayLink(storage) });
  }

  /** A C storage must not be source of a link that another C storage receives (storage.md 3.7). */
  #mayLink(storage: Member): boolean {
    if (storage.maker === "fdfs") return true;
    return this.#second === "fdfs";
  }

  async #equal(group: MixedGroup, one: Member, other: Member): Promise<void> {
    await eventually("equal trees", COPY_TIMEOUT_MS, () => {
      const found = differences(one, other);
      if (found.length > 0) throw new Error(found.join("; "));
    }).catch((error: Error) => {
      throw new Error(`${error.message}; ${group.troubles()}`);
    });
  }

  /** After a failed check the next ones of this group would only repeat it. */
  async #check(name: string, body: () => Promise<void> | void): Promise<void> {
    if (this.#isBroken) return;
    const ended = await this.#list.check(row(this.#second), this.#storageIds ? `ids: ${name}` : name, async () => {
      await body();
      return true;
    });
    if (ended !== true) this.#isBroken = true;
  }
}
