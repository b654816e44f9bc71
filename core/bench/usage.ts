// What processes have used so far: CPU time and memory, from /proc. Linux only.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

const DEFAULT_TICKS_PER_SECOND = 100;

let ticksPerSecond: number | undefined;

/** The unit of /proc/PID/stat: CLK_TCK, 100 on every Linux of today. */
function clockTicks(): number {
  if (ticksPerSecond === undefined) {
    try {
      ticksPerSecond = Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "latin1" }).trim());
    } catch {
      ticksPerSecond = DEFAULT_TICKS_PER_SECOND;
    }
    if (!(ticksPerSecond > 0)) ticksPerSecond = DEFAULT_TICKS_PER_SECOND;
  }
  return ticksPerSecond;
}

/**
 * User and system time of the processes with all their threads, in microseconds; 0 without any, NaN when
 * one of them is gone.
 */
export function cpuMicrosecondsOf(pids: readonly number[]): number {
  if (pids.length === 0) return 0;
  let ticks = 0;
  for (const pid of pids) {
    const stat = readProc(pid, "stat");
    if (stat === null) return Number.NaN;
    // The second field is the program's name in parentheses, and may itself have blanks and parentheses.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return (ticks * 1e6) / clockTicks();
}

/** The greatest resident memory the processes have had (VmHWM), together; null when one of them is gone. */
export function peakMemoryBytesOf(pids: readonly number[]): number | null {
  let bytes = 0;
  for (const pid of pids) {
    const match = /^VmHWM:\s+(\d+) kB$/m.exec(readProc(pid, "status") ?? "");
    if (match === null) return null;
    bytes += Number(match[1]) * 1024;
  }
  return bytes;
}

/** CPU time of this process with all its threads, in microseconds. */
export function ownCpuMicroseconds(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

function readProc(pid: number, file: string): string | null {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "latin1");
  } catch {
    return null;
  }
}
