/**
 * What a check found, and how the lines of a client driver become such verdicts.
 * A known defect of a client counts as such only when it fails in the very way it fails against C 6.16.1.
 */
import { spawn } from "node:child_process";

const REASON_CHARACTERS = 700;

/** `defect`: the client itself cannot do it, against C neither. `n/a`: the client does not offer it. */
type Outcome = "ok" | "failed" | "defect" | "n/a" | "skipped";

export interface Verdict {
  readonly row: string;
  readonly name: string;
  readonly outcome: Outcome;
  readonly reason: string;
}

/** Check name to the error text it gives against C. */
export type KnownDefects = Readonly<Record<string, RegExp>>;

export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end; one still running after `timeoutMs` is killed by pid and has code -1. */
export function runProgram(
  command: readonly string[],
  options: { timeoutMs?: number; cwd?: string; env?: Record<string, string>; stdin?: string } = {},
): Promise<Finished> {
  const [program, ...args] = command;
  return new Promise((resolve) => {
    const child = spawn(program ?? "", args, {
      stdio: ["pipe", "pipe", "pipe"],
      env: { ...process.env, ...options.env },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.stdin.on("error", () => {});
    child.stdin.end(options.stdin ?? "");
    const timer = setTimeout(() => child.kill("SIGKILL"), options.timeoutMs ?? 60_000);
    child.once("error", (error) => resolve({ code: -1, stdout, stderr: `${program}: ${error.message}` }));
    child.once("close", (code) => {
      clearTimeout(timer);
      resolve({ code: code ?? -1, stdout, stderr });
    });
  });
}

/** The verdicts in a driver's output. A driver that ends badly or prints nothing is one failed verdict more. */
export function driverVerdicts(row: string, finished: Finished, defects: KnownDefects): Verdict[] {
  const verdicts: Verdict[] = [];
  for (const line of finished.stdout.split("\n")) {
    const found = /^(ok|not ok|n\/a) ([\w-]+)(?:: (.*))?$/.exec(line);
    if (found === null) continue;
    const [, word, name = "", reason = ""] = found;
    if (word === "n/a") verdicts.push({ row, name, outcome: "n/a", reason: "the client does not offer it" });
    else verdicts.push(judge(row, name, word === "ok" ? null : reason, defects[name]));
  }
  if (finished.code !== 0 || verdicts.length === 0) {
    const reason = `exit code ${finished.code}: ${finished.stderr.trim().slice(-400)}`;
    verdicts.push({ row, name: "driver", outcome: "failed", reason });
  }
  return verdicts;
}

function judge(row: string, name: string, failure: string | null, defect: RegExp | undefined): Verdict {
  if (failure === null) {
    if (defect === undefined) return { row, name, outcome: "ok", reason: "" };
    const reason = `passes, but fails against C with ${defect}: the answer differs from C's`;
    return { row, name, outcome: "failed", reason };
  }
  return { row, name, outcome: defect?.test(failure) === true ? "defect" : "failed", reason: failure };
}

/** Collects verdicts of checks written in TypeScript. */
export class CheckList {
  readonly verdicts: Verdict[] = [];

  /** Runs `body`; a throw is a failed verdict. Resolves with its value, or undefined when it failed. */
  async check<T>(row: string, name: string, body: () => Promise<T> | T): Promise<T | undefined> {
    try {
      const value = await body();
      this.verdicts.push({ row, name, outcome: "ok", reason: "" });
      return value;
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const reason = message.replace(/\s+/g, " ").slice(0, REASON_CHARACTERS);
      this.verdicts.push({ row, name, outcome: "failed", reason });
      return undefined;
    }
  }
}
