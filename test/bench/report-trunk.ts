// The trunk section as a Markdown table.

import type { Figures } from "./row.ts";
import { trunkVerdictOf } from "./targets.ts";
import { misplacedIn, type TrunkRow, type TrunkSection } from "./trunk-row.ts";

const ms = (microseconds: number): string => (microseconds / 1000).toFixed(2);
const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
const dash = "–";

/** One line of the table. */
export function trunkLine(row: TrunkRow): string {
  const { cell, trunk, plain, cTrunk } = row;
  const all = [trunk, plain, cTrunk];
  const each = (text: (figures: Figures) => string): string =>
    all.map((figures) => (figures === null ? dash : text(figures))).join(" / ");
  const ratio = (part: "perSecond" | "cpuUs", theirs: Figures | null): string =>
    theirs === null ? dash : `**${(trunk[part] / theirs[part]).toFixed(2)}**`;
  const misplaced = misplacedIn(row);
  const failed = all.some((figures) => (figures?.errors ?? 0) > 0);
  const verdict = misplaced === "" ? trunkVerdictOf(row) : `no measurement: ${misplaced}`;
  return line([
    cell,
    each(({ perSecond }) => String(perSecond)),
    ratio("perSecond", plain),
    ratio("perSecond", cTrunk),
    ...all.map((figures) => (figures === null ? dash : `${ms(figures.p50Us)} / ${ms(figures.p99Us)}`)),
    each(({ cpuUs }) => cpuUs.toFixed(0)),
    ratio("cpuUs", plain),
    ratio("cpuUs", cTrunk),
    `${verdict}${failed ? ` (failed operations: ${each(({ errors }) => String(errors))})` : ""}`,
  ]);
}

export function trunkText({ rounds, rows }: TrunkSection): string {
  const head = [
    "cell",
    "ops/s: trunk / plain / C trunk",
    "throughput to plain",
    "to C trunk",
    "trunk p50 / p99 ms",
    "plain p50 / p99 ms",
    "C trunk p50 / p99 ms",
    "CPU µs/op: trunk / plain / C trunk",
    "CPU to plain",
    "CPU to C trunk",
    "target",
  ];
  const rule = line(head.map((_, index) => (index === 0 || index === head.length - 1 ? "---" : "---:")));
  const table = [line(head), rule, ...rows.map(trunkLine)].join("\n");
  return `Ours with \`use_trunk_file\`, ours without, and C's with it; one storage each, which is its own trunk server. \`store_server = 1\`, \`slot_max_size = 64KB\`, trunk files of 64 MB, created when they are needed. Every ID was read for where its file lies; a cell with one elsewhere is no measurement.\n\n${table}\n\nTarget: throughput at least that of plain files and of C's trunk files. Median of ${rounds}.`;
}
