// FastDHT's bytes against a conversation of its own C client with fdhtd 2.04, captured on 2026-11-21 between the two.

import { describe, expect, test } from "bun:test";
import {
  decodeFastdhtHeader,
  decodeFastdhtValue,
  encodeFastdhtRequest,
  FASTDHT_HEADER_SIZE,
  type FastdhtRequest,
  fastdhtHash,
  firstFastdhtServer,
} from "../../../../core/wire/fastdht.ts";

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(/\s/g, ""), "hex"));
const text = (value: string): Uint8Array => Uint8Array.from(Buffer.from(value));

const NOW = 0x6b01ddd6;
const source = text("g1/M00/00/00/fwAAPWsBFa2IfiHYAAALuEU5PzAAAAAAQAAAAAAAAwA004.bin");
const signature = bytes("0000000000000bb8 65feb5e4 494e3d6a 457957f8 91ab2a32");
const fid = { namespace: "FastDFS", objectId: signature, key: "fid" };
const ref = { namespace: "FastDFS", objectId: source, key: "ref" };

/** `0000003f` and the file id, as they stand in bodies. */
const SOURCE =
  "0000003f 67312f4d30302f30302f30302f667741415057734246613249666948594141414c75455535507a41414141414151414141414141414177413030342e62696e";
const FID = "00000007 46617374444653 00000018 0000000000000bb865feb5e4494e3d6a457957f891ab2a32 00000003 666964";
const REF = `00000007 46617374444653 ${SOURCE} 00000003 726566`;

describe("requests", () => {
  const cases: [what: string, key: typeof fid, request: FastdhtRequest, captured: string][] = [
    ["get", fid, { kind: "get" }, `0000002e 30df0a0e 6b01ddd6 ffffffff 0d 01 00 ${FID}`],
    ["set", fid, { kind: "set", value: source }, `00000071 30df0a0e 6b01ddd6 00000000 0b 01 00 ${FID} ${SOURCE}`],
    ["add 1", ref, { kind: "increment", by: 1 }, `00000059 08fda809 6b01ddd6 00000000 0c 01 00 ${REF} 00000001`],
    ["subtract 1", ref, { kind: "increment", by: -1 }, `00000059 08fda809 6b01ddd6 00000000 0c 01 00 ${REF} ffffffff`],
    ["delete", ref, { kind: "remove" }, `00000055 08fda809 6b01ddd6 00000000 0e 01 00 ${REF}`],
  ];
  for (const [what, key, request, captured] of cases) {
    test(what, () => expect(encodeFastdhtRequest(key, request, NOW, true)).toEqual(bytes(captured)));
  }

  test("without keep_alive", () => {
    expect(encodeFastdhtRequest(fid, { kind: "get" }, NOW, false)[17]).toBe(0);
  });
});

describe("answers", () => {
  const header = (hex: string) => decodeFastdhtHeader(bytes(hex));

  test("a miss, a value, a number", () => {
    expect(header("00000000 30df0a0e 6b01ddd5 ffffffff 28 01 02")).toMatchObject({ status: 2, bodyLength: 0 });
    expect(header("00000005 08fda809 6b01ddd5 00000000 28 01 00")).toMatchObject({ status: 0, bodyLength: 5 });
    expect(decodeFastdhtValue(bytes("00000001 31"))).toEqual(text("1"));
    expect(decodeFastdhtValue(bytes(SOURCE))).toEqual(source);
  });

  test("what is none is refused", () => {
    expect(() => header("00000000 30df0a0e 6b01ddd5 ffffffff 0d 01 02")).toThrow("command 13");
    expect(() => header("7fffffff 30df0a0e 6b01ddd5 ffffffff 28 01 00")).toThrow("bytes");
    expect(() => header("ffffffff 30df0a0e 6b01ddd5 ffffffff 28 01 00")).toThrow("bytes");
    expect(() => header("00000000")).toThrow();
    expect(() => decodeFastdhtValue(bytes("00000002 31"))).toThrow();
    expect(() => decodeFastdhtValue(bytes("ffffffff 31"))).toThrow();
    expect(() => decodeFastdhtValue(bytes("00000001 3131"))).toThrow();
    expect(FASTDHT_HEADER_SIZE).toBe(19);
  });
});

describe("routing", () => {
  test("the hash of an entry, as C's client sends it", () => {
    expect(fastdhtHash("FastDFS", signature)).toBe(0x30df0a0e);
    expect(fastdhtHash("FastDFS", signature)).toBe(819_923_470);
    expect(fastdhtHash("FastDFS", source)).toBe(0x08fda809);
  });

  test("which server is asked first (r = 168702175 for this hash)", () => {
    expect(819_923_470 % 2).toBe(0);
    for (const count of [1, 2, 3, 7]) expect(firstFastdhtServer(819_923_470, count)).toBe(168_702_175 % count);
    for (let hash = 0; hash < 100; hash++) {
      const at = firstFastdhtServer(hash * 21_474_836, 3);
      expect(at >= 0 && at < 3).toBe(true);
    }
  });
});
