// Metadata between a map and the wire's text: the text of storage.md §2.8, and the limits a server would cut at silently.

import { describe, expect, test } from "bun:test";
import { packMetadata, unpackMetadata } from "../../../../core/client/metadata.ts";

const pack = (items: Record<string, string>): string =>
  Buffer.from(packMetadata(new Map(Object.entries(items)))).toString();
const unpack = (text: string): Record<string, string> => Object.fromEntries(unpackMetadata(Buffer.from(text)));

describe("packing", () => {
  test("puts 0x02 behind the name and 0x01 between items, and keeps the order", () => {
    expect(pack({ width: "1024", height: "768", a: "b" })).toBe("width\x021024\x01height\x02768\x01a\x02b");
  });

  test("of nothing is nothing", () => expect(pack({})).toBe(""));

  test("an empty value is allowed, an empty name is not", () => {
    expect(pack({ a: "" })).toBe("a\x02");
    expect(() => pack({ "": "a" })).toThrow("names are not empty");
  });

  test.each(["a\x00", "a\x01", "a\x02"])("a separator in a name or a value is refused (%j)", (text) => {
    expect(() => pack({ [text]: "b" })).toThrow("bytes 0, 1 and 2 separate items");
    expect(() => pack({ b: text })).toThrow("bytes 0, 1 and 2 separate items");
  });

  test("lengths are limited in bytes: names to 64, values to 256", () => {
    expect(pack({ ["n".repeat(64)]: "v".repeat(256) }).length).toBe(321);
    expect(() => pack({ ["n".repeat(65)]: "v" })).toThrow("its name has 65 bytes, allowed are 64");
    expect(() => pack({ n: "v".repeat(257) })).toThrow("its value has 257 bytes, allowed are 256");
    expect(() => pack({ n: "ü".repeat(129) })).toThrow("its value has 258 bytes, allowed are 256");
  });
});

describe("unpacking", () => {
  test("the captured answer", () => {
    expect(unpack("a\x02b\x01height\x02768\x01width\x021024")).toEqual({ a: "b", height: "768", width: "1024" });
  });

  test("stops at a NUL, behind which C leaves stale bytes", () => {
    expect(unpack("a\x02b\x00c\x02d")).toEqual({ a: "b" });
  });

  test("leaves out what has no 0x02", () => expect(unpack("abc\x01a\x02b\x01")).toEqual({ a: "b" }));

  test("a value may contain 0x02", () => expect(unpack("a\x02b\x02c")).toEqual({ a: "b\x02c" }));

  test("of nothing is nothing", () => expect(unpack("")).toEqual({}));
});
