// Latencies in log-linear buckets, as HdrHistogram has them: 1024 buckets for each doubling keep three significant digits
// at any magnitude, recording is one increment, and histograms of several threads add up. It knows nothing of clocks.

/** Resolution at the lower end: tenths of a microsecond. */
const UNITS_PER_MICROSECOND = 10;
const SUB_BUCKETS = 1024;
/** 2^32 units are 429 seconds; whatever is longer counts as that. */
const LARGEST_UNITS = 0xffff_ffff;
const BUCKETS = 2 * SUB_BUCKETS + 21 * SUB_BUCKETS;

/** What travels between threads: index and count of each bucket that is not empty, in turn. */
export interface HistogramParts {
  readonly buckets: readonly number[];
  readonly sumMicroseconds: number;
  readonly maxMicroseconds: number;
}

export class Histogram {
  readonly #counts = new Float64Array(BUCKETS);
  #count = 0;
  #sum = 0;
  #max = 0;

  get count(): number {
    return this.#count;
  }

  record(microseconds: number): void {
    const units = Math.min(Math.max(Math.round(microseconds * UNITS_PER_MICROSECOND), 0), LARGEST_UNITS);
    const index = bucketOf(units);
    this.#counts[index] = this.#counts[index]! + 1;
    this.#count++;
    this.#sum += microseconds;
    if (microseconds > this.#max) this.#max = microseconds;
  }

  add({ buckets, sumMicroseconds, maxMicroseconds }: HistogramParts): void {
    for (let at = 0; at < buckets.length; at += 2) {
      const index = buckets[at]!;
      this.#counts[index] = this.#counts[index]! + buckets[at + 1]!;
      this.#count += buckets[at + 1]!;
    }
    this.#sum += sumMicroseconds;
    this.#max = Math.max(this.#max, maxMicroseconds);
  }

  parts(): HistogramParts {
    const buckets: number[] = [];
    for (let index = 0; index < BUCKETS; index++) {
      if (this.#counts[index]! > 0) buckets.push(index, this.#counts[index]!);
    }
    return { buckets, sumMicroseconds: this.#sum, maxMicroseconds: this.#max };
  }

  /** The microseconds within which `share` (0..1) of what was recorded lies: the upper end of that bucket. 0 when empty. */
  percentile(share: number): number {
    const wanted = Math.max(1, Math.ceil(this.#count * share));
    let seen = 0;
    for (let index = 0; index < BUCKETS; index++) {
      seen += this.#counts[index]!;
      if (seen >= wanted) return Math.min(upperEndOf(index) / UNITS_PER_MICROSECOND, this.#max);
    }
    return this.#max;
  }

  /** 0 when empty. */
  get mean(): number {
    return this.#count === 0 ? 0 : this.#sum / this.#count;
  }

  get max(): number {
    return this.#max;
  }
}

/** Values below 2048 have a bucket each; from there the bucket's width doubles with the value. */
function bucketOf(units: number): number {
  const shift = Math.max(0, 21 - Math.clz32(units));
  return shift * SUB_BUCKETS + (units >>> shift);
}

function upperEndOf(index: number): number {
  const shift = Math.max(0, Math.floor(index / SUB_BUCKETS) - 1);
  return (index - shift * SUB_BUCKETS + 1) * 2 ** shift - 1;
}
