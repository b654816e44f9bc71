// What start-up makes of slots that a crash cut off: a write that stopped at a page's end, a deletion that did.

import { afterEach, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { encodeBlock } from "../../../../../core/fileid/packed-block.ts";
import { encodeTrunkSlot } from "../../../../../core/fileid/trunk-slot.ts";
import { findOnDisk, finishDeletion } from "../../../../../core/storage/control/found-on-disk.ts";
import type { Disks } from "../../../../../core/storage/io/store-paths.ts";
import { Scoreboard } from "../../../../../core/storage/scoreboard/scoreboard.ts";
import { SlotFiles } from "../../../../../core/storage/trunk/slot-files.ts";
import { SlotType } from "../../../../../core/storage/trunk/slot-header.ts";
import { createTrunkFile, trunkFilePath } from "../../../../../core/storage/trunk/trunk-file.ts";

const PLACE = { storePathIndex: 0, subPathHigh: 0, subPathLow: 0, trunkFileId: 1 };
const SIZE = 20_000;
const SLOT_SIZE = 20_480;
const SECONDS = 1_795_233_048;
const content = Buffer.alloc(SIZE, "content ");

let folder = "";
let slots: SlotFiles;
afterEach(() => {
  slots.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A storage with one trunk file and one file in it. */
function site(type: number, bytes: Buffer): { disks: Disks; name: string; path: string } {
  folder = mkdtempSync(join(tmpdir(), "fdfs-found-"));
  mkdirSync(join(folder, "data/00/00"), { recursive: true });
  const path = trunkFilePath(folder, PLACE);
  createTrunkFile(path, 1024 * 1024);
  slots = new SlotFiles(new Scoreboard(), [folder]);
  const slot = { trunkFileId: 1, offset: 4096, size: SLOT_SIZE };
  const crc = crc32(bytes);
  const block = encodeBlock([127, 0, 0, 1], SECONDS, "trunk", bytes.length, crc, 1);
  const name = `M00/00/00/${block}${encodeTrunkSlot(slot)}123.txt`;
  const header = {
    type,
    allocatedSize: SLOT_SIZE,
    fileSize: bytes.length,
    crc32: crc,
    modifiedAt: SECONDS,
    tail: "123.txt",
  };
  expect(slots.write({ ...PLACE, offset: 4096, size: SLOT_SIZE }, header, [bytes])).toBe(true);
  return { disks: { config: { storePaths: [{ path: folder }] }, trunk: { slots } }, name, path };
}

function change(path: string, edit: (bytes: Buffer) => void): void {
  const bytes = readFileSync(path);
  edit(bytes);
  writeFileSync(path, bytes);
}

const slotOf = (path: string): Buffer => readFileSync(path).subarray(4096, 4096 + SLOT_SIZE);

test("a whole file is found", () => {
  const { disks, name } = site(SlotType.FILE, content);
  expect(findOnDisk(disks, name)).toEqual({ kind: "file", modifiedAt: SECONDS, target: "" });
});

test("a file whose end is missing is thrown away, all of its slot", () => {
  const { disks, name, path } = site(SlotType.FILE, content);
  change(path, (bytes) => bytes.fill(0, 8192, 4096 + SLOT_SIZE));
  expect(findOnDisk(disks, name).kind).toBe("nothing");
  expect(slotOf(path).every((byte) => byte === 0)).toBe(true);
});

test("a link is found with its target, one without a name in it is thrown away", () => {
  const target = "M00/00/00/fwAAPWsBFRiIMjkaAAAADKgn6qgAAAAAQAAAAAAAAEA962.txt";
  const { disks, name, path } = site(SlotType.LINK, Buffer.from(target));
  expect(findOnDisk(disks, name)).toEqual({ kind: "link", modifiedAt: SECONDS, target });
  change(path, (bytes) => bytes.fill(0, 4096 + 24, 4096 + SLOT_SIZE));
  expect(findOnDisk(disks, name).kind).toBe("nothing");
  expect(slotOf(path).every((byte) => byte === 0)).toBe(true);
});

test("a deletion that was cut off behind the header is finished; another file's slot is left alone", () => {
  const { disks, name, path } = site(SlotType.FILE, content);
  finishDeletion(disks, name);
  expect(findOnDisk(disks, name).kind).toBe("file");
  change(path, (bytes) => bytes.fill(0, 4096, 8192));
  finishDeletion(disks, name);
  expect(slotOf(path).every((byte) => byte === 0)).toBe(true);
});
