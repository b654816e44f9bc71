// A tracker that stops and starts again, or is killed: what storages and clients find (tracker.md §8), and that the
// changes of a storage's life are on disk before they are answered.

import { describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { activeStorage, eventually, frame, joinFrame, padded, TestTracker } from "../harness.ts";

const group = padded("group1", 16);

async function withFolder(run: (basePath: string) => Promise<void>): Promise<void> {
  const basePath = mkdtempSync(join(tmpdir(), "fdfs-restart-"));
  try {
    await run(basePath);
  } finally {
    rmSync(basePath, { recursive: true, force: true });
  }
}

describe("a restart", () => {
  test("keeps groups and storages; a storage that joins again serves with its next beat", () =>
    withFolder(async (basePath) => {
      const first = await TestTracker.start("127.0.30.11", { basePath });
      await activeStorage(first, "127.0.30.21");
      await first.stop();
      const second = await TestTracker.start("127.0.30.11", { basePath });
      try {
        const client = await second.open("127.0.30.9");
        expect((await client.ask(frame(92, group)))[10]).toBe(5);
        expect(await client.status(frame(101))).toBe(2);
        const storage = await second.open("127.0.30.21");
        const joined = await storage.ask(
          joinFrame({ trackers: [`${second.host}:${second.port}`], initFlag: 0, status: 7 }),
        );
        expect(joined[10]).toBe(6);
        await storage.ask(frame(83));
        expect((await client.ask(frame(92, group)))[10]).toBe(7);
      } finally {
        await second.stop();
      }
    }));

  test("forgets tombstones, so that a group can be deleted", () =>
    withFolder(async (basePath) => {
      const first = await TestTracker.start("127.0.30.11", { basePath });
      const storage = await activeStorage(first, "127.0.30.21");
      await storage.close();
      const client = await first.open("127.0.30.9");
      await eventually(async () => (await client.status(frame(93, group, "127.0.30.21"))) === 0);
      expect(await client.status(frame(108, group))).toBe(16);
      await first.stop();
      const second = await TestTracker.start("127.0.30.11", { basePath });
      try {
        const again = await second.open("127.0.30.9");
        expect(await again.status(frame(92, group, "127.0.30.21"))).toBe(2);
        expect(await again.status(frame(108, group))).toBe(0);
        expect((await again.ask(frame(91))).length).toBe(10);
      } finally {
        await second.stop();
      }
    }));
});

test("a join, a source and a deletion are on disk before they are answered", () =>
  withFolder(async (basePath) => {
    const tracker = await TestTracker.start("127.0.30.12", { basePath });
    const data = (name: string): string => readFileSync(join(basePath, "data", name), "utf8");
    try {
      const first = await activeStorage(tracker, "127.0.30.21");
      const second = await tracker.open("127.0.30.22");
      await second.ask(joinFrame({ trackers: [`${tracker.host}:${tracker.port}`] }));
      expect(data("storage_groups_new.dat")).toContain("storage_port=22301");
      expect(data("storage_servers_new.dat")).toContain("storage_count=2");
      expect(data("storage_sync_timestamp.dat").split("\n").length).toBe(3);
      await second.ask(frame(87));
      expect(data("storage_servers_new.dat")).toContain("sync_src_server=127.0.30.21");
      await first.close();
      const client = await tracker.open("127.0.30.9");
      await eventually(async () => (await client.status(frame(93, group, "127.0.30.21"))) === 0);
      expect(data("storage_changelog.dat")).toMatch(/^\d+ group1 127\.0\.30\.21 4 \n$/);
      expect(data("storage_servers_new.dat")).toContain("storage_count=1");
      expect(data("storage_servers_new.dat")).not.toContain("sync_src_server=127.0.30.21");
    } finally {
      await tracker.stop();
    }
  }));

test("a second connection of a storage that closes does not take it offline", async () => {
  const tracker = await TestTracker.start("127.0.30.13");
  try {
    const old = await activeStorage(tracker, "127.0.30.21");
    const fresh = await tracker.open("127.0.30.21");
    await fresh.ask(joinFrame({ trackers: [`${tracker.host}:${tracker.port}`], initFlag: 0, status: 7 }));
    await old.close();
    const client = await tracker.open("127.0.30.9");
    expect((await client.ask(frame(92, group)))[10]).toBe(7);
    await fresh.close();
    await eventually(async () => (await client.ask(frame(92, group)))[10] === 5);
  } finally {
    await tracker.stop();
  }
});

test("a storage that falls silent is given up after check_active_interval", async () => {
  const tracker = await TestTracker.start("127.0.30.14", { checkActiveIntervalSeconds: 100 });
  try {
    const storage = await activeStorage(tracker, "127.0.30.21");
    const client = await tracker.open("127.0.30.9");
    tracker.clock.now += 101;
    await eventually(async () => (await client.ask(frame(92, group)))[10] === 5);
    await storage.ask(frame(83));
    expect((await client.ask(frame(92, group)))[10]).toBe(7);
  } finally {
    await tracker.stop();
  }
});
