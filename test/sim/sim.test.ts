// A thousand simulated clusters, one a seed: three storages and two trackers through crashes, partitions, lost and late
// messages and wrong clocks; and that the simulation would tell if a rule were broken. FDFS_SIM_SEEDS: another number.

import { expect, test } from "bun:test";
import { judgeCopy } from "../../core/storage/replication/judge.ts";
import { REAL_RULES } from "./storage/rules.ts";
import { type RunOptions, type RunResult, runSeed } from "./world/run-seed.ts";

const SEEDS = Number(process.env["FDFS_SIM_SEEDS"] ?? 1000);
const BROKEN_SEEDS = 200;
/** Of a failed run so much is shown, from the end. */
const TRACE_LINES = 400;

const forgetful: typeof judgeCopy = (name, change, state) => judgeCopy(name, change, { ...state, version: null });

async function tellOf({ seed, problems }: RunResult): Promise<string> {
  const { trace } = await runSeed(seed, { isTraced: true });
  return [
    ...trace.slice(-TRACE_LINES),
    `seed ${seed} fails; the whole of it: bun test/sim/run.ts --seed ${seed}`,
    ...problems,
  ].join("\n");
}

test(`${SEEDS} seeds: all storages end alike and keep what they promised`, async () => {
  let acknowledged = 0;
  let filled = 0;
  for (let seed = 1; seed <= SEEDS; seed++) {
    const result = await runSeed(seed);
    acknowledged += result.acknowledged;
    filled += result.filled;
    if (result.problems.length > 0) throw new Error(await tellOf(result));
  }
  console.log(`${SEEDS} seeds: ${acknowledged} acknowledged operations, ${filled} storages filled`);
  expect(acknowledged).toBeGreaterThan(SEEDS);
}, 300_000);

test("the same seed gives the same run", async () => {
  const first = await runSeed(7, { isTraced: true });
  const second = await runSeed(7, { isTraced: true });
  expect(second.trace.length).toBeGreaterThan(100);
  expect(second.trace).toEqual(first.trace);
});

test.each<[string, RunOptions]>([
  ["copies that always replace", { rules: { ...REAL_RULES, judgeCopy: () => "take" } }],
  ["deletions that are forgotten", { rules: { ...REAL_RULES, judgeCopy: forgetful } }],
  ["renames of whatever is there", { rules: { ...REAL_RULES, judgeRename: () => true } }],
  ["changes at the clock's time", { rules: { ...REAL_RULES, nextTimestamp: (nowSeconds) => nowSeconds } }],
  ["requests that arrive after they were given up", { resets: false }],
])(
  "a broken rule is found: %s",
  async (_, options) => {
    let failed = 0;
    for (let seed = 1; seed <= BROKEN_SEEDS && failed === 0; seed++) {
      failed = (await runSeed(seed, options)).problems.length;
    }
    expect(failed).toBeGreaterThan(0);
  },
  60_000,
);
