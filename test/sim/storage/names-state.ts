// What a running simulated storage knows of names: the files on its disk, the last changes in its memory, and how both are
// changed and recorded. Follows core/storage/service/local-state.ts and binlog/commit-queue.ts.

import type { Intent } from "../../../core/storage/binlog/intents.ts";
import {
  type BinlogOp,
  type BinlogRecord,
  isOwn,
  Op,
  parseRecord,
  upperOf,
} from "../../../core/storage/binlog/record.ts";
import { type Found, missingRecords } from "../../../core/storage/binlog/repair.ts";
import { type Incoming, isReusable, type LocalState } from "../../../core/storage/replication/judge.ts";
import { SharedLock } from "../../../core/storage/scoreboard/shared-lock.ts";
import {
  ORIGIN_OTHERS,
  ORIGIN_OWN,
  ORIGIN_UNKNOWN,
  VERSION_CELLS,
  Versions,
} from "../../../core/storage/scoreboard/versions.ts";
import type { Life } from "../world/life.ts";
import type { Random } from "../world/random.ts";
import type { Disk, StoredFile } from "./disk.ts";
import type { Rules } from "./rules.ts";

const lock = new SharedLock(new Int32Array(1), 0, 1);
/** 16 MB each: kept from run to run. */
const spareCells: Int32Array[] = [];

export class NamesState {
  readonly disk: Disk;
  readonly rules: Rules;
  readonly #life: Life;
  readonly #random: Random;
  readonly #clock: () => number;
  readonly versions: Versions;
  /** Origins by storage id, in order of appearance. */
  readonly #origins = new Map<string, number>();
  readonly #received = new Map<string, number>();
  readonly #grown: () => void;

  constructor(disk: Disk, rules: Rules, life: Life, random: Random, clock: () => number, grown: () => void) {
    this.disk = disk;
    this.rules = rules;
    this.#life = life;
    this.#random = random;
    this.#clock = clock;
    this.#grown = grown;
    const cells = spareCells.pop() ?? new Int32Array(VERSION_CELLS);
    cells.fill(0);
    life.onDeath(() => spareCells.push(cells));
    this.versions = new Versions(cells, lock);
    this.#recover();
  }

  /** Unix seconds by this storage's clock. */
  get now(): number {
    return this.#clock();
  }

  state(name: string): LocalState {
    const version = this.versions.of(name);
    const file = this.disk.files.get(name);
    if (file === undefined) return { version, file: null };
    const isLink = file.target !== null;
    const modifiedAt = isLink ? (version?.timestamp ?? 0) : file.modifiedAt;
    return { version, file: { modifiedAt, size: isLink ? -1 : file.content.length } };
  }

  incoming(peerId: string, timestamp: number): Incoming {
    return { timestamp, origin: this.#originOf(peerId) };
  }

  ownTimestamp(name: string): number {
    return isReusable(name) ? this.rules.nextTimestamp(this.now, ORIGIN_OWN, this.state(name)) : this.now;
  }

  noteWritten(name: string, { timestamp, origin }: Incoming): void {
    if (isReusable(name)) this.versions.note(name, { timestamp, origin, isDeleted: false });
  }

  noteDeleted(name: string, { timestamp, origin }: Incoming): void {
    this.versions.note(name, { timestamp, origin, isDeleted: true });
  }

  isGoneForGood(name: string): boolean {
    return this.versions.of(name)?.isDeleted === true && !isReusable(name);
  }

  received(peerId: string, timestamp: number): void {
    if (peerId !== "") this.#received.set(peerId, Math.max(timestamp, this.receivedFrom(peerId)));
  }

  receivedFrom(peerId: string): number {
    return this.#received.get(peerId) ?? 0;
  }

  // ---- changes: each is one step in which the process may die ----

  intend(op: BinlogOp, name: string, otherName = ""): Intent {
    const intent = { op, name, otherName };
    this.#life.step();
    this.disk.intents.add(intent);
    this.#life.step();
    return intent;
  }

  put(name: string, file: StoredFile): void {
    this.#life.step();
    this.disk.files.set(name, file);
    this.#life.step();
  }

  remove(name: string): void {
    this.#life.step();
    this.disk.files.delete(name);
    this.#life.step();
  }

  move(from: string, to: string): void {
    this.#life.step();
    this.disk.files.set(to, this.disk.files.get(from)!);
    this.disk.files.delete(from);
    this.#life.step();
  }

  /** Whole lines, then the notes are struck out. A crash may come in the middle of the lines. */
  record(lines: string, intents: readonly Intent[] = []): void {
    try {
      this.#life.step();
    } catch (error) {
      this.#tear(lines);
      throw error;
    }
    this.disk.append(lines);
    this.#life.step();
    for (const intent of intents) this.disk.intents.delete(intent);
    this.#grown();
  }

  #tear(lines: string): void {
    if (this.#random.chance(0.5)) return;
    const part = lines.slice(0, this.#random.between(0, lines.length));
    const whole = part.lastIndexOf("\n") + 1;
    this.disk.append(part.slice(0, whole));
    this.disk.torn = part.slice(whole);
  }

  // ---- start-up, as control/binlog-recovery.ts ----

  #recover(): void {
    const { disk } = this;
    disk.torn = "";
    const last = new Map<string, BinlogRecord>();
    for (const { record } of disk.lines) {
      if (typeof record === "string") continue;
      this.#noteVersion(record);
      last.set(record.name, record);
    }
    const find = (name: string): Found => {
      const file = disk.files.get(name);
      if (file === undefined) return { kind: "nothing", modifiedAt: 0, target: "" };
      return { kind: file.target === null ? "file" : "link", modifiedAt: file.modifiedAt, target: file.target ?? "" };
    };
    const lines = missingRecords([...disk.intents], find, (name) => last.get(name), this.now);
    disk.append(lines.join(""));
    for (const line of lines) this.#noteVersion(parseRecord(line.trimEnd()) as BinlogRecord);
    disk.intents.clear();
  }

  #noteVersion({ op, name, otherName, timestamp }: BinlogRecord): void {
    const origin = isOwn(op) ? ORIGIN_OWN : ORIGIN_UNKNOWN;
    const kind = upperOf(op);
    if (kind === Op.DELETE) this.versions.note(name, { timestamp, origin, isDeleted: true });
    else if (kind === Op.RENAME) this.versions.note(otherName, { timestamp, origin, isDeleted: true });
    else if ((kind === Op.CREATE || kind === Op.UPDATE || kind === Op.LINK) && isReusable(name)) {
      this.versions.note(name, { timestamp, origin, isDeleted: false });
    }
  }

  #originOf(id: string): number {
    if (id === "") return ORIGIN_UNKNOWN;
    const known = this.#origins.get(id);
    if (known !== undefined) return known;
    const origin = ORIGIN_OTHERS + this.#origins.size;
    this.#origins.set(id, origin);
    return origin;
  }
}
