// What recognising equal files needs of a worker: its disks, its locks, its binlog.

import { Status } from "../../wire/status.ts";
import { Duplicates, type DuplicatesConfig } from "../duplicates/duplicates.ts";
import { codedErrno } from "../io/errno.ts";
import { locate } from "../io/store-paths.ts";
import { factsOf } from "../io/stored-facts.ts";
import type { WorkerContext } from "../io/worker-context.ts";
import { removeSource } from "./remove-source.ts";

export function openDuplicates(worker: WorkerContext, duplicates: DuplicatesConfig): Duplicates {
  const { config, scoreboard, log, locks } = worker;
  const whileAlone = <T>(signatureHex: string, work: () => Promise<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      locks.acquire(`signature ${signatureHex}`, {
        granted: (lock) =>
          void work()
            .then(resolve, reject)
            .finally(() => lock.release()),
        refused: () => reject(codedErrno("EAGAIN", "others deal with the same content for too long")),
      });
    });
  return new Duplicates(
    { ...config, duplicates },
    {
      linkExists: ({ fileName }) => factsOf(worker, locate(worker, fileName)) !== null,
      removeSource: (source) => removeSource(worker, source),
      whileAlone,
      owedChanged: (count) => scoreboard.setDuplicateDebts(count),
      log,
    },
  );
}

/** Refuses at once what would wait for an index that is away. */
export function requireIndex({ reachability }: Duplicates): void {
  if (!reachability.mayAsk()) throw Object.assign(new Error("the index is away"), { status: Status.ECONNREFUSED });
}
