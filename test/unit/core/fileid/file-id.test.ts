// File IDs: split, classified and made; each expected text was made by C (storage.md §4.5-§4.10, http-config-tools.md §7).

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  checkExtension,
  checkPrefix,
  extensionOf,
  formatFileId,
  formatFileName,
  formatSlaveName,
  formatTail,
  isGroupName,
  parseFileId,
  readFileName,
  tailOf,
} from "../../../../core/fileid/file-id.ts";
import { FileNameError } from "../../../../core/fileid/file-name-error.ts";
import { sourceBytes } from "../../../../core/fileid/packed-block.ts";
import { encodeTrunkSlot, trunkSlotOf } from "../../../../core/fileid/trunk-slot.ts";
import { capturedNames, capturedTrunkNames } from "./captures.ts";

describe("names made by C", () => {
  for (const name of capturedNames) {
    const { kind, source, timestamp, size, crc32 } = name;

    test(`${name.title}: read`, () => {
      const { groupName, fileName } = parseFileId(name.id);
      expect(groupName).toBe("group1");
      expect(formatFileId(groupName, fileName)).toBe(name.id);
      expect(readFileName(fileName)).toEqual({ kind, isTrunk: false, source, timestamp, size, crc32 });
    });

    if (kind === "slave") continue;
    test(`${name.title}: made`, () => {
      const { fileName } = parseFileId(name.id);
      const made = formatFileName({
        source: sourceBytes(source),
        timestamp,
        kind,
        size,
        crc32,
        ext: name.ext,
        blockRandom: name.random,
        tailRandom: Number(/^\d*/.exec(tailOf(fileName))![0]),
      });
      expect(made).toBe(fileName.slice(10));
    });
  }

  test("a link has the size of its source", () => {
    const facts = readFileName("M00/02/00/fwAASGsBFfCAMH6cAAAADH8Iqyk213.txt");
    expect(facts).toMatchObject({ kind: "normal", size: 12, crc32: 0x7f08ab29 });
  });

  test("a name without Mxx/ tells the same", () => {
    const facts = readFileName("M00/00/00/fwAASGsBFO6AamkEAAAADg4Qul0613.txt");
    expect(readFileName("00/00/fwAASGsBFO6AamkEAAAADg4Qul0613.txt")).toEqual(facts);
  });
});

describe("trunk names made by C", () => {
  for (const [fileName, , trunkFileId, offset, size] of capturedTrunkNames) {
    test(fileName, () => {
      const truePath = fileName.slice(4);
      expect(readFileName(fileName)).toMatchObject({ kind: "normal", isTrunk: true });
      expect(trunkSlotOf(truePath)).toEqual({ trunkFileId, offset, size });
      expect(encodeTrunkSlot({ trunkFileId, offset, size })).toBe(truePath.slice(33, 49));
      const facts = readFileName(fileName);
      const made = formatFileName({
        ...facts,
        source: sourceBytes(facts.source),
        kind: "trunk",
        ext: fileName.slice(-3),
        blockRandom: Buffer.from(fileName.slice(10, 38), "base64url").readUInt32BE(8),
        tailRandom: Number(fileName.slice(-7, -4)),
        trunkSlot: truePath.slice(33, 49),
      });
      expect(made).toBe(truePath.slice(6));
    });
  }

  test("a slave of 60 characters is none", () => {
    const slave = "M00/00/02/fwAASGsBFUGAfoSXAAAADg4Qul0701_1234567890123.png";
    const padded = `${slave.slice(0, -4)}${"0".repeat(60 - slave.length)}.png`;
    expect(padded).toHaveLength(60);
    expect(trunkSlotOf(padded.slice(4))).toBeNull();
    expect(readFileName(padded).kind).toBe("slave");
  });
  test("a slave of a trunk file is a plain file", () => {
    const slave = "M00/00/00/fwAAPWsBFRiIMjkaAAAADKgn6qgAAAAAQAAAAAAAAEA962_big.txt";
    expect(trunkSlotOf(slave.slice(4))).toBeNull();
    expect(readFileName(slave)).toMatchObject({ kind: "slave", isTrunk: true });
  });
});

describe("IDs that are refused", () => {
  for (const id of [
    "",
    "badid",
    "/M00/00/00/x",
    "group1",
    "group1/",
    "group1/M00/00/00/",
    "gr-up/M00/00/00/fwAASGsBFO6AamkEAAAADg4Qul0613.txt",
    "group123456789012/M00/00/00/fwAASGsBFO6AamkEAAAADg4Qul0613.txt",
    `group1/M00/00/00/${"a".repeat(118)}`,
  ]) {
    test(JSON.stringify(id), () => expect(() => parseFileId(id)).toThrow(FileNameError));
  }

  test("names that do not decode", () => {
    expect(() => readFileName("M00/00/00/short")).toThrow(FileNameError);
    expect(() => readFileName("M00/00/00/fwAASGsBFO6!amkEAAAADg4Qul0613.txt")).toThrow(FileNameError);
  });
});

describe("parts of a name", () => {
  test("groups", () => {
    for (const name of ["g", "group1", "A234567890123456"]) expect(isGroupName(name)).toBe(true);
    for (const name of ["", "g-1", "g 1", "a/b", "A2345678901234567", "grüppe"]) expect(isGroupName(name)).toBe(false);
  });
  test("extensions", () => {
    for (const ext of ["", "txt", "tar.gz", ".gz", "a-_b"]) expect(() => checkExtension(ext)).not.toThrow();
    for (const ext of ["torrent", "a/b", "a b", "é", "a\0b"]) expect(() => checkExtension(ext)).toThrow(FileNameError);
  });
  test("prefixes", () => {
    for (const prefix of ["_big", "-m", "1234567890123456"]) expect(() => checkPrefix(prefix)).not.toThrow();
    for (const prefix of ["", "12345678901234567", "../", "a b"]) {
      expect(() => checkPrefix(prefix)).toThrow(FileNameError);
    }
  });
  test("tails are seven characters", () => {
    expect(formatTail("", 42)).toBe("0000042");
    expect(formatTail("txt", 12345)).toBe("345.txt");
    expect(formatTail("tar.gz", 9)).toBe(".tar.gz");
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z.]{0,6}$/), fc.nat(), (ext, random) => {
        expect(formatTail(ext, random)).toHaveLength(7);
      }),
    );
  });
  test("a regenerated appender keeps its tail", () => {
    expect(tailOf("M01/00/03/fwAASGsBFUGETbZ8AAAAAKaEx8Y618.log")).toBe("618.log");
  });
});

describe("slave names", () => {
  const master = "M00/00/02/fwAASGsBFUGAfoSXAAAADg4Qul0701.txt";
  const slave = "M00/00/02/fwAASGsBFUGAfoSXAAAADg4Qul0701_big.png";
  test("as C made it", () => expect(formatSlaveName(master, "_big", "png")).toBe(slave));
  test("of a slave", () => expect(formatSlaveName(slave, "_3", "gif")).toBe(`${slave.slice(0, -4)}_3.gif`));
  test("an extension with its dot", () => expect(formatSlaveName(master, "_big", ".png")).toBe(slave));
  test("without extension, and of such a one", () => {
    const bare = formatSlaveName(master, "_2", "");
    expect(bare).toBe(`${master.slice(0, -4)}_2`);
    expect(formatSlaveName(bare, "_x", "")).toBe(`${bare}_x`);
  });
  test("a master without Mxx/", () => expect(formatSlaveName(master.slice(4), "_big", "png")).toBe(slave.slice(4)));
  test("refused", () => {
    expect(() => formatSlaveName("M00/00/02/short.txt", "_big", "png")).toThrow(FileNameError);
    expect(() => formatSlaveName(master, "-m", "")).toThrow(FileNameError);
    expect(() => formatSlaveName(master, "", "png")).toThrow(FileNameError);
    expect(() => formatSlaveName(master, "_big", "toolong")).toThrow(FileNameError);
    expect(formatSlaveName(master, "-m", "txt")).toEndWith("701-m.txt");
  });
});

describe("the extension of a local file", () => {
  // f5.torrent, x.tar.gz, noext: captured; the rest by C symbol fdfs_get_file_ext_name_ex.
  const cases: [name: string, ext: string][] = [
    ["hello.txt", "txt"],
    ["f5.torrent", ""],
    ["x.tar.gz", "tar.gz"],
    ["noext", ""],
    ["archive.backup.gz", "gz"],
    ["a.b.c.d", "c.d"],
    ["/tmp/dir.d/file", ""],
    ["/tmp/a.x/b.gz", "gz"],
    ["dir/.a.gz", "a.gz"],
    [".a.gz", "gz"],
    [".gitignore", ""],
    [".vimrc", "vimrc"],
    ["name.", ""],
    ["/a.b/", ""],
    ["", ""],
    ["text.c~", ""],
  ];
  for (const [name, ext] of cases) test(JSON.stringify(name), () => expect(extensionOf(name)).toBe(ext));
});
