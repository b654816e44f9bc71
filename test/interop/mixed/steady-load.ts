/**
 * A steady mixed load through our client library, several operations in flight, every acknowledged result remembered.
 * Each lane has files of its own, so operations on one file never overlap; a file is changed only while its source is up,
 * because C lets replicas diverge otherwise.
 */
import { setTimeout as pause } from "node:timers/promises";
import { createClient, type FdfsClient } from "../../../core/client/index.ts";
import { parseFileId } from "../../../core/fileid/file-id.ts";
import { pattern } from "./ledger.ts";
import { LoadFigures } from "./load-figures.ts";
import { SeededRandom } from "./seeded-random.ts";

const LANES = 12;
const PAUSE_MS = 10;
const SMALL_BYTES = 30_000;
const LARGE_BYTES = 2_000_000;
const LARGE_PERCENT = 2;
const FILES_KEPT_A_LANE = 60;
/** C keeps records in memory for a second and sends them then: what is this old is on every running storage. */
const SPREAD_MS = 4000;
/** An appender this long without a change has none in a backlog, while all storages run. */
const REST_MS = 2500;

export interface LoadFile {
  readonly id: string;
  /** Address of the storage that made it. */
  readonly source: string;
  readonly isAppender: boolean;
  bytes: Buffer;
  metadata: string | null;
  /** When it was made, and when each change of its content was acknowledged. */
  readonly writtenAt: number[];
  /** A truncated file is left alone: C skips a truncate that meets another change in its backlog. */
  isFinal: boolean;
}

export class SteadyLoad {
  readonly figures = new LoadFigures();
  /** All that must be there at the end, by file ID. */
  readonly files = new Map<string, LoadFile>();
  readonly gone = new Set<string>();
  readonly #client: FdfsClient;
  /** Hosts of storages whose files are not changed now, and since when. */
  readonly #leaving = new Map<string, number>();
  readonly #changing = new Map<string, number>();
  readonly #seed: number;
  #isStopped = false;
  #lanes: Promise<void>[] = [];

  constructor(trackers: readonly { host: string; port: number }[], seed: number) {
    this.#seed = seed;
    this.#client = createClient({
      trackers: trackers.map(({ host, port }) => ({ hosts: [host], port })),
      connectTimeoutMs: 2000,
    });
  }

  start(): void {
    this.#lanes = Array.from({ length: LANES }, (_, index) => this.#lane(index));
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.#lanes);
    await this.#client.close();
  }

  /** No file of this storage is changed from now on; resolves when no change is under way. */
  async leave(host: string): Promise<void> {
    this.#leaving.set(host, Date.now());
    while ((this.#changing.get(host) ?? 0) > 0) await pause(1);
  }

  back(host: string): void {
    this.#leaving.delete(host);
  }

  async #lane(index: number): Promise<void> {
    const random = new SeededRandom(this.#seed * 1000 + index);
    const mine: LoadFile[] = [];
    for (let turn = 0; !this.#isStopped; turn++) {
      await this.#turn(random, mine, `${this.#seed} ${index} ${turn}`);
      await pause(random.below(2 * PAUSE_MS));
    }
  }

  async #turn(random: SeededRandom, mine: LoadFile[], seed: string): Promise<void> {
    const dice = random.below(100);
    const appenders = mine.filter((candidate) => candidate.isAppender && !candidate.isFinal);
    const pool = dice >= 65 && dice < 78 && appenders.length > 0 ? appenders : mine;
    const file = pool[random.below(Math.max(1, pool.length))];
    if (file === undefined || dice < 30) return this.#upload(random, mine, seed, dice < 4);
    if (dice < 65) return this.#download(file);
    if (this.#leaving.has(file.source)) return this.#download(file);
    if (dice < 78 && file.isAppender) await this.#change(random, file, seed);
    else if (dice < 80) await this.#truncate(random, mine);
    else if (dice < 86) await this.#slave(random, mine, file, seed);
    else if (dice < 96) await this.#metadata(file, seed, dice < 91);
    else if (mine.length > FILES_KEPT_A_LANE / 2) await this.#delete(mine, file);
  }

  /** Runs one operation that `leave` waits for. */
  async #atSource<T>(source: string, run: () => Promise<T>): Promise<T> {
    const count = (by: number): unknown => this.#changing.set(source, (this.#changing.get(source) ?? 0) + by);
    count(1);
    try {
      return await run();
    } finally {
      count(-1);
    }
  }

  async #upload(random: SeededRandom, mine: LoadFile[], seed: string, isAppender: boolean): Promise<void> {
    const isLarge = !isAppender && random.below(100) < LARGE_PERCENT;
    const bytes = pattern(isLarge ? LARGE_BYTES : 1 + random.below(SMALL_BYTES), seed);
    const kind = isAppender ? "appender upload" : "upload";
    const id = await this.figures.time(kind, () =>
      this.#client.uploadBytes(bytes, { ext: "dat", appender: isAppender }),
    );
    if (id !== undefined) this.#keep(mine, id, bytes, isAppender);
  }

  async #slave(random: SeededRandom, mine: LoadFile[], master: LoadFile, seed: string): Promise<void> {
    const bytes = pattern(1 + random.below(2000), seed);
    // A slave of a slave is a name of its own; prefixes of one master must differ.
    if (master.id.length > master.id.lastIndexOf("/") + 40) return;
    const prefix = `_${random.below(1_000_000)}`;
    const options = { ext: "dat", slaveOf: master.id, prefix };
    const id = await this.#atSource(master.source, () =>
      this.figures.time("slave upload", () => this.#client.uploadBytes(bytes, options)),
    );
    if (id !== undefined) this.#keep(mine, id, bytes, false, master.source);
  }

  #keep(mine: LoadFile[], id: string, bytes: Buffer, isAppender: boolean, source?: string): void {
    const file: LoadFile = {
      id,
      source: source ?? sourceOf(id),
      isAppender,
      bytes,
      metadata: null,
      writtenAt: [Date.now()],
      isFinal: false,
    };
    this.files.set(id, file);
    mine.push(file);
    if (mine.length > FILES_KEPT_A_LANE) mine.shift();
  }

  async #download(file: LoadFile): Promise<void> {
    // While its source is away a younger file is nowhere else yet, with C as with us.
    const leftAt = this.#leaving.get(file.source);
    if (leftAt !== undefined && leftAt - changedAt(file) < SPREAD_MS) return;
    const expected = file.bytes;
    const found = await this.figures.time("download", () => this.#client.downloadBytes(file.id));
    if (found !== undefined && !expected.equals(found)) {
      this.figures.wrong(`download of ${file.id}: ${found.length} bytes, expected others (${expected.length})`);
    }
  }

  async #change(random: SeededRandom, file: LoadFile, seed: string): Promise<void> {
    if (file.isFinal) return;
    const more = pattern(1 + random.below(3000), `${seed} more`);
    const content = { kind: "bytes", bytes: more } as const;
    if (random.below(10) < 6) {
      await this.#apply(file, "append", () => this.#client.append(file.id, content), Buffer.concat([file.bytes, more]));
    } else {
      const offset = random.below(file.bytes.length + 1);
      const changed = Buffer.alloc(Math.max(file.bytes.length, offset + more.length));
      file.bytes.copy(changed);
      more.copy(changed, offset);
      await this.#apply(file, "modify", () => this.#client.modify(file.id, offset, content), changed);
    }
  }

  /** The file that was not changed for the longest time, when that is long enough and no storage is away. */
  async #truncate(random: SeededRandom, mine: readonly LoadFile[]): Promise<void> {
    const [file] = mine
      .filter((candidate) => candidate.isAppender && !candidate.isFinal)
      .sort((one, other) => changedAt(one) - changedAt(other));
    if (file === undefined || Date.now() - changedAt(file) < REST_MS || this.#leaving.size > 0) return;
    const size = random.below(file.bytes.length);
    file.isFinal = true;
    await this.#apply(file, "truncate", () => this.#client.truncate(file.id, size), file.bytes.subarray(0, size));
  }

  async #apply(file: LoadFile, kind: string, run: () => Promise<void>, bytes: Buffer): Promise<void> {
    const done = await this.#done(file, kind, run);
    if (done) {
      file.bytes = Buffer.from(bytes);
      file.writtenAt.push(Date.now());
    } else this.#forget(file);
  }

  async #metadata(file: LoadFile, seed: string, isMerge: boolean): Promise<void> {
    const items = new Map([["n", seed]]);
    const mode = isMerge ? "merge" : "overwrite";
    const done = await this.#done(file, `metadata ${mode}`, () => this.#client.setMetadata(file.id, items, mode));
    if (done) file.metadata = `n\x02${seed}`;
    else this.#forget(file);
  }

  async #delete(mine: LoadFile[], file: LoadFile): Promise<void> {
    mine.splice(mine.indexOf(file), 1);
    const done = await this.#done(file, "delete", () => this.#client.delete(file.id));
    this.#forget(file);
    if (done) this.gone.add(file.id);
  }

  async #done(file: LoadFile, kind: string, run: () => Promise<void>): Promise<boolean> {
    const change = async (): Promise<true> => {
      await run();
      return true;
    };
    return (await this.#atSource(file.source, () => this.figures.time(kind, change))) === true;
  }

  /** Whether a failed change was made is not known: the file is judged by the comparison of the storages only. */
  #forget(file: LoadFile): void {
    file.isFinal = true;
    this.files.delete(file.id);
  }
}

const changedAt = ({ writtenAt }: LoadFile): number => writtenAt.at(-1) ?? 0;

/** The source storage's address stands in the name (storage.md 4.2). */
function sourceOf(id: string): string {
  const { fileName } = parseFileId(id);
  const block = Buffer.from(fileName.slice("M00/00/00/".length), "base64url");
  return block.subarray(0, 4).join(".");
}
