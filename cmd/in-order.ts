// Several transfers at a time, results in the order they were asked for. It knows no transfer.

/**
 * Runs `work` for every item, at most `parallel` at a time, and hands each outcome to `deliver` in the items' order as
 * soon as all before it are delivered. `work` reports failure by its result; if it throws, no further item is started
 * and the error is thrown once the running ones have ended.
 */
export async function inOrder<T, R>(
  items: readonly T[],
  parallel: number,
  work: (item: T, index: number) => Promise<R>,
  deliver: (result: R, item: T) => Promise<void>,
): Promise<void> {
  const results = new Map<number, R>();
  let next = 0;
  let delivered = 0;
  let delivering = Promise.resolve();
  const deliverReady = async (): Promise<void> => {
    while (results.has(delivered)) {
      const result = results.get(delivered) as R;
      results.delete(delivered);
      const item = items[delivered] as T;
      delivered++;
      await deliver(result, item);
    }
  };
  const lane = async (): Promise<void> => {
    while (next < items.length) {
      const index = next++;
      try {
        results.set(index, await work(items[index] as T, index));
      } catch (error) {
        next = items.length;
        throw error;
      }
      delivering = delivering.then(deliverReady);
      await delivering;
    }
  };
  const lanes = Array.from({ length: Math.max(1, Math.min(parallel, items.length)) }, lane);
  const ends = await Promise.allSettled(lanes);
  const failed = ends.find((end) => end.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}
