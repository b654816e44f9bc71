// The pid file of a server, in C's place and form (http-config-tools.md §4.7): decimal digits without a newline. Says
// whether the process it names is alive and is one of ours or of the C programs, and ends it when asked.

import { readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import { DIRECTORY_MODE, ensureDirectory } from "../core/disk/ensure-directory.ts";
import { handOver, type Owner } from "../core/disk/owner.ts";

const TERM_INTERVAL_MS = 1000;
const KILL_AFTER_MS = 30_000;
const POLL_MS = 50;

/** True while the process runs. One that has ended but was not collected by its parent yet (a zombie) does not. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return stat[stat.lastIndexOf(")") + 2] !== "Z";
  } catch {
    // Without /proc the answer of kill stands.
    return true;
  }
}

/** The pid of the living server that `file` names, or null: no file, or its process is gone or is another program. */
export function runningPid(file: string, programs: readonly string[]): number | null {
  let text: string;
  try {
    text = readFileSync(file, "latin1");
  } catch {
    return null;
  }
  const pid = Number.parseInt(text, 10);
  if (!Number.isSafeInteger(pid) || pid <= 0 || pid === process.pid || !isAlive(pid)) return null;
  // A pid may have been given to another program since: the executable decides where it can be read.
  try {
    const executable = basename(readlinkSync(`/proc/${pid}/exe`)).replace(/ \(deleted\)$/, "");
    return [...programs, basename(process.execPath)].includes(executable) ? pid : null;
  } catch {
    return pid;
  }
}

/** Writes this process's pid; the file belongs to whom the server will run as. */
export function writePidFile(file: string, owner: Owner | undefined): void {
  ensureDirectory(dirname(file), DIRECTORY_MODE, owner);
  writeFileSync(file, String(process.pid), { mode: 0o644 });
  handOver(file, owner);
}

export function removePidFile(file: string): void {
  rmSync(file, { force: true });
}

/** True when the pid file is there at all. */
export function pidFileExists(file: string): boolean {
  try {
    readFileSync(file);
    return true;
  } catch {
    return false;
  }
}

/** SIGTERM now and every second, SIGKILL after 30 s, as the C programs do; resolves when the process is gone. */
export async function stopProcess(pid: number): Promise<void> {
  const started = Date.now();
  let signalled = 0;
  while (isAlive(pid)) {
    const elapsed = Date.now() - started;
    if (elapsed >= signalled * TERM_INTERVAL_MS) {
      process.kill(pid, elapsed >= KILL_AFTER_MS ? "SIGKILL" : "SIGTERM");
      signalled++;
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
