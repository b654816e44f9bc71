// The load program against a server that answers from memory and, where a test asks for it, misbehaves: what the program
// counts must be what the server saw.

import { describe, expect, test } from "bun:test";
import { FileTable } from "../../../../core/bench/file-table.ts";
import type { LoadPlan, OperationKind } from "../../../../core/bench/plan.ts";
import { type LoadReport, reportOf } from "../../../../core/bench/report.ts";
import { runLoad } from "../../../../core/bench/run-load.ts";
import { FIXED_ID, type MemoryServer, startMemoryServer } from "./memory-server.ts";
import { fixedFiles, planFor } from "./plan.ts";

const { signal: never } = new AbortController();

async function report(server: MemoryServer, overrides: Partial<LoadPlan> = {}): Promise<LoadReport> {
  const plan = planFor(server, overrides);
  return reportOf(plan, await runLoad(plan, never))!;
}

const none = { total: 0, byStatus: {}, connection: 0, timeout: 0 };

describe("counts", () => {
  test("exactly as many operations as asked for, over connections that are kept", async () => {
    await using server = await startMemoryServer();
    const { operations, errors, bytesPerSecond, seconds } = await report(server, { warmUp: { operations: 50 } });
    expect([operations, errors]).toEqual([1000, none]);
    expect(server.requests).toBe(1050);
    // The first one only looks whether there is a server.
    expect(server.connections).toBe(5);
    expect(server.received).toBe(1050 * (4096 + 15));
    expect(Math.round((bytesPerSecond * seconds) / 4096)).toBe(1000);
  });

  test.each<[OperationKind, number]>([
    ["download", 4096],
    ["append", 4096],
    ["metadata", 0],
    ["delete", 0],
    ["query", 0],
    ["query-fetch", 0],
  ])("%s", async (kind, bytes) => {
    await using server = await startMemoryServer();
    const files = fixedFiles(1000);
    const { operation, operations, errors, bytesPerSecond, seconds } = await report(server, {
      mix: [{ kind, weight: 1 }],
      files,
      appenders: files,
    });
    expect([operation, operations, errors, server.requests]).toEqual([kind, 1000, none, 1000]);
    expect(Math.round((bytesPerSecond * seconds) / 1000)).toBe(bytes);
  });

  test("a connection for each operation", async () => {
    await using server = await startMemoryServer();
    const { operations, errors } = await report(server, { fresh: true, extent: { operations: 200 } });
    expect([operations, errors, server.connections]).toEqual([200, none, 201]);
  });

  test("several threads share connections and count together", async () => {
    await using server = await startMemoryServer();
    const { operations, errors } = await report(server, { threads: 2, connections: 5 });
    expect([operations, errors, server.requests, server.connections]).toEqual([1000, none, 1000, 6]);
  });

  test("contents of a megabyte over a socket that takes a part at a time", async () => {
    await using server = await startMemoryServer();
    const sizes = [{ least: 1_000_000, greatest: 1_048_576, weight: 1 }];
    const { operations, errors } = await report(server, { sizes, extent: { operations: 60 } });
    expect([operations, errors, server.requests]).toEqual([60, none, 60]);
    expect(server.received).toBeGreaterThan(60 * 1_000_000);
  });

  test("answers in pieces of three bytes", async () => {
    await using server = await startMemoryServer({ pieceBytes: 3 });
    const plan = planFor(server, { extent: { operations: 20 }, keepsNames: true });
    const outcome = await runLoad(plan, never);
    expect(reportOf(plan, outcome)).toMatchObject({ operations: 20, errors: none });
    const table = new FileTable(outcome.made!);
    expect(Array.from({ length: table.count }, (_, index) => table.id(index))).toEqual(Array(20).fill(FIXED_ID));
  });

  test("a mix by its weights, each operation by itself too; deletions need something that was made", async () => {
    await using server = await startMemoryServer();
    const plan = planFor(server, {
      mix: [
        { kind: "upload", weight: 1 },
        { kind: "download", weight: 2 },
        { kind: "delete", weight: 1 },
      ],
      files: fixedFiles(),
      keepsNames: true,
      extent: { operations: 4000 },
    });
    const outcome = await runLoad(plan, never);
    const { operation, operations, byOperation } = reportOf(plan, outcome)!;
    expect([operation, operations]).toEqual(["mixed", 4000]);
    const counts = [byOperation!.upload!, byOperation!.download!, byOperation!.delete!].map((kind) => kind.operations);
    expect(counts[0]! + counts[1]! + counts[2]!).toBe(4000);
    expect(counts[1]!).toBeWithin(1800, 2200);
    expect(outcome.made!.starts.length - 1).toBe(counts[0]! - counts[2]!);
  });
});

describe("errors", () => {
  test("by status; the connection goes on", async () => {
    await using server = await startMemoryServer({ refuseEvery: 10, status: 28 });
    const { operations, errors } = await report(server);
    expect([operations, errors]).toEqual([900, { ...none, total: 100, byStatus: { "28": 100 } }]);
    expect(server.connections).toBe(5);
  });

  test("connections that are lost are made again", async () => {
    await using server = await startMemoryServer({ closeEvery: 50 });
    const { operations, errors } = await report(server, { extent: { operations: 500 } });
    expect([operations, errors]).toEqual([490, { ...none, total: 10, connection: 10 }]);
    expect(server.connections).toBeGreaterThanOrEqual(10);
  });

  test("no answer in time", async () => {
    await using server = await startMemoryServer({ ignoreEvery: 20 });
    const { operations, errors } = await report(server, { timeoutMs: 100, extent: { operations: 100 } });
    expect([operations, errors]).toEqual([95, { ...none, total: 5, timeout: 5 }]);
  });

  test("a download that has not the length its name tells", async () => {
    await using server = await startMemoryServer({ downloadBytes: 4095 });
    const overrides: Partial<LoadPlan> = { mix: [{ kind: "download", weight: 1 }], files: fixedFiles() };
    const { operations, errors } = await report(server, { ...overrides, extent: { operations: 5 } });
    expect([operations, errors]).toEqual([0, { ...none, total: 5, connection: 5 }]);
  });

  test("no server, no process: said before anything is measured", async () => {
    const server = await startMemoryServer();
    await expect(report(server, { pids: [999_999_999] })).rejects.toThrow("no such process");
    await server[Symbol.asyncDispose]();
    await expect(report(server)).rejects.toThrow(/^Cannot connect to 127\.0\.0\.1:\d+: ECONNREFUSED/);
  });
});

describe("time", () => {
  test("warm-up is not counted, the duration is kept", async () => {
    await using server = await startMemoryServer();
    const { seconds, operations } = await report(server, { warmUp: { seconds: 0.1 }, extent: { seconds: 0.3 } });
    expect(seconds).toBeWithin(0.25, 0.6);
    expect(operations).toBeGreaterThan(0);
    expect(operations).toBeLessThan(server.requests);
  });

  test("an open loop keeps its rate", async () => {
    await using server = await startMemoryServer();
    const { operations, ratePerSecond } = await report(server, { ratePerSecond: 400, extent: { seconds: 0.5 } });
    expect(ratePerSecond).toBe(400);
    expect(operations).toBeWithin(150, 260);
  });

  test("operations that had to wait for a stalled server count from when they were due", async () => {
    await using server = await startMemoryServer();
    server.isHolding = true;
    setTimeout(() => server.release(), 300);
    // One connection: a closed loop would see one slow operation, here 60 were due meanwhile.
    const { latencyMicroseconds, operations } = await report(server, {
      connections: 1,
      ratePerSecond: 200,
      extent: { operations: 100 },
    });
    expect(operations).toBe(100);
    expect(latencyMicroseconds.max).toBeGreaterThan(250_000);
    expect(latencyMicroseconds.p50).toBeGreaterThan(20_000);
  });

  test("CPU time and memory of a process", async () => {
    await using server = await startMemoryServer();
    const figures = await report(server, { pids: [process.pid], extent: { seconds: 0.3 } });
    // The server is this very process.
    expect(figures.ownCpuMicrosecondsPerOperation).toBeGreaterThan(0);
    const ratio = figures.cpuMicrosecondsPerOperation! / figures.ownCpuMicrosecondsPerOperation;
    expect(ratio).toBeWithin(0.7, 1.4);
    expect(figures.rssBytes).toBeGreaterThan(10_000_000);
  });

  test("an interruption ends the wait for a server that says nothing", async () => {
    await using server = await startMemoryServer({ ignoreEvery: 1 });
    const interrupt = new AbortController();
    const plan = planFor(server, { extent: { seconds: 60 }, timeoutMs: 500 });
    const outcome = runLoad(plan, interrupt.signal);
    setTimeout(() => interrupt.abort(new Error("enough")), 50);
    expect(reportOf(plan, await outcome)).toMatchObject({ operations: 0, errors: none });
    await expect(runLoad(plan, interrupt.signal)).rejects.toThrow("enough");
  });

  test("an interrupted load tells what was counted so far", async () => {
    await using server = await startMemoryServer();
    const interrupt = new AbortController();
    setTimeout(() => interrupt.abort(), 200);
    const plan = planFor(server, { extent: { seconds: 60 } });
    const { seconds, operations } = reportOf(plan, await runLoad(plan, interrupt.signal))!;
    expect(seconds).toBeWithin(0.1, 5);
    expect(operations).toBeGreaterThan(0);
  });
});
