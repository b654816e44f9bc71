// The block of fdfs_file_info against the captures of http-config-tools.md §4.1 and §7.

import { expect, test } from "bun:test";
import { fileInfoText, legacyFileInfoText, type ShownFileInfo } from "../../../../cmd/render/file-info-text.ts";
import { at } from "./fixtures.ts";

const documentFile: ShownFileInfo = {
  type: "normal",
  size: 14,
  createdAt: at("03:50:52"),
  crc32: 235977309,
  sourceIp: "127.0.0.94",
  sourceId: 0,
  fromServer: false,
};

test("the document's example", () => {
  expect(legacyFileInfoText(documentFile, false)).toBe(`GET FROM SERVER: false

file type: normal
source storage id: 0
source ip address: 127.0.0.94
file create timestamp: 2026-11-21 03:50:52
file size: 14
file crc32: 235977309 (0x0e10ba5d)

`);
});

test("the checksum is printed as a signed number", () => {
  const text = legacyFileInfoText({ ...documentFile, crc32: 0xfffffffe }, false);
  expect(text).toContain("file crc32: -2 (0xfffffffe)\n");
});

test("-n leaves out a checksum that was not computed, and only that", () => {
  const slave: ShownFileInfo = { ...documentFile, type: "slave", crc32: undefined, fromServer: true };
  expect(legacyFileInfoText(slave, true)).toEndWith("file size: 14\n\n");
  expect(legacyFileInfoText(slave, false)).toContain("file crc32: 0 (0x00000000)\n");
  expect(legacyFileInfoText(documentFile, true)).toContain("file crc32: 235977309");
});

test("our own form", () => {
  expect(fileInfoText("group1/M00/x", { ...documentFile, size: 2048, sourceId: 100001 })).toBe(`group1/M00/x
  type     normal
  size     2048 bytes (2.0 KB)
  created  2026-11-21 03:50:52
  crc32    0e10ba5d
  source   100001 (127.0.0.94)
  told by  the ID
`);
});
