// The files of a storage with trunk files, made by hand: slots byte by byte as trunk-dedup-recovery.md §1.3 has them, lines of
// both binlogs as §1.11 and storage.md §6.1.

import {
  appendFileSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { encodeBlock } from "../../../../../../core/fileid/packed-block.ts";
import { encodeTrunkSlot } from "../../../../../../core/fileid/trunk-slot.ts";
import type { FindingClass } from "../../../../../../core/storage/trunk/audit/audit.ts";
import { type AuditReport, auditTrunk } from "../../../../../../core/storage/trunk/audit/audit.ts";
import type { FindingKind, MapOwner } from "../../../../../../core/storage/trunk/audit/finding.ts";
import type { LookOptions } from "../../../../../../core/storage/trunk/audit/look.ts";

export const TRUNK_FILE_SIZE = 4 * 1024 * 1024;
const CREATED = 0x6b011518;

/** The first block of §1.3, captured from a C storage, and its file's name (§1.4). */
export const GOLDEN_SLOT = Buffer.from(
  "46000001000000000ca827eaa86b0115183936322e74787468656c6c6f207472756e6b0a",
  "hex",
);
export const GOLDEN_NAME = "M00/00/00/fwAAPWsBFRiIMjkaAAAADKgn6qgAAAAAQAAAAAAAAEA962.txt";

interface SlotOptions {
  /** Default: what the content has. */
  readonly crc?: number;
  readonly trunkFileId?: number;
  readonly isLink?: boolean;
  readonly createdAt?: number;
}

export class StorageFolder {
  readonly basePath = mkdtempSync(join(tmpdir(), "fdfs-trunk-audit-"));
  readonly dataBinlog = join(this.basePath, "data/sync/binlog.000");
  readonly trunkBinlog = join(this.basePath, "data/trunk/binlog");
  readonly snapshot = join(this.basePath, "data/storage_trunk.dat");
  #random = 1;

  constructor() {
    for (const folder of ["data/sync", "data/trunk", "data/00/00"]) {
      mkdirSync(join(this.basePath, folder), { recursive: true });
    }
    writeFileSync(join(this.basePath, "data/sync/binlog_index.dat"), "current_write=0\ncurrent_compress=0\n");
    writeFileSync(this.dataBinlog, "");
    writeFileSync(this.trunkBinlog, "");
    this.makeTrunkFile(1);
  }

  remove(): void {
    rmSync(this.basePath, { recursive: true, force: true });
  }

  trunkPath(trunkFileId = 1): string {
    return join(this.basePath, "data/00/00", String(trunkFileId).padStart(6, "0"));
  }

  makeTrunkFile(trunkFileId: number): void {
    writeFileSync(this.trunkPath(trunkFileId), "");
    truncateSync(this.trunkPath(trunkFileId), TRUNK_FILE_SIZE);
  }

  write(bytes: Uint8Array | string, offset: number, trunkFileId = 1): void {
    const fd = openSync(this.trunkPath(trunkFileId), "r+");
    const raw = typeof bytes === "string" ? Buffer.from(bytes) : bytes;
    writeSync(fd, raw, 0, raw.length, offset);
    closeSync(fd);
  }

  /** Writes a slot; returns the logic name of its file. */
  put(offset: number, size: number, content: string, options: SlotOptions = {}): string {
    const { trunkFileId = 1, isLink = false, createdAt = CREATED } = options;
    const bytes = Buffer.from(content);
    const crc = options.crc ?? (isLink ? 0x1234_5678 : crc32(bytes));
    const tail = `${String(this.#random % 1000).padStart(3, "0")}.txt`;
    const header = Buffer.alloc(24);
    header.write(isLink ? "L" : "F", 0, "latin1");
    header.writeInt32BE(size, 1);
    header.writeInt32BE(bytes.length, 5);
    header.writeUInt32BE(crc, 9);
    header.writeInt32BE(createdAt, 13);
    header.write(tail, 17, "latin1");
    this.write(Buffer.concat([header, bytes]), offset, trunkFileId);
    const block = encodeBlock([127, 0, 0, 61], createdAt, "trunk", bytes.length, crc, this.#random++);
    return `M00/00/00/${block}${encodeTrunkSlot({ trunkFileId, offset, size })}${tail}`;
  }

  zero(offset: number, size: number, trunkFileId = 1): void {
    this.write(new Uint8Array(size), offset, trunkFileId);
  }

  record(letter: string, name: string): void {
    appendFileSync(this.dataBinlog, `${CREATED} ${letter} ${name}\n`);
  }

  /** `space("A", 0, 4194304)` */
  space(op: "A" | "D", offset: number, size: number, trunkFileId = 1): void {
    appendFileSync(this.trunkBinlog, `${CREATED} ${op} 0 0 0 ${trunkFileId} ${offset} ${size}\n`);
  }

  /** A file with its records, in slots that follow each other; `space` of what is left is logged at the end. */
  store(offset: number, size: number, content: string): string {
    const name = this.put(offset, size, content);
    this.record("C", name);
    return name;
  }

  options(changes: Partial<LookOptions> = {}): LookOptions {
    return {
      ...{ basePath: this.basePath, storePaths: [this.basePath], slotMinSize: 256, isStopped: true },
      signal: new AbortController().signal,
      progress: { start() {}, advance() {} },
      ...changes,
    };
  }

  check(changes: Partial<LookOptions> & { owner?: MapOwner; settle?: () => Promise<void> } = {}): Promise<AuditReport> {
    const { owner = "here", settle = async () => {}, ...rest } = changes;
    return auditTrunk({ ...this.options(rest), owner, settle });
  }
}

/** `{ lost: 2 }` */
export function countsOf({ classes }: AuditReport): Partial<Record<FindingKind, number>> {
  return Object.fromEntries(classes.map(({ kind, count }) => [kind, count]));
}

export function classOf({ classes }: AuditReport, kind: FindingKind): FindingClass {
  const found = classes.find((one) => one.kind === kind);
  if (found === undefined) throw new Error(`no ${kind}: ${JSON.stringify(classes)}`);
  return found;
}
