// Where and with what a section was measured.

import { spawnSync } from "node:child_process";
import { cpus, release, totalmem } from "node:os";
import { join } from "node:path";
import { peerBin } from "../interop/clusters/c-cluster.ts";
import { fdfsProgram } from "../interop/clusters/fdfs-cluster.ts";

export interface Machine {
  /** `YYYY-MM-DD`. */
  readonly date: string;
  readonly processors: string;
  readonly memoryGigabytes: number;
  readonly kernel: string;
  readonly fdfs: string;
  /** null: not measured. */
  readonly c: string | null;
  readonly bun: string;
}

export function thisMachine(): Machine {
  return {
    date: new Date().toISOString().slice(0, 10),
    processors: `${cpus().length} x ${cpus()[0]?.model ?? "unknown"}`,
    memoryGigabytes: Math.round(totalmem() / 2 ** 30),
    kernel: `Linux ${release()}`,
    fdfs: versionIn(fdfsProgram(), "--version"),
    c: peerBin() === null ? null : versionIn(join(peerBin()!, "fdfs_test")),
    bun: process.versions.bun ?? "unknown",
  };
}

export function machineText(machine: Machine): string {
  const { date, processors, memoryGigabytes, kernel, fdfs, c, bun } = machine;
  const versions = [`fdfs ${fdfs}`, ...(c === null ? [] : [`C FastDFS ${c}`]), `Bun ${bun}`];
  return `${processors}, ${memoryGigabytes} GB, ${kernel}; ${versions.join(", ")}; ${date}`;
}

/** The first version number that a program prints. */
function versionIn(program: string, ...args: readonly string[]): string {
  const { stdout, stderr } = spawnSync(program, args);
  return /\d+\.\d+\.\d+/.exec(`${stdout}${stderr}`)?.[0] ?? "unknown";
}
