// The records of a rebuilt binlog: what the disk holds put together with what the old binlog tells. Pure but for the trunk
// files, whose slots are handed in.

import { readFileName } from "../../fileid/file-id.ts";
import { LOGIC_PATH_SIZE, parseLogicName } from "../../fileid/logic-name.ts";
import { trunkSlotOf } from "../../fileid/trunk-slot.ts";
import { formatRecord, isOwn, Op } from "../binlog/record.ts";
import { namedSlotOf } from "../trunk/slot-header.ts";
import type { Scanned } from "./disk-scan.ts";
import { type KnownName, type OldBinlog, sourceKey } from "./old-binlog.ts";
import type { FoundSlot } from "./trunk-walk.ts";

interface Dated {
  readonly timestamp: number;
  readonly line: string;
}

export interface RebuiltRecords {
  /** Everybody has these, by time: lines with line ends. */
  readonly confirmed: readonly string[];
  /** Nobody knows who has these; the other storages are served from here on. */
  readonly unknown: readonly string[];
  /** Links that lead out of the store paths, and names that are none. */
  readonly leftOut: number;
  /** Files inside trunk files that have a record, and those whose name nobody knows. */
  readonly trunkFiles: number;
  readonly namelessSlots: number;
}

export class RecordBuilder {
  readonly #old: OldBinlog;
  readonly #confirmed: Dated[] = [];
  readonly #unknown: Dated[] = [];
  /** Names in trunk files by `Mxx/HH/LL/` and number of the trunk file, then by offset. */
  readonly #inTrunks: Map<string, Map<number, string>>;
  #leftOut = 0;
  #trunkFiles = 0;
  #namelessSlots = 0;

  constructor(old: OldBinlog, storePathCount: number) {
    this.#old = old;
    this.#inTrunks = namesInTrunks(old, storePathCount);
  }

  /** `slots` of a trunk file. */
  take(scanned: Scanned, slots: (path: string) => Iterable<FoundSlot>): void {
    if (scanned.kind === "foreign") this.#leftOut++;
    else if (scanned.kind === "trunk") this.#takeTrunk(scanned.name, slots(scanned.path));
    else if (scanned.kind === "link" && scanned.target === null) this.#leftOut++;
    else if (!this.#old.madeInTail.has(scanned.name)) this.#takeFile(scanned);
  }

  result(): RebuiltRecords {
    const linesOf = (records: Dated[]): string[] =>
      records.sort((a, b) => a.timestamp - b.timestamp).map(({ line }) => line);
    return {
      confirmed: linesOf(this.#confirmed),
      unknown: linesOf(this.#unknown),
      leftOut: this.#leftOut,
      trunkFiles: this.#trunkFiles,
      namelessSlots: this.#namelessSlots,
    };
  }

  #takeFile(scanned: Extract<Scanned, { kind: "file" | "link" }>): void {
    const { name, modifiedAt } = scanned;
    const known = this.#old.known.get(name);
    const isOurs = known === undefined ? this.#isOwnSource(name) : isOwn(known.op);
    const timestamp = known?.timestamp ?? modifiedAt;
    const line =
      scanned.kind === "link"
        ? formatRecord(timestamp, isOurs ? Op.LINK : Op.SYNC_LINK, `${name} ${scanned.target}`)
        : formatRecord(timestamp, isOurs ? Op.CREATE : Op.SYNC_CREATE, name);
    (known === undefined ? this.#unknown : this.#confirmed).push({ timestamp, line });
  }

  #takeTrunk(name: string, slots: Iterable<FoundSlot>): void {
    const directories = name.slice(0, LOGIC_PATH_SIZE);
    const names = this.#inTrunks.get(directories + Number(name.slice(LOGIC_PATH_SIZE)));
    for (const { offset, header } of slots) {
      const inside = names?.get(offset);
      const named = inside === undefined ? null : namedSlotOf(inside.slice(inside.length - TRUE_NAME_SIZE));
      const isSame =
        named !== null &&
        named.size === header.allocatedSize &&
        named.fileSize === header.fileSize &&
        named.crc32 === header.crc32 &&
        named.modifiedAt === header.modifiedAt;
      if (!isSame || inside === undefined) this.#namelessSlots++;
      else this.#takeInside(inside);
    }
  }

  #takeInside(name: string): void {
    this.#trunkFiles++;
    const known = this.#old.known.get(name);
    if (known === undefined || this.#old.madeInTail.has(name)) return;
    this.#confirmed.push({ timestamp: known.timestamp, line: lineOf(name, known) });
  }

  /** Of a name that no record tells of. Where nothing tells who we are, the others get everything: they keep what they have. */
  #isOwnSource(name: string): boolean {
    const { ownSources } = this.#old;
    if (ownSources.size === 0) return true;
    try {
      return ownSources.has(sourceKey(readFileName(name).source));
    } catch {
      return true;
    }
  }
}

const TRUE_NAME_SIZE = 56;

function lineOf(name: string, { op, timestamp, otherName }: KnownName): string {
  return formatRecord(timestamp, op, otherName === "" ? name : `${name} ${otherName}`);
}

/** Of names that the old binlog tells of; those waiting count too, so that their slots are not nameless. */
function namesInTrunks(old: OldBinlog, storePathCount: number): Map<string, Map<number, string>> {
  const all = new Map<string, Map<number, string>>();
  for (const name of [...old.known.keys(), ...old.madeInTail]) {
    const slot = slotOf(name, storePathCount);
    if (slot === null) continue;
    const key = name.slice(0, LOGIC_PATH_SIZE) + slot.trunkFileId;
    const names = all.get(key) ?? new Map<number, string>();
    all.set(key, names);
    names.set(slot.offset, name);
  }
  return all;
}

function slotOf(name: string, storePathCount: number): ReturnType<typeof trunkSlotOf> {
  try {
    return trunkSlotOf(parseLogicName(name, storePathCount).truePath);
  } catch {
    return null;
  }
}
