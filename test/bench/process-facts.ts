// What /proc tells of a running process: its processor time and its memory.

import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";

const TICKS_PER_SECOND = 100;
const SAMPLE_MS = 50;

/** User and system time in seconds (clock ticks of 10 ms). */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** Resident bytes now. */
export function residentBytes(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1];
  return Number(kilobytes) * 1024;
}

/** The most bytes that were resident while `work` ran. */
export async function mostResident(pid: number, work: () => Promise<unknown>): Promise<number> {
  let most = residentBytes(pid);
  const timer = setInterval(() => {
    most = Math.max(most, residentBytes(pid));
  }, SAMPLE_MS);
  try {
    await work();
    // What was taken last may still be on its way into the table.
    await pause(SAMPLE_MS);
    return Math.max(most, residentBytes(pid));
  } finally {
    clearInterval(timer);
  }
}
