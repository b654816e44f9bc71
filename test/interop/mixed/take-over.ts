/**
 * The rehearsal of a take-over: two trackers and three storages of C under a steady load are replaced one at a time by
 * ours on the same configuration and folders, then back. A rolling restart of C in the same run is the measure.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { ownAddress } from "../clusters/addresses.ts";
import type { Maker } from "../clusters/cluster.ts";
import { CheckList, type Verdict } from "../verdict.ts";
import type { Member } from "./member.ts";
import { MixedGroup } from "./mixed-group.ts";
import { SteadyLoad } from "./steady-load.ts";
import { differences, readTree } from "./trees.ts";
import { eventually } from "./waiting.ts";

export const TAKE_OVER_ROW = "take-over of a C cluster under load, and back";
const COPY_TIMEOUT_MS = 120_000;
/** Operations acknowledged between two servers: the load must have run over the new one. */
const OPERATIONS_BETWEEN = 300;
const BETWEEN_TIMEOUT_MS = 60_000;
const SEED = 20;
/** So long before it was told to stop a C storage keeps records in memory only (sync_binlog_buff_interval = 1). */
const UNRECORDED_MS = 1500;

interface Restart {
  readonly phase: string;
  readonly member: string;
  /** Operations in flight when it was told to stop. */
  readonly underWay: number;
  readonly awayMs: number;
  readonly failures: number;
  readonly slowestMs: number;
}

/** `other` takes over from C; "c" itself is a test of the rehearsal. */
export async function rehearseTakeOver(other: Maker): Promise<Verdict[]> {
  const list = new CheckList();
  const address = ownAddress();
  const plan = { trackerCount: 2, storageCount: 3, ...(address === null ? {} : { trackerAddress: address }) };
  const group = await MixedGroup.layOut(plan);
  const run = new Rehearsal(group);
  const check = (name: string, body: () => Promise<void> | void): Promise<boolean> => run.check(list, name, body);
  try {
    const ends =
      (await check("C cluster under load", () => run.begin())) &&
      (await check("rolling restart of C", () => run.roll("C to C", "c"))) &&
      (await check("replaced by ours one at a time", () => run.roll("C to ours", other))) &&
      (await check("and back to C", () => run.roll("ours to C", "c")));
    await run.load.stop();
    console.log(run.figures());
    if (!ends) return list.verdicts;
    await check("no failed operation beyond a restart of C", () => run.judgeFailures());
    await check("every answer right", () => assert.deepEqual(run.load.figures.wrongAnswers, []));
    await check("all files equal on all storages", () => run.judgeFiles());
  } finally {
    await run.load.stop();
    await group.stop();
  }
  return list.verdicts;
}

class Rehearsal {
  readonly load: SteadyLoad;
  readonly #group: MixedGroup;
  readonly #restarts: Restart[] = [];
  /** When C storages were stopping. */
  readonly #cStops: { host: string; fromMs: number; toMs: number }[] = [];

  constructor(group: MixedGroup) {
    this.#group = group;
    this.load = new SteadyLoad(group.trackers, SEED);
  }

  async check(list: CheckList, name: string, body: () => Promise<void> | void): Promise<boolean> {
    const done = await list.check(TAKE_OVER_ROW, name, async () => {
      await body();
      return true;
    });
    return done === true;
  }

  async begin(): Promise<void> {
    for (const member of [...this.#group.trackers, ...this.#group.storages]) member.start("c");
    await this.#group.settled();
    this.load.figures.enter("start");
    this.load.start();
    await this.#loadGoesOn();
  }

  /** Each server is stopped and started again by `maker`: trackers first on the way to ours, last on the way back. */
  async roll(phase: string, maker: Maker): Promise<void> {
    const { trackers, storages } = this.#group;
    const order = phase === "ours to C" ? [...storages, ...trackers] : [...trackers, ...storages];
    for (const member of order) await this.#replace(phase, member, maker);
  }

  judgeFailures(): void {
    const worst = (phase: string, role: string): number =>
      Math.max(
        0,
        ...this.#restarts.filter((one) => one.phase === phase && one.member.includes(role)).map((one) => one.failures),
      );
    const found = this.#restarts
      .filter(({ phase }) => phase !== "C to C")
      .filter(({ member, failures }) => failures > worst("C to C", member.includes("tracker") ? "tracker" : "storage"))
      .map(({ phase, member, failures }) => `${phase}, ${member}: ${failures} failed`);
    const texts = this.#restarts.flatMap(
      ({ phase, member }) => this.load.figures.phase(`${phase}, ${member}`).failures,
    );
    assert.deepEqual(found, [], `${found.join("; ")}: ${texts.slice(0, 3).join(" | ")}`);
  }

  async judgeFiles(): Promise<void> {
    const [first, ...others] = this.#group.storages;
    assert.ok(first !== undefined);
    const lost = this.#unrecorded();
    // A name that no answer gave belongs to an upload that its server was killed in: nobody was promised anything.
    const given = new Set([...this.load.files.keys(), ...this.load.gone].map((id) => this.#nameOf(id)));
    const isJudged = (name: string): boolean => !lost.has(name) && given.has(name.replace(/-m$/, ""));
    await eventually("equal storages", COPY_TIMEOUT_MS, () => {
      const found = others.flatMap((other) => differences(first, other, isJudged));
      if (found.length > 0) throw new Error(`${found.join("; ")}`);
    });
    const tree = readTree(first);
    const sha1 = (bytes: Uint8Array): string => createHash("sha1").update(bytes).digest("hex");
    for (const file of this.load.files.values()) {
      const name = this.#nameOf(file.id);
      if (lost.has(name)) continue;
      assert.equal(tree.get(name)?.digest, sha1(file.bytes), `content of ${name}, ${file.bytes.length} bytes expected`);
      const metadata = file.metadata === null ? undefined : sha1(Buffer.from(file.metadata));
      assert.equal(tree.get(`${name}-m`)?.digest, metadata, `metadata of ${name}`);
    }
    for (const id of this.load.gone) {
      assert.ok(!tree.has(this.#nameOf(id)), `${id} was deleted and is there`);
    }
  }

  /** One line a restart, then the sums. */
  figures(): string {
    const { figures, files, gone } = this.load;
    const lines = this.#restarts.map(
      ({ phase, member, underWay, awayMs, failures, slowestMs }) =>
        `  ${phase}, ${member}: ${underWay} under way, away ${Math.round(awayMs)} ms, ${failures} failed, slowest operation ${Math.round(slowestMs)} ms`,
    );
    const kinds = [...figures.byKind].map(([kind, count]) => `${count} ${kind}`).join(", ");
    const failed = ["start", ...this.#restarts.map(({ phase, member }) => `${phase}, ${member}`)].flatMap(
      (name) => figures.phase(name).failures,
    );
    const shown = [...new Set(failed)].slice(0, 10).map((text) => `  failed: ${text}`);
    const sums = `  ${figures.acknowledged} operations acknowledged (${kinds}); ${failed.length} failed; ${files.size} files remembered, ${gone.size} deleted`;
    return ["take-over rehearsal:", ...lines, sums, ...shown].join("\n");
  }

  /**
   * Names of the files, and of their metadata, whose making or change a C storage acknowledged while it was told to stop, or
   * just before: it may lose their records, with C in the other places as with ours.
   */
  #unrecorded(): Set<string> {
    const names = new Set<string>();
    for (const { id, source, writtenAt } of this.load.files.values()) {
      const isLate = this.#cStops.some(
        ({ host, fromMs, toMs }) => host === source && writtenAt.some((at) => at >= fromMs && at <= toMs),
      );
      if (!isLate) continue;
      const name = this.#nameOf(id);
      names.add(name);
      names.add(`${name}-m`);
    }
    if (names.size > 0)
      console.log(`  ${names.size / 2} files were made or changed by a stopping C storage and are not judged`);
    return names;
  }

  #nameOf(id: string): string {
    return id.slice(this.#group.groupName.length + 1);
  }

  async #replace(phase: string, member: Member, maker: Maker): Promise<void> {
    const isStorage = member.storePaths.length > 0;
    const name = `${phase}, ${member.label}`;
    this.load.figures.enter(name);
    if (isStorage) await this.load.leave(member.host);
    const started = performance.now();
    const { underWay } = this.load.figures;
    const label = member.label;
    const isC = member.maker === "c";
    const fromMs = Date.now() - UNRECORDED_MS;
    await member.stop();
    if (isC && isStorage) this.#cStops.push({ host: member.host, fromMs, toMs: Date.now() });
    member.start(maker);
    await this.#group.settled();
    const awayMs = performance.now() - started;
    if (isStorage) this.load.back(member.host);
    await this.#loadGoesOn();
    const { failures, slowestMs } = this.load.figures.phase(name);
    this.#restarts.push({ phase, member: label, underWay, awayMs, failures: failures.length, slowestMs });
  }

  async #loadGoesOn(): Promise<void> {
    const until = this.load.figures.acknowledged + OPERATIONS_BETWEEN;
    await eventually(`${OPERATIONS_BETWEEN} operations more`, BETWEEN_TIMEOUT_MS, () => {
      if (this.load.figures.acknowledged < until)
        throw new Error(`${until - this.load.figures.acknowledged} are missing`);
    });
  }
}
