// How long a record takes from the binlog to a peer's confirmation. The binlog's end is looked at again and again; a record
// is as old as the first look that saw it. Pure: times come in as milliseconds.

import { isBefore, type Position } from "./mark.ts";

const LAGS_KEPT = 1024;
/** Looks closer together than this are one. */
const LOOK_EVERY_MS = 2;
/** With more looks than this, every second one is forgotten: a long backlog needs no milliseconds. */
const LOOKS_MAX = 4096;

export class LagMeter {
  #looks: { readonly end: Position; readonly atMs: number }[] = [];
  readonly #lags = new Float64Array(LAGS_KEPT);
  #count = 0;

  /** The binlog ended at `end` at that moment. */
  look(end: Position, nowMs: number): void {
    const last = this.#looks.at(-1);
    if (last !== undefined && (!isBefore(last.end, end) || nowMs - last.atMs < LOOK_EVERY_MS)) return;
    this.#looks.push({ end, atMs: nowMs });
    if (this.#looks.length > LOOKS_MAX) this.#looks = this.#looks.filter((_, index) => index % 2 === 1);
  }

  /** The peer has confirmed the record that ends at `end`. */
  confirmed(end: Position, nowMs: number): void {
    const seen = this.#firstThatSaw(end);
    this.#lags[this.#count++ % LAGS_KEPT] = Math.max(0, nowMs - (seen ?? nowMs));
  }

  /** Everything before `position` is confirmed. */
  forget(position: Position): void {
    const kept = this.#looks.findIndex(({ end }) => isBefore(position, end));
    if (kept !== 0) this.#looks.splice(0, kept < 0 ? this.#looks.length : kept);
  }

  /** Age in milliseconds of the oldest look that saw more than `position`; 0 = none did. */
  ageOf(position: Position, nowMs: number): number {
    const first = this.#looks.find(({ end }) => isBefore(position, end));
    return first === undefined ? 0 : nowMs - first.atMs;
  }

  /** Milliseconds that the given share (0..1) of the last confirmations stayed below; null without any. */
  quantile(share: number): number | null {
    const count = Math.min(this.#count, LAGS_KEPT);
    if (count === 0) return null;
    const sorted = this.#lags.slice(0, count).sort();
    return Math.round(sorted[Math.min(count - 1, Math.floor(count * share))]! * 10) / 10;
  }

  #firstThatSaw(end: Position): number | null {
    let low = 0;
    let high = this.#looks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isBefore(this.#looks[middle]!.end, end)) low = middle + 1;
      else high = middle;
    }
    return this.#looks[low]?.atMs ?? null;
  }
}
