// The shared memory of a storage's threads: sums, turns and limits.

import { describe, expect, test } from "bun:test";
import { Counter } from "../../../../../core/storage/scoreboard/counters.ts";
import { Scoreboard } from "../../../../../core/storage/scoreboard/scoreboard.ts";

describe("the scoreboard", () => {
  test("counters are summed over the rows, of moments the latest counts", () => {
    const board = new Scoreboard();
    const rows = [0, 1, 255].map((worker) => new Scoreboard(board.buffer, worker).counterRow(worker));
    for (const [index, row] of rows.entries()) {
      row[Counter.totalUploadBytes]! += 2 ** 40;
      row[Counter.lastSourceUpdate] = 1000 + index;
    }
    expect(board.totals()).toMatchObject({
      totalUploadBytes: 3 * 2 ** 40,
      lastSourceUpdate: 1002,
      totalDeleteCount: 0,
    });
  });

  test("directories move on after rotate_count and wrap (storage.md §4.8)", () => {
    const board = new Scoreboard();
    board.directories.set(1, 1, 1);
    const seen = Array.from({ length: 5 }, () => board.directories.next(2, 2));
    expect(seen).toEqual([0x101, 0x000, 0x000, 0x001, 0x001]);
    expect(board.directories.newest).toEqual({ high: 1, low: 0, count: 0 });
  });

  test("each worker fills a directory of its own; one that ends is followed by the next that nobody has", () => {
    const board = new Scoreboard();
    board.directories.set(0, 254, 1);
    const [one, two] = [0, 1].map((worker) => new Scoreboard(board.buffer, worker)) as [Scoreboard, Scoreboard];
    const turns = [one, two, one, two, two, one, two];
    const seen = turns.map(({ directories }) => directories.next(3, 256));
    expect(seen).toEqual([0x00fe, 0x00ff, 0x00fe, 0x00ff, 0x00ff, 0x0100, 0x0101]);
    expect(board.directories.newest).toEqual({ high: 1, low: 1, count: 1 });
  });

  test("a new connection goes to the serving worker with the fewest, when that is one fewer at least", () => {
    const board = new Scoreboard();
    const workers = [0, 1, 2, 3].map((worker) => new Scoreboard(board.buffer, worker));
    const [first, second, third] = workers as [Scoreboard, Scoreboard, Scoreboard];
    for (const worker of [first, second, third]) worker.connections.setServing();
    const accept = (): number => {
      first.connections.opened(100);
      const to = first.connections.lessBusyWorker();
      if (to >= 0) first.connections.passTo(to);
      return to;
    };
    // The fourth does not serve; all connections arrive at the first.
    expect(Array.from({ length: 6 }, accept)).toEqual([-1, 1, 2, -1, 1, 2]);
    second.connections.closed();
    second.connections.closed();
    expect(accept()).toBe(1);
    third.reclaim();
    expect([accept(), accept(), accept()]).toEqual([1, -1, 1]);
    expect(board.connections.current).toBe(6);
  });

  test("an epoch moves on with every change of its name", () => {
    const board = new Scoreboard();
    const before = board.epochOf("M00/00/00/one");
    new Scoreboard(board.buffer, 3).contentChanged("M00/00/00/one");
    expect(board.epochOf("M00/00/00/one")).toBe(before + 1);
    expect(board.epochOf("M00/00/00/another")).toBe(0);
  });

  test("space: what is reserved stays free", () => {
    const board = new Scoreboard();
    board.setPathSpace(0, 1000, 200, 100);
    expect([board.hasSpace(0, 0), board.hasSpace(0, 99 * 1_048_576), board.hasSpace(0, 100 * 1_048_576)]).toEqual([
      true,
      true,
      false,
    ]);
    expect(board.pathSpace(0)).toEqual({ totalMb: 1000, freeMb: 200 });
  });

  test("connections: the limit holds over all workers, the maximum is kept", () => {
    const board = new Scoreboard();
    const [one, two] = [new Scoreboard(board.buffer, 0), new Scoreboard(board.buffer, 1)];
    expect([one.connections.opened(2), two.connections.opened(2), two.connections.opened(2)]).toEqual([
      true,
      true,
      false,
    ]);
    one.connections.closed();
    expect([board.connections.current, board.connections.max]).toEqual([1, 2]);
  });

  test("sources: newest time by id, ids of 16 characters, a full table", () => {
    const board = new Scoreboard();
    board.sourceReceived("255.255.255.255x", 5);
    board.sourceReceived("10.0.0.1", 7);
    board.sourceReceived("10.0.0.1", 6);
    expect([board.receivedFrom("255.255.255.255x"), board.receivedFrom("10.0.0.1")]).toEqual([5, 7]);
    for (let index = 0; index < 100; index++) board.sourceReceived(`1.1.1.${index}`, 9);
    expect([board.receivedFrom("1.1.1.61"), board.receivedFrom("1.1.1.62")]).toEqual([9, 0]);
  });

  test("what one view sets, another one sees", () => {
    const board = new Scoreboard();
    const view = new Scoreboard(board.buffer, 3);
    board.pathsAreBalanced = true;
    board.responseIpSize = 16;
    board.setBinlog(4, 2 ** 31);
    board.accessLogRotated();
    expect([view.pathsAreBalanced, view.responseIpSize, view.binlogIndex, view.binlogSize]).toEqual([
      true,
      16,
      4,
      2 ** 31,
    ]);
    expect([view.accessLogGeneration, view.errorLogGeneration]).toEqual([1, 0]);
  });
});
