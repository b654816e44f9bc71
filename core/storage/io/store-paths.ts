// From names to paths, and which store path and directory a new file goes to (storage.md §2.1, §4.8). Nothing here
// touches a file.

import { formatLogicName, hashDirectory, hex2, type LogicName, parseLogicName } from "../../fileid/logic-name.ts";
import { ProtocolError } from "../../wire/protocol-error.ts";
import { Status } from "../../wire/status.ts";
import type { SlotFiles } from "../trunk/slot-files.ts";
import type { WorkerContext } from "./worker-context.ts";

/** A logic name with its place on disk. */
export interface StoredName extends LogicName {
  readonly path: string;
}

/** What is needed to find files: a worker's context, or as much of it on the control thread. */
export interface Disks {
  readonly config: { readonly storePaths: readonly { readonly path: string }[] };
  readonly trunk: { readonly slots: SlotFiles };
}

/** Checks a name from the wire and locates it; throws what answers 22. */
export function locate({ config: { storePaths } }: Pick<Disks, "config">, name: string): StoredName {
  const parsed = parseLogicName(name, storePaths.length);
  return {
    ...parsed,
    path: `${storePaths[parsed.storePathIndex]!.path}/data/${parsed.truePath}`,
  };
}

/** The file with a file's metadata (storage.md §2.8). */
export function metadataOf({ name, storePathIndex, truePath, path }: StoredName): StoredName {
  return { name: `${name}-m`, storePathIndex, truePath: `${truePath}-m`, path: `${path}-m` };
}

/** Throws 22 when a request names another group. */
export function checkGroup(worker: WorkerContext, groupName: string): void {
  if (groupName !== worker.config.groupName) throw new ProtocolError(`Cannot serve group '${groupName}'`);
}

/** The store path for an upload of `bytes`: `wanted`, or with -1 the server's choice. Throws 22 or 28. */
export function chooseStorePath(worker: WorkerContext, wanted: number, bytes: number): number {
  const { scoreboard } = worker;
  const isGiven = isWritable(worker, wanted);
  const chosen = isGiven ? wanted : scoreboard.pathsAreBalanced ? roomiestPath(worker) : nextPath(worker, bytes);
  if (chosen < 0 || !scoreboard.hasSpace(chosen, bytes)) {
    throw new ProtocolError(`Cannot store ${bytes} bytes: no space`, Status.ENOSPC);
  }
  return chosen;
}

/**
 * The same for an upload that may find room inside a trunk file: a full disk is no hindrance yet. Throws 22, or 28 when all
 * store paths are read-only.
 */
export function chooseTrunkPath(worker: WorkerContext, wanted: number, bytes: number): number {
  if (isWritable(worker, wanted)) return wanted;
  const chosen = worker.scoreboard.pathsAreBalanced ? roomiestPath(worker) : nextPath(worker, bytes);
  const any = chosen >= 0 ? chosen : roomiestPath(worker);
  if (any < 0) throw new ProtocolError(`Cannot store ${bytes} bytes: no space`, Status.ENOSPC);
  return any;
}

function isWritable({ config }: WorkerContext, wanted: number): boolean {
  const count = config.storePaths.length;
  if (wanted < -1 || wanted >= count) throw new ProtocolError(`Cannot use store path ${wanted}: there are ${count}`);
  return wanted >= 0 && !config.storePaths[wanted]!.isReadOnly;
}

function nextPath({ config, scoreboard }: WorkerContext, bytes: number): number {
  const count = config.storePaths.length;
  const turn = count === 1 ? 0 : scoreboard.nextPathTurn();
  for (let step = 0; step < count; step++) {
    const path = (turn + step) % count;
    if (!config.storePaths[path]!.isReadOnly && scoreboard.hasSpace(path, bytes)) return path;
  }
  return -1;
}

function roomiestPath({ config, scoreboard }: WorkerContext): number {
  let best = -1;
  for (let path = 0; path < config.storePaths.length; path++) {
    if (config.storePaths[path]!.isReadOnly) continue;
    if (best < 0 || scoreboard.freeMb(path) > scoreboard.freeMb(best)) best = path;
  }
  return best;
}

/** The logic name of a new file whose block is encoded already: in the directory whose turn it is, or by hash. */
export function placeNewFile(worker: WorkerContext, storePath: number, encodedBlock: string, tail: string): string {
  const { config, scoreboard } = worker;
  const file = encodedBlock + tail;
  if (config.fileDistributePathMode === 1) {
    const [high, low] = hashDirectory(encodedBlock, config.subdirCountPerPath);
    return formatLogicName(storePath, high, low, file);
  }
  const directory = scoreboard.directories.next(config.fileDistributeRotateCount, config.subdirCountPerPath);
  return formatLogicName(storePath, directory >>> 8, directory & 0xff, file);
}

/** The logic name of an absolute path, such as a link's target; null when it lies in no store path. */
export function logicNameOf(storePaths: readonly { readonly path: string }[], path: string): string | null {
  const index = storePaths.findIndex((store) => path.startsWith(`${store.path}/data/`));
  if (index < 0) return null;
  return `M${hex2(index)}/${path.slice(`${storePaths[index]!.path}/data/`.length)}`;
}

/** Where a logic name that we made lies. */
export function pathOf({ config }: WorkerContext, storePath: number, logicName: string): string {
  return `${config.storePaths[storePath]!.path}/data/${logicName.slice(4)}`;
}
