/**
 * Small files through every storage of a group in trunk mode, and what must hold afterwards: equal files, trunk files and
 * trunk binlogs everywhere, every byte of a trunk file free or in use, once, and a tracker that knows how it stands.
 */
import assert from "node:assert/strict";
import { setTrunkServer, trunkFigures, trunkServerOf } from "../clusters/trunk-probe.ts";
import type { RawClient } from "../raw-client.ts";
import { Ledger, pattern } from "./ledger.ts";
import type { Member } from "./member.ts";
import type { MixedGroup } from "./mixed-group.ts";
import { differences } from "./trees.ts";
import { SLOT_HEADER_BYTES, SLOT_MAX_BYTES, slotBytes, TRUNK_FILE_BYTES } from "./trunk-conf.ts";
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

const AGREE_TIMEOUT_MS = 40_000;
/** Our trunk server lets space of deleted files rest for half a minute. */
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

export interface TrunkWorkOptions {
  /** The tracker that leads. */
  leader(): Member;
  /** Id by which a tracker knows a storage. */
  idOf(storage: Member): string;
}

export class TrunkWork {
  readonly #group: MixedGroup;
  readonly #options: TrunkWorkOptions;
  readonly #ledger = new Ledger();
  /** Where deleted files were, as `file offset`. */
  readonly #freed = new Set<string>();
  /** Uploads that got such a place. */
  #reused = 0;
  #count = 0;

  constructor(group: MixedGroup, options: TrunkWorkOptions) {
    this.#group = group;
    this.#options = options;
  }

  /** Waits until the leader names this storage; `asks`: tells it to. */
  async isServer(storage: Member, asks = false): Promise<void> {
    const { host, port } = this.#options.leader();
    const id = this.#options.idOf(storage);
    await eventually(`${storage.label} to be the trunk server`, ROLE_TIMEOUT_MS, async () => {
      if (asks) await setTrunkServer(host, port, this.#group.groupName, id);
      assert.equal(await trunkServerOf(host, port, this.#group.groupName), storage.address);
    });
  }

  /** The trunk server as the leader knows it. */
  async server(): Promise<Member> {
    const { host, port } = this.#options.leader();
    return eventually("a trunk server", ROLE_TIMEOUT_MS, async () => {
      const address = await trunkServerOf(host, port, this.#group.groupName);
      const found = this.#group.storages.find((storage) => storage.isUp && storage.address === address);
      if (found === undefined) throw new Error(`${address}`);
      return found;
    });
  }

  /** Every kind of file through each running storage; some go again. All must agree then. */
  async run(): Promise<void> {
    const storages = this.#running;
    const clients = storages.map((storage) => this.#group.client(storage));
    for (const storage of storages) await this.#usable(storage);
    const kinds = await Promise.all(clients.map((client) => this.#store(client)));
    const bursts = await Promise.all(clients.map((client) => this.#burst(client)));
    await this.agree();
    // Each deletes what another has stored.
    const removals = clients.map(async (client, index) => {
      const at = (index + 1) % clients.length;
      const names = [...(kinds[at] ?? []), ...(bursts[at] ?? [])];
      for (const name of names.filter((_, place) => place % 2 === 0)) await this.#remove(client, name);
    });
    await Promise.all(removals);
    await this.agree();
    for (const client of clients) await this.#ledger.verify(client);
  }

  /** The place of a deleted file is given to another, since the last time or soon. */
  async reuses(): Promise<void> {
    const [client] = this.#running.map((storage) => this.#group.client(storage));
    assert.ok(client !== undefined);
    await eventually("a slot to be used again", REUSE_TIMEOUT_MS, async () => {
      if (this.#reused === 0) await this.#upload(client, REUSED_SIZE, 0);
      assert.ok(this.#reused > 0);
    });
    this.#reused = 0;
  }

  /** Running storages have the same files, trunk files and trunk binlogs; every byte of a trunk file is free or in use, once. */
  async agree(): Promise<void> {
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

  get #running(): Member[] {
    return this.#group.storages.filter((storage) => storage.isUp);
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

  async #isSound(storage: Member): Promise<void> {
    const used: Range[] = [...this.#ledger.files.keys()].flatMap((name) => slotOf(name) ?? []);
    const free = freeRanges(trunkBinlog(storage));
    const all = [
      ...used.map((range) => ({ ...range, what: "a file" })),
      ...free.map((range) => ({ ...range, what: "free space" })),
    ];
    assert.deepEqual(overlaps(all), [], "overlaps");
    assert.deepEqual(gaps(all, TRUNK_FILE_BYTES), [], "neither free nor used");
    const leader = this.#options.leader();
    const freeBytes = free.reduce((sum, { offset, end }) => sum + end - offset, 0);
    // A file that was made ahead is only on the trunk server yet.
    const made = this.#group.storages.flatMap((one) => [...trunkFiles(one).keys()]);
    const ids = made.map((file) => Number(file.split("/").at(-1)));
    const figures = await trunkFigures(leader.host, leader.port, this.#group.groupName);
    assert.equal(figures.fileId, Math.max(...ids), "the last trunk file id that the tracker knows");
    // A C storage counts files twice that it has made ahead, or that it had when it was trunk server before.
    const server = await this.server();
    if (server.maker === "fdfs")
      assert.equal(figures.freeMb, Math.floor(freeBytes / MB), "free MB that the tracker knows");
  }
}
