// Uploads with check_file_duplicate and the embedded index: equal files become links to one content, deletions are counted,
// the last one frees it; without its index a storage takes uploads as ever.

import { Database } from "bun:sqlite";
import { afterEach, describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { lstatSync, readFileSync, readlinkSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import type { DuplicateIndexPlace } from "../../../../../conf/index.ts";
import { freePort } from "../../../../../core/net/free-port.ts";
import { newSignature } from "../../../../../core/storage/duplicates/signature.ts";
import { createLink, deleteFile, uploadAppenderFile, uploadFile } from "../../../../../core/wire/storage-client.ts";
import { syncDeleteFile } from "../../../../../core/wire/storage-sync.ts";
import { FakeFastdht } from "../duplicates/fake-fastdht.ts";
import { type Client, Errno, Harness, type HarnessOptions, request, until } from "./harness.ts";

const HOST = "127.0.91.11";
const MB = 1024 * 1024;
const embedded: DuplicateIndexPlace = { kind: "embedded" };

let worker: Harness;
let client: Client;
afterEach(() => worker.stop());

async function start(place: DuplicateIndexPlace = embedded, options: HarnessOptions = {}): Promise<void> {
  const duplicates = {
    place,
    method: "hash",
    namespace: "FastDFS",
    trackers: [],
    ownAddresses: [HOST],
    ownPort: 1,
    workerCount: 1,
  } as const;
  worker = await Harness.start(HOST, { duplicates, storePathCount: 1, ...options });
  client = await worker.client();
}

async function upload(content: Uint8Array, command: typeof uploadFile = uploadFile): Promise<string> {
  const packet = request(command, { storePathIndex: -1, fileSize: content.length, fileExt: "bin" }, content);
  const { status, body } = await client.ask(packet);
  expect(status).toBe(Errno.OK);
  return body.subarray(16).toString();
}

async function remove(fileName: string): Promise<number> {
  return (await client.ask(request(deleteFile, { groupName: "group1", fileName }))).status;
}

const isLink = (name: string): boolean => lstatSync(worker.path(name)).isSymbolicLink();

/** Files of the store path: contents, links, and what is neither. */
function stored(): { contents: string[]; links: string[] } {
  const files = worker.files().filter((path) => path.includes("/data/"));
  const links = files.filter((path) => lstatSync(path).isSymbolicLink());
  return { contents: files.filter((path) => !links.includes(path)), links };
}

const entries = (): number => {
  const database = new Database(join(worker.folder, "data", "duplicates.db"), { readonly: true });
  const { count } = database.query("SELECT count(*) AS count FROM entries").get() as { count: number };
  database.close();
  return count;
};

describe("with its index", () => {
  for (const size of [0, 5, 4096, 256 * 1024, 256 * 1024 + 1, MB]) {
    test(`${size} bytes stored twenty times are there once, until the last deletion`, async () => {
      await start();
      const content = randomBytes(size);
      const names: string[] = [];
      for (let n = 0; n < 20; n++) names.push(await upload(content));
      expect(new Set(names).size).toBe(20);
      expect(names.every(isLink)).toBe(true);
      expect(stored()).toMatchObject({ contents: { length: 1 }, links: { length: 20 } });
      for (const name of names) expect(readFileSync(worker.path(name)).equals(content)).toBe(true);
      const source = `M00/${readlinkSync(worker.path(names[0]!)).split("/data/")[1]}`;
      const records = worker.records();
      expect(records[0]).toEndWith(` C ${source}`);
      expect(records[1]).toEndWith(` L ${names[0]} ${source}`);
      expect(records.at(-1)).toEndWith(` L ${names.at(-1)} ${source}`);
      expect(records).toHaveLength(21);
      for (const name of names.slice(1)) expect(await remove(name)).toBe(Errno.OK);
      expect(await remove(names[1]!)).toBe(Errno.ENOENT);
      await until("nothing is owed", () => worker.scoreboard.duplicates.owed === 0);
      expect(readFileSync(worker.path(names[0]!)).equals(content)).toBe(true);
      expect(stored().contents).toHaveLength(1);
      expect(await remove(names[0]!)).toBe(Errno.OK);
      await until("the content is gone", () => stored().contents.length === 0);
      await until("its deletion is recorded", () => worker.records().at(-1)?.endsWith(` D ${source}`) === true);
      expect(worker.files().filter((path) => path.includes("/p0/data/"))).toEqual([]);
      await until("the index is empty", () => entries() === 0);
      await until("nothing is owed", () => worker.scoreboard.duplicates.owed === 0);
      expect(worker.scoreboard.duplicates).toEqual({ found: 19, misses: 0, owed: 0 });
      expect(worker.logged).toEqual([]);
    });
  }

  test("many clients with the same content at once make one content of it", async () => {
    await start();
    const content = randomBytes(20_000);
    const clients = await Promise.all(Array.from({ length: 16 }, () => worker.client()));
    const packet = request(uploadFile, { storePathIndex: -1, fileSize: content.length, fileExt: "" }, content);
    const answers = await Promise.all(clients.flatMap((each) => [each.ask(packet), each.ask(packet)]));
    expect(answers.every(({ status }) => status === Errno.OK)).toBe(true);
    expect(stored()).toMatchObject({ contents: { length: 1 }, links: { length: 32 } });
    const names = answers.map(({ body }) => body.subarray(16).toString());
    await Promise.all(names.map((name) => remove(name)));
    await until("all is gone", () => stored().contents.length === 0 && stored().links.length === 0);
    await until("the index is empty", () => entries() === 0);
  });

  test("other contents and appender files are not concerned", async () => {
    await start();
    const content = randomBytes(1000);
    const link = await upload(content);
    const other = await upload(randomBytes(1000));
    const appender = await upload(content, uploadAppenderFile as unknown as typeof uploadFile);
    expect(isLink(appender)).toBe(false);
    expect(stored()).toMatchObject({ contents: { length: 3 }, links: { length: 2 } });
    expect(await remove(other)).toBe(Errno.OK);
    expect(await remove(appender)).toBe(Errno.OK);
    await until("one is left", () => stored().contents.length === 1 && stored().links.length === 1);
    expect(readFileSync(worker.path(link)).equals(content)).toBe(true);
  });

  test("a content that somebody has removed by hand is stored anew", async () => {
    await start();
    const content = randomBytes(1000);
    const first = await upload(content);
    unlinkSync(readlinkSync(worker.path(first)));
    const second = await upload(content);
    expect(readFileSync(worker.path(second)).equals(content)).toBe(true);
    expect(stored()).toMatchObject({ contents: { length: 1 }, links: { length: 2 } });
    expect(await remove(first)).toBe(Errno.OK);
    await until("nothing is owed", () => worker.scoreboard.duplicates.owed === 0);
    expect(readFileSync(worker.path(second)).equals(content)).toBe(true);
  });

  test("another storage's wish for a link is counted; one for a link to nothing cleans up", async () => {
    await start();
    const content = randomBytes(3000);
    const first = await upload(content);
    const sourceName = `M00/${readlinkSync(worker.path(first)).split("/data/")[1]}`;
    const signer = newSignature("hash", worker.config.buffSizeBytes);
    signer.update(content);
    const signature = signer.digest();
    const wish = { groupName: "group1", prefix: "", fileExt: "bin", masterName: "", sourceName, signature };
    const answer = await client.ask(request(createLink, wish));
    expect(answer.status).toBe(Errno.OK);
    const second = answer.body.subarray(16).toString();
    const stranger = await worker.client();
    const slave = request(createLink, { ...wish, masterName: first, prefix: "-x" });
    expect((await stranger.ask(slave)).status).toBe(Errno.EINVAL);
    expect(await remove(first)).toBe(Errno.OK);
    await until("nothing is owed", () => worker.scoreboard.duplicates.owed === 0);
    expect(readFileSync(worker.path(second)).equals(content)).toBe(true);
    expect(await remove(second)).toBe(Errno.OK);
    await until("all is gone", () => stored().contents.length === 0);
    expect((await client.ask(request(createLink, wish))).status).toBe(Errno.ENOENT);
    await until("the index is empty", () => entries() === 0);
  });

  test("a link that is deleted at another storage is counted here", async () => {
    await start();
    const fileName = await upload(randomBytes(3000));
    const timestamp = Math.floor(Date.now() / 1000);
    const deletion = request(syncDeleteFile, { timestamp, groupName: "group1", fileName });
    expect((await client.ask(deletion)).status).toBe(Errno.OK);
    await until("the content is gone", () => stored().contents.length === 0);
    await until("the index is empty", () => entries() === 0);
  });
});

describe("without its index", () => {
  test("uploads are files of their own, misses are counted, deletions are done", async () => {
    const server = { host: HOST, port: await freePort(HOST), user: "", password: "", database: 0 };
    await start({ kind: "redis", server });
    const content = randomBytes(3000);
    const names = [await upload(content), await upload(content), await upload(randomBytes(MB))];
    expect(names.some(isLink)).toBe(false);
    expect(worker.scoreboard.duplicates).toEqual({ found: 0, misses: 3, owed: 0 });
    expect(worker.logged).toHaveLength(1);
    expect(worker.logged[0]).toContain("uploads are stored without looking for their equals");
    for (const name of names) expect(await remove(name)).toBe(Errno.OK);
    expect(stored()).toMatchObject({ contents: { length: 0 }, links: { length: 0 } });
  });

  test("a content whose announcement was not confirmed gets a name of the client's own, and goes later", async () => {
    const fake = await FakeFastdht.start(HOST, await freePort(HOST));
    try {
      const place = { kind: "fastdht", groups: [[fake.address]], keepAlive: true } as const;
      await start(place, { networkTimeoutMs: 300 });
      for (const size of [3000, MB]) {
        const content = randomBytes(size);
        fake.isSilent = (command, body) => command === "SET" && body.includes("fid");
        const name = await upload(content);
        fake.isSilent = () => false;
        expect(isLink(name)).toBe(false);
        await until("the index knows nothing of it", () => fake.entries.size === 0);
        await until("the file that others might have found is gone", () => stored().contents.length === 1);
        expect(stored().links).toEqual([]);
        expect(readFileSync(worker.path(name)).equals(content)).toBe(true);
        let link = await upload(content);
        // The index is left alone for a second.
        for (; !isLink(link); link = await upload(content)) expect(await remove(link)).toBe(Errno.OK);
        expect(await remove(name)).toBe(Errno.OK);
        expect(readFileSync(worker.path(link)).equals(content)).toBe(true);
        expect(await remove(link)).toBe(Errno.OK);
        await until("all is gone", () => stored().contents.length === 0 && fake.entries.size === 0);
      }
      await until("nothing is owed", () => worker.scoreboard.duplicates.owed === 0);
      expect(worker.scoreboard.duplicates.found).toBe(0);
      expect(worker.scoreboard.duplicates.misses).toBeGreaterThanOrEqual(2);
    } finally {
      fake.stop();
    }
  });

  test("what is owed is paid when it is back", async () => {
    await start();
    const content = randomBytes(3000);
    const [first, second] = [await upload(content), await upload(content)];
    const lock = new Database(join(worker.folder, "data", "duplicates.db"));
    lock.exec("BEGIN EXCLUSIVE");
    const plain = await upload(content);
    expect(isLink(plain)).toBe(false);
    expect(await remove(first)).toBe(Errno.OK);
    expect(await remove(second)).toBe(Errno.OK);
    await until("two links are owed", () => worker.scoreboard.duplicates.owed === 2);
    expect(stored()).toMatchObject({ contents: { length: 2 }, links: { length: 0 } });
    lock.exec("COMMIT");
    lock.close();
    await until("nothing is owed", () => worker.scoreboard.duplicates.owed === 0);
    await until("the shared content is gone", () => stored().contents.length === 1);
    expect(readFileSync(worker.path(plain)).equals(content)).toBe(true);
    await until("it is found again", () => worker.scoreboard.duplicates.misses === 1);
  });
});
