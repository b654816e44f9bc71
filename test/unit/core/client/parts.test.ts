// Downloads in parts: which ranges are asked of whom, what happens when a storage fails in the middle or has other bytes,
// and that the whole is checked. The storages are scripted; pieces are a thousand bytes instead of 16 MB.

import { afterEach, describe, expect, test } from "bun:test";
import { crc32 } from "node:zlib";
import { joinCrc32 } from "../../../../core/client/parts-checksum.ts";
import { connectionsFor, cut } from "../../../../core/client/parts-plan.ts";
import { formatFileName } from "../../../../core/fileid/file-id.ts";
import { addressBytes } from "../../../../core/fileid/source-address.ts";
import type { FakeServer } from "../net/client-fake-server.ts";
import { failure, naming, type Place, response, Stage } from "./fake-cluster.ts";

const stage = new Stage();
afterEach(() => stage.close());

const MB = 1024 * 1024;
const content = Buffer.from(Array.from({ length: 20_500 }, (_, at) => (at * 31 + (at >> 8)) & 0xff));
const LEAST = 1000;

function idOf(kind: "normal" | "appender", prefix = ""): string {
  const source = addressBytes("127.0.0.72");
  const facts = { kind, size: content.length, crc32: crc32(content), ext: "bin", blockRandom: 1, tailRandom: 2 };
  const name = formatFileName({ source, timestamp: 1795233006, ...facts });
  return `group1/M00/00/00/${prefix === "" ? name : name.replace(".bin", `${prefix}.bin`)}`;
}

interface Asked {
  readonly offset: number;
  readonly length: number;
}

/** DOWNLOAD_FILE: offset i64, byte count i64 (storage.md §2.7). */
const askedOf = (request: Buffer): Asked => ({
  offset: Number(request.readBigInt64BE(10)),
  length: Number(request.readBigInt64BE(18)),
});

const honest = (request: Buffer): Buffer => {
  const { offset, length } = askedOf(request);
  return response(content.subarray(offset, length === 0 ? content.length : offset + length));
};

/** Fetches over `parts` connections and puts the bytes together; each byte must come once. */
async function fetched(
  places: readonly Place[],
  parts: number,
  id = idOf("normal"),
  range: { offset?: number; length?: number; onBeginning?: (bytes: number) => void; signal?: AbortSignal } = {},
): Promise<Buffer> {
  const tracker = await stage.server(naming(() => places));
  const whole = Buffer.alloc(content.length);
  const times = new Uint8Array(content.length);
  const take = async (bytes: Uint8Array, position: number): Promise<void> => {
    whole.set(bytes, position);
    for (let at = position; at < position + bytes.length; at++) times[at]! += 1;
  };
  const options = { parts, leastPieceBytes: LEAST, ...range };
  const size = await stage.client([tracker]).downloadParts(id, take, options);
  expect([...times.subarray(0, size)].every((count) => count === 1)).toBe(true);
  return whole.subarray(0, size);
}

const offsets = ({ requests }: FakeServer): number[] => requests.map((request) => askedOf(request).offset);

describe("what is asked of whom", () => {
  test("pieces are spread over all storages that have the file, each asked for once", async () => {
    const [one, two] = [await stage.server(honest), await stage.server(honest)];
    expect((await fetched([one, two], 4)).equals(content)).toBe(true);
    expect(one.accepted + two.accepted).toBe(4);
    expect([one.accepted, two.accepted]).toEqual([2, 2]);
    const all = [...offsets(one), ...offsets(two)].sort((left, right) => left - right);
    expect(all).toEqual(cut(content.length, 4, LEAST).map(({ start }) => start));
  });

  test("a part of the file", async () => {
    const storage = await stage.server(honest);
    const part = await fetched([storage], 3, idOf("normal"), { offset: 5000, length: 9000 });
    expect(part.equals(content.subarray(5000, 14_000))).toBe(true);
    const rest = await fetched([storage], 3, idOf("normal"), { offset: 5000 });
    expect(rest.equals(content.subarray(5000))).toBe(true);
  });

  test("an appender comes over one connection in one piece", async () => {
    const storage = await stage.server(honest);
    expect((await fetched([storage], 4, idOf("appender"))).equals(content)).toBe(true);
    expect(storage.requests.length).toBe(1);
  });

  test("the size of a slave is asked for", async () => {
    const info = Buffer.alloc(40);
    info.writeBigInt64BE(BigInt(content.length));
    const storage = await stage.server((request) => (request[8] === 22 ? response(info) : honest(request)));
    expect((await fetched([storage], 2, idOf("normal", "_small"))).equals(content)).toBe(true);
    expect(storage.requests[0]![8]).toBe(22);
    expect(storage.requests.length).toBeGreaterThan(2);
  });

  test("small files are not cut, connections and pieces have bounds", () => {
    expect(connectionsFor(31 * MB, 4)).toBe(1);
    expect(connectionsFor(32 * MB, 4)).toBe(2);
    expect(connectionsFor(1024 * MB, 4)).toBe(4);
    expect(cut(100 * MB, 4).map(({ length }) => length / MB)).toEqual([16, 16, 16, 16, 16, 16, 4]);
    expect(Math.max(...cut(10_240 * MB, 4).map(({ length }) => length / MB))).toBe(64);
    expect(cut(1, 2)).toEqual([{ start: 0, length: 1, done: 0, crc32: 0 }]);
  });
});

describe("a storage fails", () => {
  test("one that is gone: the others give its pieces", async () => {
    const [gone, alive] = [await stage.nobody(), await stage.server(honest)];
    expect((await fetched([gone, alive], 4)).equals(content)).toBe(true);
  });

  test("one that lacks the file", async () => {
    const [lacking, alive] = [await stage.server(() => response("", 2)), await stage.server(honest)];
    expect((await fetched([lacking, alive], 2)).equals(content)).toBe(true);
    expect(lacking.requests.length).toBe(1);
  });

  test("one that dies in the middle of a piece: another goes on from there", async () => {
    const alive = await stage.server(honest);
    const dying: FakeServer = await stage.server((request) => {
      setTimeout(() => dying.drop(), 20);
      return honest(request).subarray(0, 10 + 600);
    });
    expect((await fetched([dying, alive], 2)).equals(content)).toBe(true);
    expect(offsets(alive)).toContain(600);
  });

  test("one whose file is shorter", async () => {
    const alive = await stage.server(honest);
    const short = await stage.server((request) => {
      const { offset, length } = askedOf(request);
      return response(content.subarray(offset, offset + length - 1));
    });
    expect((await fetched([short, alive], 2)).equals(content)).toBe(true);
  });

  test("all fail: the error names each, and the other connections end", async () => {
    const silent = await stage.server((request) => (askedOf(request).offset === 0 ? response("", 5) : "silence"));
    const error = await failure(fetched([silent], 2));
    expect(error.message).toBe(`Cannot download ${idOf("normal")}: 127.0.0.1:${silent.port}: Input/output error (5)`);
    expect(error.status).toBe(5);
  });

  test("other bytes than those of the ID are noticed", async () => {
    const other = await stage.server((request) => {
      const answer = Buffer.from(honest(request));
      answer[20]! ^= 1;
      return answer;
    });
    const error = await failure(fetched([await stage.server(honest), other], 2));
    expect(error.message).toContain(`that in the ID is ${crc32(content).toString(16).padStart(8, "0")}`);
  });

  test("what cannot be written ends it with its own error", async () => {
    const storage = await stage.server(honest);
    const tracker = await stage.server(naming(() => [storage]));
    const full = new Error("no space");
    const work = stage.client([tracker]).downloadParts(idOf("normal"), () => Promise.reject(full), {
      parts: 2,
      leastPieceBytes: LEAST,
    });
    expect(await failure(work)).toBe(full as never);
  });
});

test("an abort ends it with the signal's reason; the beginning without a gap is known", async () => {
  const [step] = cut(content.length, 2, LEAST);
  const abort = new AbortController();
  let isStuck = false;
  // The third piece never comes; those behind it do.
  const storage = await stage.server((request) => {
    if (askedOf(request).offset !== 2 * step!.length) return honest(request);
    isStuck = true;
    return "silence";
  });
  let beginning = 0;
  let calls = 0;
  const onBeginning = (bytes: number): void => {
    expect(bytes).toBeGreaterThanOrEqual(beginning);
    beginning = bytes;
    calls++;
    if (isStuck && storage.requests.length >= 8) abort.abort(new Error("enough"));
  };
  const error = await failure(fetched([storage], 2, idOf("normal"), { onBeginning, signal: abort.signal }));
  expect(error.message).toBe("enough");
  expect(beginning).toBe(2 * step!.length);
  expect(calls).toBeGreaterThan(2);
});

test("the CRC of a whole follows from those of its pieces", () => {
  for (const size of [0, 1, 2, 7, 255, 256, 4096, 20_499]) {
    const [first, second] = [content.subarray(0, size), content.subarray(size)];
    expect(joinCrc32(crc32(first), crc32(second), second.length)).toBe(crc32(content));
  }
  // CRC-32 of 2^32 + 1 zero bytes joined from halves both ways.
  const zero = crc32(new Uint8Array(1));
  let large = zero;
  for (let size = 1; size < 2 ** 32; size *= 2) large = joinCrc32(large, large, size);
  expect(joinCrc32(large, zero, 1)).toBe(joinCrc32(zero, large, 2 ** 32));
});
