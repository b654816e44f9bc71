// `bun test/sim/run.ts --seeds N --from S`: simulates N clusters, one a seed. `--seed S` shows one with all that happened.

import { runSeed } from "./world/run-seed.ts";

function numberAfter(flag: string, fallback: number): number {
  const at = process.argv.indexOf(flag);
  const value = at < 0 ? fallback : Number(process.argv[at + 1]);
  if (!Number.isSafeInteger(value)) throw new Error(`Cannot use ${flag} ${process.argv[at + 1]}: expected a number`);
  return value;
}

const single = numberAfter("--seed", -1);
if (single >= 0) {
  const { trace, problems } = await runSeed(single, { isTraced: true });
  for (const line of trace) console.log(line);
  console.log(problems.length === 0 ? `seed ${single}: all is well` : `seed ${single} fails:\n${problems.join("\n")}`);
  process.exitCode = problems.length === 0 ? 0 : 1;
} else {
  const from = numberAfter("--from", 1);
  const count = numberAfter("--seeds", 1000);
  const startedMs = performance.now();
  let failed = 0;
  let acknowledged = 0;
  let filled = 0;
  for (let seed = from; seed < from + count; seed++) {
    const result = await runSeed(seed);
    acknowledged += result.acknowledged;
    filled += result.filled;
    if (result.problems.length === 0) continue;
    failed++;
    console.log(
      `seed ${seed} fails (bun test/sim/run.ts --seed ${seed} shows why):\n  ${result.problems.slice(0, 5).join("\n  ")}`,
    );
  }
  const seconds = (performance.now() - startedMs) / 1000;
  const figures = `${acknowledged} acknowledged operations, ${filled} new storages filled`;
  console.log(`${count - failed} of ${count} seeds well, ${figures}, ${seconds.toFixed(1)} s`);
  process.exitCode = failed === 0 ? 0 : 1;
}
