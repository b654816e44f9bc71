// The figures of a load under the names that `fdfs bench --json` documents.

import type { Histogram } from "./histogram.ts";
import type { LoadPlan, OperationKind } from "./plan.ts";
import type { LoadOutcome } from "./run-load.ts";
import { Sizes } from "./sizes.ts";
import { Tally } from "./tally.ts";

interface LatencyFigures {
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

interface KindReport {
  readonly operations: number;
  readonly errors: number;
  readonly latencyMicroseconds: LatencyFigures;
}

export interface LoadReport {
  readonly operation: OperationKind | "mixed";
  readonly connections: number;
  readonly threads: number;
  /** All 0 for operations that move no content. */
  readonly sizeBytes: { readonly least: number; readonly greatest: number; readonly mean: number };
  readonly fresh: boolean;
  readonly ratePerSecond: number | null;
  /** Of the counted part. */
  readonly seconds: number;
  /** That succeeded. */
  readonly operations: number;
  readonly errors: {
    readonly total: number;
    readonly byStatus: Readonly<Record<string, number>>;
    readonly connection: number;
    readonly timeout: number;
  };
  readonly operationsPerSecond: number;
  /** Content sent or received. */
  readonly bytesPerSecond: number;
  readonly latencyMicroseconds: LatencyFigures;
  /** Null without processes to measure. */
  readonly cpuMicrosecondsPerOperation: number | null;
  readonly ownCpuMicrosecondsPerOperation: number;
  readonly rssBytes: number | null;
  /** Only of a mixed load. */
  readonly byOperation?: Readonly<Partial<Record<OperationKind, KindReport>>>;
}

/** Null when the load ended before its counted part began. */
export function reportOf(plan: LoadPlan, outcome: LoadOutcome): LoadReport | null {
  const { span, tallies } = outcome;
  if (span === null) return null;
  const all = new Tally();
  for (const tally of tallies.values()) all.add(tally.parts());
  const { operations } = all;
  const isMixed = plan.mix.length > 1;
  const perOperation = (total: number): number => (operations === 0 ? 0 : round(total / operations));
  const hasCpu = plan.pids.length > 0 && !Number.isNaN(span.cpuMicroseconds);
  return {
    operation: isMixed ? "mixed" : plan.mix[0]!.kind,
    connections: plan.connections,
    threads: plan.threads,
    sizeBytes: sizesOf(plan),
    fresh: plan.fresh,
    ratePerSecond: plan.ratePerSecond,
    seconds: round(span.seconds, 6),
    operations,
    errors: { total: all.errors, byStatus: all.byStatus, connection: all.connection, timeout: all.timeout },
    operationsPerSecond: round(operations / span.seconds),
    bytesPerSecond: round(all.bytes / span.seconds),
    latencyMicroseconds: latencyFigures(all.latency),
    cpuMicrosecondsPerOperation: hasCpu ? perOperation(span.cpuMicroseconds) : null,
    ownCpuMicrosecondsPerOperation: perOperation(span.ownCpuMicroseconds),
    rssBytes: outcome.peakMemoryBytes,
    ...(isMixed ? { byOperation: byOperation(tallies) } : {}),
  };
}

function byOperation(tallies: LoadOutcome["tallies"]): Partial<Record<OperationKind, KindReport>> {
  const reports: Partial<Record<OperationKind, KindReport>> = {};
  for (const [kind, tally] of tallies) {
    const { operations, errors, latency } = tally;
    reports[kind] = { operations, errors, latencyMicroseconds: latencyFigures(latency) };
  }
  return reports;
}

function latencyFigures(latency: Histogram): LatencyFigures {
  const share = (part: number): number => round(latency.percentile(part));
  return {
    mean: round(latency.mean),
    p50: share(0.5),
    p90: share(0.9),
    p99: share(0.99),
    p999: share(0.999),
    max: round(latency.max),
  };
}

const movesContent = new Set<OperationKind>(["upload", "append", "download"]);

function sizesOf(plan: LoadPlan): LoadReport["sizeBytes"] {
  if (!plan.mix.some(({ kind }) => movesContent.has(kind))) return { least: 0, greatest: 0, mean: 0 };
  const { least, greatest, mean } = new Sizes(plan.sizes);
  return { least, greatest, mean };
}

function round(value: number, digits = 2): number {
  return Number(value.toFixed(digits));
}
