// Signatures against what C's own functions compute: vectors of trunk-dedup-recovery.md §2.2 and of a program linked with
// libfastcommon 1.0.86 (CALC_HASH_CODES4 over the receive buffers of a storage with that buff_size).

import { describe, expect, test } from "bun:test";
import { newSignature, type SignatureMethod } from "../../../../../core/storage/duplicates/signature.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** The content of the C program: byte i is (i*131 + (i>>8)*17 + 7) & 255. */
const sample = (size: number): Uint8Array => Uint8Array.from({ length: size }, (_, i) => i * 131 + (i >> 8) * 17 + 7);

function signatureOf(method: SignatureMethod, content: Uint8Array, buffSize: number, pieces: () => number): string {
  const signature = newSignature(method, buffSize);
  for (let at = 0; at < content.length; ) {
    const end = Math.min(content.length, at + pieces());
    signature.update(content.subarray(at, end));
    at = end;
  }
  return hex(signature.digest());
}

const whole = (): number => Number.MAX_SAFE_INTEGER;
const hello = Buffer.from("hello trunk\n");

describe("hash", () => {
  test("a text, as observed at a storage", () => {
    expect(signatureOf("hash", hello, 262_144, whole)).toBe("000000000000000c13be152201a587aaee1997e480209a92");
  });

  const vectors: [size: number, buffSize: number, signature: string][] = [
    [1, 8192, "0000000000000001b3667a2e000000070000000700000007"],
    [300, 8192, "000000000000012cbdbc3c73006f3169c74fabc24f9fb536"],
    [8167, 8192, "0000000000001fe7533431cf08b3ea68796cc04f314cb309"],
    [8168, 8192, "0000000000001fe8c7849c8574c1594bb42b49dc5ae31474"],
    [40_000, 8192, "0000000000009c40e3d26c2501584e108628866002520e60"],
    // The same content in other buffers.
    [300_000, 8192, "00000000000493e0d37f9fac016b2a0728e0afd0da49f6f0"],
    [300_000, 65_536, "00000000000493e092650f5e016b2a0728e0afd0da49f6f0"],
    [600_000, 262_144, "00000000000927c0825ce7f5045e4fdb44f402a08133bbe0"],
  ];
  for (const [size, buffSize, expected] of vectors) {
    test(`${size} bytes in receive buffers of ${buffSize}, however they arrive`, () => {
      const content = sample(size);
      let seed = 7;
      const random = (): number => {
        seed = (seed * 1_103_515_245 + 12_345) & 0x7fff_ffff;
        return 1 + (seed % 20_000);
      };
      expect(signatureOf("hash", content, buffSize, whole)).toBe(expected);
      expect(signatureOf("hash", content, buffSize, random)).toBe(expected);
      if (size <= 40_000) expect(signatureOf("hash", content, buffSize, () => 1)).toBe(expected);
    });
  }

  test("nothing has a signature, too", () => {
    expect(hex(newSignature("hash", 8192).digest())).toBe("000000000000000000000000000000000000000000000000");
  });
});

describe("md5", () => {
  test("a text, as observed at a storage", () => {
    expect(signatureOf("md5", hello, 262_144, whole)).toBe("000000000000000c59d3e7497fd9ebed5dd1e0c0dc07e5f3");
  });

  test("does not depend on pieces or receive buffers", () => {
    const content = sample(40_000);
    expect(signatureOf("md5", content, 8192, () => 777)).toBe(signatureOf("md5", content, 262_144, whole));
  });
});
