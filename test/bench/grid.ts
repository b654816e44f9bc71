// The grid: every cell against every contender, one after the other on the same disk, in rounds. Rows are medians.

import type { LoadReport } from "../../core/bench/report.ts";
import type { Maker } from "../interop/clusters/cluster.ts";
import { runBench } from "./bench-command.ts";
import { type Cell, extentOptions } from "./cells.ts";
import { type Contender, FileSets, floorContender, siteContender, warmUp } from "./contender.ts";
import { roomBytesEach, settleDisk } from "./disk.ts";
import { inTurn } from "./makers.ts";
import { rowLine } from "./report-grid.ts";
import { figuresOf, type Row } from "./row.ts";

export interface GridSection {
  readonly rounds: number;
  readonly rows: readonly Row[];
}

export async function measureGrid(
  cells: readonly Cell[],
  makers: readonly Maker[],
  rounds: number,
): Promise<GridSection> {
  const contenders: Contender[] = [];
  const rows: Row[] = [];
  try {
    for (const maker of makers) contenders.push(await siteContender(maker));
    if (cells.some(({ operation }) => operation === "upload" || operation === "download")) {
      contenders.push(await floorContender());
    }
    const files = new FileSets();
    const uploads = cells.filter(({ operation }) => operation === "upload").length * contenders.length * rounds;
    const roomBytes = roomBytesEach(uploads);
    for (const contender of contenders) await warmUp(contender);
    for (const cell of cells) {
      const row = await measureCell(cell, contenders, files, rounds, roomBytes);
      console.log(rowLine(row));
      rows.push(row);
    }
  } finally {
    await Promise.all(contenders.map((contender) => contender.stop()));
  }
  return { rounds, rows };
}

async function measureCell(
  cell: Cell,
  contenders: readonly Contender[],
  files: FileSets,
  rounds: number,
  roomBytes: number,
): Promise<Row> {
  const found: Record<Contender["name"], LoadReport[]> = { fdfs: [], c: [], floor: [] };
  for (let round = 0; round < rounds; round++) {
    for (const contender of inTurn(contenders, round)) {
      if (!contender.takesPart(cell.operation)) continue;
      const options = [...contender.targetOptions(cell.operation), ...(await files.options(contender, cell))];
      settleDisk();
      const load = ["--operation", cell.operation, "--connections", String(cell.connections), "--keep"];
      if (cell.sizeBytes > 0) load.push("--size", String(cell.sizeBytes));
      found[contender.name].push(await runBench([...options, ...load, ...extentOptions(cell, roomBytes)]));
    }
  }
  const { operation, sizeBytes, connections } = cell;
  return {
    cell: cell.name,
    operation,
    sizeBytes,
    connections,
    fdfs: figuresOf(found.fdfs),
    c: found.c.length === 0 ? null : figuresOf(found.c),
    floor: found.floor.length === 0 ? null : figuresOf(found.floor),
  };
}
