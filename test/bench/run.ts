// `make bench`: measures section after section and prints each; --write puts what was measured into docs/bench.
//   --only grid,memory   these sections      --cells TEXT   cells of the grid (of trunk, if named) whose name contains TEXT
// BENCH_ROUNDS (3) is the number of rounds, BENCH_DURATION (2s) the time of a cell; TMPDIR names the disk that is measured.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { changeCells, gridCells, trunkCells } from "./cells.ts";
import { chartText } from "./chart.ts";
import { freeBytes, measureDisk } from "./disk.ts";
import { measureFairness } from "./fairness.ts";
import { benchRoot } from "./folders.ts";
import { measureGrid } from "./grid.ts";
import { measureLags } from "./lag.ts";
import { machineText, thisMachine } from "./machine.ts";
import { makersHere } from "./makers.ts";
import { measureMemory } from "./memory.ts";
import { measureRates } from "./rates.ts";
import { measureCatchUp } from "./replication.ts";
import { reportText } from "./report.ts";
import { mergeResults, type Results, readResults, type SectionName } from "./results.ts";
import { measureStartup } from "./startup.ts";
import { measureTracker } from "./tracker.ts";
import { measureTrunk } from "./trunk.ts";
import { misplacedIn } from "./trunk-row.ts";

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 3);
const FOLDER = join(import.meta.dirname, "../../docs/bench");

const { values } = parseArgs({
  options: { only: { type: "string" }, cells: { type: "string" }, write: { type: "boolean", default: false } },
});
const makers = makersHere();
const machine = thisMachine();
const wanted = values.cells;
const chosen = <T extends { name: string }>(cells: readonly T[]): T[] =>
  cells.filter(({ name }) => wanted === undefined || name.includes(wanted));

/** In this order: what deletes files comes last (folders.ts). */
const sections: { readonly [K in SectionName]: () => Promise<NonNullable<Results[K]>["figures"]> } = {
  disk: async () => measureDisk(),
  grid: () => measureGrid(chosen(gridCells), makers, ROUNDS),
  rates: () => measureRates(makers, ROUNDS),
  trunk: () => measureTrunk(chosen(trunkCells), makers, ROUNDS),
  lag: async () => (await measureLags(makers, ROUNDS)).map((rounds) => rounds[Math.floor(rounds.length / 2)]!),
  replication: () => measureCatchUp(makers),
  tracker: () => measureTracker(makers),
  memory: () => measureMemory(makers),
  fairness: () => measureFairness(makers, ROUNDS),
  startup: () => measureStartup(makers),
  changes: () => measureGrid(chosen(changeCells), makers, ROUNDS),
};
const names = Object.keys(sections) as SectionName[];
const withCells = [
  ...(chosen(gridCells).length > 0 ? ["grid"] : []),
  ...(chosen(changeCells).length > 0 ? ["changes"] : []),
];
const only = values.only?.split(",") ?? (wanted === undefined ? names : withCells);
const unknown = only.filter((name) => !names.includes(name as SectionName));
if (unknown.length > 0) {
  console.error(`Unknown section ${unknown.join(", ")}: there are ${names.join(", ")}`);
  process.exit(2);
}

console.log(`${machineText(machine)}; in ${benchRoot()}, ${(freeBytes() / 2 ** 30).toFixed(0)} GB free`);
const failures: string[] = [];
let found: Results = {};
for (const name of names) {
  // The state of the disk explains all the others.
  if (name !== "disk" && !only.includes(name)) continue;
  const begin = performance.now();
  console.log(`\n== ${name}`);
  try {
    found = { ...found, [name]: { machine, figures: await sections[name]() } };
    if (name === "trunk" && found.trunk?.figures.rows.some((row) => misplacedIn(row) !== "")) failures.push(name);
    if (name === "disk") console.log(JSON.stringify(found.disk?.figures));
  } catch (error) {
    failures.push(name);
    console.error(`${name} failed: ${error instanceof Error ? error.message : String(error)}`);
  }
  console.log(`== ${name}: ${((performance.now() - begin) / 1000).toFixed(0)} s`);
}
console.log(`\n${reportText(found)}`);
if (values.write) {
  const jsonPath = join(FOLDER, "bench.json");
  // The disk is told as it was for the grid.
  if (found.grid === undefined || wanted !== undefined) delete found.disk;
  const results = mergeResults(readResults(jsonPath), found);
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(jsonPath, `${JSON.stringify(results, null, 2)}\n`);
  writeFileSync(join(FOLDER, "bench.md"), reportText(results));
  const chart = chartText([...(results.grid?.figures.rows ?? []), ...(results.changes?.figures.rows ?? [])]);
  if (chart !== "") writeFileSync(join(FOLDER, "bench.svg"), chart);
}
if (failures.length > 0) console.log(`Failed: ${failures.join(", ")}`);
process.exit(failures.length === 0 ? 0 : 1);
