// Downloads and file information: ranges, links, slow readers, files that change while they are sent.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHash, randomBytes } from "node:crypto";
import { lutimesSync, mkdirSync, readdirSync, readlinkSync, symlinkSync, truncateSync, unlinkSync } from "node:fs";
import { dirname } from "node:path";
import { crc32 } from "node:zlib";
import { decodeResponse } from "../../../../../core/wire/command.ts";
import { deleteFile, downloadFile, queryFileInfo } from "../../../../../core/wire/storage-client.ts";
import { type Client, Errno, Harness, request, until } from "./harness.ts";

const KB = 1024;
const FILE = "M00/00/02/fwAASGsBFUGAfoSXAAAADg4Qul0701.txt";
const LARGE = "M01/00/02/fwAASGsBFUGAfoSXAAAADg4Qul0702.bin";
const LINK = "M00/00/02/fwAASGsBFUGAfoSXAAAADg4Qul0703.txt";
const APPENDER = "M01/00/02/fwAASGsBFQ2EcdpcAAAAAKaEx8Y219.log";
const SLAVE = "M00/00/02/fwAASGsBFUGAfoSXAAAADg4Qul0701_big.png";
const sha = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

let worker: Harness;
let client: Client;
beforeAll(async () => {
  worker = await Harness.start("127.0.40.6", {
    addressesById: { "100001": "10.1.2.3" },
  });
  client = await worker.client();
  worker.place(FILE, "hello fastdfs\n", 1_700_000_000);
});
afterAll(() => worker.stop());

const download = (fileName: string, offset = 0, byteCount = 0): Buffer =>
  request(downloadFile, { offset, byteCount, groupName: "group1", fileName });
const info = async (fileName: string, flags = 0) => {
  const { status, body } = await client.ask(request(queryFileInfo, { groupName: "group1", fileName }, "", flags));
  expect(status).toBe(Errno.OK);
  return decodeResponse(queryFileInfo, body);
};

/** Open descriptors of files below the store paths. */
const openFiles = (): number =>
  readdirSync("/proc/self/fd").filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(worker.config.storePaths[1]!.path);
    } catch {
      return false;
    }
  }).length;

describe("ranges", () => {
  test("whole, parts, and more than there is", async () => {
    const parts: readonly (readonly [offset: number, count: number, text: string])[] = [
      [0, 0, "hello fastdfs\n"],
      [6, 0, "fastdfs\n"],
      [6, 4, "fast"],
      [13, 1, "\n"],
      [6, 1000, "fastdfs\n"],
      [0, 2 ** 52, "hello fastdfs\n"],
    ];
    for (const [offset, count, text] of parts) {
      expect((await client.ask(download(FILE, offset, count))).body.toString()).toBe(text);
    }
  });

  test("of a large file at odd places", async () => {
    const content = randomBytes(5000 * KB);
    worker.place(LARGE, content);
    for (const [offset, count] of [
      [0, 32 * KB],
      [0, 32 * KB + 1],
      [1, 64 * KB],
      [4_000_001, 0],
      [17, 3_000_003],
    ] as const) {
      const { body } = await client.ask(download(LARGE, offset, count));
      expect(sha(body)).toBe(sha(content.subarray(offset, count === 0 ? undefined : offset + count)));
    }
  });

  test("twenty requests in one write", async () => {
    client.write(Buffer.concat(Array.from({ length: 20 }, (_, index) => download(FILE, index % 14, 1))));
    for (let index = 0; index < 20; index++) {
      expect((await client.answer())?.body.toString()).toBe("hello fastdfs\n"[index % 14]!);
    }
  });
});

describe("what a download holds on to", () => {
  test("a reader that stops reading costs no memory and gets everything in the end", async () => {
    const content = randomBytes(40_000 * KB);
    worker.place(LARGE, content);
    const one = await worker.client();
    one.socket.pause();
    const before = process.memoryUsage.rss();
    one.write(download(LARGE));
    // Others are served meanwhile.
    for (let count = 0; count < 50; count++) expect((await client.ask(download(FILE, 6, 4))).status).toBe(Errno.OK);
    expect(process.memoryUsage.rss() - before).toBeLessThan(30_000 * KB);
    const hash = createHash("sha256");
    let size = 0;
    one.socket.removeAllListeners("data");
    await new Promise<void>((resolve) => {
      one.socket.on("data", (chunk: Buffer) => {
        size += chunk.length;
        hash.update(size === chunk.length ? chunk.subarray(10) : chunk);
        if (size === content.length + 10) resolve();
      });
      one.socket.resume();
    });
    expect(hash.digest("hex")).toBe(sha(content));
  });

  test("a deleted file is still sent to its end; nothing stays open", async () => {
    const content = randomBytes(8000 * KB);
    worker.place(LARGE, content);
    const connections = worker.scoreboard.connections.current;
    const one = await worker.client();
    one.socket.pause();
    one.write(download(LARGE));
    await until("the file is open", () => openFiles() > 0);
    expect(await client.status(request(deleteFile, { groupName: "group1", fileName: LARGE }))).toBe(Errno.OK);
    one.socket.resume();
    expect(sha((await one.answer())!.body)).toBe(sha(content));
    one.destroy();
    await until("it is closed", () => openFiles() === 0 && worker.scoreboard.connections.current === connections);
  });

  test("a file that becomes shorter ends the connection, the announced length cannot be kept", async () => {
    worker.place(LARGE, randomBytes(20_000 * KB));
    const one = await worker.client();
    one.socket.pause();
    one.write(download(LARGE));
    await until("it is under way", () => worker.scoreboard.totals().totalDownloadBytes > 0);
    expect((await client.ask(download(FILE))).status).toBe(Errno.OK);
    truncateSync(worker.path(LARGE), 0);
    one.socket.resume();
    expect(await one.answer()).toBeNull();
  });

  test("a client that vanishes in the middle", async () => {
    worker.place(LARGE, randomBytes(20_000 * KB));
    const connections = worker.scoreboard.connections.current;
    const one = await worker.client();
    one.socket.pause();
    one.write(download(LARGE));
    await until("the file is open", () => openFiles() > 0);
    one.destroy();
    await until("it is closed", () => openFiles() === 0 && worker.scoreboard.connections.current === connections);
  });
});

describe("file information", () => {
  test("of a normal file: size and time of the file, checksum and source of the name", async () => {
    expect(await info(FILE)).toEqual({
      fileSize: 14,
      modificationTime: 1_700_000_000,
      crc32: 0x0e10ba5d,
      sourceIp: "127.0.0.72",
    });
  });

  test("checksums of appenders and slaves are computed, but not with flag 1", async () => {
    const content = randomBytes(2500 * KB);
    for (const name of [APPENDER, SLAVE]) {
      worker.place(name, content);
      expect((await info(name)).crc32).toBe(crc32(content));
      expect((await info(name, 1)).crc32).toBe(0);
      expect((await info(name, 3)).fileSize).toBe(content.length);
    }
  });

  test("a long checksum does not keep others waiting", async () => {
    worker.place(APPENDER, Buffer.alloc(60_000 * KB, 7));
    const one = await worker.client();
    let isDone = false;
    const long = one
      .ask(request(queryFileInfo, { groupName: "group1", fileName: APPENDER }))
      .finally(() => (isDone = true));
    let served = 0;
    while (!isDone) {
      await client.ask(download(FILE, 6, 4));
      served++;
    }
    await long;
    expect(served).toBeGreaterThan(3);
  });

  test("of a link: the size behind it, its own time; its download is the content", async () => {
    mkdirSync(dirname(worker.path(LINK)), { recursive: true });
    symlinkSync(worker.path(FILE), worker.path(LINK));
    lutimesSync(worker.path(LINK), 1_600_000_000, 1_600_000_000);
    expect(await info(LINK)).toMatchObject({
      fileSize: 14,
      modificationTime: 1_600_000_000,
    });
    expect((await client.ask(download(LINK))).body.toString()).toBe("hello fastdfs\n");
    unlinkSync(worker.path(FILE));
    expect(await client.status(download(LINK))).toBe(Errno.ENOENT);
    worker.place(FILE, "hello fastdfs\n", 1_700_000_000);
  });

  test("the source of a storage id is looked up, an unknown one is empty", async () => {
    const known = "M00/00/00/oYYBAGsBFtOAHSu1AAAACGe1SJA201.txt";
    worker.place(known, "12345678");
    expect((await info(known)).sourceIp).toBe("10.1.2.3");
    const unknown = "M00/00/00/ooYBAGsBFtOAHSu1AAAACGe1SJA201.txt";
    worker.place(unknown, "12345678");
    expect((await info(unknown)).sourceIp).toBe("");
  });

  test("the answer has 70 bytes where the tracker asks for the long address", async () => {
    worker.scoreboard.responseIpSize = 46;
    const { body } = await client.ask(request(queryFileInfo, { groupName: "group1", fileName: FILE }));
    expect(body.length).toBe(70);
    expect(body.subarray(24, 34).toString()).toBe("127.0.0.72");
    worker.scoreboard.responseIpSize = 16;
  });
});
