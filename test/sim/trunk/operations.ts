// What clients do to a simulated group, and how records reach the other storages: uploads and deletions step by step as the
// real storage makes them, with a crash or a change of role possible between any two.

import { crc32 } from "node:zlib";
import { formatTail } from "../../../core/fileid/file-id.ts";
import { formatLogicName } from "../../../core/fileid/logic-name.ts";
import { encodeBlock } from "../../../core/fileid/packed-block.ts";
import { encodeTrunkSlot } from "../../../core/fileid/trunk-slot.ts";
import { SLOT_HEADER_SIZE } from "../../../core/storage/trunk/slot-header.ts";
import type { TrunkInfo } from "../../../core/wire/storage-sync.ts";
import type { Group, Steps, Task } from "./group.ts";
import type { Record, SimNode } from "./sim-node.ts";
import { slotOf } from "./slot-disk.ts";

const ATTEMPTS = 5;
const CONTENT_MAX = 400;
const CRASH_WHILE_WRITING = 0.01;
/** Records under way to one storage at once: they arrive in any order. */
const WINDOW = 4;

interface Reservation {
  readonly block: TrunkInfo;
  /** Null: this storage itself. */
  readonly server: SimNode | null;
  /** What the uploader knew of the role then. */
  readonly announcement: number;
  readonly term: number;
}

export class Operations {
  readonly #group: Group;

  constructor(group: Group) {
    this.#group = group;
  }

  /** A client stores a new file through `node`. */
  *upload(node: SimNode): Task {
    const content = this.#content();
    node.uploads++;
    const name = (yield* this.#store(node, content)) ?? this.#storePlainly(node, content);
    yield;
    node.flush();
    yield;
    node.binlog.push({ op: "C", name });
    node.intents.delete(name);
    node.uploads--;
    yield;
    this.#group.tell(() => `${node.name} acknowledges ${name}`);
    this.#group.acknowledged.set(name, content);
  }

  /** A client deletes some file through `node`. */
  *delete(node: SimNode, name: string): Task {
    if (node.disk.read(name) === null) return;
    this.#group.tell(() => `${node.name} deletes ${name}`);
    this.#group.acknowledged.set(name, null);
    // The return is under way before the record is: who has told all its records has no return left, either.
    if (node.disk.clear(name)) {
      node.returns++;
      this.#group.start(node, this.#giveBack(node, slotOf(name)!.block));
    }
    node.disk.files.delete(name);
    node.deleted.add(name);
    yield;
    node.binlog.push({ op: "D", name });
  }

  /** Sends the records of `source` to `target`, as long as `source` lives. */
  *deliver(source: SimNode, target: SimNode): Task {
    const group = this.#group;
    let done = source.marks.get(target) ?? 0;
    const ahead = new Set<number>();
    for (;;) {
      yield* group.sleep(group.random.between(0, 20));
      const last = Math.min(done + WINDOW, source.binlog.length);
      const waiting = Array.from({ length: last - done }, (_, index) => done + index).filter((at) => !ahead.has(at));
      if (waiting.length === 0) continue;
      const at = group.random.pick(waiting);
      const record = source.binlog[at]!;
      const isSentTwice = group.random.chance(0.02);
      // Those of one name travel one after the other.
      if (waiting.some((other) => other < at && source.binlog[other]!.name === record.name)) continue;
      const content = source.disk.readToSend(record.name);
      const isGone = record.op === "C" && content === null;
      const answer = isGone ? true : yield* group.ask(source, target, () => this.#apply(target, record, content));
      if (answer !== true || isSentTwice) continue;
      ahead.add(at);
      while (ahead.delete(done)) done++;
      source.marks.set(target, done);
    }
  }

  #apply(target: SimNode, { op, name }: Record, content: Uint8Array | null): boolean {
    const { disk } = target;
    if (op === "D") {
      disk.clear(name);
      disk.files.delete(name);
      target.deleted.add(name);
      return true;
    }
    if (target.deleted.has(name) || disk.read(name) !== null) return true;
    const slot = slotOf(name);
    if (slot === null) {
      disk.files.set(name, content!);
      return true;
    }
    const age = this.#group.now - slot.modifiedAt;
    if (this.#group.random.chance(CRASH_WHILE_WRITING) && !this.#group.isHealed) {
      disk.writeCopy(name, content!, age, true);
      target.crash();
      return false;
    }
    if (disk.writeCopy(name, content!, age)) target.space.carve(slot.block);
    else {
      this.#group.tell(() => `${target.name} keeps ${name} as a stray`);
      disk.files.set(name, content!);
    }
    return true;
  }

  /** Into a slot; null: there is none to be had. */
  *#store(node: SimNode, content: Uint8Array): Steps<string | null> {
    const { random, rules } = this.#group;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const reserved = yield* this.#reserve(node, SLOT_HEADER_SIZE + content.length);
      if (reserved === null) return null;
      const { block, server } = reserved;
      if (rules.hasTerms && !isCurrent(node, reserved)) {
        if (server === null) node.space.release(block);
        continue;
      }
      const name = this.#nameOf(node, content, block);
      node.intents.add(name);
      if (server !== null) node.unconfirmed.add(name);
      if (random.chance(CRASH_WHILE_WRITING) && !this.#group.isHealed) {
        node.disk.write(name, content, true);
        node.crash();
        yield;
        return null;
      }
      const isWritten = node.disk.write(name, content);
      if (!isWritten) {
        node.intents.delete(name);
        if (server === null) node.collided(block);
        else yield* this.#group.ask(node, server, () => this.#collided(server, block));
        continue;
      }
      if (server === null) return name;
      const confirm = (): number => {
        const status = server.space.confirm(block, 0);
        server.flush();
        return status;
      };
      if ((yield* this.#group.ask(node, server, confirm)) === 0) {
        node.unconfirmed.delete(name);
        return name;
      }
      node.disk.clear(name);
      node.intents.delete(name);
    }
    return null;
  }

  #collided(server: SimNode, block: TrunkInfo): void {
    if (server.space.confirm(block, 17) === 0) server.collided(block);
  }

  *#reserve(node: SimNode, size: number): Steps<Reservation | null> {
    const { announcement, server } = node;
    if (node.isServer) {
      let found = node.space.allocate(0, size);
      if (found === "no-space") {
        if (!(yield* node.makeFile())) return null;
        found = node.space.allocate(0, size);
      }
      return typeof found === "string" ? null : { block: found.block, server: null, announcement, term: found.term };
    }
    if (server === null || server === node) return null;
    const give = (): TrunkInfo | "no-space" | null => {
      const found = server.space.allocate(0, size);
      if (typeof found === "string") return found === "no-space" ? found : null;
      if (!server.space.hold(found.block, found.term)) return null;
      server.flush();
      return found.block;
    };
    const block = yield* this.#group.ask(node, server, give);
    if (block === "no-space") this.#group.start(server, this.#makeFileFor(server));
    return block === null || block === "no-space" ? null : { block, server, announcement, term: 0 };
  }

  *#makeFileFor(server: SimNode): Task {
    yield* server.makeFile();
  }

  /** Until somebody takes it, or this storage crashes. */
  *#giveBack(node: SimNode, block: TrunkInfo): Task {
    for (let attempt = 0; ; attempt++) {
      const { server } = node;
      let status: number | null = null;
      // An earlier attempt may have reached the trunk server of then.
      if (node.isServer) status = attempt === 0 ? node.space.release(block) : node.takeBack(block);
      else if (server !== null && server !== node) {
        status = yield* this.#group.ask(node, server, () => server.takeBack(block));
      }
      if (status === 0 || status === 17) break;
      yield* this.#group.sleep(100);
    }
    node.returns--;
  }

  #storePlainly(node: SimNode, content: Uint8Array): string {
    const { random } = this.#group;
    const block = encodeBlock(
      [127, 0, 0, node.number],
      this.#group.now,
      "normal",
      content.length,
      crc32(content),
      random.between(0, 1e6),
    );
    const name = formatLogicName(0, 0, 0, block + formatTail("txt", random.between(0, 999)));
    node.disk.files.set(name, content);
    return name;
  }

  #nameOf(node: SimNode, content: Uint8Array, block: TrunkInfo): string {
    const { random, now } = this.#group;
    const packed = encodeBlock(
      [127, 0, 0, node.number],
      now,
      "trunk",
      content.length,
      crc32(content),
      random.between(0, 1e6),
    );
    const file = packed + encodeTrunkSlot(block) + formatTail("txt", random.between(0, 999));
    return formatLogicName(block.storePathIndex, block.subPathHigh, block.subPathLow, file);
  }

  #content(): Uint8Array {
    const { random, rules } = this.#group;
    const bytes = Uint8Array.from({ length: random.between(0, CONTENT_MAX) }, () => random.between(1, 255));
    if (rules.zeroRuns && random.chance(0.3)) bytes.fill(0, random.between(0, 40));
    return bytes;
  }
}

function isCurrent(node: SimNode, { server, announcement, term }: Reservation): boolean {
  return server === null ? node.space.term === term : node.announcement === announcement;
}
