// Runs the checks and the tests one after another, shows their output, and ends with one line that counts everything:
// `N passed, N failed, N skipped`. `bun test/run.ts check` runs the checks alone.

import { spawn } from "node:child_process";

interface Count {
  passed: number;
  failed: number;
  skipped: number;
}

interface Stage {
  name: string;
  command: string[];
  /** A check is one pass or one failure; a suite counts its own tests. */
  kind: "check" | "suite";
}

const checks: Stage[] = [
  { name: "types", kind: "check", command: ["tsc", "--noEmit", "-p", "tsconfig.json"] },
  {
    name: "lint and format",
    kind: "check",
    command: ["biome", "check", "--config-path=.ci", "cmd", "core", "conf", "test"],
  },
  { name: "dead exports", kind: "check", command: ["knip", "--no-progress"] },
  { name: "house rules", kind: "suite", command: ["bun", "test", "./test/house"] },
];

const suites: Stage[] = [
  { name: "unit", kind: "suite", command: ["bun", "test", "./test/unit"] },
  { name: "fuzz", kind: "suite", command: ["bun", "test", "./test/fuzz"] },
  { name: "simulation", kind: "suite", command: ["bun", "test", "--timeout", "300000", "./test/sim"] },
  { name: "end to end", kind: "suite", command: ["bun", "test", "--timeout", "120000", "./test/e2e"] },
  {
    name: "cluster",
    kind: "suite",
    command: ["bun", "test", "--timeout", "400000", "./test/cluster"],
  },
  {
    name: "npm clients",
    kind: "suite",
    command: ["bun", "test", "--timeout", "120000", "./test/interop/npm-clients.test.ts"],
  },
];

function run(stage: Stage): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    const [program, ...args] = stage.command;
    const child = spawn(program!, args, { stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    const take = (chunk: Buffer): void => {
      output += chunk;
      process.stdout.write(chunk);
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    child.on("error", (error) => resolve({ code: 1, output: `${output}\n${error.message}` }));
    child.on("close", (code) => resolve({ code: code ?? 1, output }));
  });
}

function count(stage: Stage, code: number, output: string): Count {
  if (stage.kind === "check") return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0 };
  const number = (word: string): number => Number(new RegExp(`^\\s*(\\d+) ${word}$`, "m").exec(output)?.[1] ?? 0);
  const result = { passed: number("pass"), failed: number("fail"), skipped: number("skip") };
  // A runner that dies, or finds nothing to run, has failed even if it counted no failure.
  if ((code !== 0 && result.failed === 0) || result.passed + result.failed + result.skipped === 0) result.failed++;
  return result;
}

const stages = process.argv[2] === "check" ? checks : [...checks, ...suites];
const total: Count = { passed: 0, failed: 0, skipped: 0 };
const broken: string[] = [];
for (const stage of stages) {
  const started = Date.now();
  console.log(`\n== ${stage.name}`);
  const { code, output } = await run(stage);
  const result = count(stage, code, output);
  total.passed += result.passed;
  total.failed += result.failed;
  total.skipped += result.skipped;
  if (result.failed > 0) broken.push(stage.name);
  console.log(
    `== ${stage.name}: ${result.failed === 0 ? "ok" : "FAILED"} in ${((Date.now() - started) / 1000).toFixed(1)} s`,
  );
}
if (broken.length > 0) console.log(`\nFailed: ${broken.join(", ")}`);
console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed === 0 ? 0 : 1;
