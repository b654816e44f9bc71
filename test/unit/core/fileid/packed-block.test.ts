// The 20-byte block against names made by C: encoding gives C's characters, decoding gives what was uploaded.

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { decodeBase64Into } from "../../../../core/fileid/base64.ts";
import { FileNameError } from "../../../../core/fileid/file-name-error.ts";
import { decodeBlock, encodeBlock, type FileSource, sourceBytes } from "../../../../core/fileid/packed-block.ts";
import { addressBytes } from "../../../../core/fileid/source-address.ts";
import { capturedNames, capturedTrunkNames } from "./captures.ts";

const blockOf = (id: string): string => id.slice(id.indexOf("/") + 11, id.indexOf("/") + 38);

describe("blocks made by C", () => {
  for (const name of capturedNames) {
    test(`${name.title}: decoded`, () => {
      const bytes = new Uint8Array(20);
      expect(decodeBase64Into(bytes, blockOf(name.id), 0)).toBe(true);
      expect(Buffer.from(bytes).toString("hex")).toBe(name.block.replaceAll(" ", ""));
      expect(decodeBlock(blockOf(name.id), 0)).toEqual({
        source: name.source,
        timestamp: name.timestamp,
        isAppender: name.kind === "appender",
        isTrunk: false,
        size: name.size,
        crc32: name.crc32,
      });
    });

    test(`${name.title}: encoded`, () => {
      const kind = name.kind === "appender" ? "appender" : "normal";
      const { timestamp, size, crc32, random } = name;
      expect(encodeBlock(sourceBytes(name.source), timestamp, kind, size, crc32, random)).toBe(blockOf(name.id));
    });
  }

  for (const [fileName, sizeWord] of capturedTrunkNames) {
    test(`trunk ${fileName}`, () => {
      const block = decodeBlock(fileName, 10);
      const size = Number.parseInt(sizeWord.slice(8), 16);
      expect(block).toMatchObject({ isTrunk: true, isAppender: false, size });
      const random = Number.parseInt(sizeWord.slice(0, 8), 16);
      const source = sourceBytes({ kind: "ipv4", address: "127.0.0.61" });
      expect(encodeBlock(source, 0x6b011518, "trunk", size, block!.crc32, random)).toBe(fileName.slice(10, 37));
    });
  }
});

describe("the size word", () => {
  const source = sourceBytes({ kind: "ipv4", address: "10.0.0.1" });
  const wordOf = (size: number, kind: "normal" | "appender", random: number): string => {
    const bytes = new Uint8Array(20);
    decodeBase64Into(bytes, encodeBlock(source, 0, kind, size, 0, random), 0);
    return Buffer.from(bytes.subarray(8, 16)).toString("hex");
  };

  test("the largest small size keeps its random bits", () => {
    expect(wordOf(0xffff_ffff, "normal", 0x7fffff)).toBe("807fffffffffffff");
  });
  test("from 4 GiB on it is the size alone", () => {
    expect(wordOf(0x1_0000_0000, "normal", 0x7fffff)).toBe("0000000100000000");
    expect(wordOf(5_368_709_121, "normal", 1)).toBe("0000000140000001");
  });
  test("random bits beyond 23 touch no flag", () => {
    expect(wordOf(1, "normal", 0xffff_ffff)).toBe("807fffff00000001");
    expect(wordOf(1, "appender", 0xffff_ffff)).toBe("847fffff00000000");
  });
});

describe("the source", () => {
  test("a storage id is little-endian and at most 16777215", () => {
    expect(sourceBytes({ kind: "id", id: 16_777_215 })).toEqual([0xff, 0xff, 0xff, 0]);
    for (const id of [0, -1, 1.5, 16_777_216]) {
      expect(() => sourceBytes({ kind: "id", id })).toThrow(FileNameError);
    }
  });
  test("of an IPv6 address bytes 8 to 11 are kept", () => {
    expect(addressBytes("2001:db8:1:2:aabb:ccdd:5:6")).toEqual([0xaa, 0xbb, 0xcc, 0xdd]);
    expect(addressBytes("fe80::1234:5678:9abc:def0%eth0")).toEqual([0x12, 0x34, 0x56, 0x78]);
    expect(addressBytes("::1")).toEqual([0, 0, 0, 0]);
    expect(addressBytes("1:2:3:4:5::")).toEqual([0, 5, 0, 0]);
    expect(addressBytes("::ffff:10.1.2.3")).toEqual([0, 0, 0xff, 0xff]);
  });
  test("what is no address is refused", () => {
    for (const text of [
      "",
      "1.2.3",
      "1.2.3.256",
      "1..2.3",
      "a.b.c.d",
      "1:2:3",
      "::1::2",
      "1:2:3:4:5:6:7:8:9",
      ":1.2",
    ]) {
      expect(() => addressBytes(text)).toThrow(FileNameError);
    }
  });
});

test("any block is read back as it was written", () => {
  const source = fc.oneof(
    fc.record({ kind: fc.constant("id" as const), id: fc.integer({ min: 1, max: 16_777_215 }) }),
    // An address that ends in 0 reads as an id: C's rule, not ours.
    fc
      .tuple(fc.integer({ min: 1, max: 255 }), fc.nat(255), fc.nat(255), fc.integer({ min: 1, max: 255 }))
      .map((parts): FileSource => ({ kind: "ipv4", address: parts.join(".") })),
  );
  fc.assert(
    fc.property(
      source,
      fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
      fc.constantFrom("normal" as const, "appender" as const, "trunk" as const),
      fc.oneof(fc.nat(), fc.maxSafeNat(), fc.constantFrom(2 ** 32 - 1, 2 ** 32)),
      fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      fc.nat(),
      (from, timestamp, kind, anySize, crc32, random) => {
        const size = kind === "trunk" ? anySize % 2 ** 31 : anySize;
        const text = encodeBlock(sourceBytes(from), timestamp, kind, size, crc32, random);
        expect(text).toHaveLength(27);
        expect(decodeBlock(text, 0)).toEqual({
          source: from,
          timestamp,
          isAppender: kind === "appender",
          isTrunk: kind === "trunk",
          size: kind === "appender" ? 0 : size,
          crc32,
        });
      },
    ),
  );
});

test("the alphabet is base64url's", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 20, maxLength: 20 }), (bytes) => {
      const target = new Uint8Array(20);
      expect(decodeBase64Into(target, Buffer.from(bytes).toString("base64url"), 0)).toBe(true);
      expect(target).toEqual(bytes);
    }),
  );
});
