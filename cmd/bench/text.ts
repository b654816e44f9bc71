// The figures of a load as a short table for people.

import type { LoadReport } from "../../core/bench/report.ts";
import { statusName } from "../../core/wire/status.ts";

export function reportText(report: LoadReport): string {
  const { operations, errors, seconds } = report;
  const lines = [
    heading(report),
    row(
      "operations",
      `${operations} in ${seconds.toFixed(2)} s, ${figure(report.operationsPerSecond)} ops/s${bytes(report)}`,
    ),
    row("latency ms", latency(report.latencyMicroseconds)),
    ...Object.entries(report.byOperation ?? {}).map(([kind, of]) =>
      row(`  ${kind}`, `${latency(of.latencyMicroseconds)}  (${of.operations})`),
    ),
    row("errors", errors.total === 0 ? "none" : errorsText(errors)),
  ];
  const own = `this program ${report.ownCpuMicrosecondsPerOperation.toFixed(1)}`;
  const cpu = report.cpuMicrosecondsPerOperation;
  lines.push(row("CPU us/op", cpu === null ? own : `target ${cpu.toFixed(1)}, ${own}`));
  if (report.rssBytes !== null) lines.push(row("memory", `target at most ${megabytes(report.rssBytes)} MB`));
  return `${lines.join("\n")}\n`;
}

function heading({ operation, sizeBytes, connections, threads, fresh, ratePerSecond }: LoadReport): string {
  const { least, greatest } = sizeBytes;
  const size =
    greatest === 0 ? "" : ` ${least === greatest ? sizeText(least) : `${sizeText(least)} to ${sizeText(greatest)}`}`;
  const manner = fresh ? "each operation on a new connection" : "kept connections";
  const loop = ratePerSecond === null ? "closed loop" : `open loop at ${ratePerSecond} ops/s`;
  return `${operation}${size}, ${connections} at a time, ${threads} ${threads === 1 ? "thread" : "threads"}, ${manner}, ${loop}`;
}

/** "3: 2 x ENOENT (2), 1 x connection lost". */
export function errorsText({ total, byStatus, connection, timeout }: LoadReport["errors"]): string {
  const parts = Object.entries(byStatus).map(
    ([status, count]) => `${count} x ${statusName(Number(status))} (${status})`,
  );
  if (connection > 0) parts.push(`${connection} x connection lost or refused`);
  if (timeout > 0) parts.push(`${timeout} x no answer in time`);
  return `${total}: ${parts.join(", ")}`;
}

function row(name: string, text: string): string {
  return `  ${name.padEnd(14)}${text}`;
}

function latency({ mean, p50, p90, p99, p999, max }: LoadReport["latencyMicroseconds"]): string {
  const ms = (microseconds: number): string => (microseconds / 1000).toFixed(3);
  return `mean ${ms(mean)}  p50 ${ms(p50)}  p90 ${ms(p90)}  p99 ${ms(p99)}  p99.9 ${ms(p999)}  max ${ms(max)}`;
}

function bytes({ bytesPerSecond }: LoadReport): string {
  return bytesPerSecond === 0 ? "" : `, ${megabytes(bytesPerSecond)} MB/s`;
}

function megabytes(count: number): string {
  return figure(count / 1024 ** 2);
}

function figure(value: number): string {
  return value >= 1000 ? value.toFixed(0) : value.toFixed(1);
}

function sizeText(size: number): string {
  if (size >= 1024 ** 2 && size % 1024 ** 2 === 0) return `${size / 1024 ** 2} MB`;
  if (size >= 1024 && size % 1024 === 0) return `${size / 1024} KB`;
  return `${size} bytes`;
}
