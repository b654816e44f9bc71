// What is under way to a peer: order of one name, freedom between names, and the position that may be saved.

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { BinlogRecord } from "../../../../../core/storage/binlog/record.ts";
import type { Position } from "../../../../../core/storage/replication/mark.ts";
import { type Entry, SendWindow } from "../../../../../core/storage/replication/window.ts";

const START: Position = { index: 0, offset: 0 };
const at = (offset: number): Position => ({ index: 0, offset });
const record = (name: string): BinlogRecord => ({ timestamp: 1, op: "C", name, otherName: "", first: 0, second: 0 });

function windowOf(...names: readonly (readonly string[])[]): SendWindow {
  const window = new SendWindow(START, 100);
  for (const [index, list] of names.entries()) window.add(record(list[0]!), list, at((index + 1) * 10));
  return window;
}

const nameOf = (entry: Entry | undefined): string | undefined => entry?.record.name;

describe("order", () => {
  test("records of different names go side by side, in binlog order", () => {
    const window = windowOf(["a"], ["b"], ["c"]);
    expect([window.next(0), window.next(0), window.next(0), window.next(0)].map(nameOf)).toEqual([
      "a",
      "b",
      "c",
      undefined,
    ]);
  });

  test("the second record of a name waits for the first", () => {
    const window = windowOf(["a"], ["a"]);
    const first = window.next(0)!;
    expect(window.next(0)).toBeUndefined();
    window.done(first);
    expect(window.next(0)?.end).toEqual(at(20));
  });

  test("a record of two names waits for both and holds up both", () => {
    const window = windowOf(["a"], ["b"], ["a", "b"], ["b"]);
    const [a, b] = [window.next(0)!, window.next(0)!];
    window.done(a);
    expect(window.next(0)).toBeUndefined();
    window.done(b);
    const both = window.next(0)!;
    expect(both.names).toEqual(["a", "b"]);
    expect(window.next(0)).toBeUndefined();
    window.done(both);
    expect(nameOf(window.next(0))).toBe("b");
  });

  test("what was given back is next", () => {
    const window = windowOf(["a"], ["b"]);
    const a = window.next(0)!;
    window.giveBack(a);
    expect(window.next(0)).toBe(a);
  });

  test("what was refused waits, and those of its name with it, the others do not", () => {
    const window = windowOf(["a"], ["a"], ["b"]);
    const a = window.next(0)!;
    window.delay(a, 500);
    expect(window.nextDueMs).toBe(500);
    expect(a.attempts).toBe(1);
    expect(nameOf(window.next(499))).toBe("b");
    expect(window.next(499)).toBeUndefined();
    expect(window.next(500)).toBe(a);
    expect(window.nextDueMs).toBeNull();
  });
});

describe("the confirmed position", () => {
  test("stays before the oldest that is not confirmed", () => {
    const window = windowOf(["a"], ["b"], ["c"]);
    const [a, b, c] = [window.next(0)!, window.next(0)!, window.next(0)!];
    window.done(c);
    window.done(b);
    expect(window.committed).toEqual(START);
    expect(window.rows).toEqual({ scanned: 0, copied: 0 });
    window.done(a);
    expect(window.committed).toEqual(at(30));
    expect(window.rows).toEqual({ scanned: 3, copied: 3 });
    expect(window.size).toBe(0);
  });

  test("skipped records move it when nothing is under way, otherwise they belong to what came before", () => {
    const window = new SendWindow(START, 100);
    window.skip(at(10));
    expect(window.committed).toEqual(at(10));
    window.add(record("a"), ["a"], at(20));
    window.skip(at(30));
    expect(window.committed).toEqual(at(10));
    window.done(window.next(0)!);
    expect(window.committed).toEqual(at(30));
    expect(window.rows).toEqual({ scanned: 3, copied: 1 });
  });

  test("there is room until the limit is under way", () => {
    const window = new SendWindow(START, 2);
    window.add(record("a"), ["a"], at(10));
    expect(window.hasRoom).toBe(true);
    window.add(record("b"), ["b"], at(20));
    expect(window.hasRoom).toBe(false);
    window.done(window.next(0)!);
    expect(window.hasRoom).toBe(true);
  });
});

test("whatever fails and however late, order holds and nothing is lost or confirmed too early", () => {
  const step = fc.record({
    names: fc.uniqueArray(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 2 }),
    isSkip: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), fc.infiniteStream(fc.nat({ max: 99 })), (steps, choices) => {
      const choose = (): number => choices.next().value as number;
      const window = new SendWindow(START, 5);
      const pending = steps.map((each, index) => ({ ...each, end: at(index + 1) }));
      const sent: Entry[] = [];
      const lastDone = new Map<string, number>();
      const isDone = steps.map(({ isSkip }) => isSkip);
      let now = 0;
      while (pending.length > 0 || window.size > 0) {
        while (pending.length > 0 && window.hasRoom) {
          const { names, isSkip, end } = pending.shift()!;
          if (isSkip) window.skip(end);
          else window.add(record(names[0]!), names, end);
        }
        for (let entry = window.next(now); entry !== undefined; entry = window.next(now)) {
          expect(sent.some((other) => other.names.some((name) => entry!.names.includes(name)))).toBe(false);
          sent.push(entry);
        }
        now += 100;
        if (sent.length === 0) continue;
        const [entry] = sent.splice(choose() % sent.length, 1);
        const fate = choose() % 3;
        if (fate === 0) window.giveBack(entry!);
        else if (fate === 1) window.delay(entry!, now + choose());
        else {
          // `end` moves over skipped records: the record itself is the first not done at or before it.
          const own = steps.findIndex((each, index) => !isDone[index] && each.names.join() === entry!.names.join());
          for (const name of entry!.names) expect(own).toBeGreaterThan(lastDone.get(name) ?? -1);
          for (const name of entry!.names) lastDone.set(name, own);
          isDone[own] = true;
          window.done(entry!);
        }
        const open = isDone.indexOf(false);
        if (open >= 0) expect(window.committed.offset).toBeLessThanOrEqual(open);
      }
      expect(isDone.every((done) => done)).toBe(true);
      if (steps.length > 0) expect(window.committed).toEqual(at(steps.length));
    }),
    { numRuns: 500 },
  );
});
