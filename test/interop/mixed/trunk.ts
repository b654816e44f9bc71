/**
 * Trunk mode in groups of both makers: each storage is trunk server in turn, small files go through both, and after every
 * step the slots in the names, the trunk binlogs and the bytes of the trunk files must agree.
 * Left out: compaction of the trunk binlog, which no storage begins before it is up for 600 s.
 */
import assert from "node:assert/strict";
import { whyNoPeer } from "../clusters/c-cluster.ts";
import type { Maker } from "../clusters/cluster.ts";
import { whyNoFdfs } from "../clusters/fdfs-cluster.ts";
import { setTrunkServer, storageParameters, trunkFigures, trunkServerOf } from "../clusters/trunk-probe.ts";
import type { RawClient } from "../raw-client.ts";
import { CheckList, type Verdict } from "../verdict.ts";
import { Ledger, pattern } from "./ledger.ts";
import type { Member } from "./member.ts";
import { MixedGroup } from "./mixed-group.ts";
import { differences } from "./trees.ts";
import {
  configure,
  idOf,
  RICH_PARAMETERS,
  SLOT_HEADER_BYTES,
  SLOT_MAX_BYTES,
  slotBytes,
  storageIds,
  TRUNK_FILE_BYTES,
  TRUNK_MERGING,
  TRUNK_MODE,
  TRUNK_MODE_RICH,
} from "./trunk-conf.ts";
import {
  freeRanges,
  gaps,
  isTrunkFile,
  overlaps,
  type Range,
  slotOf,
  trunkBinlog,
  trunkDifferences,
  trunkFiles,
} from "./trunk-slots.ts";
import { eventually } from "./waiting.ts";

const AGREE_TIMEOUT_MS = 30_000;
const REUSE_TIMEOUT_MS = 40_000;
const ROLE_TIMEOUT_MS = 60_000;
const MB = 1_048_576;
const LARGEST = SLOT_MAX_BYTES - SLOT_HEADER_BYTES;
/** Bytes of files that belong into slots. */
const SIZES: readonly number[] = [0, 1, 200, 200, 200, 232, 233, 1000, 30_000, LARGEST];
const REUSED_SIZE = 200;
const BURST_FILES = 40;
const BURST_LANES = 8;
const BURST_MAX_SIZE = 5000;

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
    if (process.env.TRUNK_SECOND && process.env.TRUNK_SECOND !== second) continue;
    const reason = second === "c" ? whyNoPeer() : whyNoFdfs();
    if (reason !== null) {
      list.verdicts.push({ row: row(second), name: "everything", outcome: "skipped", reason });
      continue;
    }
    const plan = { row: row(second), tracker, isRich: false, title: "" };
    const pair = [first, second];
    runs.push(new TrunkRun(list, { ...plan, makers: pair }).run());
    runs.push(new TrunkRun(list, { ...plan, makers: pair, isRich: true, title: "all settings: " }).run());
    if (second === "c") {
      runs.push(new TrunkRun(list, { ...plan, makers: [...pair, tracker], title: "three storages: " }).run());
    }
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

type Departure = "stopped" | "killed" | "silent";

class TrunkRun {
  readonly #list: CheckList;
  readonly #plan: TrunkPlan;
  readonly #ledger = new Ledger();
  /** Where deleted files were, as `file offset`. */
  readonly #freed = new Set<string>();
  #group!: MixedGroup;
  /** Uploads that got the place of a deleted file since the role passed last. */
  #reused = 0;
  #isBroken = false;
  #count = 0;

  constructor(list: CheckList, plan: TrunkPlan) {
    this.#list = list;
    this.#plan = plan;
  }

  async run(): Promise<void> {
    if (process.env.TRUNK_ONE && !this.#plan.title.includes(process.env.TRUNK_ONE)) return;
    const { makers, isRich } = this.#plan;
    this.#group = await MixedGroup.layOut({ trackerCount: 1, storageCount: makers.length });
    const { trackers, storages } = this.#group;
    const [tracker] = trackers;
    const [first, ...others] = storages;
    assert.ok(tracker !== undefined && first !== undefined);
    const merges = isRich && makers.every((maker) => maker === "fdfs");
    const rich = { ...TRUNK_MODE_RICH, ...(merges ? TRUNK_MERGING : {}), ...storageIds(this.#group) };
    configure(tracker, isRich ? rich : TRUNK_MODE);
    try {
      await this.#check("alone", async () => {
        tracker.start(this.#plan.tracker);
        if (isRich && !merges) await this.#tellsParameters(tracker);
        first.start(makers[0] ?? "c");
        await this.#group.settled();
        await this.#isServer(first);
        await this.#work();
      });
      await this.#check("the others join and are filled", async () => {
        // C storages that join at the same time now and then wait for each other for ever.
        for (const [index, storage] of others.entries()) {
          storage.start(makers[index + 1] ?? "c");
          await this.#group.settled();
        }
        await this.#agree();
        await this.#work();
      });
      const isPlain = makers.length === 2 && !isRich;
      const ways: readonly Departure[] = isPlain ? ["stopped", "killed", "silent"] : ["stopped", "killed"];
      for (const [turn, how] of ways.entries()) {
        const from = storages[turn % storages.length]!;
        const to = storages[(turn + 1) % storages.length]!;
        await this.#check(`the role passes from a ${how} ${from.label} to ${to.label}`, () =>
          this.#pass(from, to, how),
        );
      }
      await this.#check("trunk files are the same after all have stopped", async () => {
        await Promise.all(storages.map((storage) => storage.stop()));
        for (const other of others) assert.deepEqual(trunkDifferences(first, other), []);
      });
    } finally {
      await this.#group.stop();
    }
  }

  async #tellsParameters({ host, port }: Member): Promise<void> {
    await eventually("parameters", AGREE_TIMEOUT_MS, async () => {
      const text = await storageParameters(host, port);
      // Ours adds lines of its own behind.
      const at = text.indexOf("use_trunk_file");
      assert.equal(text.slice(at, at + RICH_PARAMETERS.length), RICH_PARAMETERS);
    });
  }

  /** `from` goes, `to` becomes trunk server and works alone, `from` returns and both work. */
  async #pass(from: Member, to: Member, how: Departure): Promise<void> {
    await (how === "killed" ? from.kill() : from.stop());
    await this.#isServer(to, how !== "silent");
    this.#reused = 0;
    await this.#work();
    from.start(from.maker);
    await this.#group.settled();
    await this.#work();
    await this.#reuses();
    await this.#agree();
  }

  async #isServer(storage: Member, asks = false): Promise<void> {
    const [tracker] = this.#group.trackers;
    assert.ok(tracker !== undefined);
    const { host, port } = tracker;
    const id = this.#plan.isRich ? idOf(this.#group, storage) : storage.host;
    await eventually(`${storage.label} to be the trunk server`, ROLE_TIMEOUT_MS, async () => {
      if (asks) await setTrunkServer(host, port, this.#group.groupName, id);
      assert.equal(await trunkServerOf(host, port, this.#group.groupName), storage.address);
    });
  }

  get #running(): Member[] {
    return this.#group.storages.filter((storage) => storage.isUp);
  }

  /** Every kind of file through each running storage; some go again. All must agree then. */
  async #work(): Promise<void> {
    const storages = this.#running;
    const clients = storages.map((storage) => this.#group.client(storage));
    for (const storage of storages) await this.#usable(storage);
    const kinds = await Promise.all(clients.map((client) => this.#store(client)));
    const bursts = await Promise.all(clients.map((client) => this.#burst(client)));
    await this.#agree();
    // Each deletes what another has stored.
    const removals = clients.map(async (client, index) => {
      const at = (index + 1) % clients.length;
      const names = [...(kinds[at] ?? []), ...(bursts[at] ?? [])];
      for (const name of names.filter((_, place) => place % 2 === 0)) await this.#remove(client, name);
    });
    await Promise.all(removals);
    await this.#agree();
    for (const client of clients) await this.#ledger.verify(client);
  }

  /** Many at once. */
  async #burst(client: RawClient): Promise<string[]> {
    const names: string[] = [];
    let begun = 0;
    const lane = async (): Promise<void> => {
      while (begun++ < BURST_FILES) names.push(await this.#upload(client, (begun * 977) % BURST_MAX_SIZE, begun % 2));
    };
    await Promise.all(Array.from({ length: BURST_LANES }, lane));
    for (const name of names) assert.ok(slotOf(name) !== null, `a small file was stored as ${name}`);
    return names;
  }

  /** News of the role come with heartbeats: until then C refuses small files and ours stores them as files of their own. */
  async #usable(storage: Member): Promise<void> {
    const client = this.#group.client(storage);
    await eventually(`${storage.label} to have slots`, ROLE_TIMEOUT_MS, async () => {
      const name = await this.#upload(client, 100, 0);
      assert.ok(slotOf(name) !== null, `it has stored ${name}`);
    }).catch((error: Error) => {
      throw new Error(`${error.message}; ${this.#group.troubles()}`);
    });
  }

  /** Resolves with the names of those in slots. */
  async #store(client: RawClient): Promise<string[]> {
    const names: string[] = [];
    for (const [index, size] of SIZES.entries()) {
      const name = await this.#upload(client, size, index % 2);
      const slot = slotOf(name);
      assert.ok(slot !== null, `${size} bytes were stored as ${name}, not in a trunk file`);
      assert.equal(slot.end - slot.offset, slotBytes(size), `slot of ${name}`);
      names.push(name);
    }
    const large = await this.#upload(client, LARGEST + 1, 0);
    assert.equal(slotOf(large), null, `${LARGEST + 1} bytes were stored as ${large}`);
    const [master = ""] = names.slice(5);
    const slave = await client.uploadSlave(master, "_big", "jpg", pattern(500, master));
    this.#ledger.files.set(slave, pattern(500, master));
    await client.setMetadata(master, "O", { width: "1024" });
    this.#ledger.metadata.set(master, "width\x021024");
    const appender = await client.upload(pattern(300, "appender"), "log", true);
    await client.append(appender, pattern(100, "more"));
    assert.equal(slotOf(appender), null, `an appender file was stored as ${appender}`);
    this.#ledger.files.set(appender, Buffer.concat([pattern(300, "appender"), pattern(100, "more")]));
    return names;
  }

  /** The place of a deleted file is given to another, by now or soon: our trunk server lets it rest for half a minute. */
  async #reuses(): Promise<void> {
    const [client] = this.#running.map((storage) => this.#group.client(storage));
    assert.ok(client !== undefined);
    await eventually("a slot to be used again", REUSE_TIMEOUT_MS, async () => {
      if (this.#reused === 0) await this.#upload(client, REUSED_SIZE, 0);
      assert.ok(this.#reused > 0);
    });
  }

  async #upload(client: RawClient, size: number, storePath: number): Promise<string> {
    const bytes = pattern(size, `${this.#count++}`);
    const name = await client.upload(bytes, size % 2 === 0 ? "txt" : "", false, storePath);
    this.#ledger.files.set(name, bytes);
    const slot = slotOf(name);
    if (slot !== null && this.#freed.delete(`${slot.file} ${slot.offset}`)) this.#reused++;
    return name;
  }

  async #remove(client: RawClient, name: string): Promise<void> {
    await client.remove(name);
    this.#ledger.remove(name);
    const slot = slotOf(name);
    if (slot !== null) this.#freed.add(`${slot.file} ${slot.offset}`);
  }

  /** Running storages have the same files, trunk files and trunk binlogs; every byte of a trunk file is free or in use, once. */
  async #agree(): Promise<void> {
    const [one, ...others] = this.#running;
    assert.ok(one !== undefined);
    await eventually("agreement", AGREE_TIMEOUT_MS, async () => {
      for (const other of others) {
        assert.deepEqual(
          differences(one, other, (name) => !isTrunkFile(name)),
          [],
        );
        assert.deepEqual(trunkDifferences(one, other), []);
        assert.equal(trunkBinlog(other), trunkBinlog(one), "trunk binlogs");
      }
      await this.#isSound(one);
    }).catch((error: Error) => {
      throw new Error(`${error.message}; ${this.#group.troubles()}`);
    });
  }

  async #isSound(storage: Member): Promise<void> {
    const used: Range[] = [...this.#ledger.files.keys()].flatMap((name) => slotOf(name) ?? []);
    const free = freeRanges(trunkBinlog(storage));
    const all = [
      ...used.map((range) => ({ ...range, what: "a file" })),
      ...free.map((range) => ({ ...range, what: "free space" })),
    ];
    assert.deepEqual(overlaps(all), [], "overlaps");
    assert.deepEqual(gaps(all, TRUNK_FILE_BYTES), [], "neither free nor used");
    const [tracker] = this.#group.trackers;
    assert.ok(tracker !== undefined);
    const freeBytes = free.reduce((sum, { offset, end }) => sum + end - offset, 0);
    // A file that was made ahead is only on the trunk server yet.
    const made = this.#group.storages.flatMap((one) => [...trunkFiles(one).keys()]);
    const ids = made.map((file) => Number(file.split("/").at(-1)));
    const figures = await trunkFigures(tracker.host, tracker.port, this.#group.groupName);
    assert.equal(figures.fileId, Math.max(...ids), "the last trunk file id that the tracker knows");
    // C counts some of the files that it makes ahead twice.
    if (!this.#plan.isRich) assert.equal(figures.freeMb, Math.floor(freeBytes / MB), "free MB that the tracker knows");
  }

  /** After a failed check the next ones of this group would only repeat it. */
  async #check(name: string, body: () => Promise<void>): Promise<void> {
    if (this.#isBroken) return;
    const started = performance.now();
    const ended = await this.#list.check(this.#plan.row, `${this.#plan.title}${name}`, async () => {
      await body();
      return true;
    });
    if (process.env.TRUNK_VERBOSE) console.log(this.#plan, name, ended, performance.now() - started);
    if (ended !== true) this.#isBroken = true;
  }
}
