// The results as a Markdown document: one table a section, each with what it had to reach. It measures nothing.

import type { FairnessFigures } from "./fairness.ts";
import type { LagFigures } from "./lag.ts";
import { machineText } from "./machine.ts";
import type { MemoryFigures } from "./memory.ts";
import type { RateFigures } from "./rates.ts";
import type { CatchUpFigures } from "./replication.ts";
import { gridTable } from "./report-grid.ts";
import { trunkText } from "./report-trunk.ts";
import type { Results, SectionName } from "./results.ts";
import type { Figures } from "./row.ts";
import type { StartupFigures } from "./startup.ts";
import type { TrackerFigures } from "./tracker.ts";

const MEGABYTE = 2 ** 20;

type Cells = readonly string[];
const name = (maker: "fdfs" | "c"): string => (maker === "c" ? "C" : "fdfs");
const verdict = (isMet: boolean): string => (isMet ? "met" : "missed");
const line = (cells: Cells): string => `| ${cells.join(" | ")} |`;
const table = (head: Cells, rows: readonly Cells[]): string =>
  [line(head), line(head.map((_, index) => (index === 0 ? "---" : "---:"))), ...rows.map(line)].join("\n");

export function reportText(results: Results): string {
  const { grid, changes, rates, trunk, lag, replication, tracker, memory, fairness, startup, disk } = results;
  const first = grid ?? Object.values(results)[0];
  const parts = [
    "# Benchmark",
    "`make bench` measures our servers and, with `FDFS_PEER_BIN`, the C servers beside them: the shipped sample configuration, kept connections, closed loop, `fdfs bench` on the same machine and the same disk as load program. The makers take turns cell by cell; figures are medians of the rounds. The page cache is filled first, as on a server that has run for days. [What is missed, and why](misses.md).",
  ];
  if (first !== undefined) parts.push(machineText(first.machine));
  if (disk !== undefined) {
    const { filesPerSecond, systemMicrosecondsPerFile } = disk.figures;
    parts.push(
      `The disk before: ${filesPerSecond} new files of 4 KB a second from one thread, ${systemMicrosecondsPerFile} µs of system time each.`,
    );
  }
  const section = (key: SectionName, title: string, text: string): void => {
    const { machine } = results[key]!;
    const note = first !== undefined && machineText(machine) !== machineText(first.machine) ? machineText(machine) : "";
    parts.push(`## ${title}`, ...(note === "" ? [] : [note]), text);
  };
  if (grid !== undefined || changes !== undefined) {
    const rows = [...(grid?.figures.rows ?? []), ...(changes?.figures.rows ?? [])];
    section(
      grid === undefined ? "changes" : "grid",
      "Operations",
      `![throughput and CPU time relative to C](bench.svg)\n\n${gridTable(rows)}\n\nThe floor is a server that does the file system calls of an upload or a download and nothing else, with as many threads as the storage has workers. CPU is user and system time of the server for each operation. Median of ${(grid ?? changes)!.figures.rounds}.`,
    );
  }
  if (rates !== undefined) section("rates", "At the same rate", rateTable(rates.figures));
  if (trunk !== undefined) section("trunk", "Trunk files", trunkText(trunk.figures));
  if (lag !== undefined) section("lag", "Replication under load", lagTable(lag.figures));
  if (replication !== undefined) section("replication", "Catching up", catchUpTable(replication.figures));
  if (tracker !== undefined) section("tracker", "A tracker with many storages", trackerTable(tracker.figures));
  if (memory !== undefined) section("memory", "Memory of a storage", memoryTable(memory.figures));
  if (fairness !== undefined) section("fairness", "Small files beside a large one", fairnessTable(fairness.figures));
  if (startup !== undefined) section("startup", "The client", startupTable(startup.figures));
  return `${parts.join("\n\n")}\n`;
}

function rateTable(all: readonly RateFigures[]): string {
  const ms = (microseconds: number): string => (microseconds / 1000).toFixed(2);
  const latency = (figures: Figures | null): string =>
    figures === null ? "–" : `${ms(figures.p50Us)} / ${ms(figures.p99Us)}`;
  const rows = all.map(({ cell, ratePerSecond, fdfs, c }) => [
    cell,
    String(ratePerSecond),
    `${fdfs.perSecond} / ${c?.perSecond ?? "–"}`,
    latency(fdfs),
    latency(c),
    c === null ? "–" : verdict(fdfs.p99Us <= c.p99Us),
  ]);
  const head = ["cell", "asked/s", "answered/s: ours / C", "p50 / p99 ms", "C p50 / p99 ms", "p99 no worse"];
  return `Open loops that ask both servers equally often; an answer that comes late is counted from when it was due.\n\n${table(head, rows)}`;
}

function lagTable(all: readonly LagFigures[]): string {
  const ms = (value: number): string => value.toFixed(1);
  const [ours, theirs] = [all.find(({ maker }) => maker === "fdfs"), all.find(({ maker }) => maker === "c")];
  const rows = all.map((figures) => [
    name(figures.maker),
    String(figures.perSecond),
    ms(figures.p50Ms),
    ms(figures.p99Ms),
    ms(figures.greatestMs),
    `${ms(figures.uploadP50Ms)} / ${ms(figures.uploadP99Ms)}`,
    String(figures.refused),
  ]);
  const head = ["servers", "uploads/s", "lag p50 ms", "p99 ms", "greatest ms", "upload p50 / p99 ms", "refused"];
  const text = `Uploads of 4 KB to one of two storages, from the answer to the copy.\n\n${table(head, rows)}`;
  if (ours === undefined || theirs === undefined) return text;
  return `${text}\n\nTarget, lag below C's: ${verdict(ours.p50Ms < theirs.p50Ms && ours.p99Ms < theirs.p99Ms)}.`;
}

function catchUpTable(all: readonly CatchUpFigures[]): string {
  const rows = all.map(({ maker, filesPerSecond, secondsToFirst, cpuUs }) => [
    name(maker),
    String(filesPerSecond),
    secondsToFirst.toFixed(1),
    String(cpuUs),
  ]);
  const head = ["servers", "files/s", "begins after s", "CPU of both µs/file"];
  const text = `One of two storages was stopped while the other took ${all[0]?.files ?? 0} files of 4 KB; files/s from its first to its last copy. \`heart_beat_interval\` is 1 here.\n\n${table(head, rows)}`;
  const [ours, theirs] = [all.find(({ maker }) => maker === "fdfs"), all.find(({ maker }) => maker === "c")];
  if (ours === undefined || theirs === undefined) return text;
  return `${text}\n\nTarget, at least C's files/s: ${verdict(ours.filesPerSecond >= theirs.filesPerSecond)}.`;
}

function trackerTable(all: readonly TrackerFigures[]): string {
  const rows = all.map((figures) => [
    name(figures.maker),
    figures.joinSeconds.toFixed(1),
    figures.cpuPercent.toFixed(1),
    (figures.rssBytes / MEGABYTE).toFixed(0),
    `${figures.queryStore.perSecond} (${figures.queryStore.cpuUs.toFixed(1)} µs)`,
    `${figures.queryFetch.perSecond} (${figures.queryFetch.cpuUs.toFixed(1)} µs)`,
  ]);
  const head = ["tracker", "joins s", "CPU %", "RSS MB", "store queries/s (CPU)", "fetch queries/s (CPU)"];
  const { groups, storages, beatSeconds } = all[0]!;
  return `${groups} groups, ${storages} simulated storages that it knew and that join it after its start, a sign of life from each every ${beatSeconds} s; then queries over 16 connections while that goes on. \`max_connections\` is raised.\n\n${table(head, rows)}`;
}

function memoryTable(all: readonly MemoryFigures[]): string {
  const mb = (bytes: number): string => (bytes / MEGABYTE).toFixed(0);
  const scenarios = all[0]?.scenarios ?? [];
  const rows = scenarios.map((scenario, index) => {
    const others = all.slice(1).map(({ scenarios: theirs }) => theirs[index]!);
    return [
      scenario.name,
      ...[scenario, ...others].flatMap(({ mostBytes, idleBytes }) => [mb(mostBytes), `+${mb(mostBytes - idleBytes)}`]),
      memoryVerdict(scenario),
    ];
  });
  const head = ["storage", ...all.flatMap(({ maker }) => [`${name(maker)} RSS MB`, "over idle"]), "target"];
  return `The most that was resident; the process is started afresh for each line. \`max_connections\` is raised to 10,500.\n\n${table(head, rows)}`;
}

function memoryVerdict({ name: scenario, idleBytes, mostBytes }: MemoryFigures["scenarios"][number]): string {
  if (scenario.includes("idle connections")) return `RSS < 300: ${verdict(mostBytes < 300 * MEGABYTE)}`;
  if (!/stalled|load of/.test(scenario)) return "–";
  return `adds < 100: ${verdict(mostBytes - idleBytes < 100 * MEGABYTE)}`;
}

function fairnessTable(all: readonly FairnessFigures[]): string {
  const ms = (microseconds: number): string => (microseconds / 1000).toFixed(2);
  const rows = all.flatMap(({ maker, pairs, uploadMegabytesPerSecond }) =>
    pairs.map((pair) => [
      `${name(maker)}, ${pair.loop} loop`,
      `${pair.alonePerSecond} / ${pair.besidePerSecond}`,
      ms(pair.aloneP99Us),
      ms(pair.besideP99Us),
      (pair.besideP99Us / pair.aloneP99Us).toFixed(1),
      pair.loop === "open" ? String(uploadMegabytesPerSecond) : "–",
      maker === "fdfs" ? `within 3x: ${verdict(pair.besideP99Us <= 3 * pair.aloneP99Us)}` : "–",
    ]),
  );
  const head = ["servers", "downloads/s alone / beside", "p99 ms alone", "beside", "times", "upload MB/s", "target"];
  const size = (all[0]?.uploadBytes ?? 0) / MEGABYTE;
  return `Downloads of 4 KB over 16 connections alone, and beside uploads of ${size} MB over one more. The open loop asks 2,000 times a second; the closed loop takes both processors for itself.\n\n${table(head, rows)}`;
}

function startupTable(figures: StartupFigures): string {
  const { versionMs, versionSlowestMs, files, oneCallSeconds, loopCalls, loopSeconds, cLoopSeconds } = figures;
  const rows: Cells[] = [
    ["`fdfs --version`, median of 20", `${versionMs.toFixed(1)} ms`, `<= 20 ms: ${verdict(versionMs <= 20)}`],
    ["the slowest of them", `${versionSlowestMs.toFixed(1)} ms`, "–"],
    [`${files} files of 4 KB, one \`fdfs upload\``, `${oneCallSeconds.toFixed(2)} s`, "–"],
    [`${files} calls of \`fdfs upload\` (${loopCalls} made, scaled)`, `${loopSeconds.toFixed(2)} s`, "–"],
  ];
  if (cLoopSeconds !== null) {
    rows.push([`${files} calls of C's \`fdfs_upload_file\` (scaled)`, `${cLoopSeconds.toFixed(2)} s`, "–"]);
  }
  return table(["command", "wall time", "target"], rows);
}
