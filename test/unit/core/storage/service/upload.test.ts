// Uploads: content of every size in every cut, the promises about names, times, places and space, and what a client
// leaves behind that vanishes.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHash, randomBytes } from "node:crypto";
import { chmodSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { readFileName } from "../../../../../core/fileid/file-id.ts";
import {
  downloadFile,
  uploadAppenderFile,
  uploadFile,
  uploadSlaveFile,
} from "../../../../../core/wire/storage-client.ts";
import { type Client, Errno, Harness, request, until } from "./harness.ts";

const HOST = "127.0.40.3";
const KB = 1024;
const sha = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

let worker: Harness;
let client: Client;
beforeAll(async () => {
  worker = await Harness.start(HOST);
  client = await worker.client();
});
afterAll(() => worker.stop());

const packetOf = (content: Uint8Array, fileExt = "bin", storePathIndex = -1): Buffer =>
  request(uploadFile, { storePathIndex, fileSize: content.length, fileExt }, content);

async function upload(by: Client, content: Uint8Array, fileExt = "bin", storePathIndex = -1): Promise<string> {
  const { status, body } = await by.ask(packetOf(content, fileExt, storePathIndex));
  expect(status).toBe(Errno.OK);
  expect(body.subarray(0, 16).toString()).toBe("group1\0\0\0\0\0\0\0\0\0\0");
  return body.subarray(16).toString();
}

function expectStored(name: string, content: Uint8Array): void {
  expect(sha(readFileSync(worker.path(name)))).toBe(sha(content));
  const facts = readFileName(name);
  expect(facts).toMatchObject({ size: content.length, crc32: crc32(content) });
  // One moment: in the name, on the file, in the record.
  expect(worker.modifiedAt(name)).toBe(facts.timestamp);
  expect(worker.records()).toContain(`${facts.timestamp} C ${name}`);
}

describe("content", () => {
  for (const size of [0, 1, 14, 4 * KB, 64 * KB, 256 * KB - 1, 256 * KB, 256 * KB + 1, 3000 * KB, 40_000 * KB]) {
    test(`${size} bytes come back the same`, async () => {
      const content = randomBytes(size);
      const name = await upload(client, content);
      expectStored(name, content);
      if (size === 0) return;
      const answer = await client.ask(
        request(downloadFile, {
          offset: 0,
          byteCount: 0,
          groupName: "group1",
          fileName: name,
        }),
      );
      expect(sha(answer.body)).toBe(sha(content));
    });
  }

  for (const size of [300, 20 * KB, 300 * KB]) {
    test(`${size} bytes cut at random`, async () => {
      const content = randomBytes(size);
      const bytes = packetOf(content);
      for (let at = 0; at < bytes.length; ) {
        const next = at + 1 + Math.floor(Math.random() * (size / 10));
        client.write(bytes.subarray(at, next));
        await new Promise((resolve) => setImmediate(resolve));
        at = next;
      }
      const answer = await client.answer();
      expect(answer?.status).toBe(Errno.OK);
      expectStored(answer!.body.subarray(16).toString(), content);
    });
  }

  test("byte by byte", async () => {
    const content = randomBytes(200);
    for (const byte of packetOf(content)) {
      client.write(Uint8Array.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expectStored((await client.answer())!.body.subarray(16).toString(), content);
  });

  test("several requests in one write are answered in order", async () => {
    const contents = [randomBytes(10), randomBytes(70 * KB), randomBytes(400 * KB), randomBytes(3)];
    client.write(Buffer.concat(contents.map((content) => packetOf(content))));
    for (const content of contents) {
      const answer = await client.answer();
      expect(answer?.status).toBe(Errno.OK);
      expectStored(answer!.body.subarray(16).toString(), content);
    }
  });
});

describe("names and places", () => {
  test("the directory moves on after rotate_count files; store paths take turns", async () => {
    const one = await Harness.start(HOST, {
      storePathCount: 2,
      fileDistributeRotateCount: 3,
      subdirCountPerPath: 2,
    });
    const by = await one.client();
    const places: string[] = [];
    for (let count = 0; count < 13; count++) places.push((await upload(by, randomBytes(1))).slice(0, 9));
    expect(places.map((place) => place.slice(4)).join(" ")).toBe(
      "00/00 00/00 00/00 00/01 00/01 00/01 01/00 01/00 01/00 01/01 01/01 01/01 00/00",
    );
    expect(places.filter((place) => place.startsWith("M00")).length).toBe(7);
    expect(one.scoreboard.directories.newest).toEqual({ high: 0, low: 0, count: 1 });
    await one.stop();
  });

  test("mode 1 takes the directory from a hash of the name", async () => {
    const one = await Harness.start(HOST, {
      fileDistributePathMode: 1,
      subdirCountPerPath: 256,
    });
    const by = await one.client();
    const places = new Set<string>();
    for (let count = 0; count < 20; count++) places.add((await upload(by, randomBytes(1))).slice(4, 9));
    expect(places.size).toBeGreaterThan(10);
    await one.stop();
  });

  test("the wanted store path is taken, unless it is read-only", async () => {
    const paths = worker.config.storePaths;
    expect(await upload(client, randomBytes(1), "bin", 1)).toStartWith("M01/");
    expect(await upload(client, randomBytes(1), "bin", 0)).toStartWith("M00/");
    const one = await Harness.start(HOST, {
      storePaths: [{ path: paths[0]!.path, isReadOnly: true }, paths[1]!],
    });
    const by = await one.client();
    for (let count = 0; count < 4; count++) expect(await upload(by, randomBytes(1), "bin", 0)).toStartWith("M01/");
    await one.stop();
  });

  test("the path with most free space when the tracker balances", async () => {
    const one = await Harness.start(HOST, { storePathCount: 3 });
    one.scoreboard.setPathSpace(1, 100_000, 60_000, 100);
    one.scoreboard.pathsAreBalanced = true;
    const by = await one.client();
    for (let count = 0; count < 4; count++) expect(await upload(by, randomBytes(1))).toStartWith("M01/");
    await one.stop();
  });

  test("reserved space: a full path is passed over; 28 when none has room; the connection serves on", async () => {
    const one = await Harness.start(HOST);
    const by = await one.client();
    one.scoreboard.setPathSpace(0, 1000, 100, 100);
    for (let count = 0; count < 4; count++) expect(await upload(by, randomBytes(1))).toStartWith("M01/");
    expect(await by.status(packetOf(randomBytes(1), "bin", 0))).toBe(Errno.ENOSPC);
    one.scoreboard.setPathSpace(1, 1000, 101, 100);
    expect(await by.status(packetOf(Buffer.alloc(1_048_576)))).toBe(Errno.ENOSPC);
    expect(await upload(by, Buffer.alloc(1_048_575))).toStartWith("M01/");
    expect(one.scoreboard.totals().totalUploadCount).toBe(5);
    await one.stop();
  });

  test("a missing directory is made", async () => {
    rmSync(join(worker.config.storePaths[0]!.path, "data"), {
      recursive: true,
    });
    for (const size of [5, 400 * KB]) {
      const content = randomBytes(size);
      expectStored(await upload(client, content, "txt", 0), content);
    }
  });

  test("a folder that cannot be written answers an errno and leaves nothing", async () => {
    if (process.getuid?.() === 0) return;
    const folder = join(worker.config.storePaths[1]!.path, "data");
    chmodSync(folder, 0o555);
    expect(await client.status(packetOf(randomBytes(400 * KB), "bin", 1))).toBe(13);
    chmodSync(folder, 0o755);
  });

  test("two thousand names of the same content in one second are all different", async () => {
    const clients = await Promise.all(Array.from({ length: 8 }, () => worker.client()));
    const content = Buffer.from("same");
    const names = await Promise.all(
      clients.map(async (by) => {
        const mine: string[] = [];
        for (let count = 0; count < 250; count++) mine.push(await upload(by, content, "tar.gz"));
        return mine;
      }),
    );
    expect(new Set(names.flat()).size).toBe(2000);
    const records = new Set(worker.records().map((record) => record.slice(13)));
    for (const name of names.flat()) expect(records.has(name)).toBe(true);
  });

  test("the time in the name is the file's and the record's across seconds", async () => {
    const end = Date.now() + 2200;
    while (Date.now() < end) {
      const content = randomBytes(Math.random() < 0.9 ? 20 : 300 * KB);
      const name = await upload(client, content);
      expect([worker.modifiedAt(name), Number(worker.lastRecord().split(" ")[0])]).toEqual([
        readFileName(name).timestamp,
        readFileName(name).timestamp,
      ]);
    }
  });
});

describe("slaves", () => {
  const slave = (masterName: string, prefix: string, content: string): Buffer =>
    request(uploadSlaveFile, { fileSize: content.length, prefix, fileExt: "png", masterName }, content);

  test("of many megabytes", async () => {
    const master = await upload(client, randomBytes(5), "txt");
    const content = randomBytes(40_000 * KB);
    const { body } = await client.ask(
      request(
        uploadSlaveFile,
        { fileSize: content.length, prefix: "_huge", fileExt: "bin", masterName: master },
        content,
      ),
    );
    expect(sha(readFileSync(worker.path(body.subarray(16).toString())))).toBe(sha(content));
  });

  test("of a normal file, an appender and a slave; a second one of the same name answers 17 and changes nothing", async () => {
    const master = await upload(client, randomBytes(5), "txt");
    const first = await client.ask(slave(master, "_a", "first"));
    const name = first.body.subarray(16).toString();
    expect(name).toBe(`${master.slice(0, -4)}_a.png`);
    expect(await client.status(slave(master, "_a", "second"))).toBe(Errno.EEXIST);
    expect(worker.content(name)).toBe("first");
    const ofSlave = await client.ask(slave(name, "_b", "third"));
    expect(worker.content(ofSlave.body.subarray(16).toString())).toBe("third");
    const appender = await client.ask(
      request(uploadAppenderFile, { storePathIndex: -1, fileSize: 1, fileExt: "log" }, "a"),
    );
    expect(await client.status(slave(appender.body.subarray(16).toString(), "_c", "fourth"))).toBe(Errno.OK);
  });

  test("of two at the same time exactly one is stored", async () => {
    const master = await upload(client, randomBytes(5), "txt");
    const clients = await Promise.all(Array.from({ length: 6 }, () => worker.client()));
    const answers = await Promise.all(
      clients.map((by, index) => by.ask(slave(master, "_r", String(index).repeat(300 * KB)))),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([0, 17, 17, 17, 17, 17]);
    const winner = answers.findIndex(({ status }) => status === 0);
    const name = answers[winner]!.body.subarray(16).toString();
    expect(worker.content(name)).toBe(String(winner).repeat(300 * KB));
    expect(worker.records().filter((record) => record.endsWith(name)).length).toBe(1);
    expect(worker.files().filter((path) => path.endsWith(".tmp"))).toEqual([]);
  });
});

describe("a client that vanishes", () => {
  for (const [title, size] of [
    ["small", 100 * KB],
    ["large", 2000 * KB],
    ["huge", 60_000 * KB],
  ] as const) {
    test(`in the middle of a ${title} upload leaves no file and no record`, async () => {
      const before = {
        files: worker.files().sort(),
        records: worker.records(),
      };
      const one = await worker.client();
      const bytes = packetOf(randomBytes(size));
      one.write(bytes.subarray(0, bytes.length / 2));
      if (size > 256 * KB)
        await until("the temporary file is there", () => worker.files().length > before.files.length);
      one.destroy();
      await until(
        "the worker noticed",
        () => worker.scoreboard.connections.current < 3 || worker.files().length === before.files.length,
      );
      await until("nothing is left", () => worker.files().length === before.files.length);
      expect({
        files: worker.files().sort(),
        records: worker.records(),
      }).toEqual(before);
    });
  }
});

test("with durability power the same holds", async () => {
  const one = await Harness.start(HOST, { durability: "power" });
  const by = await one.client();
  for (const size of [10, 400 * KB]) {
    const content = randomBytes(size);
    const name = await upload(by, content);
    expect(sha(readFileSync(one.path(name)))).toBe(sha(content));
    expect(one.lastRecord()).toEndWith(` C ${name}`);
  }
  await one.stop();
});

test("without a binlog no upload is acknowledged and no file stays", async () => {
  const one = await Harness.start(HOST);
  rmSync(join(one.folder, "data"), { recursive: true });
  const by = await one.client();
  for (const size of [10, 400 * KB]) expect(await by.status(packetOf(randomBytes(size)))).toBe(Errno.ENOENT);
  expect(one.files()).toEqual([]);
  expect(one.logged.some((line) => line.startsWith("Cannot append 1 records to"))).toBe(true);
  await one.stop();
});
