// Files inside trunk files, through a worker: uploads find their slots, everything else finds the files; what was written
// by a C storage (trunk-dedup-recovery.md §1.3, §1.4) is read; a slot in use is never overwritten.

import { afterEach, expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { crc32 } from "node:zlib";
import { readFileName } from "../../../../../core/fileid/file-id.ts";
import { Scoreboard } from "../../../../../core/storage/scoreboard/scoreboard.ts";
import { SharedTrunkSpace, type TrunkSetup } from "../../../../../core/storage/trunk/shared-space.ts";
import { SlotFiles } from "../../../../../core/storage/trunk/slot-files.ts";
import { readSlotHeader } from "../../../../../core/storage/trunk/slot-header.ts";
import { settleStrays } from "../../../../../core/storage/trunk/strays.ts";
import { createTrunkFile, trunkFilePath, trunkFolder } from "../../../../../core/storage/trunk/trunk-file.ts";
import { decodeResponse } from "../../../../../core/wire/command.ts";
import * as command from "../../../../../core/wire/storage-client.ts";
import * as sync from "../../../../../core/wire/storage-sync.ts";
import { type Client, Errno, Harness, request } from "./harness.ts";

const HOST = "127.0.0.73";
const GROUP = "group1";
const TRUNK_FILE_SIZE = 4 * 1024 * 1024;
const rules = {
  slotMinSize: 256,
  slotMaxSize: 64 * 1024,
  alignmentSize: 256,
  trunkFileSize: TRUNK_FILE_SIZE,
  mergesFree: false,
};

let harness: Harness | undefined;
afterEach(async () => {
  await harness?.stop();
  harness = undefined;
});

/** A worker of the trunk server; files are made on demand as the control thread does. */
async function start(
  role: "server" | "none" = "server",
  durability: "process" | "power" = "process",
): Promise<{ client: Client; space: SharedTrunkSpace; h: Harness }> {
  const setup: TrunkSetup = SharedTrunkSpace.create(rules, 10_000);
  const space = new SharedTrunkSpace(setup, 1);
  space.begin();
  if (role === "server") space.ready(1);
  let trunkFileId = 0;
  const h = await Harness.start(HOST, {
    trunk: setup,
    durability,
    wantTrunkFile(storePathIndex) {
      const place = { storePathIndex, subPathHigh: 0, subPathLow: 0, trunkFileId: ++trunkFileId };
      createTrunkFile(trunkFilePath(h.config.storePaths[storePathIndex]!.path, place), TRUNK_FILE_SIZE);
      space.exclusively((map) => map.addFile(place, TRUNK_FILE_SIZE));
      h.trunkFileReady(storePathIndex, 0);
    },
  });
  harness = h;
  return { client: await h.client(), space, h };
}

async function upload(
  client: Client,
  content: Uint8Array | string,
  fileExt = "txt",
  storePathIndex = 0,
): Promise<string> {
  const fileSize = Buffer.from(content as string).length;
  const answer = await client.ask(request(command.uploadFile, { storePathIndex, fileSize, fileExt }, content));
  expect(answer.status).toBe(Errno.OK);
  return decodeResponse(command.uploadFile, answer.body).fileName;
}

const download = (client: Client, fileName: string, offset = 0, byteCount = 0) =>
  client.ask(request(command.downloadFile, { offset, byteCount, groupName: GROUP, fileName }));
const remove = (client: Client, fileName: string) =>
  client.status(request(command.deleteFile, { groupName: GROUP, fileName }));

test("small files go into slots whose headers and names agree, larger ones beside them", async () => {
  const { client, h } = await start();
  const name = await upload(client, "hello trunk\n");
  expect(name).toMatch(/^M00\/00\/00\/.{43}\d{3}\.txt$/);
  const { isTrunk, size, timestamp } = readFileName(name);
  expect({ isTrunk, size }).toEqual({ isTrunk: true, size: 12 });
  const trunk = readFileSync(h.path("M00/00/00/000001"));
  expect(trunk.length).toBe(TRUNK_FILE_SIZE);
  expect(readSlotHeader(trunk)).toEqual({
    type: 0x46,
    allocatedSize: 256,
    fileSize: 12,
    crc32: 0xa827eaa8,
    modifiedAt: timestamp,
    tail: name.slice(-7),
  });
  expect(trunk.subarray(24, 36).toString()).toBe("hello trunk\n");
  expect((await download(client, name)).body.toString()).toBe("hello trunk\n");
  expect((await download(client, name, 6, 5)).body.toString()).toBe("trunk");
  // slot_max_size counts the header (§1.2).
  expect((await upload(client, Buffer.alloc(65_512, 1))).length).toBe(60);
  expect((await upload(client, Buffer.alloc(65_513, 1))).length).toBe(44);
  expect(h.records()).toHaveLength(3);
});

test("durability = power: slots are flushed before their records, those of one turn together", async () => {
  const { client, h } = await start("server", "power");
  const clients = [client, await h.client(), await h.client()];
  const names = await Promise.all(clients.map((each, index) => upload(each, `content ${index}`)));
  for (const [index, name] of names.entries()) {
    expect((await download(client, name)).body.toString()).toBe(`content ${index}`);
  }
  expect(await remove(client, names[1]!)).toBe(Errno.OK);
  expect(h.records()).toHaveLength(4);
  expect(h.logged).toEqual([]);
});

test("contents of many sizes come back equal, several times, and from other store paths", async () => {
  const { client } = await start();
  const stored = new Map<string, Buffer>();
  for (let size = 1; size < 60_000; size = size * 2 + 1) {
    const content = Buffer.alloc(size, `${size} `);
    stored.set(await upload(client, content, "", size % 2), content);
  }
  for (let round = 0; round < 3; round++) {
    for (const [name, content] of stored) expect((await download(client, name)).body.equals(content)).toBe(true);
  }
});

test("an empty file has a slot; downloading it answers 22 as with C", async () => {
  const { client, h } = await start();
  const name = await upload(client, "");
  expect(readFileName(name).size).toBe(0);
  expect((await download(client, name)).status).toBe(Errno.EINVAL);
  // 22 ends a connection.
  expect(await remove(await h.client(), name)).toBe(Errno.OK);
});

test("facts, metadata, slaves and deletion work as with other files", async () => {
  const { client, h, space } = await start();
  const content = "0123456789";
  const name = await upload(client, content);
  const info = await client.ask(request(command.queryFileInfo, { groupName: GROUP, fileName: name }));
  expect(decodeResponse(command.queryFileInfo, info.body)).toMatchObject({
    fileSize: 10,
    crc32: crc32(content),
    modificationTime: readFileName(name).timestamp,
  });
  const metadata = Buffer.from("width\x02100");
  const set = { flag: "O".charCodeAt(0), groupName: GROUP, fileName: name, metadata };
  expect(await client.status(request(command.setMetadata, set))).toBe(Errno.OK);
  expect(existsSync(h.path(`${name}-m`))).toBe(true);
  const slave = { masterName: name, fileSize: 3, prefix: "_big", fileExt: "txt" };
  const answer = await client.ask(request(command.uploadSlaveFile, slave, "abc"));
  expect(answer.status).toBe(Errno.OK);
  const { fileName: slaveName } = decodeResponse(command.uploadSlaveFile, answer.body);
  expect(h.content(slaveName)).toBe("abc");
  const before = space.exclusively((map) => map.freeBytes());
  expect(await remove(client, name)).toBe(Errno.OK);
  expect(space.exclusively((map) => map.freeBytes())).toBe(before + 256);
  // All of the slot is zero, not only its header (§1.3).
  expect(
    readFileSync(h.path("M00/00/00/000001"))
      .subarray(0, 256)
      .every((byte) => byte === 0),
  ).toBe(true);
  expect((await download(client, name)).status).toBe(Errno.ENOENT);
  expect(await remove(client, name)).toBe(Errno.ENOENT);
  expect(existsSync(h.path(`${name}-m`))).toBe(false);
  expect(
    h
      .records()
      .slice(-2)
      .map((line) => line.slice(11)),
  ).toEqual([`D ${name}`, `D ${name}-m`]);
});

test("a freed slot is used again; the old name does not give the new file", async () => {
  const { client } = await start();
  const old = await upload(client, "old content");
  expect(await remove(client, old)).toBe(Errno.OK);
  const next = await upload(client, "new content!");
  expect(next.slice(37, 53)).toBe(old.slice(37, 53));
  expect((await download(client, old)).status).toBe(Errno.ENOENT);
  expect(await remove(client, old)).toBe(Errno.ENOENT);
  expect((await download(client, next)).body.toString()).toBe("new content!");
});

test("what a C storage has written is read (§1.3, §1.4), under its physical name too", async () => {
  const { client, h } = await start("none");
  const captured = Buffer.alloc(TRUNK_FILE_SIZE);
  const header = `46000001000000000ca827eaa86b011518${Buffer.from("962.txt").toString("hex")}`;
  Buffer.from(header + Buffer.from("hello trunk\n").toString("hex"), "hex").copy(captured);
  h.place("M00/00/00/000001", captured);
  const name = "M00/00/00/fwAAPWsBFRiIMjkaAAAADKgn6qgAAAAAQAAAAAAAAEA962.txt";
  expect((await download(client, name)).body.toString()).toBe("hello trunk\n");
  expect((await download(client, "M00/00/00/000001")).body.equals(captured)).toBe(true);
  // Another end of the name is another file.
  expect((await download(client, name.replace("962", "963"))).status).toBe(Errno.ENOENT);
});

test("a storage without a slot stores the file by itself, and counts it", async () => {
  const { client, h } = await start("none");
  const name = await upload(client, "plain");
  expect(name.length).toBe(44);
  expect(h.content(name)).toBe("plain");
  expect(h.scoreboard.trunkMisses).toBe(1);
});

test("a slot that is in use after all is left alone: the upload takes another one", async () => {
  const { client, h } = await start();
  const first = await upload(client, "first");
  const path = h.path("M00/00/00/000001");
  const bytes = readFileSync(path);
  // Somewhere inside what the map takes for free.
  bytes.write("somebody's content", 256 + 200);
  writeFileSync(path, bytes);
  const second = await upload(client, "second");
  const after = readFileSync(path);
  expect(after.subarray(456, 474).toString()).toBe("somebody's content");
  expect((await download(client, first)).body.toString()).toBe("first");
  expect((await download(client, second)).body.toString()).toBe("second");
});

test("a copy goes to the place its name tells; a place in use keeps its file, and the copy waits beside it", async () => {
  const { client, h, space } = await start();
  const copy = async (fileName: string, content: string) =>
    client.status(
      request(
        sync.syncCreateFile,
        { fileSize: content.length, timestamp: readFileName(fileName).timestamp, groupName: GROUP, fileName },
        content,
      ),
    );
  const here = await upload(client, "lives here!!");
  // Of the same size, in the same slot, by another storage.
  const other = "M00/00/00/fwAAPWsBFRiIMjkaAAAADKgn6qgAAAAAQAAAAAAAAEA962.txt";
  expect(await copy(other, "hello trunk\n")).toBe(Errno.OK);
  expect((await download(client, here)).body.toString()).toBe("lives here!!");
  expect((await download(client, other)).body.toString()).toBe("hello trunk\n");
  expect(h.content(other)).toBe("hello trunk\n");
  expect(h.lastRecord()).toBe(`${readFileName(other).timestamp} c ${other}`);
  expect(await copy(other, "hello trunk\n")).toBe(Errno.EEXIST);
  // The place becomes free: the stray moves in.
  expect(await remove(client, here)).toBe(Errno.OK);
  const slots = new SlotFiles(
    new Scoreboard(h.scoreboard.buffer),
    h.config.storePaths.map(({ path }) => path),
  );
  const left = settleStrays({
    folder: trunkFolder(h.folder),
    disks: { config: h.config, trunk: { slots } },
    whileLocked(_name, section) {
      section();
      return true;
    },
    moved: (name) => h.scoreboard.contentChanged(name),
  });
  slots.close();
  expect(left).toBe(0);
  expect(existsSync(h.path(other))).toBe(false);
  expect((await download(client, other)).body.toString()).toBe("hello trunk\n");
  // Space that a copy takes is not handed out.
  const third = "M00/00/00/fwAAPWsBFRiIf1_aAAAA6QYtJZAAAAAAQAAAgAAAAIA090.bin";
  const before = space.exclusively((map) => map.freeBytes());
  expect(await copy(third, "x".repeat(0xe9))).toBe(Errno.OK);
  expect(space.exclusively((map) => map.freeBytes())).toBe(before - 512);
});

test("a deletion that another storage sends clears the slot and returns nothing", async () => {
  const { client, h, space } = await start();
  const name = await upload(client, "to be deleted");
  const before = space.exclusively((map) => map.freeBytes());
  const timestamp = readFileName(name).timestamp + 1;
  const deletion = request(sync.syncDeleteFile, { timestamp, groupName: GROUP, fileName: name });
  expect(await client.status(deletion)).toBe(Errno.OK);
  expect(space.exclusively((map) => map.freeBytes())).toBe(before);
  expect((await download(client, name)).status).toBe(Errno.ENOENT);
  expect(await client.status(deletion)).toBe(Errno.ENOENT);
  expect(h.lastRecord()).toBe(`${timestamp} d ${name}`);
});

test("a link to a file inside a trunk file is a slot with its name (§2.6)", async () => {
  const { client, h } = await start();
  const source = await upload(client, "linked content", "bin");
  const wish = { groupName: GROUP, prefix: "", fileExt: "bin", masterName: "", sourceName: source };
  const answer = await client.ask(request(command.createLink, { ...wish, signature: Buffer.alloc(24, 1) }));
  expect(answer.status).toBe(Errno.OK);
  const { fileName: link } = decodeResponse(command.createLink, answer.body);
  expect(readFileName(link).size).toBe(60);
  const trunk = readFileSync(h.path("M00/00/00/000001"));
  expect(readSlotHeader(trunk, 256)).toMatchObject({ type: 0x4c, fileSize: 60 });
  expect(trunk.subarray(280, 340).toString()).toBe(source);
  expect((await download(client, link)).body.toString()).toBe("linked content");
  expect((await download(client, link, 7)).body.toString()).toBe("content");
  const info = await client.ask(request(command.queryFileInfo, { groupName: GROUP, fileName: link }));
  expect(decodeResponse(command.queryFileInfo, info.body).fileSize).toBe(14);
  expect(h.lastRecord().slice(11)).toBe(`L ${link} ${source}`);
  expect(await remove(client, link)).toBe(Errno.OK);
  expect((await download(client, source)).body.toString()).toBe("linked content");
  // The same from another storage.
  const timestamp = readFileName(link).timestamp;
  const names = { timestamp, groupName: GROUP, linkName: link.replace(/.{7}$/, "1234567"), sourceName: source };
  expect(await client.status(request(sync.syncCreateLink, names))).toBe(Errno.OK);
  expect((await download(client, names.linkName)).body.toString()).toBe("linked content");
});

test("the trunk server's commands: a slot, its confirmation, its return; whoever is none answers 22", async () => {
  const { client, space, h } = await start();
  const ask = { groupName: GROUP, size: 524, storePathIndex: 0 };
  const answer = await client.ask(request(sync.trunkAllocSpace, ask));
  expect(answer.status).toBe(Errno.OK);
  const block = decodeResponse(sync.trunkAllocSpace, answer.body);
  expect(block).toMatchObject({ storePathIndex: 0, trunkFileId: 1, offset: 0, size: 768 });
  const confirm = request(sync.trunkAllocConfirm, { groupName: GROUP, block });
  expect(await client.status(confirm)).toBe(Errno.OK);
  expect(await client.status(confirm)).toBe(Errno.ENOENT);
  const free = request(sync.trunkFreeSpace, { groupName: GROUP, block });
  expect(await client.status(free)).toBe(Errno.OK);
  expect(await client.status(free)).toBe(Errno.EEXIST);
  const statusOf = async (value: typeof ask) => (await h.client()).status(request(sync.trunkAllocSpace, value));
  expect(await statusOf({ ...ask, size: 70_000 })).toBe(Errno.EINVAL);
  expect(await statusOf({ ...ask, storePathIndex: 9 })).toBe(Errno.EINVAL);
  space.suspend();
  expect(await statusOf(ask)).toBe(Errno.EINVAL);
});
