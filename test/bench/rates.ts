// Latency at the same rate: open loops that ask every server equally often, at rates that C can keep up with. In a closed
// loop the faster server is also the busier one, and its requests wait for processors that its own answers keep busy.

import type { LoadReport } from "../../core/bench/report.ts";
import type { Maker } from "../interop/clusters/cluster.ts";
import { runBench } from "./bench-command.ts";
import { type Cell, rateCells } from "./cells.ts";
import { type Contender, FileSets, siteContender, warmUp } from "./contender.ts";
import { settleDisk } from "./disk.ts";
import { inTurn } from "./makers.ts";
import { type Figures, figuresOf } from "./row.ts";

const TIMED = ["--duration", "3s", "--warm-up", "1s"];

export interface RateFigures {
  readonly cell: string;
  readonly ratePerSecond: number;
  readonly fdfs: Figures;
  readonly c: Figures | null;
}

export async function measureRates(makers: readonly Maker[], rounds: number): Promise<RateFigures[]> {
  const contenders: Contender[] = [];
  const all: RateFigures[] = [];
  try {
    for (const maker of makers) contenders.push(await siteContender(maker));
    for (const contender of contenders) await warmUp(contender);
    const files = new FileSets();
    for (const [cell, ratePerSecond] of rateCells) {
      all.push(await measureCell(cell, ratePerSecond, contenders, files, rounds));
    }
  } finally {
    await Promise.all(contenders.map((contender) => contender.stop()));
  }
  return all;
}

async function measureCell(
  cell: Cell,
  ratePerSecond: number,
  contenders: readonly Contender[],
  files: FileSets,
  rounds: number,
): Promise<RateFigures> {
  const found: Record<Contender["name"], LoadReport[]> = { fdfs: [], c: [], floor: [] };
  for (let round = 0; round < rounds; round++) {
    for (const contender of inTurn(contenders, round)) {
      const options = [...contender.targetOptions(cell.operation), ...(await files.options(contender, cell))];
      settleDisk();
      const load = ["--operation", cell.operation, "--connections", String(cell.connections), "--keep"];
      const size = ["--size", String(cell.sizeBytes), "--rate", String(ratePerSecond)];
      found[contender.name].push(await runBench([...options, ...load, ...size, ...TIMED]));
    }
  }
  return {
    cell: cell.name,
    ratePerSecond,
    fdfs: figuresOf(found.fdfs),
    c: found.c.length === 0 ? null : figuresOf(found.c),
  };
}
