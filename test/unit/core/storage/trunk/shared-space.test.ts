// The map as threads share it: terms, holds, the journal's ring, threads that die inside, and two threads at once.

import { describe, expect, test } from "bun:test";
import { SharedTrunkSpace } from "../../../../../core/storage/trunk/shared-space.ts";
import type { TrunkInfo } from "../../../../../core/wire/storage-sync.ts";

const RULES = { slotMinSize: 256, slotMaxSize: 4096, alignmentSize: 0, trunkFileSize: 65_536, mergesFree: false };
const PLACE = { storePathIndex: 0, subPathHigh: 0, subPathLow: 0, trunkFileId: 1 };

interface Opened {
  readonly space: SharedTrunkSpace;
  readonly other: SharedTrunkSpace;
  readonly clock: { seconds: number };
}

function open(): Opened {
  const clock = { seconds: 1000 };
  const setup = SharedTrunkSpace.create(RULES, 1000);
  const space = new SharedTrunkSpace(setup, 1, () => clock.seconds);
  return { space, other: new SharedTrunkSpace(setup, 2, () => clock.seconds), clock };
}

function serve(opened: Opened, term = 7): Opened {
  opened.space.begin();
  opened.space.exclusively((map) => map.addFile(PLACE, RULES.trunkFileSize));
  opened.space.ready(term);
  return opened;
}

function blockOf(answer: ReturnType<SharedTrunkSpace["allocate"]>): TrunkInfo {
  if (typeof answer === "string") throw new Error(answer);
  return answer.block;
}

describe("the role", () => {
  test("nobody allocates before it is ready, while it is suspended and after its end", () => {
    const { space, other } = open();
    expect(space.allocate(0, 256)).toBe("not-server");
    space.begin();
    expect(other.allocate(0, 256)).toBe("not-server");
    space.exclusively((map) => map.addFile(PLACE, RULES.trunkFileSize));
    space.ready(7);
    expect(other.allocate(0, 256)).toMatchObject({ block: { offset: 0 }, term: 7 });
    space.suspend();
    expect(other.term).toBe(0);
    expect(other.allocate(0, 256)).toBe("not-server");
    space.resume();
    expect(other.term).toBe(7);
    space.end();
    expect(other.allocate(0, 256)).toBe("not-server");
    expect(other.release({ ...PLACE, offset: 0, size: 256 })).toBe(22);
  });

  test("what comes back while the role is suspended is taken", () => {
    const { space, other } = serve(open());
    const block = blockOf(other.allocate(0, 256));
    space.suspend();
    expect(other.release(block)).toBe(0);
    expect(other.release(block)).toBe(17);
  });

  test("slots of replicas that come while the map is loaded are taken out of it", () => {
    const { space, other } = open();
    expect(other.carve({ ...PLACE, offset: 0, size: 512 })).toBe(0);
    space.begin();
    other.carve({ ...PLACE, offset: 1024, size: 512 });
    space.exclusively((map) => map.insert({ ...PLACE, offset: 1024, size: 1024 }, false));
    space.ready(1);
    expect(space.exclusively((map) => map.blocks())).toEqual([{ ...PLACE, offset: 1536, size: 512 }]);
    expect(other.carve({ ...PLACE, offset: 1536, size: 256 })).toBe(256);
  });

  test("slots that come back cool", () => {
    const { space, other, clock } = open();
    space.begin();
    space.exclusively((map) => map.insert({ ...PLACE, offset: 0, size: 256 }, false));
    space.ready(1);
    space.coolSeconds = 5;
    other.release(blockOf(other.allocate(0, 256)));
    expect(other.allocate(0, 256)).toBe("no-space");
    clock.seconds += 5;
    expect(blockOf(other.allocate(0, 256)).offset).toBe(0);
  });

  test("a file ahead is asked for when little is left, once in a while until it comes", () => {
    const { other, space, clock } = serve(open());
    const asked: number[] = [];
    for (let at = 0; ; at++) {
      const answer = other.allocate(0, 1000);
      if (typeof answer === "string") break;
      if (answer.isLow) asked.push(at);
      if (at === 63) clock.seconds += 5;
    }
    // The last 4096 bytes, one of the largest slots: after 62 of 1000, and again five seconds later.
    expect(asked).toEqual([61, 64]);
    expect(space.awaitsFile(0)).toBe(true);
    space.exclusively((map) => map.addFile({ ...PLACE, trunkFileId: 2 }, RULES.trunkFileSize));
    expect(space.awaitsFile(0)).toBe(false);
    expect(other.allocate(0, 1000)).toMatchObject({ isLow: false });
  });
});

describe("slots for other storages", () => {
  test("are confirmed once, and with another status free again", () => {
    const { other } = serve(open());
    const good = blockOf(other.allocate(0, 256));
    const bad = blockOf(other.allocate(0, 256));
    const used = blockOf(other.allocate(0, 256));
    for (const block of [good, bad, used]) expect(other.hold(block, 7)).toBe(true);
    expect(other.heldCount).toBe(3);
    expect(other.confirm(good, 0)).toBe(0);
    expect(other.confirm(good, 0)).toBe(2);
    expect(other.confirm({ ...bad, size: 257 }, 0)).toBe(2);
    expect(other.confirm(bad, 5)).toBe(0);
    expect(other.confirm(used, 17)).toBe(0);
    expect(blockOf(other.allocate(0, 256))).toEqual(bad);
    expect(blockOf(other.allocate(0, 256)).offset).toBe(768);
  });

  test("of an earlier term are not known", () => {
    const { space, other } = serve(open());
    const block = blockOf(other.allocate(0, 256));
    other.hold(block, 6);
    expect(other.confirm(block, 0)).toBe(2);
    other.hold(block, 7);
    space.begin();
    expect(other.confirm(block, 0)).toBe(22);
    space.ready(8);
    expect(other.confirm(block, 0)).toBe(2);
  });

  test("of which nothing is heard come back", () => {
    const { space, other, clock } = serve(open());
    const block = blockOf(other.allocate(0, 256));
    other.hold(block, 7);
    clock.seconds += 100;
    other.hold(blockOf(other.allocate(0, 256)), 7);
    expect(space.expireHolds(clock.seconds, 100)).toBe(0);
    clock.seconds += 1;
    expect(space.expireHolds(clock.seconds, 100)).toBe(1);
    expect(other.confirm(block, 0)).toBe(2);
    expect(blockOf(other.allocate(0, 256))).toEqual(block);
  });

  test("more than there is room for are refused, and room comes back", () => {
    const { other } = serve(open());
    const held = (offset: number): TrunkInfo => ({ ...PLACE, offset, size: 256 });
    let count = 0;
    while (other.hold(held(count), 7)) count++;
    expect(count).toBe(16_384);
    expect(other.confirm(held(5), 0)).toBe(0);
    expect(other.hold(held(5), 7)).toBe(true);
  });
});

describe("the journal", () => {
  test("keeps entries in order until they are taken out, round and round", () => {
    const { space } = serve(open());
    const seen: string[] = [];
    for (let round = 0; round < 50_000; round++) {
      space.release(blockOf(space.allocate(0, 256)));
      if (round % 1000 !== 0) continue;
      for (const { op, block } of space.journal.peek(Number.MAX_SAFE_INTEGER)) {
        if (seen.length < 5) seen.push(`${op} ${block.offset} ${block.size}`);
      }
      space.journal.advance(space.journal.length);
      expect(space.journal.isEmpty).toBe(true);
    }
    expect(seen).toEqual(["A 0 65536", "D 0 65536", "A 256 65280", "A 0 256", "D 0 256"]);
    expect(space.isDamaged).toBe(false);
  });

  test("that is nearly full is written; one that cannot be written stops allocation, not the map", () => {
    const { space } = serve(open());
    let writes = 0;
    space.onFull = () => {
      writes++;
      space.journal.advance(space.journal.length);
    };
    for (let round = 0; round < 100_000; round++) space.release(blockOf(space.allocate(0, 256)));
    expect(writes).toBeGreaterThan(1);
    space.onFull = () => {
      throw new Error("the disk is full");
    };
    let answer = space.allocate(0, 256);
    for (; typeof answer !== "string"; answer = space.allocate(0, 256)) space.release(answer.block);
    expect(answer).toBe("no-space");
    expect(space.isDamaged).toBe(false);
    space.onFull = () => space.journal.advance(space.journal.length);
    expect(typeof space.allocate(0, 256)).toBe("object");
  });
});

describe("threads that die", () => {
  test("inside a change leave a damaged map, which a new beginning mends", () => {
    const { space, other } = serve(open());
    expect(() =>
      other.exclusively(() => {
        // As a thread that starts in the place of one that has died here.
        other.reclaim();
        throw new Error("died");
      }),
    ).toThrow("died");
    expect(space.isDamaged).toBe(true);
    expect(space.allocate(0, 256)).toBe("not-server");
    expect(space.release({ ...PLACE, offset: 0, size: 256 })).toBe(22);
    serve({ space, other, clock: { seconds: 0 } }, 8);
    expect(space.isDamaged).toBe(false);
    expect(other.allocate(0, 256)).toMatchObject({ term: 8 });
  });

  test("elsewhere leave nothing", () => {
    const { space, other } = serve(open());
    other.reclaim();
    expect(space.isDamaged).toBe(false);
  });
});

test("two threads at once never get the same bytes", async () => {
  const setup = SharedTrunkSpace.create({ ...RULES, trunkFileSize: 16_777_216 }, 100_000);
  const space = new SharedTrunkSpace(setup, 1);
  space.onFull = () => space.journal.advance(space.journal.length);
  space.begin();
  space.exclusively((map) => map.addFile(PLACE, 16_777_216));
  space.ready(1);
  const workers = [2, 3].map(
    (owner) => new Worker(new URL("./allocating-thread.mjs", import.meta.url), { name: String(owner) }),
  );
  try {
    const results = workers.map(
      (worker, index) =>
        new Promise<number[]>((resolve, reject) => {
          worker.onmessage = ({ data }) => resolve(data);
          worker.onerror = ({ message }) => reject(new Error(message));
          worker.postMessage({ setup, owner: index + 2, rounds: 20_000 });
        }),
    );
    const kept = (await Promise.all(results)).flat();
    expect(new Set(kept).size).toBe(kept.length);
    expect(space.exclusively((map) => map.freeBytes())).toBe(16_777_216 - kept.length * 256);
  } finally {
    for (const worker of workers) worker.terminate();
  }
}, 30_000);
