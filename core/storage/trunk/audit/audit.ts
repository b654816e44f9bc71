// `fdfs trunk check`: compares trunk files, map and data binlog of one storage. What looks wrong on a storage that runs is
// looked at a second time before it is told: files come and go meanwhile. Nothing is changed.

import { type Finding, type FindingKind, findingKinds, type MapOwner, type Severity, severityOf } from "./finding.ts";
import { type FreeMap, readFreeMap } from "./free-map.ts";
import { type Look, type LookedAt, type LookOptions, look } from "./look.ts";
import { RangeList } from "./ranges.ts";
import { trunkKey } from "./trunk-key.ts";

/** What is found beyond is counted, not looked at again. */
const FINDINGS_MAX = 200_000;
const EXAMPLES = 5;

export interface AuditOptions extends LookOptions {
  readonly owner: MapOwner;
  /** Until what is on its way in a running storage has arrived in its files; called between two looks. */
  settle(): Promise<void>;
}

export interface FindingClass {
  readonly kind: FindingKind;
  readonly severity: Severity;
  readonly count: number;
  readonly bytes: number;
  /** The first ones. */
  readonly examples: readonly Finding[];
}

interface AuditTotals {
  /** Trunk files on the disk, and their bytes. */
  trunkFiles: number;
  bytes: number;
  slots: number;
  usedBytes: number;
  freeBlocks: number;
  freeBytes: number;
  /** Files inside trunk files that live by the data binlog. */
  liveNames: number;
  /** Of them those beside their trunk file, under their own names. */
  strays: number;
  /** Under way when the storage was killed: its next start sees to them. */
  pending: number;
  /** Lost in pieces too small for a slot. */
  sliverBytes: number;
}

export interface AuditReport {
  readonly classes: readonly FindingClass[];
  readonly totals: Readonly<AuditTotals>;
  readonly map: Omit<FreeMap, "files">;
  /** Files of the data binlog that are gone: names in them are not known. */
  readonly missingBinlogs: readonly number[];
  readonly hasBinlog: boolean;
  /** Findings that were gone when they were looked at again. */
  readonly passedBy: number;
  readonly seconds: number;
}

/** Throws a sentence when the storage's files cannot be compared at all. */
export async function auditTrunk(options: AuditOptions): Promise<AuditReport> {
  const started = performance.now();
  const collected = new Collected();
  const totals = noTotals();
  const first = await look(options, null, (file) => {
    addTo(totals, file);
    collected.add(file.comparison.findings);
  });
  addMap(totals, first);
  let passedBy = 0;
  if (!options.isStopped && collected.kept.length > 0) passedBy = await lookAgain(options, collected);
  const { files: _files, ...map } = first.map;
  return {
    classes: collected.classes(options.owner),
    ...{ totals, map, missingBinlogs: first.missingBinlogs, hasBinlog: first.hasBinlog, passedBy },
    seconds: (performance.now() - started) / 1000,
  };
}

/** Keeps what is still the same; answers how many findings are gone. */
async function lookAgain(options: AuditOptions, collected: Collected): Promise<number> {
  await options.settle();
  const before = collected.kept.length;
  const again = new Set<string>();
  const silent = { start() {}, advance() {} };
  const keys = new Set(collected.kept.map(({ place }) => trunkKey(place)));
  await look({ ...options, progress: silent }, keys, ({ comparison }) => {
    for (const { key } of comparison.findings) again.add(key);
  });
  // The map once more: the one that was read before the files is older than they.
  const { basePath, storePaths, slotMinSize } = options;
  const map = await readFreeMap({ basePath, storePathCount: storePaths.length, slotMinSize });
  const free = new Map([...map.files].map(([key, blocks]) => [key, new RangeList(blocks)]));
  collected.keep((finding) => {
    if (!again.has(finding.key)) return false;
    if (finding.kind !== "used-free" && finding.kind !== "lost") return true;
    const isFree = (free.get(trunkKey(finding.place))?.sharing(finding).length ?? 0) > 0;
    return isFree === (finding.kind === "used-free");
  });
  return before - collected.kept.length;
}

class Collected {
  kept: Finding[] = [];
  readonly #beyond = new Map<FindingKind, { count: number; bytes: number }>();

  add(findings: readonly Finding[]): void {
    for (const finding of findings) {
      if (this.kept.length < FINDINGS_MAX) {
        this.kept.push(finding);
        continue;
      }
      const sum = this.#beyond.get(finding.kind) ?? { count: 0, bytes: 0 };
      this.#beyond.set(finding.kind, { count: sum.count + 1, bytes: sum.bytes + finding.size });
    }
  }

  keep(isKept: (finding: Finding) => boolean): void {
    this.kept = this.kept.filter(isKept);
  }

  classes(owner: MapOwner): FindingClass[] {
    const classes: FindingClass[] = [];
    for (const kind of findingKinds) {
      const found = this.kept.filter((finding) => finding.kind === kind);
      const beyond = this.#beyond.get(kind) ?? { count: 0, bytes: 0 };
      const count = found.length + beyond.count;
      if (count === 0) continue;
      const bytes = found.reduce((sum, { size }) => sum + size, beyond.bytes);
      classes.push({ kind, severity: severityOf(kind, owner), count, bytes, examples: found.slice(0, EXAMPLES) });
    }
    return classes;
  }
}

function noTotals(): AuditTotals {
  return {
    ...{ trunkFiles: 0, bytes: 0, slots: 0, usedBytes: 0, freeBlocks: 0, freeBytes: 0 },
    ...{ liveNames: 0, strays: 0, pending: 0, sliverBytes: 0 },
  };
}

function addTo(totals: AuditTotals, { size, walk, comparison, liveNames }: LookedAt): void {
  totals.bytes += size;
  totals.slots += walk.slots.length;
  for (const slot of walk.slots) if (!slot.isInside) totals.usedBytes += slot.size;
  totals.liveNames += liveNames;
  totals.strays += comparison.strays;
  totals.pending += comparison.pending;
  totals.sliverBytes += comparison.sliverBytes;
}

function addMap(totals: AuditTotals, { map, fileCount }: Look): void {
  totals.trunkFiles = fileCount;
  for (const blocks of map.files.values()) {
    totals.freeBlocks += blocks.length;
    for (const { size } of blocks) totals.freeBytes += size;
  }
}
