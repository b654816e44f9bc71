// One cell of the grid as measured: medians of the rounds for each server. What the document and the chart are made from.

import type { LoadReport } from "../../core/bench/report.ts";
import { median } from "./percentile.ts";

export type Operation = "upload" | "download" | "append" | "metadata" | "delete" | "query" | "query-fetch";

export interface Figures {
  readonly perSecond: number;
  /** Slowest and fastest round. */
  readonly perSecondFromTo: readonly [number, number];
  readonly p50Us: number;
  readonly p99Us: number;
  /** Processor time of the server for each operation, user and system. */
  readonly cpuUs: number;
  /** Of all rounds. */
  readonly errors: number;
}

export interface Row {
  readonly cell: string;
  readonly operation: Operation;
  /** 0 where no content travels. */
  readonly sizeBytes: number;
  readonly connections: number;
  readonly fdfs: Figures;
  readonly c: Figures | null;
  readonly floor: Figures | null;
}

export function figuresOf(rounds: readonly LoadReport[]): Figures {
  const speeds = rounds.map(({ operationsPerSecond }) => operationsPerSecond);
  return {
    perSecond: Math.round(median(speeds)),
    perSecondFromTo: [Math.round(Math.min(...speeds)), Math.round(Math.max(...speeds))],
    p50Us: Math.round(median(rounds.map(({ latencyMicroseconds }) => latencyMicroseconds.p50))),
    p99Us: Math.round(median(rounds.map(({ latencyMicroseconds }) => latencyMicroseconds.p99))),
    cpuUs: Number(median(rounds.map((round) => round.cpuMicrosecondsPerOperation ?? Number.NaN)).toFixed(1)),
    errors: rounds.reduce((sum, { errors }) => sum + errors.total, 0),
  };
}
