// How large the files of a load are: one size, any size of a range, or several of these by weight.

import { pickByWeight, type Random } from "./random.ts";

/** Each size from `least` to `greatest` bytes is equally likely within the part. */
export interface SizePart {
  readonly least: number;
  readonly greatest: number;
  readonly weight: number;
}

export class Sizes {
  readonly parts: readonly SizePart[];
  readonly least: number;
  readonly greatest: number;
  readonly mean: number;
  readonly #weights: readonly number[];
  readonly #total: number;

  constructor(parts: readonly SizePart[]) {
    this.parts = parts;
    this.#weights = parts.map(({ weight }) => weight);
    this.#total = this.#weights.reduce((sum, weight) => sum + weight, 0);
    this.least = parts.reduce((size, part) => Math.min(size, part.least), Number.POSITIVE_INFINITY);
    this.greatest = parts.reduce((size, part) => Math.max(size, part.greatest), 0);
    const weighed = parts.reduce((sum, { least, greatest, weight }) => sum + ((least + greatest) / 2) * weight, 0);
    this.mean = weighed / this.#total;
  }

  pick(random: Random): number {
    if (this.least === this.greatest) return this.least;
    const part =
      this.parts.length === 1 ? this.parts[0]! : this.parts[pickByWeight(this.#weights, this.#total, random)]!;
    return part.least + random.below(part.greatest - part.least + 1);
  }
}
