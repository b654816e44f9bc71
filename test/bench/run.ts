// `make bench`: uploads and downloads of three sizes over 1 and 16 kept connections against our storage and, where
// FDFS_PEER_BIN names the C programs, against theirs, alternating cell by cell on the same disk. Prints a Markdown table
// of medians: throughput, p50, p99 and the server's CPU time per operation; --write puts it into docs/bench.md.

import { readFileSync, writeFileSync } from "node:fs";
import { cpus, release } from "node:os";
import { join } from "node:path";
import { whyNoPeer } from "../interop/clusters/c-cluster.ts";
import type { Cluster, Maker } from "../interop/clusters/cluster.ts";
import { startCluster } from "../interop/clusters/start-cluster.ts";
import { lagText, measureLags } from "./lag.ts";
import { type Operation, percentile, runLoad } from "./load.ts";

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 3);
const TICKS_PER_SECOND = 100;
const grid: { operation: Operation; sizeBytes: number; connections: number; operations: number }[] = [];
for (const [sizeBytes, operations] of [
  [4 * 1024, 8000],
  [64 * 1024, 4000],
  [1024 * 1024, 400],
] as const) {
  for (const connections of [1, 16]) {
    for (const operation of ["upload", "download"] as const)
      grid.push({ operation, sizeBytes, connections, operations });
  }
}

interface Sample {
  perSecond: number;
  p50: number;
  p99: number;
  cpuMicroseconds: number;
}

/** User and system time of a process in seconds, from /proc (clock ticks of 10 ms). */
function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

const median = (values: number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;

async function measure(cluster: Cluster, cell: (typeof grid)[number], names: Map<string, string[]>): Promise<Sample> {
  const storage = cluster.storages[0]!;
  const pid = Number(readFileSync(join(storage.basePath, "data", "fdfs_storaged.pid"), "latin1"));
  const key = `${cluster.name} ${cell.sizeBytes}`;
  const before = cpuSeconds(pid);
  const result = await runLoad({
    host: storage.host,
    port: storage.port,
    groupName: cluster.groupName,
    names: names.get(key) ?? [],
    ...cell,
  });
  if (result.errors > 0) throw new Error(`${cluster.name}: ${result.errors} of ${result.operations} operations failed`);
  if (cell.operation === "upload") names.set(key, result.names);
  return {
    perSecond: result.operations / result.seconds,
    p50: percentile(result.latencies, 0.5),
    p99: percentile(result.latencies, 0.99),
    cpuMicroseconds: ((cpuSeconds(pid) - before) * 1e6) / result.operations,
  };
}

const makers: Maker[] = whyNoPeer() === null ? ["fdfs", "c"] : ["fdfs"];
if (makers.length === 1) console.log(`The C servers are left out: ${whyNoPeer()}\n`);
const clusters: Cluster[] = [];
const rows: string[] = [];
const ratios: { name: string; ratio: number }[] = [];
try {
  for (const maker of makers) clusters.push(await startCluster(maker, maker));
  const names = new Map<string, string[]>();
  // Neither a fresh disk cache nor code that was never run is what this is about.
  for (const cluster of clusters) await measure(cluster, { ...grid[0]!, connections: 16 }, new Map());
  rows.push(
    makers.length === 2
      ? "| cell | fdfs ops/s | C ops/s | ratio | fdfs p50/p99 ms | C p50/p99 ms | fdfs CPU us/op | C CPU us/op | ratio |"
      : "| cell | fdfs ops/s | fdfs p50/p99 ms | fdfs CPU us/op |",
  );
  rows.push(rows[0]!.replace(/[^|]+/g, "---"));
  for (const cell of grid) {
    const samples = clusters.map((): Sample[] => []);
    for (let round = 0; round < ROUNDS; round++) {
      for (const [index, cluster] of clusters.entries()) samples[index]!.push(await measure(cluster, cell, names));
    }
    const [ours, theirs] = samples.map((list) => ({
      perSecond: median(list.map((sample) => sample.perSecond)),
      p50: median(list.map((sample) => sample.p50)),
      p99: median(list.map((sample) => sample.p99)),
      cpu: median(list.map((sample) => sample.cpuMicroseconds)),
    }));
    const name = `${cell.operation} ${cell.sizeBytes / 1024} KB, ${cell.connections} conn.`;
    const latency = (sample: { p50: number; p99: number }): string =>
      `${sample.p50.toFixed(2)} / ${sample.p99.toFixed(2)}`;
    rows.push(
      theirs === undefined
        ? `| ${name} | ${ours!.perSecond.toFixed(0)} | ${latency(ours!)} | ${ours!.cpu.toFixed(0)} |`
        : `| ${name} | ${ours!.perSecond.toFixed(0)} | ${theirs.perSecond.toFixed(0)} | ${(ours!.perSecond / theirs.perSecond).toFixed(2)} | ${latency(ours!)} | ${latency(theirs)} | ${ours!.cpu.toFixed(0)} | ${theirs.cpu.toFixed(0)} | ${(ours!.cpu / theirs.cpu).toFixed(2)} |`,
    );
    if (theirs !== undefined) ratios.push({ name, ratio: ours!.perSecond / theirs.perSecond });
    console.log(rows.at(-1));
  }
} finally {
  await Promise.all(clusters.map((cluster) => cluster.stop()));
}
/** Bars of throughput relative to C, one a cell; the line in the middle is "level". */
function chart(cells: readonly { name: string; ratio: number }[]): string {
  const left = 190;
  const scale = 110;
  const rowHeight = 22;
  const most = 5;
  const bars = cells.map(({ name, ratio }, index) => {
    const y = 34 + index * rowHeight;
    const width = Math.min(ratio, most) * scale;
    const colour = ratio >= 1 ? "#2f7d5b" : "#b5651d";
    return (
      `<text x="${left - 8}" y="${y + 12}" text-anchor="end">${name}</text>` +
      `<rect x="${left}" y="${y}" width="${width.toFixed(0)}" height="15" fill="${colour}"/>` +
      `<text x="${left + width + 6}" y="${y + 12}">${ratio.toFixed(2)}x</text>`
    );
  });
  const height = 44 + cells.length * rowHeight;
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${left + most * scale + 60}" height="${height}" font-family="sans-serif" font-size="12">` +
    `<rect width="100%" height="100%" fill="#ffffff"/><text x="8" y="18" font-weight="bold">Operations a second, C FastDFS 6.16.1 = 1 (longer is faster)</text>` +
    `${bars.join("")}<line x1="${left + scale}" y1="28" x2="${left + scale}" y2="${height - 8}" stroke="#444444" stroke-dasharray="3 3"/></svg>\n`
  );
}

const machine = `${cpus().length} x ${cpus()[0]?.model ?? "unknown CPU"}, Linux ${release()}, ${new Date().toISOString().slice(0, 10)}, median of ${ROUNDS}`;
const lags: string[] = [];
for (const figures of await measureLags(makers)) lags.push(lagText(figures[Math.floor(figures.length / 2)]!));
const lagReport = `Replication, 2,000 uploads of 4 KB a second to one of two storages, from the answer to the copy:\n\n${lags.map((line) => `- ${line}`).join("\n")}\n`;
const report = `${machine}\n\n${rows.join("\n")}\n\n${lagReport}`;
console.log(`\n${report}`);
if (process.argv.includes("--write")) {
  if (ratios.length > 0) writeFileSync(join(import.meta.dirname, "../../docs/bench.svg"), chart(ratios));
  writeFileSync(
    join(import.meta.dirname, "../../docs/bench.md"),
    `# Benchmark\n\n\`make bench\`: kept connections, closed loop, load program on the same machine.\n\n${report}`,
  );
}
