// How far a fetcher has come that has several records in hand at a time: the end of the last record before which everything
// is done. Pure.

export class FinishedPrefix {
  /** Ends of records that were begun, in order; those done are removed from the front. */
  readonly #ends: number[] = [];
  readonly #done = new Set<number>();
  #first = 0;
  #offset: number;

  constructor(offset: number) {
    this.#offset = offset;
  }

  /** Bytes of the file of records that need not be looked at again. */
  get offset(): number {
    return this.#offset;
  }

  /** A record that ends at `end` is begun; ends grow. */
  begin(end: number): void {
    this.#ends.push(end);
  }

  done(end: number): void {
    this.#done.add(end);
    while (this.#first < this.#ends.length && this.#done.delete(this.#ends[this.#first]!)) {
      this.#offset = this.#ends[this.#first]!;
      this.#first++;
    }
    if (this.#first < 1024) return;
    this.#ends.splice(0, this.#first);
    this.#first = 0;
  }
}
