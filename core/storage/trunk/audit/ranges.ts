// Stretches of a trunk file and what is left of them when others are taken away. Pure.

/** Bytes `offset` to `offset + size`. */
export interface Range {
  readonly offset: number;
  readonly size: number;
}

export const endOf = ({ offset, size }: Range): number => offset + size;

export const byOffset = (left: Range, right: Range): number => left.offset - right.offset;

/** What of `whole` is in none of `taken`, in order; `taken` may overlap each other, in any order. */
export function without(whole: Range, taken: readonly Range[]): Range[] {
  const left: Range[] = [];
  let at = whole.offset;
  const end = endOf(whole);
  for (const range of taken.toSorted(byOffset)) {
    const start = Math.min(range.offset, end);
    if (start > at) left.push({ offset: at, size: start - at });
    at = Math.max(at, endOf(range));
    if (at >= end) return left;
  }
  left.push({ offset: at, size: end - at });
  return left;
}

/** The ranges of a list that share bytes with another one. The list is sorted once; asking costs a binary search. */
export class RangeList {
  readonly #ranges: readonly Range[];
  /** The greatest end of all ranges up to this one: they may overlap. */
  readonly #reach: readonly number[];

  constructor(ranges: readonly Range[]) {
    this.#ranges = ranges.toSorted(byOffset);
    let reach = 0;
    this.#reach = this.#ranges.map((range) => (reach = Math.max(reach, endOf(range))));
  }

  /** In order; empty = none. */
  sharing(range: Range): Range[] {
    const found: Range[] = [];
    for (let index = this.#firstReaching(range.offset); index < this.#ranges.length; index++) {
      const one = this.#ranges[index]!;
      if (one.offset >= endOf(range)) break;
      if (endOf(one) > range.offset) found.push(one);
    }
    return found;
  }

  /** The first range that could go beyond `offset`. */
  #firstReaching(offset: number): number {
    let low = 0;
    let high = this.#reach.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#reach[middle]! > offset) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
