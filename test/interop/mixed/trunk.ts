/**
 * Trunk mode in groups of both makers: each storage is trunk server in turn, small files go through all, and after every
 * step the slots in the names, the trunk binlogs and the bytes of the trunk files must agree.
 * Left out: compaction of the trunk binlog, which no storage begins before it is up for 600 s.
 */
import assert from "node:assert/strict";
import { whyNoPeer } from "../clusters/c-cluster.ts";
import type { Maker } from "../clusters/cluster.ts";
import { whyNoFdfs } from "../clusters/fdfs-cluster.ts";
import { storageParameters } from "../clusters/trunk-probe.ts";
import { CheckList, type Verdict } from "../verdict.ts";
import type { Member } from "./member.ts";
import { MixedGroup } from "./mixed-group.ts";
import {
  configure,
  idOf,
  RICH_PARAMETERS,
  storageIds,
  TRUNK_MERGING,
  TRUNK_MODE,
  TRUNK_MODE_RICH,
} from "./trunk-conf.ts";
import { trunkDifferences } from "./trunk-slots.ts";
import { TrunkWork } from "./trunk-work.ts";
import { eventually } from "./waiting.ts";

const TRACKER_TIMEOUT_MS = 10_000;

export const TRUNK_ROWS: readonly string[] = [row("c"), row("fdfs")];

function row(second: Maker): string {
  return `trunk mode in a group with ${second === "c" ? "a C" : "our"} storage`;
}

/**
 * The column's storage is first, the second is of each maker in turn: with few and with all trunk settings. Beside a C storage
 * there is also a third one, of the tracker's maker.
 */
export async function checkTrunk(tracker: Maker, first: Maker): Promise<Verdict[]> {
  const list = new CheckList();
  const runs: Promise<void>[] = [];
  for (const second of ["c", "fdfs"] as const) {
    const reason = second === "c" ? whyNoPeer() : whyNoFdfs();
    if (reason !== null) {
      list.verdicts.push({ row: row(second), name: "everything", outcome: "skipped", reason });
      continue;
    }
    const plan = { row: row(second), tracker, isRich: false, title: "" };
    const makers = [first, second];
    runs.push(runPlan(list, { ...plan, makers }));
    runs.push(runPlan(list, { ...plan, makers, isRich: true, title: "all settings: " }));
    if (second === "c") runs.push(runPlan(list, { ...plan, makers: [...makers, tracker], title: "three storages: " }));
  }
  await Promise.all(runs);
  return list.verdicts;
}

interface TrunkPlan {
  readonly row: string;
  /** Before the names of the checks. */
  readonly title: string;
  readonly tracker: Maker;
  /** Of the storages. */
  readonly makers: readonly Maker[];
  readonly isRich: boolean;
}

async function runPlan(list: CheckList, plan: TrunkPlan): Promise<void> {
  const group = await MixedGroup.layOut({ trackerCount: 1, storageCount: plan.makers.length });
  try {
    await new TrunkRun(list, plan, group).run();
  } finally {
    await group.stop();
  }
}

type Departure = "stopped" | "killed" | "silent";

class TrunkRun {
  readonly #list: CheckList;
  readonly #plan: TrunkPlan;
  readonly #group: MixedGroup;
  readonly #tracker: Member;
  readonly #work: TrunkWork;
  #isBroken = false;

  constructor(list: CheckList, plan: TrunkPlan, group: MixedGroup) {
    const [tracker] = group.trackers;
    assert.ok(tracker !== undefined);
    this.#list = list;
    this.#plan = plan;
    this.#group = group;
    this.#tracker = tracker;
    this.#work = new TrunkWork(group, {
      leader: () => tracker,
      idOf: (storage) => (plan.isRich ? idOf(group, storage) : storage.host),
    });
  }

  async run(): Promise<void> {
    const { makers, isRich } = this.#plan;
    const { storages } = this.#group;
    const merges = makers.every((maker) => maker === "fdfs") ? TRUNK_MERGING : {};
    configure(this.#tracker, isRich ? { ...TRUNK_MODE_RICH, ...merges, ...storageIds(this.#group) } : TRUNK_MODE);
    await this.#check("alone", () => this.#begin());
    await this.#check("the others join and are filled", () => this.#join());
    const again = isRich ? "killed" : "stopped";
    await this.#check(`the trunk server is ${again} and comes back at once`, () => this.#comesBack(again));
    const isPlain = makers.length === 2 && !isRich;
    const ways: readonly Departure[] = isPlain ? ["stopped", "killed", "silent"] : ["stopped", "killed"];
    for (const how of ways) await this.#check(`the trunk server is ${how}: another takes over`, () => this.#pass(how));
    await this.#check("trunk files are the same after all have stopped", async () => {
      const [first, ...others] = storages;
      await Promise.all(storages.map((storage) => storage.stop()));
      for (const other of others) assert.deepEqual(trunkDifferences(first!, other), []);
    });
  }

  async #begin(): Promise<void> {
    const [first] = this.#group.storages;
    const [maker] = this.#plan.makers;
    assert.ok(first !== undefined && maker !== undefined);
    this.#tracker.start(this.#plan.tracker);
    if (this.#plan.isRich) await this.#tellsParameters();
    first.start(maker);
    await this.#group.settled();
    await this.#work.isServer(first);
    await this.#work.run();
  }

  async #join(): Promise<void> {
    for (const [index, storage] of this.#group.storages.entries()) {
      if (index === 0) continue;
      storage.start(this.#plan.makers[index]!);
      // C storages that join at the same time now and then wait for each other for ever.
      await this.#group.settled();
    }
    await this.#work.agree();
    await this.#work.run();
  }

  /** Mostly before the tracker chooses another one. */
  async #comesBack(how: Departure): Promise<void> {
    const server = await this.#work.server();
    await (how === "killed" ? server.kill() : server.stop());
    server.start(server.maker);
    await this.#group.settled();
    await this.#work.server();
    await this.#work.run();
  }

  /** The trunk server goes, the next in the row takes over, it returns; there is work before and after that. */
  async #pass(how: Departure): Promise<void> {
    const { storages } = this.#group;
    const from = await this.#work.server();
    const to = storages[(storages.indexOf(from) + 1) % storages.length]!;
    await (how === "killed" ? from.kill() : from.stop());
    await this.#work.isServer(to, how !== "silent");
    await this.#work.run();
    from.start(from.maker);
    await this.#group.settled();
    await this.#work.run();
    await this.#work.reuses();
    await this.#work.agree();
  }

  async #tellsParameters(): Promise<void> {
    const { host, port } = this.#tracker;
    const merging = this.#plan.makers.every((maker) => maker === "fdfs");
    const expected = merging
      ? RICH_PARAMETERS.replace("merge=0", "merge=1").replace("files=0", "files=1")
      : RICH_PARAMETERS;
    await eventually("the tracker's parameters", TRACKER_TIMEOUT_MS, async () => {
      const text = await storageParameters(host, port);
      // Our tracker has lines of its own behind C's.
      const at = text.indexOf("use_trunk_file");
      assert.equal(text.slice(at, at + expected.length), expected);
    });
  }

  /** After a failed check the next ones of this group would only repeat it. */
  async #check(name: string, body: () => Promise<void>): Promise<void> {
    if (this.#isBroken) return;
    const ended = await this.#list.check(this.#plan.row, `${this.#plan.title}${name}`, async () => {
      await body();
      return true;
    });
    if (ended !== true) this.#isBroken = true;
  }
}
