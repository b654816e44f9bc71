// `bun test/sim/run.ts --seeds N --from S`: simulates N clusters, one a seed. `--seed S` shows one with all that happened.
// `--trunk` and `--allocator` do the same with groups in trunk mode and with the allocator of trunk space alone.

import { runAllocatorSeed } from "./trunk/allocator-seed.ts";
import { runGroupSeed } from "./trunk/group-seed.ts";
import { ALL_RULES } from "./trunk/trunk-rules.ts";
import { runSeed } from "./world/run-seed.ts";

interface Outcome {
  readonly problems: readonly string[];
  readonly trace: readonly string[];
  /** What the line at the end adds up. */
  readonly figures: Readonly<Record<string, number>>;
}

async function run(seed: number, isTraced: boolean): Promise<Outcome> {
  if (process.argv.includes("--allocator")) {
    const { problems, trace, operations, replays } = await runAllocatorSeed(seed);
    return { problems, trace, figures: { operations, replays } };
  }
  if (process.argv.includes("--trunk")) {
    const { problems, trace, files, strays, twoServers } = await runGroupSeed(seed, ALL_RULES, isTraced);
    return {
      problems,
      trace,
      figures: { "files compared": files, strays, "steps with two trunk servers": twoServers },
    };
  }
  const { problems, trace, acknowledged, filled } = await runSeed(seed, { isTraced });
  return { problems, trace, figures: { "acknowledged operations": acknowledged, "new storages filled": filled } };
}

function numberAfter(flag: string, fallback: number): number {
  const at = process.argv.indexOf(flag);
  const value = at < 0 ? fallback : Number(process.argv[at + 1]);
  if (!Number.isSafeInteger(value)) throw new Error(`Cannot use ${flag} ${process.argv[at + 1]}: expected a number`);
  return value;
}

const kind = (): string =>
  ["--allocator", "--trunk"]
    .filter((flag) => process.argv.includes(flag))
    .map((flag) => ` ${flag}`)
    .join("");

const single = numberAfter("--seed", -1);
if (single >= 0) {
  const { trace, problems } = await run(single, true);
  for (const line of trace) console.log(line);
  console.log(problems.length === 0 ? `seed ${single}: all is well` : `seed ${single} fails:\n${problems.join("\n")}`);
  process.exitCode = problems.length === 0 ? 0 : 1;
} else {
  const from = numberAfter("--from", 1);
  const count = numberAfter("--seeds", 1000);
  const startedMs = performance.now();
  let failed = 0;
  const figures: Record<string, number> = {};
  for (let seed = from; seed < from + count; seed++) {
    const result = await run(seed, false);
    for (const [name, value] of Object.entries(result.figures)) figures[name] = (figures[name] ?? 0) + value;
    if (result.problems.length === 0) continue;
    failed++;
    console.log(
      `seed ${seed} fails (bun test/sim/run.ts${kind()} --seed ${seed} shows why):\n  ${result.problems.slice(0, 5).join("\n  ")}`,
    );
  }
  const seconds = (performance.now() - startedMs) / 1000;
  const told = Object.entries(figures).map(([name, value]) => `${value} ${name}`);
  console.log(`${count - failed} of ${count} seeds well, ${told.join(", ")}, ${seconds.toFixed(1)} s`);
  process.exitCode = failed === 0 ? 0 : 1;
}
