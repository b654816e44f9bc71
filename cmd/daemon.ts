// Starting a server in the background. The child runs the same command in the foreground, detached, with its standard
// streams in the log file; it reports over one pipe that it serves, or the sentence why it does not.

import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import { dirname } from "node:path";

/** Names the descriptor on which the child reports; its presence says "you are the child". */
const READY_VARIABLE = "FDFS_READY_FD";
const READY = "ready\n";

/** Runs `fdfs <args>` detached; resolves when it serves, rejects with its own error sentence. */
export function startDetached(args: readonly string[], logFile: string): Promise<number> {
  mkdirSync(dirname(logFile), { recursive: true, mode: 0o755 });
  const log = openSync(logFile, "a", 0o644);
  const isCompiled = process.argv[1]?.includes("$bunfs") === true;
  const program = isCompiled ? [] : [process.argv[1]!];
  const child = spawn(process.execPath, [...program, ...args], {
    cwd: "/",
    detached: true,
    stdio: ["ignore", log, log, "pipe"],
    env: { ...process.env, [READY_VARIABLE]: "3" },
  });
  closeSync(log);
  return new Promise((resolve, reject) => {
    let report = "";
    const pipe = child.stdio[3] as NodeJS.ReadableStream;
    pipe.on("data", (chunk: Buffer) => {
      report += chunk;
    });
    child.on("error", reject);
    pipe.on("close", () => {
      child.unref();
      if (report === READY) resolve(child.pid ?? 0);
      else reject(new Error(report.trim() || `The server ended before it was ready: see ${logFile}`));
    });
  });
}

/** The child's side: tells the waiting parent. Does nothing when there is none. */
export function reportToParent(failure: string | null): void {
  const fd = Number(process.env[READY_VARIABLE] ?? 0);
  if (fd < 3) return;
  delete process.env[READY_VARIABLE];
  try {
    writeSync(fd, failure === null ? READY : failure);
    closeSync(fd);
  } catch {
    // The parent is gone; there is nobody to tell.
  }
}

/** True in a process that `startDetached` started and that has not reported yet. */
export function isDetachedChild(): boolean {
  return process.env[READY_VARIABLE] !== undefined;
}
