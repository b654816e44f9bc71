/**
 * Trunk mode under two trackers, one of which leads: who leads after the other was killed must know or choose a trunk server,
 * the storages must take its word, and no slot may be given twice over it.
 */
import assert from "node:assert/strict";
import { ownAddress } from "../clusters/addresses.ts";
import type { Maker } from "../clusters/cluster.ts";
import { leaderOf } from "../clusters/tracker-probe.ts";
import { trunkServerOf } from "../clusters/trunk-probe.ts";
import { CheckList, type Verdict } from "../verdict.ts";
import type { Member } from "./member.ts";
import { MixedGroup } from "./mixed-group.ts";
import { configure, TRUNK_MODE } from "./trunk-conf.ts";
import { TrunkWork } from "./trunk-work.ts";
import { eventually } from "./waiting.ts";

export const TRUNK_LEADERS_ROW = "trunk mode under two trackers, the leader killed";
/** C notices a dead leader after three failed pings (8 s), then waits up to 10 s at random before it asks again. */
const ELECTION_TIMEOUT_MS = 60_000;

/** One tracker and one storage are of the column's tracker's maker, the others of its storage's. */
export async function checkTrunkLeaders(first: Maker, second: Maker): Promise<Verdict[]> {
  const list = new CheckList();
  const address = ownAddress();
  if (address === null) throw new Error("there is no address for two trackers");
  const group = await MixedGroup.layOut({ trackerCount: 2, storageCount: 2, trackerAddress: address });
  const run = new LeadersRun(group, first, second);
  const check = async (name: string, body: () => Promise<void>): Promise<void> => {
    if (list.verdicts.every(({ outcome }) => outcome === "ok")) await list.check(TRUNK_LEADERS_ROW, name, body);
  };
  try {
    await check("small files through both storages", () => run.begin());
    await check("the leader killed: the other tracker has a trunk server", () => run.killLeader());
    await check("the first tracker returns", () => run.restart());
  } finally {
    await group.stop();
  }
  return list.verdicts;
}

class LeadersRun {
  readonly #group: MixedGroup;
  readonly #makers: readonly [Maker, Maker];
  readonly #work: TrunkWork;
  #leader: Member;

  constructor(group: MixedGroup, first: Maker, second: Maker) {
    const [tracker] = group.trackers;
    assert.ok(tracker !== undefined);
    this.#group = group;
    this.#makers = [first, second];
    this.#leader = tracker;
    this.#work = new TrunkWork(group, {
      leader: () => this.#leader,
      idOf: (storage) => storage.host,
    });
  }

  async begin(): Promise<void> {
    const { trackers, storages } = this.#group;
    for (const tracker of trackers) configure(tracker, TRUNK_MODE);
    // A C tracker that starts alone waits for the other for ever: it wants to copy its files.
    for (const [index, tracker] of trackers.entries()) tracker.start(this.#makers[index] ?? "c");
    for (const [index, storage] of storages.entries()) {
      storage.start(this.#makers[index] ?? "c");
      await this.#group.settled();
    }
    await this.#hasLeader();
    await this.#work.server();
    await this.#work.run();
    // The follower must know it before it leads: the leader tells it with the answers to its pings.
    const server = await this.#work.server();
    for (const { host, port, label } of trackers) {
      await eventually(`${label} to know the trunk server`, ELECTION_TIMEOUT_MS, async () => {
        assert.equal(await trunkServerOf(host, port, this.#group.groupName), server.address);
      });
    }
  }

  async killLeader(): Promise<void> {
    await this.#leader.kill();
    await this.#hasLeader();
    await this.#work.server();
    await this.#work.run();
  }

  async restart(): Promise<void> {
    for (const [index, tracker] of this.#group.trackers.entries()) {
      if (!tracker.isUp) tracker.start(this.#makers[index] ?? "c");
    }
    await this.#hasLeader();
    await this.#group.settled();
    await this.#work.server();
    await this.#work.run();
  }

  /** All running trackers name the same one, which runs. */
  async #hasLeader(): Promise<void> {
    const running = this.#group.trackers.filter((tracker) => tracker.isUp);
    this.#leader = await eventually("one leader", ELECTION_TIMEOUT_MS, async () => {
      const named = await Promise.all(running.map(({ host, port }) => leaderOf(host, port)));
      const leader = running.find(({ address }) => named.every((name) => name === address));
      if (leader === undefined) throw new Error(`they name ${named.join(" and ")}`);
      return leader;
    });
    await this.#group.settled();
  }
}
