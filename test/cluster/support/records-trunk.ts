// Files in slots by the data binlogs of storages, whether a client was told of them or not: no two that are alive at the end
// may lie in the same bytes.

import { binlogLines } from "./records.ts";
import type { Server } from "./server.ts";
import { describeSlot, type Slot, slotOf } from "./slots.ts";

/** A sentence for each pair of living files whose slots overlap. */
export function livingTogether(storages: readonly Server[]): string[] {
  const found: string[] = [];
  for (const storage of storages) {
    const alive = [...livingNames(storage)].flatMap((name): [string, Slot][] => {
      const slot = slotOf(name);
      return slot === null ? [] : [[name, slot]];
    });
    alive.sort(([, a], [, b]) =>
      a.trunkFile === b.trunkFile ? a.offset - b.offset : a.trunkFile < b.trunkFile ? -1 : 1,
    );
    for (const [at, [name, slot]] of alive.entries()) {
      const [nextName, next] = alive[at + 1] ?? [];
      if (next === undefined || next.trunkFile !== slot.trunkFile || next.offset >= slot.offset + slot.size) continue;
      found.push(`${storage.label}: ${name} (${describeSlot(slot)}) and ${nextName} (${describeSlot(next)})`);
    }
  }
  return found;
}

/** Names whose last record creates them. */
function livingNames(storage: Server): Set<string> {
  const alive = new Set<string>();
  for (const line of binlogLines(storage)) {
    const [, op, name] = line.split(" ");
    if (op === undefined || name === undefined) continue;
    if (op.toUpperCase() === "D") alive.delete(name);
    else alive.add(name);
  }
  return alive;
}
