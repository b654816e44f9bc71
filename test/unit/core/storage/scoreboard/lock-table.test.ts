// File locks: order within a worker, turns between workers, patience, and what a dead worker held.

import { describe, expect, test } from "bun:test";
import { LockTable } from "../../../../../core/storage/scoreboard/lock-table.ts";
import { Scoreboard } from "../../../../../core/storage/scoreboard/scoreboard.ts";

const PATIENCE_MS = 300;
const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

function workers(count: number): { boards: Scoreboard[]; tables: LockTable[] } {
  const shared = new Scoreboard();
  const boards = Array.from({ length: count }, (_, worker) => new Scoreboard(shared.buffer, worker));
  return {
    boards,
    tables: boards.map((board) => new LockTable(board, PATIENCE_MS)),
  };
}

const silent = { granted() {}, refused() {} };

describe("within one worker", () => {
  test("a free lock is granted at once, the others follow in order", () => {
    const [table] = workers(1).tables as [LockTable];
    const order: number[] = [];
    const locks = [0, 1, 2, 3].map((index) => table.acquire("a", { ...silent, granted: () => order.push(index) }));
    expect(order).toEqual([0]);
    locks[1]!.release();
    locks[0]!.release();
    expect(order).toEqual([0, 2]);
    locks[2]!.release();
    locks[3]!.release();
    expect(order).toEqual([0, 2, 3]);
    locks[3]!.release();
    let granted = 0;
    const again = table.acquire("a", { ...silent, granted: () => granted++ });
    expect(granted).toBe(1);
    again.release();
  });

  test("other names do not wait", () => {
    const [table] = workers(1).tables as [LockTable];
    let granted = 0;
    const count = (): void => void granted++;
    const locks = ["a", "b", "c"].map((name) => table.acquire(name, { ...silent, granted: count }));
    expect(granted).toBe(3);
    for (const lock of locks) lock.release();
  });

  test("who waited too long is refused once and not granted later", async () => {
    const [table] = workers(1).tables as [LockTable];
    const first = table.acquire("a", silent);
    let [granted, refused] = [0, 0];
    table.acquire("a", { granted: () => granted++, refused: () => refused++ });
    await new Promise((resolve) => setTimeout(resolve, PATIENCE_MS * 1.5));
    expect([granted, refused]).toEqual([0, 1]);
    first.release();
    await turn();
    expect([granted, refused]).toEqual([0, 1]);
  });
});

describe("between workers", () => {
  test("the lock goes over when it is given back", async () => {
    const [one, two] = workers(2).tables as [LockTable, LockTable];
    const held = one.acquire("a", silent);
    let granted = false;
    const waiting = two.acquire("a", {
      ...silent,
      granted: () => (granted = true),
    });
    await turn();
    expect([granted, waiting.isWaiting]).toEqual([false, true]);
    held.release();
    while (!granted) await turn();
    waiting.release();
  });

  test("a busy worker lets another one in", async () => {
    const [busy, other] = workers(2).tables as [LockTable, LockTable];
    let isIn = false;
    let rounds = 0;
    const goOn = (): void => {
      busy.acquire("a", {
        refused() {},
        granted(lock) {
          rounds++;
          setImmediate(() => {
            if (!isIn) goOn();
            lock.release();
          });
        },
      });
    };
    goOn();
    goOn();
    const lock = other.acquire("a", {
      ...silent,
      granted: () => (isIn = true),
    });
    while (!isIn) await turn();
    lock.release();
    expect(rounds).toBeGreaterThan(0);
  });

  test("what a worker held when it died is free for its successor and for the others", () => {
    const { boards, tables } = workers(2);
    tables[0]!.acquire("a", silent);
    boards[0]!.connections.opened(10);
    boards[0]!.connections.opened(10);
    boards[1]!.connections.opened(10);
    const successor = new Scoreboard(boards[0]!.buffer, 0);
    successor.reclaim();
    let granted = 0;
    tables[1]!.acquire("a", { ...silent, granted: () => granted++ });
    expect(granted).toBe(1);
    expect([successor.connections.current, successor.connections.max]).toEqual([1, 3]);
    // What is the other's stays the other's.
    successor.reclaim();
    expect(boards[1]!.tryLockStripe(boards[1]!.stripeOf("a"))).toBe(false);
  });
});
