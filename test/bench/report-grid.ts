// The grid as a Markdown table.

import type { Figures, Row } from "./row.ts";
import { verdictOf } from "./targets.ts";

const ms = (microseconds: number): string => (microseconds / 1000).toFixed(2);
const latency = ({ p50Us, p99Us }: Figures): string => `${ms(p50Us)} / ${ms(p99Us)}`;
const ratio = (ours: number, theirs: number): string => (ours / theirs).toFixed(2);
const dash = "–";

/** One line of the table. */
export function rowLine(row: Row): string {
  const { cell, fdfs, c, floor } = row;
  const failed = fdfs.errors + (c?.errors ?? 0) + (floor?.errors ?? 0);
  const cells = [
    cell,
    String(fdfs.perSecond),
    c === null ? dash : String(c.perSecond),
    c === null ? dash : `**${ratio(fdfs.perSecond, c.perSecond)}**`,
    latency(fdfs),
    c === null ? dash : latency(c),
    `${fdfs.cpuUs.toFixed(0)} / ${c?.cpuUs.toFixed(0) ?? dash} / ${floor?.cpuUs.toFixed(0) ?? dash}`,
    c === null ? dash : `**${ratio(fdfs.cpuUs, c.cpuUs)}**`,
    floor === null ? dash : ratio(fdfs.cpuUs, floor.cpuUs),
    floor === null ? dash : String(floor.perSecond),
    `${verdictOf(row) || dash}${failed > 0 ? ` (failed operations: ${fdfs.errors}, C ${c?.errors ?? 0})` : ""}`,
  ];
  return `| ${cells.join(" | ")} |`;
}

export function gridTable(rows: readonly Row[]): string {
  const head = [
    "cell",
    "ops/s",
    "C ops/s",
    "throughput to C",
    "p50 / p99 ms",
    "C p50 / p99 ms",
    "CPU µs/op: ours / C / floor",
    "CPU to C",
    "CPU to floor",
    "floor ops/s",
    "target",
  ];
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [
    line(head),
    line(head.map((_, index) => (index === 0 || index === head.length - 1 ? "---" : "---:"))),
    ...rows.map(rowLine),
  ].join("\n");
}
