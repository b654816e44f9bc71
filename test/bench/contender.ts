// Whoever takes part in the grid: ours, C's servers, the floor. It knows where requests of a cell go, whose processor time
// counts, and which files there are to read.

import { runBench } from "./bench-command.ts";
import { type Cell, DELETIONS } from "./cells.ts";
import { Floor } from "./floor/floor.ts";
import { freshPath } from "./folders.ts";
import type { Operation } from "./row.ts";
import { GROUP, Site } from "./site.ts";

const KB = 1024;
/** Files that downloads read in turn: they fit into memory, all of them. */
const READ_BYTES = 128 * KB * KB;
const MOST_FILES = 2000;

export interface Contender<Name extends string = "fdfs" | "c" | "floor"> {
  readonly name: Name;
  takesPart(operation: Operation): boolean;
  /** Options of `fdfs bench` that name the server and its process. */
  targetOptions(operation: Operation): string[];
  stop(): Promise<void>;
}

export async function siteContender(maker: "fdfs" | "c"): Promise<Contender> {
  return contenderOf(maker, await Site.start(maker));
}

/** The first storage of `site` and its tracker. */
export function contenderOf<Name extends string>(name: Name, site: Site): Contender<Name> {
  const { tracker, storage } = site;
  return {
    name,
    takesPart: () => true,
    targetOptions: (operation) =>
      operation.startsWith("query")
        ? ["--tracker", tracker.address, "--pid", String(tracker.pid)]
        : [...site.storageOptions, "--pid", String(storage.pid)],
    stop: () => site.stop(),
  };
}

export async function floorContender(): Promise<Contender> {
  const floor = await Floor.start(GROUP);
  return {
    name: "floor",
    takesPart: (operation) => operation === "upload" || operation === "download",
    targetOptions: () => ["--storage", floor.address, "--group", GROUP, "--pid", String(floor.pid)],
    stop: () => floor.stop(),
  };
}

/** Neither a fresh disk cache nor code that was never run is what this is about. */
export async function warmUp(contender: Contender<string>): Promise<void> {
  const load = ["--connections", "16", "--size", "4K", "--count", "4000", "--warm-up", "0", "--keep"];
  for (const operation of ["upload", "query"] as const) {
    if (contender.takesPart(operation)) {
      await runBench([...contender.targetOptions(operation), "--operation", operation, ...load]);
    }
  }
}

/** Lists of file IDs for `--names`, made when they are asked for and kept for later cells. */
export class FileSets {
  readonly #paths = new Map<string, string>();

  /** The option that names what the cell works on; none where the load program makes its own. */
  async options(contender: Contender<string>, { operation, sizeBytes }: Cell): Promise<string[]> {
    // Each file is deleted once.
    if (operation === "delete") return ["--names", await upload(contender, 4 * KB, DELETIONS)];
    if (operation !== "download" && operation !== "metadata" && operation !== "query-fetch") return [];
    const size = Math.max(sizeBytes, 4 * KB);
    const key = `${contender.name} ${size}`;
    const known = this.#paths.get(key);
    const path = known ?? (await upload(contender, size, Math.min(MOST_FILES, READ_BYTES / size)));
    this.#paths.set(key, path);
    return ["--names", path];
  }
}

async function upload(contender: Contender<string>, sizeBytes: number, count: number): Promise<string> {
  const path = freshPath("names");
  const extent = ["--count", String(count), "--warm-up", "0", "--connections", "16"];
  const options = ["--operation", "upload", "--size", String(sizeBytes), ...extent, "--names-out", path, "--keep"];
  await runBench([...contender.targetOptions("upload"), ...options]);
  return path;
}
