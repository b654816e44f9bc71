/**
 * One server running in the foreground as a child of the test, its output kept in a file.
 * It is ended by its own pid only; whatever is still running when the test process exits is killed then.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";

const GRACE_MS = 20_000;
const alive = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of alive) child.kill("SIGKILL");
});

export interface ServerProcess {
  readonly pid: number;
  /** The exit code or signal, or null while it runs. */
  ended(): string | null;
  /** What it printed so far. */
  output(): string;
  /** SIGTERM, then SIGKILL when it has not gone after `graceMs` (20 s); resolves when it is gone. */
  stop(graceMs?: number): Promise<void>;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
}

export function startServer(command: readonly string[], outputPath: string): ServerProcess {
  const [program, ...args] = command;
  if (program === undefined) throw new Error("startServer needs a program");
  const fd = openSync(outputPath, "a");
  const child = spawn(program, args, { stdio: ["ignore", fd, fd] });
  closeSync(fd);
  alive.add(child);
  let end: string | null = null;
  const gone = new Promise<void>((resolve) => {
    child.once("error", (error) => {
      end = `cannot start ${program}: ${error.message}`;
      alive.delete(child);
      resolve();
    });
    child.once("exit", (code, signal) => {
      end = signal === null ? `exit code ${code}` : `signal ${signal}`;
      alive.delete(child);
      resolve();
    });
  });
  return {
    pid: child.pid ?? -1,
    ended: () => end,
    output: () => readFileSync(outputPath, "utf8"),
    async stop(graceMs = GRACE_MS) {
      if (end !== null) return;
      child.kill("SIGTERM");
      const hard = setTimeout(() => child.kill("SIGKILL"), graceMs);
      await gone;
      clearTimeout(hard);
    },
    async kill() {
      child.kill("SIGKILL");
      await gone;
    },
  };
}
