// Append, modify, truncate and regenerate: what the file and the record say afterwards, also when many clients change one
// file at the same time or one of them vanishes in the middle.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { crc32 } from "node:zlib";
import { readFileName } from "../../../../../core/fileid/file-id.ts";
import {
  appendFile,
  deleteFile,
  modifyFile,
  regenerateAppenderFilename,
  setMetadata,
  truncateFile,
  uploadAppenderFile,
} from "../../../../../core/wire/storage-client.ts";
import { type Client, Errno, Harness, request, until } from "./harness.ts";

const KB = 1024;
let worker: Harness;
let client: Client;
beforeAll(async () => {
  worker = await Harness.start("127.0.40.4", { networkTimeoutMs: 1500 });
  client = await worker.client();
});
afterAll(() => worker.stop());

async function create(content: Uint8Array | string): Promise<string> {
  const bytes = Buffer.from(content as string);
  const answer = await client.ask(
    request(uploadAppenderFile, { storePathIndex: -1, fileSize: bytes.length, fileExt: "log" }, bytes),
  );
  expect(answer.status).toBe(Errno.OK);
  return answer.body.subarray(16).toString();
}

const append = (fileName: string, content: Uint8Array | string): Buffer =>
  request(appendFile, { byteCount: content.length, fileName }, content);
const modify = (fileName: string, offset: number, content: Uint8Array | string): Buffer =>
  request(modifyFile, { offset, byteCount: content.length, fileName }, content);
const truncate = (fileName: string, newSize: number): Buffer => request(truncateFile, { newSize, fileName });

/** Records of one file, without their time. */
const recordsOf = (name: string): string[] =>
  worker
    .records()
    .filter((record) => record.includes(name))
    .map((record) => record.slice(record.indexOf(" ") + 1).replace(` ${name}`, ""));

describe("one client", () => {
  for (const size of [5, 256 * KB, 256 * KB + 1, 3000 * KB]) {
    test(`appends and overwrites ${size} bytes`, async () => {
      const name = await create("start");
      const first = randomBytes(size);
      expect(await client.status(append(name, first))).toBe(Errno.OK);
      const second = randomBytes(size);
      expect(await client.status(modify(name, 3, second))).toBe(Errno.OK);
      const expected = Buffer.concat([Buffer.from("sta"), second, first.subarray(-2)]);
      expect(Buffer.compare(readFileSync(worker.path(name)), expected)).toBe(0);
      expect(recordsOf(name)).toEqual(["C", `A 5 ${size}`, `M 3 ${size}`]);
      expect(worker.lastRecord()).toStartWith(`${worker.modifiedAt(name)} M `);
    });
  }

  test("nothing to append or modify and truncating to the same size: 0, no body, no record", async () => {
    const name = await create("12345");
    for (const bytes of [append(name, ""), modify(name, 2, ""), modify(name, 5, ""), truncate(name, 5)]) {
      expect(await client.ask(bytes)).toEqual({
        status: Errno.OK,
        body: Buffer.alloc(0),
      });
    }
    expect(recordsOf(name)).toEqual(["C"]);
    expect(worker.scoreboard.totals().totalTruncateCount).toBe(0);
  });

  test("a modify at the end extends; a truncate to more adds zero bytes", async () => {
    const name = await create("12345");
    expect(await client.status(modify(name, 5, "67"))).toBe(Errno.OK);
    expect(await client.status(truncate(name, 9))).toBe(Errno.OK);
    expect(worker.content(name)).toBe("1234567\0\0");
    expect(await client.status(truncate(name, 0))).toBe(Errno.OK);
    expect(recordsOf(name)).toEqual(["C", "M 5 2", "T 7 9", "T 9 0"]);
  });

  test("an append cut at random and one byte by byte", async () => {
    const name = await create("");
    const content = randomBytes(500);
    const bytes = append(name, content);
    for (let at = 0; at < bytes.length; ) {
      const next = at + 1 + Math.floor(Math.random() * 60);
      client.write(bytes.subarray(at, next));
      await new Promise((resolve) => setImmediate(resolve));
      at = next;
    }
    expect((await client.answer())?.status).toBe(Errno.OK);
    for (const byte of append(name, "xyz")) {
      client.write(Uint8Array.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect((await client.answer())?.status).toBe(Errno.OK);
    expect(Buffer.compare(readFileSync(worker.path(name)), Buffer.concat([content, Buffer.from("xyz")]))).toBe(0);
  });

  test("regenerate reads the whole of a large file; the old name is gone, its metadata stays", async () => {
    const content = randomBytes(2500 * KB);
    const name = await create(content);
    const metadata = Buffer.from("a\x02b");
    await client.ask(
      request(setMetadata, {
        flag: 0x4f,
        groupName: "group1",
        fileName: name,
        metadata,
      }),
    );
    const answer = await client.ask(request(regenerateAppenderFilename, { fileName: name }));
    const newName = answer.body.subarray(16).toString();
    expect(readFileName(newName)).toMatchObject({
      kind: "normal",
      size: content.length,
      crc32: crc32(content),
    });
    expect(newName.slice(0, 10) + newName.slice(-7)).toBe(name.slice(0, 10) + name.slice(-7));
    expect(worker.content(`${name}-m`)).toBe("a\x02b");
    expect(await client.status(append(name, "x"))).toBe(Errno.ENOENT);
    expect(worker.lastRecord()).toEndWith(` R ${newName} ${name}`);
  });
});

describe("many clients on one file", () => {
  for (const size of [7, 300 * KB]) {
    test(`appends of ${size} bytes never mix, and the records name their true places`, async () => {
      const name = await create("");
      const clients = await Promise.all(Array.from({ length: 8 }, () => worker.client()));
      const rounds = size > KB ? 3 : 20;
      await Promise.all(
        clients.map(async (one, index) => {
          for (let round = 0; round < rounds; round++) {
            expect(await one.status(append(name, Buffer.alloc(size, 65 + index)))).toBe(Errno.OK);
          }
          one.destroy();
        }),
      );
      const file = readFileSync(worker.path(name));
      expect(file.length).toBe(8 * rounds * size);
      for (let at = 0; at < file.length; at += size) {
        expect(Buffer.compare(file.subarray(at, at + size), Buffer.alloc(size, file[at]!))).toBe(0);
      }
      const expected = Array.from({ length: 8 * rounds }, (_, index) => `A ${index * size} ${size}`);
      expect(recordsOf(name)).toEqual(["C", ...expected]);
    });
  }

  test("modifies of the same place leave one of them whole", async () => {
    const name = await create(Buffer.alloc(600 * KB));
    const clients = await Promise.all(Array.from({ length: 5 }, () => worker.client()));
    await Promise.all(clients.map((one, index) => one.ask(modify(name, 0, Buffer.alloc(600 * KB, 65 + index)))));
    const file = readFileSync(worker.path(name));
    expect(Buffer.compare(file, Buffer.alloc(600 * KB, file[0]!))).toBe(0);
  });

  test("a stalled append makes others wait; they get 11 in the end, and the file is untouched", async () => {
    const name = await create("12345");
    const slow = await worker.client();
    slow.write(append(name, Buffer.alloc(400 * KB, 120)).subarray(0, 100 * KB));
    await until("the append has begun", () => statSync(worker.path(name)).size > 5);
    const started = Date.now();
    // Small and large, and an operation without content.
    const [one, two, three] = [await worker.client(), await worker.client(), await worker.client()];
    const keepAlive = setInterval(() => slow.write(Buffer.alloc(10, 120)), 200);
    const statuses = await Promise.all([
      one.status(append(name, "late")),
      two.status(append(name, Buffer.alloc(400 * KB))),
      three.status(truncate(name, 1)),
    ]);
    clearInterval(keepAlive);
    expect(statuses).toEqual([Errno.EAGAIN, Errno.EAGAIN, Errno.EAGAIN]);
    expect(Date.now() - started).toBeGreaterThan(1000);
    slow.destroy();
    await until("the append is taken back", () => worker.content(name) === "12345");
    expect(await one.status(append(name, "67"))).toBe(Errno.OK);
    expect(recordsOf(name)).toEqual(["C", "A 5 2"]);
  });

  test("who waits goes on as soon as the other has vanished", async () => {
    const name = await create("12345");
    const slow = await worker.client();
    slow.write(append(name, Buffer.alloc(400 * KB, 120)).subarray(0, 100 * KB));
    await until("the append has begun", () => statSync(worker.path(name)).size > 5);
    const one = await worker.client();
    const answer = one.status(append(name, Buffer.alloc(300 * KB, 121)));
    slow.destroy();
    expect(await answer).toBe(Errno.OK);
    expect(recordsOf(name)).toEqual(["C", `A 5 ${300 * KB}`]);
  });

  test("a delete waits for the append under way", async () => {
    const name = await create("12345");
    const slow = await worker.client();
    const bytes = append(name, Buffer.alloc(400 * KB, 120));
    slow.write(bytes.subarray(0, 100 * KB));
    await until("the append has begun", () => statSync(worker.path(name)).size > 5);
    const deleted = client.status(request(deleteFile, { groupName: "group1", fileName: name }));
    slow.write(bytes.subarray(100 * KB));
    expect((await slow.answer())?.status).toBe(Errno.OK);
    expect(await deleted).toBe(Errno.OK);
    expect(recordsOf(name)).toEqual(["C", `A 5 ${400 * KB}`, "D"]);
  });
});

describe("a client that vanishes", () => {
  test("in a small append or modify changes nothing", async () => {
    const name = await create("12345");
    for (const bytes of [append(name, Buffer.alloc(100 * KB, 120)), modify(name, 0, Buffer.alloc(100 * KB, 120))]) {
      const one = await worker.client();
      const before = worker.scoreboard.connections.current;
      one.write(bytes.subarray(0, 50 * KB));
      one.destroy();
      await until("it is gone", () => worker.scoreboard.connections.current < before);
    }
    expect(worker.content(name)).toBe("12345");
    expect(recordsOf(name)).toEqual(["C"]);
  });

  test("in a large modify leaves what it wrote, with a record of it", async () => {
    const name = await create(Buffer.alloc(1000 * KB, 46));
    const one = await worker.client();
    one.write(modify(name, 10, Buffer.alloc(900 * KB, 120)).subarray(0, 300 * KB));
    await until("it has begun", () => readFileSync(worker.path(name)).includes(120));
    one.destroy();
    await until("it is recorded", () => recordsOf(name).length === 2);
    const written = Number(recordsOf(name)[1]!.split(" ")[2]);
    const file = readFileSync(worker.path(name));
    expect(recordsOf(name)[1]).toBe(`M 10 ${written}`);
    expect(file.subarray(10, 10 + written).every((byte) => byte === 120)).toBe(true);
    expect(file.subarray(10 + written).every((byte) => byte === 46)).toBe(true);
  });
});
