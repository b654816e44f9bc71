// The worker around its operations: who may connect and how many, the access log, the counters of the heartbeat, and an
// orderly end.

import { afterEach, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expandAllowHosts } from "../../../../../conf/allow-hosts.ts";
import {
  appendFile,
  deleteFile,
  downloadFile,
  queryFileInfo,
  regenerateAppenderFilename,
  setMetadata,
  truncateFile,
  uploadAppenderFile,
  uploadFile,
} from "../../../../../core/wire/storage-client.ts";
import { type Client, Errno, Harness, packet, request, until } from "../service/harness.ts";

const HOST = "127.0.41.1";
const groupName = "group1";
let worker: Harness;
afterEach(() => worker.stop());

async function upload(by: Client, content: string, command = uploadFile): Promise<string> {
  const value = {
    storePathIndex: -1,
    fileSize: content.length,
    fileExt: "txt",
  };
  const { status, body } = await by.ask(request(command, value, content));
  expect(status).toBe(Errno.OK);
  return body.subarray(16).toString();
}

describe("who may connect", () => {
  test("a host that is not allowed is closed without an answer, and it does not count", async () => {
    worker = await Harness.start(HOST, {
      allowHosts: expandAllowHosts("10.0.0.1"),
    });
    const one = await worker.client();
    one.write(packet(111, Buffer.alloc(0)));
    expect(await one.answer()).toBeNull();
    expect(worker.logged).toEqual([expect.stringMatching(/^ip addr 127\.\d+\.\d+\.\d+ is not allowed to access$/)]);
    await until("it is not counted", () => worker.scoreboard.connections.current === 0);
  });

  test("more than max_connections are refused; a place that gets free is taken", async () => {
    worker = await Harness.start(HOST, { maxConnections: 2 });
    const [first, second] = [await worker.client(), await worker.client()];
    for (const one of [first, second]) expect(await one.status(packet(111, Buffer.alloc(0)))).toBe(Errno.OK);
    const third = await worker.client();
    third.write(packet(111, Buffer.alloc(0)));
    expect(await third.answer()).toBeNull();
    expect([worker.scoreboard.connections.current, worker.scoreboard.connections.max]).toEqual([2, 2]);
    second.destroy();
    await until("a place is free", () => worker.scoreboard.connections.current === 1);
    expect(await (await worker.client()).status(packet(111, Buffer.alloc(0)))).toBe(Errno.OK);
  });
});

test("the access log has a line a request in C's columns", async () => {
  const folder = mkdtempSync(join(tmpdir(), "fdfs-access-"));
  const path = join(folder, "access.log");
  worker = await Harness.start(HOST, {
    accessLog: { path, precision: "ms", flushIntervalMs: 100 },
  });
  const one = await worker.client();
  const name = await upload(one, "hello fastdfs\n", uploadAppenderFile);
  await one.ask(request(appendFile, { byteCount: 3, fileName: name }, "abc"));
  await one.ask(
    request(downloadFile, {
      offset: 0,
      byteCount: 0,
      groupName,
      fileName: name,
    }),
  );
  await one.ask(
    request(setMetadata, {
      flag: 0x4f,
      groupName,
      fileName: name,
      metadata: Buffer.from("a\x02b"),
    }),
  );
  await one.ask(request(queryFileInfo, { groupName, fileName: name }));
  await one.ask(request(truncateFile, { newSize: 2, fileName: name }));
  const renamed = await one.ask(request(regenerateAppenderFilename, { fileName: name }));
  const newName = renamed.body.subarray(16).toString();
  await one.ask(request(deleteFile, { groupName, fileName: newName }));
  await one.ask(request(deleteFile, { groupName, fileName: newName }));
  await one.ask(packet(111, Buffer.alloc(0)));
  await one.ask(request(deleteFile, { groupName: "group2", fileName: newName }));
  await until("all is logged", () => existsSync(path) && readFileSync(path, "utf8").split("\n").length >= 11);
  const lines = readFileSync(path, "utf8")
    .split("\n")
    .slice(0, -1)
    .filter((line) => !line.includes("client_ip"))
    .map((line) => line.replace(/^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}\] 127\.0\.\d+\.\d+ /, ""))
    .map((line) => line.replace(/^(\S+ \S+ \d+) \d+ /, "$1 T "));
  expect(lines).toEqual([
    `upload ${name} 0 T 39 70`,
    `append ${name} 0 T 73 10`,
    `download ${name} 0 T 86 27`,
    `set_metadata ${name}-m 0 T 90 10`,
    `status ${name} 0 T 70 50`,
    `truncate ${name} 0 T 70 10`,
    `rename ${name}=>${newName} 0 T 54 70`,
    `delete ${newName} 0 T 70 10`,
    `delete ${newName} 2 T 70 10`,
    "delete - 22 T 70 10",
  ]);
  rmSync(folder, { recursive: true });
});

test("the counters of the heartbeat (storage.md §7.6)", async () => {
  worker = await Harness.start(HOST);
  const one = await worker.client();
  const name = await upload(one, "hello fastdfs\n");
  const appender = await upload(one, "0123456789", uploadAppenderFile);
  await one.ask(request(appendFile, { byteCount: 3, fileName: appender }, "abc"));
  await one.ask(request(truncateFile, { newSize: 2, fileName: appender }));
  await one.ask(
    request(downloadFile, {
      offset: 6,
      byteCount: 4,
      groupName,
      fileName: name,
    }),
  );
  await one.ask(
    request(downloadFile, {
      offset: 0,
      byteCount: 0,
      groupName,
      fileName: `${name}x`,
    }),
  );
  await one.ask(request(deleteFile, { groupName, fileName: name }));
  await until("the download is counted", () => worker.scoreboard.totals().successDownloadCount === 1);
  const totals = worker.scoreboard.totals();
  expect(totals).toMatchObject({
    totalUploadCount: 2,
    successUploadCount: 2,
    totalUploadBytes: 24,
    successUploadBytes: 24,
    totalAppendCount: 1,
    successAppendCount: 1,
    totalAppendBytes: 3,
    successAppendBytes: 3,
    totalTruncateCount: 1,
    successTruncateCount: 1,
    totalDownloadCount: 1,
    successDownloadCount: 1,
    totalDownloadBytes: 4,
    successDownloadBytes: 4,
    totalDeleteCount: 1,
    successDeleteCount: 1,
    lastSyncUpdate: 0,
  });
  expect(totals.totalFileOpenCount).toBeGreaterThan(totals.successFileOpenCount);
  expect(Math.abs(totals.lastSourceUpdate - Date.now() / 1000)).toBeLessThan(3);
});

describe("an orderly end", () => {
  test("an upload under way is finished and answered; idle connections are closed; nothing new is accepted", async () => {
    worker = await Harness.start(HOST);
    const [idle, busy] = [await worker.client(), await worker.client()];
    expect(await idle.status(packet(111, Buffer.alloc(0)))).toBe(Errno.OK);
    const content = Buffer.alloc(500_000, 97);
    const value = {
      storePathIndex: -1,
      fileSize: content.length,
      fileExt: "txt",
    };
    const bytes = request(uploadFile, value, content);
    busy.write(bytes.subarray(0, 300_000));
    await until("the upload has begun", () => worker.files().length === 1);
    const closing = worker.closeWorker(5000);
    expect(await idle.answer()).toBeNull();
    busy.write(bytes.subarray(300_000));
    const answer = await busy.answer();
    expect(answer?.status).toBe(Errno.OK);
    await closing;
    expect(worker.lastRecord()).toEndWith(` C ${answer!.body.subarray(16).toString()}`);
    await expect(worker.client()).rejects.toThrow();
  });

  test("one that does not come to its end is cut off after the grace time and leaves nothing", async () => {
    worker = await Harness.start(HOST);
    const one = await worker.client();
    const value = { storePathIndex: -1, fileSize: 500_000, fileExt: "txt" };
    one.write(request(uploadFile, value, Buffer.alloc(500_000)).subarray(0, 300_000));
    await until("the upload has begun", () => worker.files().length === 1);
    await worker.closeWorker(200);
    expect(worker.files()).toEqual([]);
  });
});

test("a client that stops in the middle of a request is closed after the network timeout", async () => {
  worker = await Harness.start(HOST, { networkTimeoutMs: 500 });
  const one = await worker.client();
  const value = { storePathIndex: -1, fileSize: 500_000, fileExt: "txt" };
  one.write(request(uploadFile, value, Buffer.alloc(500_000)).subarray(0, 300_000));
  await until("the upload has begun", () => worker.files().length === 1);
  expect(await one.answer()).toBeNull();
  expect(worker.files()).toEqual([]);
});
