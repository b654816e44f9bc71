// Waits until storages hold the same, and says what differs when they do not: sizes, and what each binlog knows of the name.
// A file that no binlog mentions is a remainder of an upload whose client was never answered; C and ours leave those.

import { setTimeout as pause } from "node:timers/promises";
import { historiesOf, recordsOf } from "./records.ts";
import type { Server } from "./server.ts";
import { type Difference, differences, TreeReader } from "./trees.ts";

const POLL_MS = 500;
const SHOWN = 12;

export interface Convergence {
  readonly milliseconds: number;
  /** Names that all storages hold alike. */
  readonly files: number;
  /** Files on one storage only that no binlog mentions. */
  readonly orphans: readonly string[];
}

/** What clients were told. */
export interface Ledger {
  /** A client was told of this name: if only one storage has it, it is no orphan. */
  knows(name: string): boolean;
  /** The operations on it, for messages. */
  historyOf(name: string): string;
}

const NOTHING_KNOWN: Ledger = { knows: () => false, historyOf: () => "" };

/**
 * Resolves when the storages' trees are equal in two readings one after another, but for orphans. Throws with the
 * differences explained after `timeoutMs`.
 */
export async function converged(
  storages: readonly Server[],
  timeoutMs: number,
  ledger: Ledger = NOTHING_KNOWN,
): Promise<Convergence> {
  const readers = storages.map((storage) => new TreeReader(storage));
  const started = Date.now();
  let equalAt: number | null = null;
  let lastState = "";
  for (;;) {
    const trees = readers.map((reader) => reader.read());
    const found = differences(trees);
    const records = recordsOf(storages, new Set(found.map(({ name }) => name)));
    const isOrphan = ({ name, entries }: Difference): boolean => {
      const holders = entries.filter((entry) => entry !== undefined).length;
      return holders === 1 && !ledger.knows(name) && records.every((lines) => !lines.has(name));
    };
    const orphans = found.filter(isOrphan).map(({ name }) => name);
    const state = `${orphans.join()} ${trees.map((tree) => tree.size).join()}`;
    if (found.length > orphans.length || state !== lastState) equalAt = null;
    lastState = state;
    if (found.length === orphans.length) {
      if (equalAt !== null) {
        return { milliseconds: equalAt - started, files: trees[0]!.size - orphans.length, orphans };
      }
      equalAt = Date.now();
    } else if (Date.now() - started > timeoutMs) {
      const real = found.filter((difference) => !isOrphan(difference));
      throw new Error(
        `Not equal after ${timeoutMs / 1000} s, ${real.length} names differ:\n${explain(storages, real, ledger)}`,
      );
    }
    await pause(POLL_MS);
  }
}

function explain(storages: readonly Server[], found: readonly Difference[], ledger: Ledger): string {
  const shown = found.slice(0, SHOWN);
  const histories = historiesOf(storages, new Set(shown.map(({ name }) => name)));
  const lines: string[] = [];
  for (const { name, entries } of shown) {
    lines.push(`${name}: ${ledger.historyOf(name)}`);
    for (const [index, storage] of storages.entries()) {
      const entry = entries[index];
      const what = entry === undefined ? "missing" : `${entry.kind} of ${entry.size} bytes, ${entry.content}`;
      lines.push(`  ${storage.label} (${storage.host}): ${what}; binlog: ${histories[index]!(name)}`);
    }
  }
  if (found.length > SHOWN) lines.push(`and ${found.length - SHOWN} more`);
  return lines.join("\n");
}
