// The mark never runs ahead of a record that is not done.

import { expect, test } from "bun:test";
import fc from "fast-check";
import { FinishedPrefix } from "../../../../../core/storage/recovery/finished-prefix.ts";

test("the end of the finished beginning, in whatever order they finish", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.integer({ min: 1, max: 100_000 }), { minLength: 1, maxLength: 60 }),
      fc.array(fc.nat(), { minLength: 60, maxLength: 60 }),
      (numbers, order) => {
        const ends = numbers.toSorted((a, b) => a - b);
        const prefix = new FinishedPrefix(0);
        for (const end of ends) prefix.begin(end);
        const done = new Set<number>();
        const left = [...ends];
        for (const pick of order) {
          if (left.length === 0) break;
          const [end] = left.splice(pick % left.length, 1);
          done.add(end!);
          prefix.done(end!);
          const firstOpen = ends.findIndex((one) => !done.has(one));
          expect(prefix.offset).toBe(firstOpen < 0 ? ends.at(-1)! : (ends[firstOpen - 1] ?? 0));
        }
      },
    ),
  );
});

test("many", () => {
  const prefix = new FinishedPrefix(5);
  for (let at = 0; at < 10_000; at++) prefix.begin(10 + at);
  for (let at = 9999; at >= 1; at--) prefix.done(10 + at);
  expect(prefix.offset).toBe(5);
  prefix.done(10);
  expect(prefix.offset).toBe(10_009);
  prefix.begin(20_000);
  prefix.done(20_000);
  expect(prefix.offset).toBe(20_000);
});
