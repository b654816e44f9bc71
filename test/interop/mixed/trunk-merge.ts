/**
 * A C trunk server that joins free blocks does so without a line in the trunk binlog: whoever takes the role over from it
 * reads there that space in use is free, and C then overwrites files. Ours must not, and must not lead C into it.
 */
import assert from "node:assert/strict";
import type { Maker } from "../clusters/cluster.ts";
import { setTrunkServer, trunkServerOf } from "../clusters/trunk-probe.ts";
import type { RawClient } from "../raw-client.ts";
import { CheckList, type Verdict } from "../verdict.ts";
import { Ledger, pattern } from "./ledger.ts";
import type { Member } from "./member.ts";
import { MixedGroup } from "./mixed-group.ts";
import { differences } from "./trees.ts";
import { configure, TRUNK_MERGING, TRUNK_MODE } from "./trunk-conf.ts";
import { freeRanges, isTrunkFile, overlaps, slotOf, trunkBinlog, trunkDifferences, trunkFiles } from "./trunk-slots.ts";
import { eventually } from "./waiting.ts";

export const TRUNK_MERGE_ROW = "trunk server role taken over from C that joined free blocks";
const TIMEOUT_MS = 30_000;
const FILES = 60;
/** A slot of 256 bytes. */
const SMALL = 200;
/** A slot of 512 bytes with one byte in the second half: what C looks at there is empty. */
const TREACHEROUS = 233;

export async function checkMergedTakeOver(tracker: Maker, second: Maker): Promise<Verdict[]> {
  const list = new CheckList();
  const group = await MixedGroup.layOut({ trackerCount: 1, storageCount: 2 });
  const run = new MergeRun(group);
  const check = async (name: string, body: () => Promise<void>): Promise<void> => {
    if (list.verdicts.every(({ outcome }) => outcome === "ok")) await list.check(TRUNK_MERGE_ROW, name, body);
  };
  try {
    await check("C has joined free blocks and used them", () => run.join(tracker));
    await check("files stay whole under the next trunk server", () => run.takeOver(second));
    await check("C gets no slot that is in use", () => run.both());
  } finally {
    await group.stop();
  }
  return list.verdicts;
}

class MergeRun {
  readonly #group: MixedGroup;
  readonly #ledger = new Ledger();
  /** Trunk files of the first trunk server. */
  readonly #inherited = new Set<string>();
  readonly #a: Member;
  readonly #b: Member;
  #count = 0;

  constructor(group: MixedGroup) {
    const [a, b] = group.storages;
    assert.ok(a !== undefined && b !== undefined);
    this.#group = group;
    this.#a = a;
    this.#b = b;
  }

  async join(tracker: Maker): Promise<void> {
    const [member] = this.#group.trackers;
    assert.ok(member !== undefined);
    configure(member, { ...TRUNK_MODE, ...TRUNK_MERGING });
    member.start(tracker);
    this.#a.start("c");
    await this.#group.settled();
    await this.#isServer(this.#a);
    const client = this.#group.client(this.#a);
    await this.#uploads(client, SMALL);
    // One stays: a trunk file without any is removed.
    for (const name of [...this.#ledger.files.keys()].slice(1)) {
      await client.remove(name);
      this.#ledger.remove(name);
    }
    // It joins blocks when it begins to be trunk server.
    await this.#a.stop();
    this.#a.start("c");
    await this.#group.settled();
    await this.#isServer(this.#a);
    await this.#uploads(client, TREACHEROUS);
    await eventually("free space inside files", TIMEOUT_MS, () => {
      const free = freeRanges(trunkBinlog(this.#a)).map((range) => ({ ...range, what: "free space" }));
      assert.ok(overlaps([...this.#used(), ...free]).length > 0, "the trunk binlog is true");
    });
  }

  async takeOver(maker: Maker): Promise<void> {
    this.#b.start(maker);
    await this.#group.settled();
    await this.#same();
    await eventually("the same trunk binlogs", TIMEOUT_MS, () => {
      assert.equal(trunkBinlog(this.#b), trunkBinlog(this.#a));
    });
    for (const file of trunkFiles(this.#a).keys()) this.#inherited.add(file);
    await this.#a.stop();
    await this.#isServer(this.#b);
    await this.#uploads(this.#group.client(this.#b), SMALL);
    assert.deepEqual(overlaps(this.#used()), []);
    await this.#ledger.verify(this.#group.client(this.#b));
  }

  async both(): Promise<void> {
    this.#a.start("c");
    await this.#group.settled();
    // Inherited space rests at first.
    await eventually("a slot in an inherited trunk file", TIMEOUT_MS, async () => {
      const before = new Set(this.#ledger.files.keys());
      await this.#uploads(this.#group.client(this.#a), SMALL, 1);
      const added = [...this.#ledger.files.keys()].filter((name) => !before.has(name));
      assert.ok(
        added.some((name) => this.#inherited.has(slotOf(name)?.file ?? "")),
        added.join(", "),
      );
    });
    for (const storage of [this.#a, this.#b]) await this.#uploads(this.#group.client(storage), SMALL);
    assert.deepEqual(overlaps(this.#used()), []);
    await this.#same();
    for (const storage of this.#group.storages) await this.#ledger.verify(this.#group.client(storage));
  }

  /** A C storage is refused while it has not heard of the role, and when it sees that a slot is in use. */
  async #uploads(client: RawClient, size: number, count = FILES): Promise<void> {
    for (let index = 0; index < count; index++) {
      const bytes = pattern(size, `${this.#count++}`);
      const name = await eventually("an upload", TIMEOUT_MS, () => client.upload(bytes, "txt"));
      this.#ledger.files.set(name, bytes);
    }
  }

  #used(): { file: string; offset: number; end: number; what: string }[] {
    const slots = [...this.#ledger.files.keys()].flatMap((name) => slotOf(name) ?? []);
    return slots.map((slot) => ({ ...slot, what: "a file" }));
  }

  async #same(): Promise<void> {
    await eventually("equal storages", TIMEOUT_MS, () => {
      assert.deepEqual(
        differences(this.#a, this.#b, (name) => !isTrunkFile(name)),
        [],
      );
      assert.deepEqual(trunkDifferences(this.#a, this.#b), []);
    });
  }

  async #isServer(storage: Member): Promise<void> {
    const [tracker] = this.#group.trackers;
    assert.ok(tracker !== undefined);
    const { host, port } = tracker;
    await eventually(`${storage.label} to be the trunk server`, TIMEOUT_MS, async () => {
      await setTrunkServer(host, port, this.#group.groupName, storage.host);
      assert.equal(await trunkServerOf(host, port, this.#group.groupName), storage.address);
    });
  }
}
