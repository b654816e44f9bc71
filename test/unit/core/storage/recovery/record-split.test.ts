// Which fetched records are kept, in which order, and for which fetcher.

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  RecordSplitter,
  readRecoveryRecord,
  threadOf,
  time33,
} from "../../../../../core/storage/recovery/record-split.ts";
import { nameOf, TIME, TRUNK_1_AT_0, TRUNK_1_AT_256, TRUNK_2_AT_0, trunkNameOf } from "./names.ts";

function split(lines: readonly string[]): { kept: string[]; unusable: number } {
  const splitter = new RecordSplitter(2);
  const kept = lines.flatMap((line) => splitter.take(line) ?? []);
  return { kept: [...kept, ...splitter.trunkLines()], unusable: splitter.unusable };
}

describe("split", () => {
  test("normal records in order, one for each trunk file behind them by directory and id", () => {
    const [a, b] = [nameOf(1), nameOf(2)];
    const lines = [`3 C ${TRUNK_2_AT_0}`, `2 C ${a}`, `2 C ${TRUNK_1_AT_256}`, `1 l ${b} ${a}`, `1 C ${TRUNK_1_AT_0}`];
    expect(split(lines)).toEqual({ kept: [lines[1]!, lines[3]!, lines[2]!, lines[0]!], unusable: 0 });
  });
  test("broken and foreign records are counted", () => {
    const lines = [
      `1 l `,
      `1 l ${nameOf(1)}`,
      `1 D ${nameOf(1)}`,
      "x",
      `1 C ${nameOf(1, { path: 5 })}`,
      "1 C ../../etc/passwd",
    ];
    expect(split(lines)).toEqual({ kept: [], unusable: 6 });
  });
  test("a slave with 60 characters is no file in a trunk file", () => {
    const slave = `${nameOf(7).slice(0, -4)}_${"x".repeat(15)}.bin`;
    expect(slave.length).toBe(60);
    expect(split([`1 C ${slave}`, `1 C ${nameOf(1)}`]).kept).toEqual([`1 C ${slave}`, `1 C ${nameOf(1)}`]);
  });
  test("property: nothing is lost, nothing is doubled, order stays", () => {
    const record = fc.oneof(
      fc.nat(50).map((serial) => `${TIME} C ${nameOf(serial)}`),
      fc.tuple(fc.nat(50), fc.nat(50)).map(([one, other]) => `${TIME} L ${nameOf(one)} ${nameOf(other)}`),
      fc.tuple(fc.nat(3), fc.nat(9)).map(([id, at]) => `${TIME} c ${trunkNameOf(id, id + 1, at * 256)}`),
    );
    fc.assert(
      fc.property(fc.array(record), (lines) => {
        const isTrunk = (line: string): boolean => line.includes(" c ");
        const { kept, unusable } = split(lines);
        expect(unusable).toBe(0);
        expect(kept.filter((line) => !isTrunk(line))).toEqual(lines.filter((line) => !isTrunk(line)));
        const trunkKey = (line: string): string => `${line.split(" ")[2]!.slice(0, 10)}${/AAAAA(.)/.exec(line)?.[1]}`;
        const wanted = new Map(lines.filter(isTrunk).map((line) => [trunkKey(line), line]));
        expect(kept.filter(isTrunk).map(trunkKey)).toEqual([...wanted.keys()].sort());
        for (const line of kept) expect(lines).toContain(line);
      }),
    );
  });
});

describe("dispatch", () => {
  test("Time33 as defined, unsigned", () => {
    const exact = (text: string): number => {
      let hash = 0n;
      for (const byte of Buffer.from(text, "latin1")) hash = (hash * 33n + BigInt(byte)) & 0xffff_ffffn;
      return Number(hash);
    };
    fc.assert(fc.property(fc.string({ unit: "binary-ascii" }), (text) => time33(text) === exact(text)));
    expect(time33("hello trunk\n")).toBe(0x8020_9a92);
  });
  test("a link goes where its source goes", () => {
    const file = readRecoveryRecord(`1 C ${nameOf(4)}`)!;
    const link = readRecoveryRecord(`1 L ${nameOf(9)} ${nameOf(4)}`)!;
    for (const threads of [1, 2, 3, 7]) expect(threadOf(link, threads)).toBe(threadOf(file, threads));
  });
});
