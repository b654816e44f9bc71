// inOrder with work that ends in an order of the test's choosing.

import { expect, test } from "bun:test";
import { inOrder } from "../../../cmd/in-order.ts";

interface Gate {
  open(): void;
  opened: Promise<void>;
}
function gate(): Gate {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { open: resolve, opened: promise };
}

test("results come in the items' order although work ends in another", async () => {
  const gates = [gate(), gate(), gate()];
  const delivered: string[] = [];
  const done = inOrder(
    [0, 1, 2],
    3,
    async (item) => {
      await gates[item]!.opened;
      return `r${item}`;
    },
    async (result) => void delivered.push(result),
  );
  gates[2]!.open();
  gates[0]!.open();
  gates[1]!.open();
  await done;
  expect(delivered).toEqual(["r0", "r1", "r2"]);
});

test("never more at a time than asked for, and all of them done", async () => {
  let running = 0;
  let most = 0;
  const delivered: number[] = [];
  await inOrder(
    Array.from({ length: 20 }, (_, index) => index),
    4,
    async (item) => {
      most = Math.max(most, ++running);
      await Promise.resolve();
      running--;
      return item;
    },
    async (result) => void delivered.push(result),
  );
  expect(most).toBe(4);
  expect(delivered).toHaveLength(20);
});

test("an exception stops what has not begun and is passed on", async () => {
  const started: number[] = [];
  const work = async (item: number): Promise<number> => {
    started.push(item);
    if (item === 1) throw new Error("stop");
    return item;
  };
  expect(inOrder([0, 1, 2, 3], 1, work, async () => {})).rejects.toThrow("stop");
  expect(started).not.toContain(3);
});

test("no items, no work", async () => {
  await inOrder(
    [],
    4,
    async () => 1,
    async () => {
      throw new Error("nothing to deliver");
    },
  );
});
