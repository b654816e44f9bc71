// One simulated storage: its disk, its data binlog and trunk binlog, which outlive a crash, and the real free-space map, which
// does not. The role comes and goes as the leading tracker's word reaches it. Uploads and copies are operations.ts's.

import { formatLine } from "../../../core/storage/trunk/journal-line.ts";
import { replay } from "../../../core/storage/trunk/replay.ts";
import { SharedTrunkSpace } from "../../../core/storage/trunk/shared-space.ts";
import type { SpaceRules } from "../../../core/storage/trunk/space.ts";
import type { TrunkInfo } from "../../../core/wire/storage-sync.ts";
import { BEAT, type Group, type Steps, type Task } from "./group.ts";
import { COOL_STEPS, SlotDisk, slotOf } from "./slot-disk.ts";

const SPACE_RULES: SpaceRules = {
  slotMinSize: 48,
  slotMaxSize: 700,
  alignmentSize: 0,
  trunkFileSize: 2048,
  mergesFree: true,
};
/** Some groups have larger slots than their files need. */
const ALIGNMENT = 128;
const BLOCKS_MAX = 512;
const HOLD_STEPS = 400;

export interface Record {
  readonly op: "C" | "D";
  readonly name: string;
}

export class SimNode {
  readonly name: string;
  readonly number: number;
  readonly disk: SlotDisk;
  readonly binlog: Record[] = [];
  readonly deleted = new Set<string>();
  /** Names of files that are being written: the notes of what is under way. */
  readonly intents = new Set<string>();
  /** Of these the ones in slots that the trunk server has not confirmed. */
  readonly unconfirmed = new Set<string>();
  trunkBinlog = "";
  trunkFileId = 0;
  /** How many own records each other one has: `mark` outlives a crash. */
  readonly marks = new Map<SimNode, number>();
  life = 0;
  isUp = true;
  space: SharedTrunkSpace;
  /** What the tracker has told. */
  server: SimNode | null = null;
  announcement = 0;
  /** Under way. */
  uploads = 0;
  /** Slots that are to be given back. */
  returns = 0;
  readonly #group: Group;
  #heardAt = 0;
  #term = 0;

  constructor(name: string, number: number, group: Group) {
    this.name = name;
    this.number = number;
    this.#group = group;
    this.disk = new SlotDisk(group.rules, SPACE_RULES.trunkFileSize, (file, by) => {
      // What a deletion has not reached yet may suffer.
      if (group.acknowledged.get(file) instanceof Uint8Array) group.complain(`${name}: ${by} has damaged ${file}`);
    });
    this.space = this.#newSpace();
  }

  start(): void {
    this.isUp = true;
    this.#group.start(this, this.#beats());
    this.#group.start(this, this.#strays());
    // What was under way when it died gets its record: nobody was told, but all must have it or none.
    for (const intent of this.intents) {
      if (this.#group.rules.clearsUnconfirmed && this.unconfirmed.has(intent)) this.disk.clear(intent);
      if (this.disk.isInSlot(intent)) this.binlog.push({ op: "C", name: intent });
    }
    this.intents.clear();
    this.unconfirmed.clear();
  }

  crash(): void {
    this.#group.tell(() => `${this.name} crashes`);
    this.isUp = false;
    this.life++;
    this.server = null;
    this.announcement = 0;
    this.uploads = 0;
    this.returns = 0;
    this.space = this.#newSpace();
  }

  /** True while it may hand out slots, as it believes. */
  get isServer(): boolean {
    return this.space.term !== 0;
  }

  flush(): void {
    const { journal } = this.space;
    for (const { op, block } of journal.peek(Number.MAX_SAFE_INTEGER)) this.trunkBinlog += formatLine(0, op, block);
    journal.advance(journal.length);
  }

  /** What is in use on the own disk is not free, whatever an old map says. */
  walk(place: Omit<TrunkInfo, "offset" | "size">): void {
    for (const used of this.disk.usedIn(place)) this.space.carve(used);
  }

  /** A slot of this server was in use already. */
  collided(block: TrunkInfo): void {
    if (this.#group.rules.walksCollisions) this.walk(block);
  }

  /**
   * Another storage gives a slot back: usually that file is still here, because its deletion comes behind. If it is not, the
   * slot may have come back before, and somebody may have it.
   */
  takeBack(block: TrunkInfo): number {
    const status = this.space.release(block);
    if (status === 0 && this.#group.rules.walksCollisions && !this.disk.hasSlot(block)) this.walk(block);
    return status;
  }

  /** Makes a trunk file; false: it must not, or cannot. */
  *makeFile(): Steps<boolean> {
    const { rules } = this.#group;
    const { term } = this.space;
    let place: Omit<TrunkInfo, "offset" | "size">;
    do {
      const trunkFileId = ++this.trunkFileId;
      // Two storages that take the same id take the same directory, too.
      place = { storePathIndex: 0, subPathHigh: 0, subPathLow: trunkFileId % 3, trunkFileId };
    } while (!this.disk.create(place));
    yield;
    const { trunkFileId } = place;
    const report = (): boolean => {
      if (this.#group.trunkFileId >= trunkFileId) return false;
      this.#group.trunkFileId = trunkFileId;
      return true;
    };
    const isKnown = yield* this.#group.ask(this, "leader", report);
    if (rules.reportsIds && isKnown !== true) return false;
    if (this.space.term !== term || term === 0) return false;
    return this.space.exclusively((map) => map.addFile(place, SPACE_RULES.trunkFileSize)) === 0;
  }

  *#beats(): Task {
    const group = this.#group;
    for (;;) {
      const heard = yield* group.ask(this, "leader", () => group.beat(this));
      if (heard !== null) {
        this.#heardAt = group.now;
        this.space.resume();
        if (heard.announcement > this.announcement) {
          this.announcement = heard.announcement;
          this.#learn(heard.server!);
        }
      } else if (group.rules.isFenced && group.now - this.#heardAt > 2 * BEAT) {
        this.space.suspend();
      }
      if (this.isServer) this.space.expireHolds(group.now, HOLD_STEPS);
      this.flush();
      yield* group.sleep(group.random.between(BEAT / 2, BEAT));
    }
  }

  /** Also when it is named again: another one may have had the role while the tracker was not heard. */
  #learn(server: SimNode): void {
    this.server = server;
    this.flush();
    this.space.end();
    this.#term++;
    if (server === this) this.#group.start(this, this.#serve(this.#term));
  }

  *#serve(term: number): Task {
    const group = this.#group;
    let known: number | null = null;
    while (known === null) known = yield* group.ask(this, "leader", () => group.trunkFileId);
    if (this.#term !== term) return;
    this.trunkFileId = Math.max(this.trunkFileId, known);
    this.space.begin();
    yield;
    yield this.#load(group.rules.hasQuarantine);
    if (this.#term !== term) return;
    this.space.ready(term);
    group.tell(() => `${this.name} serves in term ${term}`);
    for (const peer of group.nodes) if (peer !== this) group.start(this, this.#copyTo(peer, term));
    while (this.#term === term) {
      yield;
      if (!this.#othersHaveDelivered()) continue;
      const files = this.space.exclusively((map) => map.files());
      if (group.rules.walksInherited) for (const { place } of files) this.walk(place);
      this.space.exclusively((map) => map.endQuarantine());
      return;
    }
  }

  async #load(isQuarantined: boolean): Promise<void> {
    const pause = (): Promise<void> => Promise.resolve();
    await replay(this.space, null, [Buffer.from(this.trunkBinlog)], { storePathCount: 1, isQuarantined, pause });
  }

  /** All others know who serves, have nothing under way that an earlier server gave, and have told this one all they did. */
  #othersHaveDelivered(): boolean {
    return this.#group.nodes.every((peer) => {
      if (peer === this) return true;
      const hasHeard = peer.isUp && peer.server === this && !this.#group.isCut(this, peer);
      return hasHeard && peer.uploads === 0 && peer.returns === 0 && (peer.marks.get(this) ?? 0) === peer.binlog.length;
    });
  }

  /** The trunk binlog goes to the others: from its beginning, as a new server does it. */
  *#copyTo(peer: SimNode, term: number): Task {
    const group = this.#group;
    let sent = -1;
    while (this.#term === term) {
      yield* group.sleep(group.random.between(5, 60));
      const from = Math.max(sent, 0);
      const text = this.trunkBinlog.slice(from);
      if (sent >= 0 && text === "") continue;
      const isFirst = sent < 0;
      const isDone = yield* group.ask(this, peer, () => {
        if (peer.isServer) return false;
        peer.trunkBinlog = isFirst ? text : peer.trunkBinlog + text;
        return true;
      });
      if (isDone === true) sent = from + text.length;
    }
  }

  /** A file whose slot was in use moves into it when it is free. */
  *#strays(): Task {
    const group = this.#group;
    for (;;) {
      yield* group.sleep(group.random.between(30, 200));
      for (const [name, content] of this.disk.files) {
        const slot = slotOf(name);
        if (slot === null || !this.disk.writeCopy(name, content, group.now - slot.modifiedAt)) continue;
        this.space.carve(slot.block);
        yield;
        this.disk.files.delete(name);
      }
    }
  }

  #newSpace(): SharedTrunkSpace {
    const rules = { ...SPACE_RULES, alignmentSize: this.#group.isAligned ? ALIGNMENT : 0 };
    const space = new SharedTrunkSpace(SharedTrunkSpace.create(rules, BLOCKS_MAX), 1, () => this.#group.now);
    space.coolSeconds = COOL_STEPS;
    return space;
  }
}
