// The results of all sections as one JSON document. A section that is measured again replaces its former result and
// leaves the others; of tables of cells only those that were measured again are replaced.

import { existsSync, readFileSync } from "node:fs";
import type { DiskFigures } from "./disk.ts";
import type { FairnessFigures } from "./fairness.ts";
import type { GridSection } from "./grid.ts";
import type { LagFigures } from "./lag.ts";
import type { Machine } from "./machine.ts";
import type { MemoryFigures } from "./memory.ts";
import type { RateFigures } from "./rates.ts";
import type { CatchUpFigures } from "./replication.ts";
import type { StartupFigures } from "./startup.ts";
import type { TrackerFigures } from "./tracker.ts";
import type { TrunkSection } from "./trunk-row.ts";

interface Sections {
  readonly disk: DiskFigures;
  readonly grid: GridSection;
  readonly rates: readonly RateFigures[];
  readonly trunk: TrunkSection;
  /** Of each maker the round with the median p99. */
  readonly lag: readonly LagFigures[];
  readonly replication: readonly CatchUpFigures[];
  readonly tracker: readonly TrackerFigures[];
  readonly memory: readonly MemoryFigures[];
  readonly fairness: readonly FairnessFigures[];
  readonly startup: StartupFigures;
  /** Cells that delete or replace files. */
  readonly changes: GridSection;
}
export type SectionName = keyof Sections;
export type Results = { [K in SectionName]?: { readonly machine: Machine; readonly figures: Sections[K] } };

/** Empty when the file does not exist. */
export function readResults(path: string): Results {
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as Results) : {};
}

/** `found` over `former`; cells keep their order. */
export function mergeResults(former: Results, found: Results): Results {
  const merged: Results = { ...former, ...found };
  for (const name of ["grid", "changes"] as const) {
    const [old, fresh] = [former[name], found[name]];
    if (old !== undefined && fresh !== undefined) merged[name] = mergeCells(old, fresh);
  }
  if (former.trunk !== undefined && found.trunk !== undefined) merged.trunk = mergeCells(former.trunk, found.trunk);
  return merged;
}

interface MeasuredCells<R> {
  readonly machine: Machine;
  readonly figures: { readonly rounds: number; readonly rows: readonly R[] };
}

function mergeCells<R extends { readonly cell: string }>(
  old: MeasuredCells<R>,
  fresh: MeasuredCells<R>,
): MeasuredCells<R> {
  const known = new Set(old.figures.rows.map(({ cell }) => cell));
  const byCell = new Map(fresh.figures.rows.map((row) => [row.cell, row]));
  const rows = [
    ...old.figures.rows.map((row) => byCell.get(row.cell) ?? row),
    ...fresh.figures.rows.filter(({ cell }) => !known.has(cell)),
  ];
  return { machine: fresh.machine, figures: { rounds: fresh.figures.rounds, rows } };
}
