// Percentiles against those of the sorted values themselves: three significant digits, at any magnitude, also when the
// values were recorded by several threads.

import { expect, test } from "bun:test";
import fc from "fast-check";
import { Histogram } from "../../../../core/bench/histogram.ts";

const latencies = fc.array(
  fc.oneof(
    fc.double({ min: 0, max: 1000, noNaN: true }),
    fc.double({ min: 0, max: 1e6, noNaN: true }),
    fc.double({ min: 0, max: 4e8, noNaN: true }),
  ),
  { minLength: 1, maxLength: 200 },
);

/** The smallest value that at least `share` of all do not exceed. */
function exact(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(1, Math.ceil(sorted.length * share)) - 1]!;
}

function expectNear(found: number, wanted: number): void {
  expect(Math.abs(found - wanted)).toBeLessThanOrEqual(Math.max(0.1, wanted * 0.001));
}

test("percentiles, mean and maximum of whatever was recorded, in one histogram or added up", () => {
  fc.assert(
    fc.property(latencies, latencies, (first, second) => {
      const left = new Histogram();
      const right = new Histogram();
      for (const value of first) left.record(value);
      for (const value of second) right.record(value);
      const all = [...first, ...second];
      left.add(structuredClone(right.parts()));
      expect(left.count).toBe(all.length);
      for (const share of [0, 0.5, 0.9, 0.99, 0.999, 1]) expectNear(left.percentile(share), exact(all, share));
      expect(left.max).toBe(Math.max(...all));
      expectNear(left.mean, all.reduce((sum, value) => sum + value, 0) / all.length);
    }),
  );
});

test("what is longer than seven minutes counts as that, but the maximum tells it", () => {
  const histogram = new Histogram();
  histogram.record(1e9);
  expect(histogram.percentile(0.5)).toBeCloseTo(429_496_729.5, 0);
  expect(histogram.max).toBe(1e9);
});

test("an empty histogram has zeros", () => {
  const histogram = new Histogram();
  expect([histogram.count, histogram.mean, histogram.percentile(0.99), histogram.max]).toEqual([0, 0, 0, 0]);
});
