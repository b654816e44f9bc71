// Sizes come as often as their weights say, in the same order for the same seed.

import { expect, test } from "bun:test";
import { Random } from "../../../../core/bench/random.ts";
import { Sizes } from "../../../../core/bench/sizes.ts";

const draw = (sizes: Sizes, seed: number, count: number): number[] => {
  const random = new Random(seed);
  return Array.from({ length: count }, () => sizes.pick(random));
};

test("weights decide how often a size comes", () => {
  const sizes = new Sizes([
    { least: 4096, greatest: 4096, weight: 70 },
    { least: 65_536, greatest: 65_536, weight: 25 },
    { least: 1_048_576, greatest: 1_048_576, weight: 5 },
  ]);
  expect([sizes.least, sizes.greatest, sizes.mean]).toEqual([
    4096,
    1_048_576,
    0.7 * 4096 + 0.25 * 65_536 + 0.05 * 1_048_576,
  ]);
  const drawn = draw(sizes, 1, 10_000);
  const share = (size: number): number => drawn.filter((value) => value === size).length / drawn.length;
  expect(share(4096)).toBeCloseTo(0.7, 1);
  expect(share(65_536)).toBeCloseTo(0.25, 1);
  expect(share(1_048_576)).toBeCloseTo(0.05, 1);
});

test("all sizes of a range come, its ends too", () => {
  const sizes = new Sizes([{ least: 10, greatest: 13, weight: 1 }]);
  expect(new Set(draw(sizes, 1, 1000))).toEqual(new Set([10, 11, 12, 13]));
  expect(sizes.mean).toBe(11.5);
});

test("the same seed gives the same sizes, another one others", () => {
  const sizes = new Sizes([{ least: 0, greatest: 1_000_000, weight: 1 }]);
  expect(draw(sizes, 7, 100)).toEqual(draw(sizes, 7, 100));
  expect(draw(sizes, 7, 100)).not.toEqual(draw(sizes, 8, 100));
});
