// Bodies collected in memory: the same bytes whatever the pieces, and few pieces whatever the client does.

import { describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { crc32 } from "node:zlib";
import { CollectedBody, SMALL_BODY_MAX_BYTES } from "../../../../../core/storage/io/collected-body.ts";

function collect(content: Uint8Array, sizeOf: (index: number) => number): CollectedBody {
  const body = new CollectedBody();
  for (let at = 0, index = 0; at < content.length; index++) {
    const next = Math.min(content.length, at + sizeOf(index));
    body.add(content.subarray(at, next), next === content.length);
    at = next;
  }
  return body;
}

describe("a collected body", () => {
  const cuts: readonly (readonly [title: string, sizeOf: (index: number) => number])[] = [
    ["whole", () => SMALL_BODY_MAX_BYTES],
    ["in halves", () => SMALL_BODY_MAX_BYTES / 2],
    ["by 4 KB", () => 4096],
    ["by 4095 bytes", () => 4095],
    ["byte by byte", () => 1],
    ["4 KB and a byte in turns", (index) => (index % 2 === 0 ? 4096 : 1)],
    ["at random", () => 1 + Math.floor(Math.random() * 20_000)],
  ];
  for (const [title, sizeOf] of cuts) {
    test(title, () => {
      const content = randomBytes(SMALL_BODY_MAX_BYTES);
      const body = collect(content, sizeOf);
      expect(Buffer.compare(Buffer.concat(body.pieces), content)).toBe(0);
      expect(body.crc32()).toBe(crc32(content));
      // writev(2) takes 1024 at most.
      expect(body.pieces.length).toBeLessThan(200);
    });
  }

  test("a body that came in one piece is not copied", () => {
    for (const size of [1, 100, 100_000]) {
      const content = randomBytes(size);
      expect(collect(content, () => size).pieces[0]!.buffer).toBe(content.buffer);
    }
  });
});
