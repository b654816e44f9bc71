// Judges storages in trunk mode when everything is quiet: the disks by slots.ts against the ledger, and what clients are
// answered by every storage for itself.

import { setTimeout as pause } from "node:timers/promises";
import { DirectReader } from "./direct.ts";
import { recordsOf } from "./records.ts";
import type { Server } from "./server.ts";
import { describeSlot, isTrunkFile, keyOf, readTrunkFiles, type Slot, slotOf, type TrunkContents } from "./slots.ts";
import { dataFiles } from "./trees.ts";
import type { Contents, TrunkFile, TrunkLedger } from "./trunk-ledger.ts";

const CONNECTIONS = 4;
const POLL_MS = 500;
const SHOWN = 8;

export interface Settled {
  readonly milliseconds: number;
  readonly contents: readonly TrunkContents[];
  /** Slots and files of which no client was told, a name or place each; the same on no two runs. */
  readonly unknown: readonly string[];
}

/**
 * Waits until every storage has exactly the ledger's files on its disk, each in its slot or, plain ones, under its name. Of
 * files that no client was told of (their answer was lost) all storages must have the same, or one alone what no binlog
 * mentions. Throws with what differs after `timeoutMs`.
 */
export async function settled(storages: readonly Server[], ledger: TrunkLedger, timeoutMs: number): Promise<Settled> {
  const started = performance.now();
  for (;;) {
    const contents = storages.map((storage) => readTrunkFiles(storage, false));
    const { wrong, unknown } = compare(storages, contents, ledger);
    if (wrong.length === 0) {
      const milliseconds = Math.round(performance.now() - started);
      return { milliseconds, contents: storages.map((storage) => readTrunkFiles(storage)), unknown };
    }
    if (performance.now() - started > timeoutMs) {
      throw new Error(
        `Not settled after ${timeoutMs / 1000} s, ${wrong.length} differences:\n${wrong.slice(0, SHOWN).join("\n")}`,
      );
    }
    await pause(POLL_MS);
  }
}

function compare(
  storages: readonly Server[],
  contents: readonly TrunkContents[],
  ledger: TrunkLedger,
): { wrong: string[]; unknown: string[] } {
  const plain = storages.map(
    (storage) => new Set(dataFiles(storage).flatMap(([name]) => (isTrunkFile(name) ? [] : name))),
  );
  const has = (file: TrunkFile): boolean[] =>
    storages.map((_, at) =>
      file.slot === null ? plain[at]!.has(file.name) : contents[at]!.slots.has(keyOf(file.slot)),
    );
  const wrong: string[] = [];
  const expected = new Set<string>();
  for (const file of ledger.files) {
    if (file.slot === null) expected.add(file.name);
    else expected.add(keyOf(file.slot));
    const found = has(file);
    const isRight =
      file.state === "unknown" ? new Set(found).size === 1 : found.every((is) => is === (file.state === "alive"));
    if (isRight) continue;
    const where = storages.filter((_, at) => found[at]).map(({ label }) => label);
    wrong.push(
      `${file.id} (${file.slot === null ? "plain" : describeSlot(file.slot)}, ${file.state}) is on ${where.join(", ") || "no storage"}` +
        strayNote(storages, plain, file),
    );
  }
  // A stray stands under the name of a file in a slot.
  for (const [at, names] of plain.entries()) {
    for (const name of names)
      if (slotOf(name) !== null) wrong.push(`${name} lies beside its slot on ${storages[at]!.label}`);
  }
  const unknown = unknownOnes(storages, contents, plain, expected);
  wrong.push(...unknown.filter(({ isShared, isWhole }) => isShared && !isWhole).map(({ text }) => text));
  return { wrong, unknown: unknown.map(({ text }) => text) };
}

function strayNote(storages: readonly Server[], plain: readonly ReadonlySet<string>[], { name }: TrunkFile): string {
  const beside = storages.filter((_, at) => plain[at]!.has(name)).map(({ label }) => label);
  return beside.length === 0 ? "" : `, beside its slot on ${beside.join(", ")}`;
}

interface Unknown {
  readonly text: string;
  /** More than one storage has it, or a binlog speaks of it. */
  readonly isShared: boolean;
  readonly isWhole: boolean;
}

/** What is on disks though no client was told of it. */
function unknownOnes(
  storages: readonly Server[],
  contents: readonly TrunkContents[],
  plain: readonly ReadonlySet<string>[],
  expected: ReadonlySet<string>,
): Unknown[] {
  const holders = new Map<string, { slot: Slot | null; labels: string[] }>();
  for (const [at, { label }] of storages.entries()) {
    const note = (key: string, slot: Slot | null): void => {
      if (expected.has(key)) return;
      const entry = holders.get(key) ?? { slot, labels: [] };
      entry.labels.push(label);
      holders.set(key, entry);
    };
    for (const [key, slot] of contents[at]!.slots) note(key, slot);
    for (const name of plain[at]!) if (slotOf(name) === null) note(name, null);
  }
  const names = new Set([...holders].flatMap(([key, { slot }]) => (slot === null ? [key] : [])));
  const records = recordsOf(storages, names);
  return [...holders].map(([key, { slot, labels }]) => ({
    text: `${slot === null ? key : describeSlot(slot)} of which no client was told is on ${labels.join(", ")}`,
    isShared: labels.length > 1 || records.some((lines) => lines.has(key)),
    isWhole: labels.length === storages.length,
  }));
}

/** Asks every storage for every file; a sentence for each answer that is not what the client was told. */
export async function readBack(
  storages: readonly Server[],
  ledger: TrunkLedger,
  contents: Contents,
): Promise<{ read: number; wrong: string[] }> {
  const wrong: string[] = [];
  let read = 0;
  await Promise.all(
    storages.map(async (storage) => {
      let next = 0;
      const work = async (): Promise<void> => {
        const reader = await DirectReader.open(storage);
        try {
          for (let file = ledger.files[next++]; file !== undefined; file = ledger.files[next++]) {
            if (file.state === "unknown") continue;
            const found = await reader.content(file.id);
            read++;
            const isRight = file.state === "alive" ? found?.equals(contents.of(file.recipe)) : found === null;
            if (isRight !== true) {
              wrong.push(`${storage.label}: ${file.id} (${file.state}) has ${found?.length ?? "no"} bytes`);
            }
          }
        } finally {
          reader.close();
        }
      };
      await Promise.all(Array.from({ length: CONNECTIONS }, work));
    }),
  );
  return { read, wrong };
}
