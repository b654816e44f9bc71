// A disk that runs full in the middle of a write, although it seemed to have room: status 28, nothing half-written stays,
// and the server serves on. Needs to mount a small tmpfs; skipped where that is not allowed.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CommitQueue } from "../../../../../core/storage/binlog/commit-queue.ts";
import { Scoreboard } from "../../../../../core/storage/scoreboard/scoreboard.ts";
import {
  appendFile,
  modifyFile,
  setMetadata,
  uploadAppenderFile,
  uploadFile,
  uploadSlaveFile,
} from "../../../../../core/wire/storage-client.ts";
import { syncAppendFile, syncUpdateFile } from "../../../../../core/wire/storage-sync.ts";
import { type Client, Errno, Harness, request, until } from "./harness.ts";

const KB = 1024;
const groupName = "group1";
const folder = mkdtempSync(join(tmpdir(), "fdfs-full-"));
const isMounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=2m", "tmpfs", folder]).status === 0;

describe.skipIf(!isMounted)("a full disk (needs mount)", () => {
  let worker: Harness;
  let client: Client;
  let appender: string;
  const filler = join(folder, "filler");

  beforeAll(async () => {
    mkdirSync(join(folder, "data"));
    worker = await Harness.start("127.0.40.8", { storePaths: [{ path: folder, isReadOnly: false }] });
    client = await worker.client();
    const answer = await client.ask(
      request(uploadAppenderFile, { storePathIndex: -1, fileSize: 5, fileExt: "log" }, "12345"),
    );
    appender = answer.body.subarray(16).toString();
    writeFileSync(filler, Buffer.alloc(1950 * KB));
  });
  afterAll(async () => {
    await worker.stop().catch(() => {});
    // Lazily: the notes of what is under way stay mapped until the process ends.
    spawnSync("umount", ["-l", folder]);
    rmSync(folder, { recursive: true, force: true });
    rmSync(worker.folder, { recursive: true, force: true });
  });

  const content = (size: number): Buffer => Buffer.alloc(size, 120);
  const requests: readonly (readonly [title: string, bytes: () => Buffer])[] = [
    [
      "small upload",
      () => request(uploadFile, { storePathIndex: 0, fileSize: 200 * KB, fileExt: "" }, content(200 * KB)),
    ],
    [
      "large upload",
      () => request(uploadFile, { storePathIndex: 0, fileSize: 900 * KB, fileExt: "" }, content(900 * KB)),
    ],
    [
      "slave",
      () =>
        request(
          uploadSlaveFile,
          { fileSize: 200 * KB, prefix: "_s", fileExt: "txt", masterName: appender },
          content(200 * KB),
        ),
    ],
    ["small append", () => request(appendFile, { byteCount: 200 * KB, fileName: appender }, content(200 * KB))],
    ["large append", () => request(appendFile, { byteCount: 900 * KB, fileName: appender }, content(900 * KB))],
    [
      "metadata",
      () => {
        const metadata = Buffer.from(
          Array.from({ length: 500 }, (_, index) => `k${index}\x02${"v".repeat(250)}`).join("\x01"),
        );
        return request(setMetadata, { flag: 0x4f, groupName, fileName: appender, metadata });
      },
    ],
    [
      "copy of another storage",
      () =>
        request(syncUpdateFile, { fileSize: 900 * KB, timestamp: 7, groupName, fileName: appender }, content(900 * KB)),
    ],
    [
      "append of another storage",
      () =>
        request(
          syncAppendFile,
          { offset: 5, byteCount: 900 * KB, timestamp: 7, groupName, fileName: appender },
          content(900 * KB),
        ),
    ],
  ];
  for (const [title, bytes] of requests) {
    test(`${title}: 28, nothing stays, the connection serves on`, async () => {
      const before = { files: worker.files().sort(), records: worker.records() };
      expect(await client.status(bytes())).toBe(Errno.ENOSPC);
      expect({ files: worker.files().sort(), records: worker.records() }).toEqual(before);
      expect(worker.content(appender)).toBe("12345");
    });
  }

  test("modify: 28; what got in is recorded", async () => {
    const before = worker.records().length;
    const bytes = request(modifyFile, { offset: 0, byteCount: 900 * KB, fileName: appender }, content(900 * KB));
    expect(await client.status(bytes)).toBe(Errno.ENOSPC);
    await until("it is recorded", () => worker.records().length > before);
    // The file was shorter than what got in, so its size tells how much that was.
    expect(worker.lastRecord()).toEndWith(` M ${appender} 0 ${statSync(worker.path(appender)).size}`);
  });

  test("a binlog that gets only a part of its records in takes it back and answers 28", () => {
    const scoreboard = new Scoreboard();
    const commits = new CommitQueue(scoreboard, folder, { worker: 0, flushesToDisk: false, report() {}, grown() {} });
    const statuses: number[] = [];
    const waiter = { committed: (status: number) => void statuses.push(status) };
    const line = `1 C ${"n".repeat(100)}\n`;
    const round = (count: number): void => {
      for (let index = 0; index < count; index++) commits.push(line, waiter);
      commits.flush();
    };
    unlinkSync(filler);
    round(10);
    const path = join(folder, "binlog.000");
    let size = 2000 * KB;
    writeFileSync(filler, "");
    // Fill the disk to the last page, which the binlog's file has begun.
    for (; size >= 4 * KB; size /= 2) {
      try {
        for (;;) appendFileSync(filler, Buffer.alloc(size));
      } catch {
        truncateSync(filler, Math.floor(statSync(filler).size / (4 * KB)) * 4 * KB);
      }
    }
    round(100);
    expect(statuses.slice(10)).toEqual(Array.from({ length: 100 }, () => Errno.ENOSPC));
    expect(readFileSync(path, "latin1")).toBe(line.repeat(10));
    truncateSync(filler, 0);
    round(100);
    expect(readFileSync(path, "latin1")).toBe(line.repeat(110));
    commits.close();
  });

  test("with room again everything works", async () => {
    expect(await client.status(request(appendFile, { byteCount: 5, fileName: appender }, "67890"))).toBe(Errno.OK);
    expect(worker.logged).toEqual([]);
  });
});
