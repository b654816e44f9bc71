// Every refusal of a storage by its answer (storage.md §2, §3): status, whether the connection stays open, and that no
// file and no record came of it.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import * as client from "../../../../../core/wire/storage-client.ts";
import * as sync from "../../../../../core/wire/storage-sync.ts";
import { Errno, Harness, packet, request } from "./harness.ts";

const FILE = "M00/00/02/fwAASGsBFUGAfoSXAAAADg4Qul0701.txt";
const MISSING = "M00/00/02/fwAASGsBFUGAfoSXAAAADg4Qul0702.txt";
const APPENDER = "M01/00/02/fwAASGsBFQ2EcdpcAAAAAKaEx8Y219.log";
const GONE_APPENDER = "M01/00/02/fwAASGsBFQ2EcdpcAAAAAKaEx8Y218.log";
const FOLDER = "M00/00/02/fwAASGsBFUGAfoSXAAAADg4Qul0703.txt";
const FOLDER_APPENDER = "M01/00/02/fwAASGsBFQ2EcdpcAAAAAKaEx8Y217.log";
const EMPTY = "M00/00/02/fwAASGsBFUGAfoSXAAAADg4Qul0704.txt";

let worker: Harness;

beforeAll(async () => {
  worker = await Harness.start("127.0.40.2");
  worker.place(FILE, "hello fastdfs\n");
  worker.place(APPENDER, "0123456789");
  worker.place(EMPTY, "");
  mkdirSync(worker.path(FOLDER), { recursive: true });
  mkdirSync(worker.path(FOLDER_APPENDER), { recursive: true });
});
afterAll(() => worker.stop());

const group1 = "group1";
const upload = (storePathIndex: number, fileSize: number, fileExt: string, content: string): Buffer =>
  request(client.uploadFile, { storePathIndex, fileSize, fileExt }, content);
const slave = (prefix: string, fileExt: string, masterName = FILE, fileSize = 2, content = "ab"): Buffer =>
  request(client.uploadSlaveFile, { fileSize, prefix, fileExt, masterName }, content);
const append = (fileName: string, byteCount = 2, content = "ab"): Buffer =>
  request(client.appendFile, { byteCount, fileName }, content);
const modify = (fileName: string, offset: number, byteCount = 2, content = "ab"): Buffer =>
  request(client.modifyFile, { offset, byteCount, fileName }, content);
const truncate = (fileName: string, newSize: number): Buffer => request(client.truncateFile, { newSize, fileName });
const download = (fileName: string, offset = 0, byteCount = 0, groupName = group1): Buffer =>
  request(client.downloadFile, { offset, byteCount, groupName, fileName });
const setMetadata = (fileName: string, flag: number, metadata: string, groupName = group1): Buffer =>
  request(client.setMetadata, {
    flag,
    groupName,
    fileName,
    metadata: Buffer.from(metadata),
  });
const link = (
  changes: Partial<{
    groupName: string;
    masterName: string;
    sourceName: string;
    signature: Buffer;
  }>,
) =>
  request(client.createLink, {
    groupName: group1,
    prefix: "_l",
    fileExt: "txt",
    masterName: "",
    sourceName: FILE,
    signature: Buffer.alloc(24, 83),
    ...changes,
  });
const create = (fileName: string, fileSize: number, content: string, groupName = group1, status = 0): Buffer =>
  request(sync.syncCreateFile, { fileSize, timestamp: 7, groupName, fileName }, content, status);
const range = (command: typeof sync.syncAppendFile, fileName: string, offset: number, byteCount = 2): Buffer =>
  request(command, { offset, byteCount, timestamp: 7, groupName: group1, fileName }, "ab");
const syncTruncate = (fileName: string, oldSize: number, newSize: number): Buffer =>
  request(sync.syncTruncateFile, {
    oldSize,
    newSize,
    timestamp: 7,
    groupName: group1,
    fileName,
  });

const rows: readonly (readonly [title: string, status: number, request: () => Buffer])[] = [
  ["upload: body of 14 bytes", 22, () => packet(11, Buffer.alloc(14))],
  ["upload: size larger than the content", 22, () => upload(-1, 4, "txt", "abc")],
  ["upload: size smaller than the content", 22, () => upload(-1, 2, "txt", "abc")],
  ["upload: negative size", 22, () => upload(-1, -1, "txt", "")],
  ["upload: store path 2 of 2", 22, () => upload(2, 1, "txt", "a")],
  ["upload: store path -2", 22, () => upload(-2, 1, "txt", "a")],
  ["upload: slash in the extension", 22, () => upload(-1, 1, "a/b", "a")],
  ["slave: empty prefix", 22, () => slave("", "txt")],
  ["slave: slash in the prefix", 22, () => slave("/x", "txt")],
  ["slave: the metadata file's name", 22, () => slave("-m", "")],
  ["slave: size that does not match", 22, () => slave("_s", "txt", FILE, 3)],
  ["slave: master name of 10", 22, () => slave("_s", "txt", "M00/00/02/")],
  ["slave: master name of 128", 22, () => slave("_s", "txt", `M00/00/02/${"a".repeat(118)}`)],
  ["slave: slave name longer than 127", 22, () => slave("_big", "txt", `M00/00/02/${"a".repeat(115)}`)],
  ["slave: missing master", 2, () => slave("_s", "txt", MISSING)],
  ["append: name of 43", 22, () => append(APPENDER.slice(0, 43))],
  ["append: name of 128", 22, () => append(`M01/00/02/${"a".repeat(118)}`)],
  ["append: negative name length", 22, () => packet(24, Buffer.alloc(30, 0xff))],
  ["append: count that does not match", 22, () => append(APPENDER, 3)],
  ["append: negative count", 22, () => append(APPENDER, -1, "")],
  ["append: missing file", 2, () => append(GONE_APPENDER)],
  ["append: no appender", 22, () => append(FILE)],
  ["append: a folder", 22, () => append(FOLDER_APPENDER)],
  ["append: store path 2 of 2", 22, () => append(`M02${APPENDER.slice(3)}`)],
  ["modify: negative offset", 22, () => modify(APPENDER, -1)],
  ["modify: offset behind the end", 22, () => modify(APPENDER, 11)],
  ["modify: nothing, behind the end", 22, () => modify(APPENDER, 11, 0, "")],
  ["modify: count that does not match", 22, () => modify(APPENDER, 0, 1)],
  ["modify: missing file", 2, () => modify(GONE_APPENDER, 0)],
  ["modify: no appender", 22, () => modify(FILE, 0)],
  ["truncate: negative size", 22, () => truncate(APPENDER, -1)],
  ["truncate: missing file", 2, () => truncate(GONE_APPENDER, 1)],
  ["truncate: no appender", 22, () => truncate(FILE, 1)],
  ["truncate: body of 15 bytes", 22, () => packet(36, Buffer.alloc(15))],
  ["regenerate: missing file", 2, () => request(client.regenerateAppenderFilename, { fileName: GONE_APPENDER })],
  ["regenerate: no appender", 22, () => request(client.regenerateAppenderFilename, { fileName: FILE })],
  ["regenerate: name of 43", 22, () => packet(38, Buffer.from(APPENDER.slice(0, 43)))],
  ["delete: missing file", 2, () => request(client.deleteFile, { groupName: group1, fileName: MISSING })],
  ["delete: a folder", 22, () => request(client.deleteFile, { groupName: group1, fileName: FOLDER })],
  ["delete: another group", 22, () => request(client.deleteFile, { groupName: "group2", fileName: FILE })],
  ["delete: body shorter than a group", 22, () => packet(12, Buffer.alloc(15))],
  ["download: negative offset", 22, () => download(FILE, -1)],
  ["download: negative count", 22, () => download(FILE, 0, -1)],
  ["download: offset at the end", 22, () => download(FILE, 14)],
  ["download: an empty file", 22, () => download(EMPTY)],
  ["download: missing file", 2, () => download(MISSING)],
  ["download: a folder", 21, () => download(FOLDER)],
  ["download: another group", 22, () => download(FILE, 0, 0, "group2")],
  ["download: name cut off by a NUL", 2, () => download(`${FILE.slice(0, 40)}\0txt`)],
  ["download: a trunk file that is not here", 2, () => download(`M00/00/02/${"I".repeat(50)}`)],
  ["set metadata: unknown flag", 22, () => setMetadata(FILE, 0x58, "a\x02b")],
  ["set metadata: missing file", 2, () => setMetadata(MISSING, 0x4f, "a\x02b")],
  ["set metadata: another group", 22, () => setMetadata(FILE, 0x4f, "a\x02b", "group2")],
  ["set metadata: body larger than buff_size", 22, () => setMetadata(FILE, 0x4f, "x".repeat(300_000))],
  ["get metadata: none", 2, () => request(client.getMetadata, { groupName: group1, fileName: FILE })],
  ["get metadata: missing file", 2, () => request(client.getMetadata, { groupName: group1, fileName: MISSING })],
  ["information: missing file", 2, () => request(client.queryFileInfo, { groupName: group1, fileName: MISSING })],
  ["information: another group", 22, () => request(client.queryFileInfo, { groupName: "group2", fileName: FILE })],
  ["link: another group", 22, () => link({ groupName: "group2" })],
  ["link: missing source", 2, () => link({ sourceName: MISSING })],
  ["link: source is a folder", 22, () => link({ sourceName: FOLDER })],
  ["link: no signature", 22, () => link({ signature: Buffer.alloc(0) })],
  ["link: signature of 64", 22, () => link({ signature: Buffer.alloc(64) })],
  ["link: master on another store path", 22, () => link({ masterName: APPENDER })],
  ["report server id: empty", 22, () => packet(9, Buffer.alloc(16))],
  ["report server id: 15 bytes", 22, () => packet(9, Buffer.alloc(15, 49))],
  ["sync create: length that does not match", 22, () => create(MISSING, 3, "ab")],
  ["sync create: another group", 22, () => create(MISSING, 2, "ab", "group2")],
  ["sync create: announced and with content", 22, () => create(MISSING, 2, "ab", group1, 17)],
  ["sync append: missing file", 2, () => range(sync.syncAppendFile, GONE_APPENDER, 0)],
  ["sync append: gap", 2, () => range(sync.syncAppendFile, APPENDER, 11)],
  ["sync append: overlaps the end", 2, () => range(sync.syncAppendFile, APPENDER, 9)],
  ["sync append: is here already", 17, () => range(sync.syncAppendFile, APPENDER, 8)],
  ["sync append: a folder", 17, () => range(sync.syncAppendFile, FOLDER_APPENDER, 0)],
  ["sync append: count that does not match", 22, () => range(sync.syncAppendFile, APPENDER, 10, 3)],
  ["sync modify: behind the end", 2, () => range(sync.syncModifyFile, APPENDER, 11)],
  ["sync modify: missing file", 2, () => range(sync.syncModifyFile, GONE_APPENDER, 0)],
  ["sync modify: a folder", 17, () => range(sync.syncModifyFile, FOLDER_APPENDER, 0)],
  ["sync truncate: another size", 17, () => syncTruncate(APPENDER, 9, 1)],
  ["sync truncate: missing file", 2, () => syncTruncate(GONE_APPENDER, 10, 1)],
  [
    "sync rename: old name missing",
    2,
    () =>
      request(sync.syncRenameFile, {
        timestamp: 7,
        groupName: group1,
        newName: MISSING,
        oldName: GONE_APPENDER,
      }),
  ],
  [
    "sync rename: new name exists",
    17,
    () =>
      request(sync.syncRenameFile, {
        timestamp: 7,
        groupName: group1,
        newName: FILE,
        oldName: APPENDER,
      }),
  ],
  ["one path's binlog: not a source of disk recovery", 22, () => packet(26, Buffer.alloc(17))],
  ["trunk commands: not a trunk server", 22, () => packet(27, Buffer.alloc(25))],
  ["command 39 does not exist", 22, () => packet(39, Buffer.alloc(0))],
];

describe("refusals", () => {
  for (const [title, status, bytes] of rows) {
    test(`${title}: ${status}`, async () => {
      const before = {
        files: worker.files().sort(),
        records: worker.records(),
      };
      const one = await worker.client();
      expect(await one.ask(bytes())).toEqual({ status, body: Buffer.alloc(0) });
      // After 22 a C storage closes; after anything else the connection serves on, whatever content was under way.
      if (status === Errno.EINVAL) expect(await one.answer()).toBeNull();
      else expect((await one.ask(download(FILE, 6, 4))).body.toString()).toBe("fast");
      expect({
        files: worker.files().sort(),
        records: worker.records(),
      }).toEqual(before);
      expect(worker.content(APPENDER)).toBe("0123456789");
      one.destroy();
    });
  }

  test("nothing of it was our mistake", () => {
    expect(worker.logged.filter((line) => line.includes("failed"))).toEqual([]);
  });

  test("refusals count nowhere (storage.md §7.6), except where the disk was asked", () => {
    const totals = worker.scoreboard.totals();
    expect([totals.totalUploadCount, totals.totalAppendCount, totals.totalDeleteCount]).toEqual([0, 0, 0]);
  });
});

describe("names", () => {
  const names: readonly (readonly [title: string, name: string])[] = [
    ["ten characters", "M00/00/00/"],
    [".. as a directory", "M00/../../etc/passwd/and/something/more/long"],
    [".. as a file", "M00/00/00/.."],
    [". as a file", "M00/00/00/."],
    ["a way up behind the directories", "M00/00/00/../../../../../etc/passwd-abcdefgh"],
    ["a further slash", "M00/00/00/fwAASGsBFO6AamkEAAAADg4Qul0/13.txt"],
    ["lower-case hexadecimal", "M00/0a/0b/fwAASGsBFO6AamkEAAAADg4Qul0613.txt"],
    ["no hexadecimal store path", "MZZ/00/00/fwAASGsBFO6AamkEAAAADg4Qul0613.txt"],
    ["an unknown store path", "M07/00/00/fwAASGsBFO6AamkEAAAADg4Qul0613.txt"],
    ["an absolute path", "/etc/passwd/and/more/characters/to/be/long/en"],
    ["a line end", "M00/00/00/fwAASGsBFO6AamkEAAAADg4Qul0\n13.txt"],
  ];
  for (const [title, name] of names) {
    test(`${title}: every command that takes a name answers 22`, async () => {
      const requests = [
        download(name),
        request(client.deleteFile, { groupName: group1, fileName: name }),
        request(client.getMetadata, { groupName: group1, fileName: name }),
        setMetadata(name, 0x4f, "a\x02b"),
        request(client.queryFileInfo, { groupName: group1, fileName: name }),
        request(client.regenerateAppenderFilename, { fileName: name }),
        append(name),
        modify(name, 0),
        truncate(name, 0),
        slave("_s", "txt", name),
        link({ sourceName: name }),
        link({ masterName: name }),
        create(name, 2, "ab"),
        range(sync.syncAppendFile, name, 0),
        range(sync.syncModifyFile, name, 0),
        syncTruncate(name, 0, 1),
        request(sync.syncDeleteFile, {
          timestamp: 7,
          groupName: group1,
          fileName: name,
        }),
        request(sync.syncRenameFile, {
          timestamp: 7,
          groupName: group1,
          newName: name,
          oldName: FILE,
        }),
        request(sync.syncRenameFile, {
          timestamp: 7,
          groupName: group1,
          newName: MISSING,
          oldName: name,
        }),
        request(sync.syncCreateLink, {
          timestamp: 7,
          groupName: group1,
          linkName: name,
          sourceName: FILE,
        }),
        request(sync.syncCreateLink, {
          timestamp: 7,
          groupName: group1,
          linkName: MISSING,
          sourceName: name,
        }),
      ];
      const statuses: number[] = [];
      for (const bytes of requests) {
        const one = await worker.client();
        statuses.push(await one.status(bytes));
        one.destroy();
      }
      expect(statuses).toEqual(requests.map(() => Errno.EINVAL));
    });
  }

  test("a name without Mxx/ means store path 0 (versions before 1.12)", async () => {
    const one = await worker.client();
    expect((await one.ask(download(FILE.slice(4)))).body.toString()).toBe("hello fastdfs\n");
  });
});

describe("frames", () => {
  test("a negative length is closed without an answer", async () => {
    const one = await worker.client();
    one.write(Buffer.from("ffffffffffffffff0b00", "hex"));
    expect(await one.answer()).toBeNull();
  });

  test("a huge length for a small command answers 22 at once", async () => {
    const one = await worker.client();
    expect(await one.status(Buffer.from("00100000000000000c00", "hex"))).toBe(Errno.EINVAL);
  });

  test("bytes behind the group's NUL are not looked at", async () => {
    const one = await worker.client();
    const bytes = download(FILE, 6, 4);
    bytes.write("\0\x7f\0\0\\o\xe1\x8c\xe9U", 10 + 16 + 6, "latin1");
    expect((await one.ask(bytes)).body.toString()).toBe("fast");
  });

  test("a group of 17 characters answers 22", async () => {
    const one = await worker.client();
    const body = Buffer.concat([Buffer.alloc(16), Buffer.from("g".repeat(17)), Buffer.from(FILE)]);
    expect(await one.status(packet(14, body))).toBe(Errno.EINVAL);
  });
});
