// Metadata words against the protocol's limits (storage.md §2.8: names up to 64, values up to 256 bytes).

import { expect, test } from "bun:test";
import { parseMetadata } from "../../../cmd/metadata.ts";

test("name=value words", () => {
  expect([...parseMetadata(["width=160", "note=a=b", "empty="])]).toEqual([
    ["width", "160"],
    ["note", "a=b"],
    ["empty", ""],
  ]);
});
test("a word without a name is refused", () => {
  expect(() => parseMetadata(["=x"])).toThrow('Metadata "=x" has no name: write name=value');
  expect(() => parseMetadata(["x"])).toThrow("write name=value");
});
test("limits count bytes, not characters", () => {
  expect(parseMetadata([`${"n".repeat(64)}=${"v".repeat(256)}`]).size).toBe(1);
  expect(() => parseMetadata([`${"ä".repeat(33)}=v`])).toThrow("has 66 bytes, allowed are 64");
  expect(() => parseMetadata([`n=${"v".repeat(257)}`])).toThrow("has 257 bytes, allowed are 256");
});
