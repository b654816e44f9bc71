// One look at the trunk files of a storage: reads map and names, walks the files, compares. That a storage which runs changes
// meanwhile is audit.ts's business.

import { existsSync, lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { binlogFolder } from "../../binlog/binlog-files.ts";
import { readIntents } from "../../binlog/intents.ts";
import { type NamedSlot, SLOT_HEADER_SIZE, SlotType, typeOfNamed } from "../slot-header.ts";
import { trunkFilePath } from "../trunk-file.ts";
import { type BinlogFile, binlogFiles } from "./binlog-lines.ts";
import { type Comparison, compareFile, ExpectedNames } from "./compare.ts";
import type { Finding } from "./finding.ts";
import { type FreeMap, readFreeMap } from "./free-map.ts";
import { batchesOf, type NamesOfFile, readLiveNames } from "./live-names.ts";
import { findTrunkFiles } from "./trunk-files.ts";
import { placeOfKey, slotOfName, trunkKey } from "./trunk-key.ts";
import { TrunkWindow } from "./trunk-window.ts";
import { type Walk, walkTrunk } from "./walk.ts";

export interface LookOptions {
  readonly basePath: string;
  readonly storePaths: readonly string[];
  /** Smallest slot, bytes: what is smaller is not kept as free space. */
  readonly slotMinSize: number;
  /** The storage does not run: what was under way when it was killed is known from its notes. */
  readonly isStopped: boolean;
  readonly signal: AbortSignal;
  readonly progress: AuditProgress;
  /** Records in memory at a time; for tests. */
  readonly namesMax?: number;
}

export interface AuditProgress {
  /** Bytes of all trunk files that are about to be read. */
  start(bytes: number): void;
  advance(bytes: number): void;
}

/** What was found in one trunk file. */
export interface LookedAt {
  readonly key: string;
  /** Bytes of the file; 0 = there is none. */
  readonly size: number;
  readonly walk: Walk;
  readonly comparison: Comparison;
  readonly liveNames: number;
}

export interface Look {
  readonly map: FreeMap;
  /** Numbers of files of the data binlog that are gone. */
  readonly missingBinlogs: readonly number[];
  readonly hasBinlog: boolean;
  /** Trunk files that are on the disk. */
  readonly fileCount: number;
}

const NOTHING: Walk = { slots: [], junk: [] };

/** Looks at these trunk files, null: at all, and hands each to `take`. Throws a sentence, or the system's error. */
export async function look(
  options: LookOptions,
  wanted: ReadonlySet<string> | null,
  take: (file: LookedAt) => void,
): Promise<Look> {
  const { basePath, storePaths, slotMinSize, signal, isStopped, namesMax } = options;
  const map = await readFreeMap({ basePath, storePathCount: storePaths.length, slotMinSize });
  const { files: binlogs, missing } = binlogsOf(basePath);
  const places = wanted === null ? await findTrunkFiles(storePaths, pauseOf(signal)) : [...wanted].map(placeOfKey);
  const onDisk = new Map(places.map((place) => [trunkKey(place), place]));
  const looker = new Looker(
    options,
    map,
    isStopped ? pendingNames(binlogFolder(basePath)) : new Map(),
    missing.length === 0,
    take,
  );
  options.progress.start(looker.bytesOf(onDisk.keys()));
  const left = new Set(onDisk.keys());
  for (const part of await partsOf(binlogs, wanted, signal, namesMax)) {
    const names = await readLiveNames(binlogs, part, signal);
    for (const key of part === null ? new Set([...left, ...names.keys()]) : part) {
      await looker.lookAt(key, names.get(key) ?? new Map());
      left.delete(key);
    }
  }
  for (const key of left) await looker.lookAt(key, new Map());
  return { map, missingBinlogs: missing, hasBinlog: binlogs.length > 0, fileCount: onDisk.size };
}

/** The data binlog's files; none where the storage never ran. */
export function binlogsOf(basePath: string): ReturnType<typeof binlogFiles> {
  const folder = binlogFolder(basePath);
  return existsSync(folder) ? binlogFiles(folder) : { files: [], missing: [] };
}

/** Trunk files to be looked at together; null: all there are. */
async function partsOf(
  binlogs: readonly BinlogFile[],
  wanted: ReadonlySet<string> | null,
  signal: AbortSignal,
  namesMax: number | undefined,
): Promise<(ReadonlySet<string> | null)[]> {
  const batches = await batchesOf(binlogs, signal, namesMax);
  if (batches === null) return [wanted];
  if (wanted === null) return batches;
  return batches.map((batch) => batch.intersection(wanted)).filter((batch) => batch.size > 0);
}

class Looker {
  readonly #options: LookOptions;
  readonly #map: FreeMap;
  readonly #pending: ReadonlyMap<string, ReadonlySet<string>>;
  readonly #knowsAllNames: boolean;
  readonly #take: (file: LookedAt) => void;

  constructor(
    options: LookOptions,
    map: FreeMap,
    pending: ReadonlyMap<string, ReadonlySet<string>>,
    knowsAllNames: boolean,
    take: (file: LookedAt) => void,
  ) {
    this.#options = options;
    this.#map = map;
    this.#pending = pending;
    this.#knowsAllNames = knowsAllNames;
    this.#take = take;
  }

  bytesOf(keys: Iterable<string>): number {
    let bytes = 0;
    for (const key of keys) {
      const path = this.#pathOf(key);
      if (path !== null) bytes += lstatSync(path, { throwIfNoEntry: false })?.size ?? 0;
    }
    return bytes;
  }

  async lookAt(key: string, names: NamesOfFile): Promise<void> {
    // A file whose record is not written yet.
    for (const name of this.#pending.get(key) ?? []) if (!names.has(name)) names.set(name, true);
    const expected = new ExpectedNames(names);
    let window: TrunkWindow | null = null;
    try {
      const path = this.#pathOf(key);
      window = path === null ? null : openWindow(path);
      this.#take(await this.#compare(key, expected, window));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === undefined || code === "ABORT_ERR") throw error;
      this.#take(this.#unreadable(key, (error as Error).message));
    } finally {
      window?.close();
    }
  }

  async #compare(key: string, expected: ExpectedNames, window: TrunkWindow | null): Promise<LookedAt> {
    const place = placeOfKey(key);
    const { slotMinSize } = this.#options;
    const walk = window === null ? NOTHING : await this.#walk(window, expected);
    const size = window?.size ?? 0;
    const comparison = compareFile({
      ...{ place, size, walk, expected, slotMinSize, knowsAllNames: this.#knowsAllNames },
      free: this.#map.isInCompaction ? null : (this.#map.files.get(key) ?? []),
      headerMatches: (named) => window !== null && headerMatches(window, named),
      isStray: (name) => this.#hasFile(place.storePathIndex, name),
      isPending: (name) => this.#pending.get(key)?.has(name) === true,
    });
    const liveNames = expected.all.reduce((count, { isLive }) => count + (isLive ? 1 : 0), 0);
    return { key, size, walk, comparison, liveNames };
  }

  async #walk(window: TrunkWindow, expected: ExpectedNames): Promise<Walk> {
    const { progress, signal } = this.#options;
    const pause = pauseOf(signal);
    return walkTrunk(
      window,
      (offset, header) => expected.find(offset, header) !== null,
      async (bytes) => {
        progress.advance(bytes);
        await pause();
      },
    );
  }

  #unreadable(key: string, detail: string): LookedAt {
    const place = placeOfKey(key);
    const finding: Finding = {
      kind: "unreadable",
      place,
      offset: 0,
      size: 0,
      name: "",
      detail,
      key: `unreadable ${key}`,
    };
    const nothing = { used: [], reserved: [], strays: 0, pending: 0, sliverBytes: 0 };
    return { key, size: 0, walk: NOTHING, comparison: { ...nothing, findings: [finding] }, liveNames: 0 };
  }

  #hasFile(storePathIndex: number, name: string): boolean {
    const storePath = this.#options.storePaths[storePathIndex];
    if (storePath === undefined) return false;
    const path = `${storePath}/data/${name.slice(name.indexOf("/") + 1)}`;
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  }

  /** Null for a name that speaks of a store path that is not here. */
  #pathOf(key: string): string | null {
    const place = placeOfKey(key);
    const storePath = this.#options.storePaths[place.storePathIndex];
    return storePath === undefined ? null : trunkFilePath(storePath, place);
  }
}

/** Null when there is no such file. */
function openWindow(path: string): TrunkWindow | null {
  try {
    return new TrunkWindow(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

/** With all of its content in the file. */
function headerMatches(window: TrunkWindow, named: NamedSlot): boolean {
  if (named.offset + SLOT_HEADER_SIZE + named.fileSize > window.size) return false;
  const bytes = window.bytes(named.offset, SLOT_HEADER_SIZE);
  return bytes.length === SLOT_HEADER_SIZE && typeOfNamed(bytes, 0, named) !== SlotType.FREE;
}

/** Names of changes that were under way when the storage was killed, by the keys of their trunk files. */
function pendingNames(folder: string): Map<string, Set<string>> {
  const pending = new Map<string, Set<string>>();
  if (!existsSync(folder)) return pending;
  for (const note of readdirSync(folder).filter((name) => name.startsWith(".fdfs-intents."))) {
    for (const { name } of readIntents(join(folder, note))) {
      const place = slotOfName(name);
      if (place === null) continue;
      const key = trunkKey(place);
      pending.set(key, (pending.get(key) ?? new Set()).add(name));
    }
  }
  return pending;
}

/** Lets others run: the progress bar, and Ctrl-C. */
function pauseOf(signal: AbortSignal): () => Promise<void> {
  return async () => {
    await setImmediate();
    signal.throwIfAborted();
  };
}
