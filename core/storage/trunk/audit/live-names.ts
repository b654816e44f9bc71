// Which files inside trunk files should be there: the last word of the data binlog about each name. Names take memory, so they
// are read for so many trunk files at a time, and the binlog as often as that takes.

import { type BinlogFile, forEachLine } from "./binlog-lines.ts";
import { slotOfName, trunkKey } from "./trunk-key.ts";

/** Names in memory at a time, some 150 bytes each. */
const NAMES_MAX = 500_000;
/** No record of a file inside a trunk file is shorter. */
const RECORD_BYTES = 73;
const NAME_SIZE = 60;
/** Packed text is read as if it were so many times as long. */
const PACKED_FACTOR = 8;

/** Of one trunk file: name to whether it lives; false: it was deleted. */
export type NamesOfFile = Map<string, boolean>;

/** Parts of all trunk files whose names fit into memory together; null: everything does. */
export async function batchesOf(
  files: readonly BinlogFile[],
  signal: AbortSignal,
  namesMax = NAMES_MAX,
): Promise<Set<string>[] | null> {
  const bytes = files.reduce((sum, { size, isPacked }) => sum + size * (isPacked ? PACKED_FACTOR : 1), 0);
  if (bytes / RECORD_BYTES <= namesMax) return null;
  const counts = new Map<string, number>();
  await forEachRecord(files, signal, (key, _name, isLive) => {
    counts.set(key, (counts.get(key) ?? 0) + (isLive ? 1 : 0));
  });
  const batches: Set<string>[] = [];
  let room = 0;
  for (const [key, count] of counts) {
    if (count > room || batches.length === 0) {
      batches.push(new Set());
      room = namesMax;
    }
    batches.at(-1)!.add(key);
    room -= count;
  }
  return batches;
}

/** The names in these trunk files, null: in all, by the files' keys. */
export async function readLiveNames(
  files: readonly BinlogFile[],
  wanted: ReadonlySet<string> | null,
  signal: AbortSignal,
): Promise<Map<string, NamesOfFile>> {
  const found = new Map<string, NamesOfFile>();
  await forEachRecord(files, signal, (key, name, isLive) => {
    if (wanted !== null && !wanted.has(key)) return;
    let names = found.get(key);
    if (names === undefined) {
      names = new Map();
      found.set(key, names);
    }
    names.set(name, isLive);
  });
  return found;
}

/** Creations and deletions of files inside trunk files, in the binlog's order. */
async function forEachRecord(
  files: readonly BinlogFile[],
  signal: AbortSignal,
  take: (key: string, name: string, isLive: boolean) => void,
): Promise<void> {
  for (const file of files) {
    await forEachLine(file, signal, (bytes, start, end) => {
      if (end - start < RECORD_BYTES) return;
      // `<seconds> <letter> <name>`, of links a second name behind it.
      const letterAt = bytes.indexOf(BLANK, start) + 1;
      const nameAt = letterAt + 2;
      const nameEnd = nameAt + NAME_SIZE;
      if (letterAt === 0 || nameEnd > end || bytes[letterAt + 1] !== BLANK) return;
      if (nameEnd < end && bytes[nameEnd] !== BLANK) return;
      const letter = String.fromCharCode(bytes[letterAt]!).toUpperCase();
      if (letter !== "C" && letter !== "L" && letter !== "D") return;
      // A copy, so that the name does not keep all bytes around it alive.
      const name = bytes.toString("latin1", nameAt, nameEnd);
      const place = slotOfName(name);
      if (place !== null) take(trunkKey(place), name, letter !== "D");
    });
  }
}

const BLANK = 32;
