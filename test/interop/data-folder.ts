/**
 * The data-folder exchange: what one maker's storage wrote is served and continued by the other's, and back.
 * Files, metadata, appenders and identity files must survive; replication of the records is not judged here.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import type { Cluster, Maker, StorageNode } from "./clusters/cluster.ts";
import { startCluster } from "./clusters/start-cluster.ts";
import { RawClient } from "./raw-client.ts";
import { CheckList, type Verdict } from "./verdict.ts";

export const DATA_FOLDER_ROW = "data folder exchanged between C and our storage";

interface Kept {
  readonly bytes: Uint8Array;
  readonly metadata: string;
}

/** Files one storage wrote and what the next one must give back. */
class Ledger {
  readonly files = new Map<string, Kept>();
  readonly gone: string[] = [];
  appender = "";

  async fill(client: RawClient, round: string): Promise<void> {
    for (const size of [1, 1500, 65_537, 3_000_017]) {
      const bytes = pattern(size, `${round}${size}`);
      const name = await client.upload(bytes, size % 2 === 0 ? "txt" : "");
      const width = { width: String(size), author: round };
      await client.setMetadata(name, "O", width);
      await client.setMetadata(name, "M", { name: "图片" });
      this.files.set(name, { bytes, metadata: `author\x02${round}\x01name\x02图片\x01width\x02${size}` });
      const slave = await client.uploadSlave(name, "_big", "jpg", bytes.subarray(0, 500));
      this.files.set(slave, { bytes: bytes.subarray(0, 500), metadata: "" });
    }
    const removed = await client.upload(pattern(900, `${round}gone`), "tmp");
    await client.remove(removed);
    this.gone.push(removed);
  }

  async grow(client: RawClient, round: string): Promise<void> {
    const first = this.appender === "";
    const start = pattern(2000, `${round}appender`);
    if (first) this.appender = await client.upload(start, "log", true);
    const before = first ? start : (this.files.get(this.appender)?.bytes ?? start);
    const more = pattern(700, `${round}more`);
    await client.append(this.appender, more);
    await client.modify(this.appender, 10, Buffer.from(round));
    const all = Buffer.concat([before, more]);
    all.write(round, 10);
    await client.truncate(this.appender, all.length - 100);
    this.files.set(this.appender, { bytes: all.subarray(0, all.length - 100), metadata: "" });
  }

  async verify(client: RawClient): Promise<void> {
    for (const [name, kept] of this.files) {
      const found = await client.download(name);
      assert.equal(found.length, kept.bytes.length, `size of ${name}`);
      assert.ok(found.equals(kept.bytes), `content of ${name} differs`);
      const info = await client.info(name);
      assert.equal(info.size, kept.bytes.length, `size in the info of ${name}`);
      if (name !== this.appender) assert.equal(info.crc32, crc32(kept.bytes), `crc of ${name}`);
      if (kept.metadata !== "") assert.equal(await client.getMetadata(name), kept.metadata, `metadata of ${name}`);
    }
    for (const name of this.gone) await assert.rejects(client.download(name), /status 2$/, `${name} is still there`);
  }
}

/** Writes with `first`, continues with `second`, goes back to `first`, on `tracker`'s tracker; equal makers are the control. */
export async function exchangeDataFolder(tracker: Maker, first: Maker, second: Maker): Promise<Verdict[]> {
  const list = new CheckList();
  const check = (name: string, body: () => Promise<void>): Promise<unknown> => list.check(DATA_FOLDER_ROW, name, body);
  let cluster: Cluster | undefined;
  const ledger = new Ledger();
  try {
    await check(`${first} writes`, async () => {
      cluster = await startCluster(tracker, first, { storePathCount: 2 });
      await writeAll(ledger, cluster, `by-${first}-1`);
    });
    if (cluster === undefined) return list.verdicts;
    const running = cluster;
    for (const [round, maker] of [second, first].entries()) {
      const before = identity(only(running));
      const written = [...ledger.files.keys()];
      await check(`${maker} takes over, round ${round + 1}`, async () => {
        await running.replaceStorage(0, maker);
      });
      await check(`${maker} serves all files, round ${round + 1}`, () => ledger.verify(client(running)));
      await check(`${maker} continues, round ${round + 1}`, () =>
        writeAll(ledger, running, `by-${maker}-${round + 2}`),
      );
      await check(`identity survives under ${maker}, round ${round + 1}`, async () => {
        const after = identity(only(running));
        sameIdentity(before, after);
        for (const name of written) assert.ok(after.binlog.includes(` C ${name}\n`), `no binlog record "C ${name}"`);
      });
    }
    return list.verdicts;
  } finally {
    await cluster?.stop();
  }
}

async function writeAll(ledger: Ledger, cluster: Cluster, round: string): Promise<void> {
  await ledger.fill(client(cluster), round);
  await ledger.grow(client(cluster), round);
  await ledger.verify(client(cluster));
}

function client(cluster: Cluster): RawClient {
  const storage = only(cluster);
  return new RawClient(storage.host, storage.port, cluster.groupName);
}

function only(cluster: Cluster): StorageNode {
  const [storage] = cluster.storages;
  assert.ok(storage !== undefined, "the cluster has no storage");
  return storage;
}

interface Identity {
  /** key = value lines of .data_init_flag. */
  readonly flag: ReadonlyMap<string, string>;
  readonly marks: readonly string[];
  readonly binlog: string;
}

function identity(storage: StorageNode): Identity {
  const data = join(storage.basePath, "data");
  const lines = readFileSync(join(data, ".data_init_flag"), "utf8").split("\n");
  const flag = new Map(lines.filter((line) => line.includes("=")).map((line) => pair(line)));
  const marks = storage.storePaths.map((path) => readFileSync(join(path, "data", ".fastdfs_vars"), "utf8"));
  return { flag, marks, binlog: readFileSync(join(data, "sync", "binlog.000"), "utf8") };
}

function sameIdentity(before: Identity, after: Identity): void {
  assert.deepEqual([...after.flag.keys()].sort(), [...before.flag.keys()].sort(), "keys of .data_init_flag");
  for (const key of [
    "storage_join_time",
    "last_server_port",
    "last_http_port",
    "sync_old_done",
    "current_trunk_file_id",
  ]) {
    assert.equal(after.flag.get(key), before.flag.get(key), `${key} in .data_init_flag`);
  }
  assert.deepEqual(after.marks, before.marks, ".fastdfs_vars of the store paths");
  assert.ok(after.binlog.startsWith(before.binlog), "binlog.000 does not continue the earlier one");
}

function pair(line: string): [string, string] {
  const at = line.indexOf("=");
  return [line.slice(0, at).trim(), line.slice(at + 1).trim()];
}

/** Bytes that differ for every seed. */
function pattern(size: number, seed: string): Buffer {
  const block = createHash("sha512").update(seed).digest();
  const bytes = Buffer.alloc(size);
  for (let at = 0; at < size; at += block.length) block.copy(bytes, at);
  return bytes;
}
