// Downloads of a file that is asked for again and again: the same answers as the first time, small and large, whole and in
// parts, and none of them after the file was deleted, replaced by another storage or taken away by hand.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { unlinkSync } from "node:fs";
import { deleteFile, downloadFile } from "../../../../../core/wire/storage-client.ts";
import { nameOf } from "../replication/names.ts";
import { type Client, Errno, Harness, request } from "./harness.ts";

const TIMES = 4;
let worker: Harness;
let client: Client;
let other: Client;
beforeAll(async () => {
  worker = await Harness.start("127.0.40.16");
  client = await worker.client();
  other = await worker.client();
});
afterAll(() => worker.stop());

const download = (fileName: string, offset = 0, byteCount = 0): Buffer =>
  request(downloadFile, { offset, byteCount, groupName: "group1", fileName });

/** A file that is kept already. */
async function hotFile(size: number, random: number): Promise<{ name: string; content: Buffer }> {
  const name = nameOf(size, "normal", random);
  const content = randomBytes(size);
  worker.place(name, content);
  for (let time = 0; time < TIMES; time++) {
    const { status, body } = await client.ask(download(name));
    expect(status).toBe(Errno.OK);
    expect(content.equals(body)).toBe(true);
  }
  return { name, content };
}

test.each([
  ["of a few bytes", 10],
  ["of 4 KB", 4096],
  ["of 32 KB", 32 * 1024],
  ["of a byte more", 32 * 1024 + 1],
  ["of 3 MB", 3 * 1024 * 1024],
])("a file %s and its parts", async (_, size) => {
  const { name, content } = await hotFile(size, size);
  for (const [offset, count] of [
    [0, size],
    [1, 0],
    [size - 1, 0],
    [0, size - 1],
    [2, 5],
  ] as const) {
    const { body } = await other.ask(download(name, offset, count));
    expect(content.subarray(offset, count === 0 ? size : offset + count).equals(body)).toBe(true);
  }
  // Status 22 ends a connection.
  const last = await worker.client();
  expect(await last.status(download(name, size))).toBe(Errno.EINVAL);
});

test("two kept files asked for in turns, and a request that only resembles theirs", async () => {
  const files = [await hotFile(500, 71), await hotFile(90_000, 72)];
  for (let time = 0; time < TIMES; time++) {
    for (const { name, content } of files) expect(content.equals((await other.ask(download(name))).body)).toBe(true);
  }
  const { name } = files[0]!;
  for (const value of [
    { groupName: "group2", fileName: name },
    { groupName: "group1", fileName: `${name}x` },
    { groupName: "group1", fileName: name + "x".repeat(120) },
    { groupName: "group1", fileName: name + "y".repeat(120) },
  ]) {
    const one = await worker.client();
    const status = await one.status(request(downloadFile, { offset: 0, byteCount: 0, ...value }));
    expect([Errno.EINVAL, Errno.ENOENT] as number[]).toContain(status);
  }
});

test.each([100, 100_000])("a file of %d bytes that is deleted is gone at once", async (size) => {
  const { name } = await hotFile(size, 50 + size);
  expect(await other.status(request(deleteFile, { groupName: "group1", fileName: name }))).toBe(Errno.OK);
  expect(await client.status(download(name))).toBe(Errno.ENOENT);
});

test.each([100, 100_000])("a file of %d bytes that is taken away by hand is gone a second later", async (size) => {
  const { name } = await hotFile(size, 60 + size);
  unlinkSync(worker.path(name));
  const deadline = Date.now() + 5000;
  let status: number = Errno.OK;
  while (status === Errno.OK && Date.now() < deadline) status = await client.status(download(name));
  expect(status).toBe(Errno.ENOENT);
});
