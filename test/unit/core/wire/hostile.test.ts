// Hostile and broken bytes: every prefix and every mutation of every captured body either decodes or ends in a
// ProtocolError — never in another exception, a hang, or memory for a length that was only announced.

import { describe, expect, test } from "bun:test";
import { commandsByNumber } from "../../../../core/wire/commands.ts";
import { decodeHeader, encodeHeader } from "../../../../core/wire/header.ts";
import type { Layout } from "../../../../core/wire/layout.ts";
import { ProtocolError } from "../../../../core/wire/protocol-error.ts";
import { captures } from "./captures.ts";

const seed = Number(process.env.FDFS_SEED ?? Date.now() % 2 ** 31);
let state = seed;
function random(limit: number): number {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state % limit;
}

/** True when it decoded, false when it was refused; anything else fails the test. */
function decodes(layout: Layout<unknown>, body: Uint8Array, ipSize: 16 | 46): boolean {
  try {
    layout.parse(body, ipSize);
    return true;
  } catch (error) {
    if (error instanceof ProtocolError) return false;
    throw new Error(`seed ${seed}: ${error} on ${Buffer.from(body).toString("hex")}`);
  }
}

const bodies = captures.flatMap((capture) => {
  const command = commandsByNumber.get(decodeHeader(Buffer.from(capture.request, "hex")).command)!;
  const list: [Layout<unknown>, Uint8Array][] = [[command.request, Buffer.from(capture.request.slice(20), "hex")]];
  if (capture.response !== undefined) list.push([command.response, Buffer.from(capture.response.slice(20), "hex")]);
  return list;
});

describe("hostile bodies", () => {
  test("a fixed layout refuses every shorter and every longer body", () => {
    let refused = 0;
    for (const [layout, body] of bodies) {
      const size = layout.size(16);
      if (size === null) continue;
      for (let length = 0; length <= size + 3; length++) {
        if (length === size) continue;
        expect(decodes(layout, new Uint8Array(length).fill(body[0] ?? 0), 16)).toBe(false);
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(500);
  });

  test("every prefix ends in a value or a ProtocolError", () => {
    for (const [layout, body] of bodies) {
      for (let length = 0; length <= body.length; length++) decodes(layout, body.subarray(0, length), 16);
    }
  });

  test("50,000 mutations end in a value or a ProtocolError", () => {
    for (let round = 0; round < 50_000; round++) {
      const [layout, body] = bodies[random(bodies.length)]!;
      const mutated = Uint8Array.from(body);
      for (let change = 0; change <= random(4); change++) {
        if (mutated.length > 0) mutated[random(mutated.length)] = random(3) === 0 ? 0xff : random(256);
      }
      decodes(layout, mutated.subarray(0, mutated.length - random(3)), random(2) === 0 ? 16 : 46);
    }
  });

  test("every layout refuses or decodes random bytes of any length", () => {
    for (const command of commandsByNumber.values()) {
      for (let round = 0; round < 200; round++) {
        const body = Uint8Array.from({ length: random(600) }, () => random(256));
        decodes(command.request, body, 16);
        decodes(command.response, body, 46);
      }
    }
  });

  test("a forged count costs no memory", () => {
    const body = new Uint8Array(6);
    new DataView(body.buffer).setInt32(2, 0x7fffffff);
    expect(decodes(commandsByNumber.get(97)!.response, body, 16)).toBe(false);
  });
});

describe("headers", () => {
  test("any 10 bytes decode and encode back", () => {
    for (let round = 0; round < 10_000; round++) {
      const bytes = Uint8Array.from({ length: 10 }, () => random(256));
      bytes[0] = 0;
      bytes[1] = 0;
      expect(encodeHeader(decodeHeader(bytes))).toEqual(bytes);
    }
  });

  test("negative and huge lengths keep their sign and size", () => {
    expect(decodeHeader(Buffer.from("ffffffffffffffff0b00", "hex")).bodyLength).toBe(-1);
    expect(decodeHeader(Buffer.from("04000000000000006400", "hex")).bodyLength).toBe(2 ** 58);
  });
});
