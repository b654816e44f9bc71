/**
 * Two trackers that must agree: one leads, the other follows, the leader is killed, the other leads, the first returns.
 * The storages must stay ACTIVE through all of it, and go on copying.
 */
import assert from "node:assert/strict";
import { ownAddress } from "../clusters/addresses.ts";
import type { Maker } from "../clusters/cluster.ts";
import { activeTrackers, leaderOf } from "../clusters/tracker-probe.ts";
import { CheckList, type Verdict } from "../verdict.ts";
import type { Member } from "./member.ts";
import { MixedGroup } from "./mixed-group.ts";
import { differences } from "./trees.ts";
import { eventually } from "./waiting.ts";

export const LEADERS_ROW = "two trackers, the leader killed";
/** C notices a dead leader after three failed pings (8 s), then waits up to 10 s at random before it asks again. */
const ELECTION_TIMEOUT_MS = 60_000;
const COPY_TIMEOUT_MS = 30_000;

/** Why C trackers cannot find each other here, or null. */
export function whyNoOwnAddress(): string | null {
  return ownAddress() === null ? "this machine has no IPv4 address besides loopback for two C trackers" : null;
}

/** The column's tracker leads first. In mixed columns the follower, and one of the storages, is of the other maker. */
export async function checkLeaders(tracker: Maker, storage: Maker): Promise<Verdict[]> {
  const list = new CheckList();
  const address = ownAddress();
  if (address === null) throw new Error("there is no address for two trackers");
  const group = await MixedGroup.layOut({ trackerCount: 2, storageCount: 2, trackerAddress: address });
  try {
    await new LeadersRun(list, group, tracker, storage).run();
  } finally {
    await group.stop();
  }
  return list.verdicts;
}

class LeadersRun {
  readonly #list: CheckList;
  readonly #group: MixedGroup;
  readonly #first: Maker;
  readonly #second: Maker;

  constructor(list: CheckList, group: MixedGroup, first: Maker, second: Maker) {
    this.#list = list;
    this.#group = group;
    this.#first = first;
    this.#second = second;
  }

  async run(): Promise<void> {
    const { trackers, storages } = this.#group;
    const [a, b] = storages;
    const makers = new Map(trackers.map((tracker, index) => [tracker, index === 0 ? this.#first : this.#second]));
    let [leader, follower] = trackers;
    assert.ok(leader !== undefined && follower !== undefined && a !== undefined && b !== undefined);
    await this.#check("one leads, the other follows", async () => {
      // A C tracker that starts alone waits for the other for ever: it wants to copy its files.
      for (const [tracker, maker] of makers) tracker.start(maker);
      a.start(this.#first);
      b.start(this.#second);
      await this.#group.settled();
      const named = await this.#someLeader();
      if (named === follower?.address) [leader, follower] = [follower, leader];
      await this.#agreed(leader!);
    });
    const [one, two] = [leader, follower];
    await this.#check(`${one.label}, the leader, killed: the other leads`, async () => {
      await one.kill();
      await this.#leads(two);
      await this.#group.settled();
      await this.#copies(a, b);
    });
    await this.#check("the killed one returns and follows", async () => {
      one.start(one.maker);
      await this.#agreed(two);
    });
    await this.#check(`${two.label}, the leader, stopped: the first leads again`, async () => {
      await two.stop();
      await this.#leads(one);
      await this.#group.settled();
      await this.#copies(b, a);
    });
    await this.#check("the stopped one returns and follows", async () => {
      two.start(two.maker);
      await this.#agreed(one);
    });
  }

  /** Both name `leader`, it counts both as alive, and all storages are ACTIVE on both. */
  async #agreed(leader: Member): Promise<void> {
    const all = this.#group.trackers.map((tracker) => tracker.address).sort();
    await this.#leads(leader);
    await eventually("both trackers alive for the leader", ELECTION_TIMEOUT_MS, async () => {
      assert.deepEqual(await activeTrackers(leader.host, leader.port), all);
    });
    await this.#group.settled();
    await this.#leads(leader);
  }

  async #someLeader(): Promise<string> {
    const [tracker] = this.#group.trackers;
    return eventually("a leader", ELECTION_TIMEOUT_MS, async () => {
      const named = tracker === undefined ? null : await leaderOf(tracker.host, tracker.port);
      if (named === null) throw new Error("none");
      return named;
    });
  }

  async #leads(leader: Member): Promise<void> {
    await eventually(`every running tracker to name ${leader.label} as leader`, ELECTION_TIMEOUT_MS, async () => {
      for (const tracker of this.#group.trackers.filter((candidate) => candidate.isUp)) {
        assert.equal(await leaderOf(tracker.host, tracker.port), leader.address, `leader for ${tracker.label}`);
      }
    });
  }

  async #copies(from: Member, to: Member): Promise<void> {
    await this.#group.client(from).upload(Buffer.from(`stored at ${performance.now()}`), "txt");
    await eventually("the file on the other storage", COPY_TIMEOUT_MS, () => {
      assert.deepEqual(differences(from, to), []);
    });
  }

  async #check(name: string, body: () => Promise<void>): Promise<void> {
    if (this.#list.verdicts.some((verdict) => verdict.outcome === "failed")) return;
    await this.#list.check(LEADERS_ROW, name, async () => {
      await body().catch((error: Error) => {
        throw new Error(`${error.message}; ${this.#group.troubles()}`);
      });
    });
  }
}
