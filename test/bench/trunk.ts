// Small files in trunk files against the same as plain files, and against trunk files of the C servers, on one disk in
// turn. That every file of a trunk contender really went into a trunk file is read from its ID; a cell where one did not
// is no measurement and says so.

import { readFileSync } from "node:fs";
import type { LoadReport } from "../../core/bench/report.ts";
import { trunkSlotOf } from "../../core/fileid/trunk-slot.ts";
import { encodeRequest } from "../../core/wire/command.ts";
import { GROUP_NAME_SIZE, HEADER_SIZE } from "../../core/wire/limits.ts";
import { uploadFile } from "../../core/wire/storage-client.ts";
import type { Maker } from "../interop/clusters/cluster.ts";
import { exchange } from "../interop/clusters/tracker-probe.ts";
import { runBench } from "./bench-command.ts";
import { type Cell, extentOptions } from "./cells.ts";
import { type Contender, contenderOf, FileSets, warmUp } from "./contender.ts";
import { roomBytesEach, settleDisk } from "./disk.ts";
import { freshPath } from "./folders.ts";
import { inTurn } from "./makers.ts";
import { trunkLine } from "./report-trunk.ts";
import { figuresOf } from "./row.ts";
import { Site } from "./site.ts";
import type { PlacedFigures, TrunkContender, TrunkRow, TrunkSection } from "./trunk-row.ts";

/** Both makers', whose own defaults of slot_max_size differ; a trunk server needs store_server = 1. */
const TRACKER_VALUES = {
  store_server: 1,
  slot_min_size: 256,
  slot_max_size: "64KB",
  trunk_file_size: "64MB",
};
const UPLOAD_FILE = 11;
const PROBE_BYTES = 5;

interface Entrant {
  readonly site: Site;
  readonly contender: Contender<TrunkContender>;
  /** Its files belong into trunk files. */
  readonly isTrunk: boolean;
}

/** What one measurement gave: the figures, and the IDs of the files it wrote or read. */
interface Sample {
  readonly report: LoadReport;
  readonly ids: readonly string[];
}

export async function measureTrunk(
  cells: readonly Cell[],
  makers: readonly Maker[],
  rounds: number,
): Promise<TrunkSection> {
  const entrants = await enter(makers);
  const rows: TrunkRow[] = [];
  try {
    const files = new FileSets();
    const uploads = cells.filter(({ operation }) => operation === "upload").length * entrants.length * rounds;
    const roomBytes = roomBytesEach(uploads);
    for (const { contender } of entrants) await warmUp(contender);
    for (const cell of cells) {
      const row = await measureCell(cell, entrants, files, rounds, roomBytes);
      console.log(trunkLine(row));
      rows.push(row);
    }
  } finally {
    await Promise.all(entrants.map(({ contender }) => contender.stop()));
  }
  return { rounds, rows };
}

/** All at once: until a C storage has heard that it is the trunk server takes up to two heartbeats. */
async function enter(makers: readonly Maker[]): Promise<Entrant[]> {
  const wanted: (readonly [TrunkContender, Maker])[] = [
    ["trunk", "fdfs"],
    ["plain", "fdfs"],
    ["cTrunk", "c"],
  ];
  const starts = await Promise.allSettled(
    wanted.filter(([, maker]) => makers.includes(maker)).map(([name, maker]) => start(name, maker)),
  );
  const started = starts.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  const failed = starts.find((result) => result.status === "rejected");
  if (failed === undefined) return started;
  await Promise.all(started.map(({ site }) => site.stop()));
  throw failed.reason;
}

async function start(name: TrunkContender, maker: Maker): Promise<Entrant> {
  const isTrunk = name !== "plain";
  const site = await Site.start(maker, { trackerValues: { ...TRACKER_VALUES, use_trunk_file: String(isTrunk) } });
  try {
    if (isTrunk) await site.waiting(`a file of ${maker} inside a trunk file`, () => whyNotInTrunk(site));
    const contender = contenderOf(name, site);
    // Queries of the tracker have nothing to do with where files lie.
    const takesPart: typeof contender.takesPart = (operation) => operation === "upload" || operation === "download";
    return { site, contender: { ...contender, takesPart }, isTrunk };
  } catch (error) {
    await site.stop();
    throw error;
  }
}

/** null when the storage has just put an upload into a trunk file. */
async function whyNotInTrunk(site: Site): Promise<string | null> {
  const fields = { storePathIndex: -1, fileSize: PROBE_BYTES, fileExt: "bin" };
  const request = encodeRequest(uploadFile, fields, { streamLength: PROBE_BYTES });
  const body = Buffer.concat([request.subarray(HEADER_SIZE), Buffer.alloc(PROBE_BYTES)]);
  const { host, port } = site.storage;
  const answer = await exchange(host, port, UPLOAD_FILE, body);
  if (answer.status !== 0) return `an upload is answered with status ${answer.status}`;
  const logicName = answer.body.subarray(GROUP_NAME_SIZE).toString();
  return isInTrunk(logicName) ? null : `an upload is answered with ${logicName}`;
}

function isInTrunk(logicName: string): boolean {
  return trunkSlotOf(logicName.slice("M00/".length)) !== null;
}

async function measureCell(
  cell: Cell,
  entrants: readonly Entrant[],
  files: FileSets,
  rounds: number,
  roomBytes: number,
): Promise<TrunkRow> {
  const found: Record<TrunkContender, PlacedFigures | null> = { trunk: null, plain: null, cTrunk: null };
  const samples = new Map<Entrant, Sample[]>(entrants.map((entrant) => [entrant, []]));
  for (let round = 0; round < rounds; round++) {
    for (const entrant of inTurn(entrants, round)) {
      samples.get(entrant)!.push(await measure(cell, entrant, files, roomBytes));
    }
  }
  for (const [entrant, taken] of samples) found[entrant.contender.name] = placedFigures(entrant, taken);
  return { cell: cell.name, trunk: found.trunk!, plain: found.plain!, cTrunk: found.cTrunk };
}

async function measure(cell: Cell, { contender }: Entrant, files: FileSets, roomBytes: number): Promise<Sample> {
  const { operation, sizeBytes, connections } = cell;
  // Read by a download, written by an upload.
  const [, given] = await files.options(contender, cell);
  const path = given ?? freshPath("names");
  settleDisk();
  const report = await runBench([
    ...contender.targetOptions(operation),
    ...["--operation", operation, "--connections", String(connections), "--size", String(sizeBytes), "--keep"],
    ...[given === undefined ? "--names-out" : "--names", path],
    ...extentOptions(cell, roomBytes),
  ]);
  return { report, ids: readFileSync(path, "utf8").split("\n") };
}

function placedFigures({ isTrunk }: Entrant, samples: readonly Sample[]): PlacedFigures {
  const logicNames = samples.flatMap(({ ids }) =>
    ids.filter((id) => id !== "").map((id) => id.slice(id.indexOf("/") + 1)),
  );
  return {
    ...figuresOf(samples.map(({ report }) => report)),
    files: logicNames.length,
    misplaced: logicNames.filter((logicName) => isInTrunk(logicName) !== isTrunk).length,
  };
}
