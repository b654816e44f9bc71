/**
 * check_file_duplicate in a group of a C storage and one of ours that share a FastDHT server: each finds what the other has
 * stored, links are made where the content is, deletions at either are counted, the last one frees the content everywhere.
 */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { existsSync, lstatSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { FastdhtIndex } from "../../../core/storage/duplicates/fastdht-index.ts";
import { newSignature } from "../../../core/storage/duplicates/signature.ts";
import { freePort, takeAddress } from "../clusters/addresses.ts";
import type { Maker } from "../clusters/cluster.ts";
import { Fdhtd } from "../clusters/fdhtd.ts";
import { CheckList, type Verdict } from "../verdict.ts";
import type { Member } from "./member.ts";
import { MixedGroup } from "./mixed-group.ts";
import { configure, TRUNK_MODE } from "./trunk-conf.ts";
import { slotOf } from "./trunk-slots.ts";
import { eventually } from "./waiting.ts";

export const DUPLICATES_ROW = "equal files kept once in a group of both makers (FastDHT)";
const TIMEOUT_MS = 30_000;
const END_SEEN_MS = 1000;
/** Above and below one receive buffer of 128 KB, on which the signature depends. */
const SIZES = [3000, 300_000];
/** Of the storages under test. */
const BUFF_SIZE = 128 * 1024;
const TRUNK_NAME = 60;

/** The column's storage is first, the second is of the other maker. */
export async function checkDuplicates(tracker: Maker, first: Maker): Promise<Verdict[]> {
  const list = new CheckList();
  await new Run(list, tracker, first, "hash", false).run();
  await new Run(list, tracker, first, "md5", false).run();
  await new Run(list, tracker, first, "hash", true).run();
  return list.verdicts;
}

class Run {
  readonly #list: CheckList;
  readonly #makers: readonly [Maker, Maker, Maker];
  readonly #method: "hash" | "md5";
  readonly #isTrunk: boolean;
  #serial = 0;

  constructor(list: CheckList, tracker: Maker, first: Maker, method: "hash" | "md5", isTrunk: boolean) {
    this.#list = list;
    this.#makers = [tracker, first, first === "c" ? "fdfs" : "c"];
    this.#method = method;
    this.#isTrunk = isTrunk;
  }

  async run(): Promise<void> {
    const host = takeAddress();
    const port = await freePort([host]);
    const extraStorageConf = [
      "check_file_duplicate = 1",
      `file_signature_method = ${this.#method}`,
      "key_namespace = FastDFS",
      `keep_alive = ${this.#method === "hash" ? 1 : 0}`,
      // A C storage stops copying at the record it makes of a link.
      "file_sync_skip_invalid_record = true",
      "group_count = 1",
      `group0 = ${host}:${port}`,
    ].join("\n");
    const group = await MixedGroup.layOut({ trackerCount: 1, storageCount: 2, extraStorageConf });
    const index = new Fdhtd(group.folder, host, port);
    const [a, b] = group.storages;
    const [tracker] = group.trackers;
    assert.ok(a !== undefined && b !== undefined && tracker !== undefined);
    try {
      await index.start();
      if (this.#isTrunk) configure(tracker, TRUNK_MODE);
      tracker.start(this.#makers[0]);
      a.start(this.#makers[1]);
      b.start(this.#makers[2]);
      await group.settled();
      for (const [one, other] of [[a, b] as const, [b, a] as const]) {
        const what = `stored at ${one.maker === "c" ? "C" : "ours"} first`;
        if (this.#isTrunk) {
          await this.#check(group, `trunk files: ${what}`, () => this.#shareSlots(group, one, other, index));
        } else await this.#check(group, `${this.#method}: ${what}`, () => this.#share(group, one, other));
      }
      if (this.#isTrunk) return;
      const ours = a.maker === "fdfs" ? a : b;
      await this.#check(group, `${this.#method}: FastDHT killed and started again`, () =>
        this.#withoutIndex(group, ours, index),
      );
    } finally {
      await index.kill();
      await group.stop();
    }
  }

  async #share(group: MixedGroup, one: Member, other: Member): Promise<void> {
    const [atOne, atOther] = [group.client(one), group.client(other)];
    for (const about of SIZES) {
      // Contents are told apart by their size.
      const size = about + ++this.#serial;
      const content = randomBytes(size);
      const names = [await atOne.upload(content, "bin"), await atOne.upload(content, "bin")];
      names.push(await atOther.upload(content, "bin"), await atOther.upload(content, "bin"));
      for (const storage of [one, other]) await eventuallyEqual(group, storage, names, content);
      assert.equal(contentsOf(one, size), 1, `contents at ${one.label}`);
      // Our links go to C as files: C's own record of a link stops its copying.
      if (other.maker === "fdfs") assert.equal(contentsOf(other, size), 1, `contents at ${other.label}`);
      const [first, second, third, last] = names as [string, string, string, string];
      await atOne.remove(first);
      await atOther.remove(second);
      await atOne.remove(third);
      for (const storage of [one, other]) {
        for (const name of [first, second, third]) {
          await eventually(`${name} is gone at ${storage.label}`, TIMEOUT_MS, () => assert.ok(!isHere(storage, name)));
        }
        await eventuallyEqual(group, storage, [last], content);
      }
      await atOther.remove(last);
      for (const storage of [one, other]) {
        await eventually(`the content is gone at ${storage.label}`, TIMEOUT_MS, () =>
          assert.equal(contentsOf(storage, size), 0),
        );
      }
    }
  }

  /** The same with contents and links inside trunk files. */
  async #shareSlots(group: MixedGroup, one: Member, other: Member, server: Fdhtd): Promise<void> {
    const place = { groups: [[{ hosts: [server.host], port: server.port }]], keepAlive: true, localAddresses: [] };
    const times = { connectTimeoutMs: 2000, networkTimeoutMs: 5000 };
    const index = new FastdhtIndex("FastDFS", { ...place, ...times });
    const clients = [group.client(one), group.client(other)] as const;
    try {
      const [first] = clients;
      await eventually(`${one.label} stores into trunk files`, TIMEOUT_MS, async () => {
        assert.equal((await first.upload(randomBytes(100), "bin")).length, TRUNK_NAME);
      });
      const content = randomBytes(20_000);
      const signer = newSignature(this.#method, BUFF_SIZE);
      signer.update(content);
      const signature = signer.digest();
      const names = [await first.upload(content, "bin"), await first.upload(content, "bin")];
      names.push(await clients[1].upload(content, "bin"), await clients[1].upload(content, "bin"));
      assert.deepEqual(new Set(names.map((name) => name.length)), new Set([TRUNK_NAME]));
      const source = Buffer.from((await index.get(signature, "fid")) ?? []).toString();
      assert.equal(Buffer.from((await index.get(Buffer.from(source), "ref")) ?? []).toString(), "4");
      for (const storage of [one, other]) await eventuallyEqual(group, storage, names, content);
      for (const [at, name] of names.slice(1).entries()) await clients[at % 2]!.remove(name);
      for (const storage of [one, other]) await eventuallyEqual(group, storage, names.slice(0, 1), content);
      await clients[1].remove(names[0]!);
      await eventually("the index has forgotten it", TIMEOUT_MS, async () => {
        assert.equal(await index.get(signature, "fid"), null);
        assert.equal(await index.get(Buffer.from(source), "ref"), null);
      });
      const sourceName = source.slice(source.indexOf("/") + 1);
      for (const storage of [one, other]) {
        await eventually(`the content is gone at ${storage.label}`, TIMEOUT_MS, () =>
          assert.ok(!isHere(storage, sourceName)),
        );
      }
    } finally {
      index.close();
    }
  }

  /** Only ours: a C storage refuses uploads without its index. */
  async #withoutIndex(group: MixedGroup, ours: Member, index: Fdhtd): Promise<void> {
    const client = group.client(ours);
    const content = randomBytes(5000);
    const [kept, gone] = [await client.upload(content, "bin"), await client.upload(content, "bin")];
    await index.kill();
    const plain = await client.upload(content, "bin");
    await client.remove(gone);
    assert.equal(contentsOf(ours, content.length), 2);
    await index.start();
    const found = await eventually("equal files are found again", TIMEOUT_MS, async () => {
      const name = await client.upload(content, "bin");
      if (isLink(ours, name)) return name;
      await client.remove(name);
      throw new Error("stored as a file of its own");
    });
    for (const name of [kept, plain, found]) assert.ok((await client.download(name)).equals(content));
    for (const name of [kept, plain, found]) await client.remove(name);
    await eventually("what was owed is paid", TIMEOUT_MS, () => assert.equal(contentsOf(ours, content.length), 0));
  }

  /**
   * A C storage with check_file_duplicate and trunk files ends with SIGSEGV now and then, also beside another C storage: that
   * says nothing of ours.
   */
  async #check(group: MixedGroup, name: string, body: () => Promise<void>): Promise<void> {
    const isLost = (): boolean =>
      this.#isTrunk && group.storages.some((storage) => storage.maker === "c" && isKilledByItself(storage));
    const reason = "the C storage ended by itself with SIGSEGV";
    const defect: Verdict = { row: DUPLICATES_ROW, name, outcome: "defect", reason };
    if (isLost()) {
      this.#list.verdicts.push(defect);
      return;
    }
    const own = new CheckList();
    await own.check(DUPLICATES_ROW, name, () =>
      body().catch((error: Error) => {
        throw new Error(`${error.message}; ${group.troubles()}`);
      }),
    );
    const hasFailed = own.verdicts.some(({ outcome }) => outcome === "failed");
    // Its connections break a moment before its end is seen.
    const isDefect =
      hasFailed &&
      (await eventually("its end", END_SEEN_MS, () => assert.ok(isLost())).then(
        () => true,
        () => false,
      ));
    this.#list.verdicts.push(...(isDefect ? [defect] : own.verdicts));
  }
}

const isKilledByItself = (storage: Member): boolean => storage.unexpectedEnd()?.includes("SIGSEGV") === true;

/**
 * Waits until all are on the storage's own disk, then reads them. Ours would read from the other storage what has not come
 * yet; a C storage that is asked for a link inside a trunk file which has not come yet can die of it.
 */
async function eventuallyEqual(
  group: MixedGroup,
  storage: Member,
  names: readonly string[],
  content: Buffer,
): Promise<void> {
  for (const name of names) {
    await eventually(`${name} at ${storage.label}`, TIMEOUT_MS, async () => {
      assert.ok(isHere(storage, name), "it is not there");
      assert.ok((await group.client(storage).download(name)).equals(content), "it reads differently");
    });
  }
}

/** Files of this size that are no links. */
function contentsOf(storage: Member, size: number): number {
  const paths = storage.storePaths.flatMap((storePath) =>
    readdirSync(join(storePath, "data"), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name)),
  );
  return paths.filter((path) => lstatSync(path, { throwIfNoEntry: false })?.size === size).length;
}

function pathOf(storage: Member, name: string): string {
  return join(storage.storePaths[Number.parseInt(name.slice(1, 3), 16)]!, "data", name.slice(4));
}

/** A link, too, whether or not it leads anywhere. */
function isHere(storage: Member, name: string): boolean {
  const slot = slotOf(name);
  if (slot === null) return lstatSync(pathOf(storage, name), { throwIfNoEntry: false }) !== undefined;
  const [path = "", high = "", low = "", id = ""] = slot.file.split("/");
  const trunkFile = join(storage.storePaths[Number(path)]!, "data", high, low, id.padStart(6, "0"));
  // The first byte of its header says what it is; 0: nothing.
  return existsSync(trunkFile) && readFileSync(trunkFile)[slot.offset] !== 0;
}

const isLink = (storage: Member, name: string): boolean => lstatSync(pathOf(storage, name)).isSymbolicLink();
