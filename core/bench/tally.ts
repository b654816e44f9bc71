// What one thread has counted for one kind of operation, and how such counts add up.

import { Histogram, type HistogramParts } from "./histogram.ts";

/** Plain, so that it can be sent to another thread. */
export interface TallyParts {
  readonly latency: HistogramParts;
  /** Content moved by operations that succeeded. */
  readonly bytes: number;
  /** Answers with another status than 0. */
  readonly byStatus: Readonly<Record<number, number>>;
  readonly connection: number;
  readonly timeout: number;
}

export class Tally {
  readonly latency = new Histogram();
  bytes = 0;
  readonly byStatus: Record<number, number> = {};
  /** Connections lost or refused, answers that are none. */
  connection = 0;
  timeout = 0;

  succeeded(microseconds: number, bytes: number): void {
    this.latency.record(microseconds);
    this.bytes += bytes;
  }

  refused(status: number): void {
    this.byStatus[status] = (this.byStatus[status] ?? 0) + 1;
  }

  get operations(): number {
    return this.latency.count;
  }

  get errors(): number {
    return Object.values(this.byStatus).reduce((sum, count) => sum + count, this.connection + this.timeout);
  }

  add(parts: TallyParts): void {
    this.latency.add(parts.latency);
    this.bytes += parts.bytes;
    for (const [status, count] of Object.entries(parts.byStatus)) {
      this.byStatus[Number(status)] = (this.byStatus[Number(status)] ?? 0) + count;
    }
    this.connection += parts.connection;
    this.timeout += parts.timeout;
  }

  parts(): TallyParts {
    const { bytes, byStatus, connection, timeout } = this;
    return { latency: this.latency.parts(), bytes, byStatus, connection, timeout };
  }
}
