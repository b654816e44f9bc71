// Trunk space under chance, many seeds: the allocator against a map that is as simple as can be, and a group in which two
// storages hand out slots at once; and that the simulation would tell if one of the defences were missing, as with C's rules.
// FDFS_SIM_SEEDS: another number of seeds.

import { expect, test } from "bun:test";
import { runAllocatorSeed } from "./allocator-seed.ts";
import { runGroupSeed } from "./group-seed.ts";
import { ALL_RULES, C_RULES, LOCAL_RULES, type TrunkRules } from "./trunk-rules.ts";

const SEEDS = Number(process.env["FDFS_SIM_SEEDS"] ?? 80);
const BROKEN_SEEDS = 300;
const TRACE_LINES = 100;

test(`${SEEDS} seeds: the allocator and its replayed journal are what they should be`, async () => {
  let operations = 0;
  let replays = 0;
  for (let seed = 1; seed <= SEEDS; seed++) {
    const result = await runAllocatorSeed(seed);
    operations += result.operations;
    replays += result.replays;
    if (result.problems.length > 0) throw new Error(tellOf("--allocator", seed, result));
  }
  console.log(`${SEEDS} allocator seeds: ${operations} operations, ${replays} replays`);
  expect(replays).toBeGreaterThan(SEEDS);
}, 300_000);

test.each<[string, TrunkRules]>([
  ["all defences", ALL_RULES],
  ["two allocators that nobody holds back, and what each storage checks for itself", LOCAL_RULES],
])(
  `${SEEDS} seeds: no acknowledged file is lost with %s`,
  async (_, rules) => {
    let files = 0;
    let twoServers = 0;
    for (let seed = 1; seed <= SEEDS; seed++) {
      const result = await runGroupSeed(seed, rules);
      files += result.files;
      twoServers += result.twoServers;
      if (result.problems.length > 0) {
        throw new Error(tellOf("--trunk", seed, await runGroupSeed(seed, rules, true)));
      }
    }
    console.log(
      `${SEEDS} trunk seeds: ${files} files compared on three storages, two trunk servers in ${twoServers} steps`,
    );
    expect(files).toBeGreaterThan(SEEDS);
    expect(twoServers).toBeGreaterThan(0);
  },
  300_000,
);

test("the same seed gives the same run", async () => {
  const first = await runGroupSeed(7, ALL_RULES, true);
  const second = await runGroupSeed(7, ALL_RULES, true);
  expect(first.trace.length).toBeGreaterThan(50);
  expect(second.trace).toEqual(first.trace);
});

test("with C's rules most seeds lose data", async () => {
  let failed = 0;
  for (let seed = 1; seed <= 20; seed++) if ((await runGroupSeed(seed, C_RULES)).problems.length > 0) failed++;
  expect(failed).toBeGreaterThan(10);
}, 60_000);

test.each<[string, TrunkRules]>([
  ["copies that write over what is there", { ...LOCAL_RULES, checksReplicas: false }],
  ["a look at the header only", { ...LOCAL_RULES, checksRange: "header" }],
  ["deletions that clear whole slots", { ...LOCAL_RULES, clears: "slot" }],
  ["content that is not compared with its CRC", { ...ALL_RULES, checksContent: false }],
  ["no quarantine", { ...ALL_RULES, hasQuarantine: false }],
  ["inherited space that is not walked through", { ...ALL_RULES, walksInherited: false, walksCollisions: false }],
])(
  "a missing defence is found: %s",
  async (_, rules) => {
    let failed = 0;
    for (let seed = 1; seed <= BROKEN_SEEDS && failed === 0; seed++) {
      failed = (await runGroupSeed(seed, rules)).problems.length;
    }
    expect(failed).toBeGreaterThan(0);
  },
  60_000,
);

function tellOf(
  flag: string,
  seed: number,
  { trace, problems }: { readonly trace: readonly string[]; readonly problems: readonly string[] },
): string {
  return [
    ...trace.slice(-TRACE_LINES),
    `seed ${seed} fails; the whole of it: bun test/sim/run.ts ${flag} --seed ${seed}`,
    ...problems,
  ].join("\n");
}
