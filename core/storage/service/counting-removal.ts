// A link that is about to be removed, as the index of duplicates sees it: noted before, so that it is not forgotten whatever
// happens, and given up afterwards, in the background: no client waits for the index, and a deletion never fails for it.

import type { StoredName } from "../io/store-paths.ts";
import { linkTarget, type StoredFacts } from "../io/stored-facts.ts";
import type { WorkerContext } from "../io/worker-context.ts";

/** What to call when the link is gone; null: nobody counts it. */
export function countingRemoval(worker: WorkerContext, stored: StoredName, facts: StoredFacts): (() => void) | null {
  const { duplicates, config } = worker;
  const target = duplicates === null ? null : linkTarget(worker, stored, facts);
  if (duplicates === null || target === null) return null;
  const link = { groupName: config.groupName, fileName: stored.name };
  const source = { groupName: config.groupName, fileName: target.name };
  duplicates.linkGoes(link, source);
  return () => duplicates.linkRemoved(link, source);
}
