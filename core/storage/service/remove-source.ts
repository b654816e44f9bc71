// The file of a content that nobody links to any more goes (trunk-dedup-recovery.md §2.5, step 6), and so do its copies.

import { formatRecord, Op } from "../binlog/record.ts";
import type { FileRef } from "../duplicates/bookkeeping.ts";
import { isOwnName } from "../duplicates/own-name.ts";
import { locate } from "../io/store-paths.ts";
import { factsOf } from "../io/stored-facts.ts";
import type { WorkerContext } from "../io/worker-context.ts";
import { noteDeleted, ownChange, ownTimestamp } from "./local-state.ts";
import { removeStored } from "./remove-stored.ts";

/** Resolves when it is recorded; rejects with a coded error. */
export async function removeSource(worker: WorkerContext, { groupName, fileName }: FileRef): Promise<void> {
  if (groupName !== worker.config.groupName) {
    worker.log.warn(
      `Nobody links to ${groupName}/${fileName} any more, but it belongs to another group: it stays there`,
    );
    return;
  }
  const stored = locate(worker, fileName);
  const facts = factsOf(worker, stored);
  // One of another storage may have no copy here yet: the record deletes it there.
  if (facts === null && isOwnName(worker.config.sourceBytes, fileName)) return;
  if (facts !== null && facts.kind !== "file") return;
  const timestamp = ownTimestamp(worker, stored);
  worker.commits.intend(Op.DELETE, fileName);
  if (facts !== null) removeStored(worker, stored, facts);
  noteDeleted(worker, fileName, ownChange(timestamp));
  await new Promise<void>((resolve, reject) => {
    worker.commits.push(formatRecord(timestamp, Op.DELETE, fileName), {
      committed(status) {
        if (status === 0) resolve();
        else reject(Object.assign(new Error(`The deletion of ${fileName} was not recorded`), { status }));
      },
    });
  });
}
