// What a cell of the grid has to reach against the C servers and the floor, and whether it did. The numbers are those the
// project set itself; a cell that misses one is reported, not left out.

import type { Row } from "./row.ts";
import type { TrunkRow } from "./trunk-row.ts";

interface Target {
  readonly text: string;
  readonly isMet: boolean;
}

const KB = 1024;
const MANY_CONNECTIONS = 16;

const atLeast = (what: string, ratio: number, least: number): Target => ({
  text: `${what} ${ratio.toFixed(2)} >= ${least}`,
  isMet: Number(ratio.toFixed(2)) >= least,
});
const atMost = (what: string, ratio: number, most: number): Target => ({
  text: `${what} ${ratio.toFixed(2)} <= ${most}`,
  isMet: Number(ratio.toFixed(2)) <= most,
});

/** Least throughput and most CPU time for one operation, as multiples of C's. */
function againstC({ operation, sizeBytes, connections }: Row): { least: number; cpu: number | null } {
  const isMany = connections >= MANY_CONNECTIONS;
  if (operation === "upload" && isMany) return sizeBytes <= 4 * KB ? { least: 1.5, cpu: 0.8 } : { least: 2, cpu: 0.65 };
  if (operation === "download") return { least: sizeBytes <= 4 * KB && isMany ? 1.2 : 1, cpu: 0.8 };
  return { least: 1, cpu: null };
}

/** Empty when there is nothing to compare with. */
function targetsOf(row: Row): Target[] {
  const { fdfs, c, floor, operation } = row;
  const targets: Target[] = [];
  if (c !== null) {
    const { least, cpu } = againstC(row);
    targets.push(atLeast("throughput", fdfs.perSecond / c.perSecond, least));
    if (cpu !== null) targets.push(atMost("CPU", fdfs.cpuUs / c.cpuUs, cpu));
    targets.push(atMost("p99", fdfs.p99Us / c.p99Us, 1));
  }
  if (floor !== null)
    targets.push(atMost("CPU to floor", fdfs.cpuUs / floor.cpuUs, operation === "upload" ? 1.3 : 1.5));
  return targets;
}

/** Empty when there is nothing to compare with; "met", or what was missed. */
export function verdictOf(row: Row): string {
  return verdict(targetsOf(row));
}

export function trunkVerdictOf({ trunk, plain, cTrunk }: TrunkRow): string {
  const targets = [atLeast("throughput to plain", trunk.perSecond / plain.perSecond, 1)];
  if (cTrunk !== null) targets.push(atLeast("to C trunk", trunk.perSecond / cTrunk.perSecond, 1));
  return verdict(targets);
}

function verdict(targets: readonly Target[]): string {
  if (targets.length === 0) return "";
  const missed = targets.filter(({ isMet }) => !isMet);
  return missed.length === 0 ? "met" : `missed: ${missed.map(({ text }) => text).join(", ")}`;
}
