// Numbers that are the same for the same seed, so that two measurements ask for the same sizes and files in the same
// order.

export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** The next number from 0 up to but without 1 (mulberry32). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  }

  /** A whole number from 0 up to but without `limit`. */
  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }
}

/** The index of one of `weights`, each as likely as its weight; `total` is their sum. */
export function pickByWeight(weights: readonly number[], total: number, random: Random): number {
  let point = random.next() * total;
  for (let index = 0; index < weights.length - 1; index++) {
    point -= weights[index]!;
    if (point < 0) return index;
  }
  return weights.length - 1;
}
