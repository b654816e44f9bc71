// `fdfs bench` as the load program of every measurement, ours and C's alike: its options in, its JSON document out
// (docs/bench-command.md).

import { spawn } from "node:child_process";
import { fdfsProgram } from "../interop/clusters/fdfs-cluster.ts";

interface Latency {
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** The part of the document that is used here. */
export interface BenchResult {
  readonly seconds: number;
  /** That succeeded. */
  readonly operations: number;
  readonly errors: {
    readonly total: number;
    readonly byStatus: Readonly<Record<string, number>>;
    readonly connection: number;
    readonly timeout: number;
  };
  readonly operationsPerSecond: number;
  readonly bytesPerSecond: number;
  readonly latencyMicroseconds: Latency;
  readonly cpuMicrosecondsPerOperation: number | null;
  readonly ownCpuMicrosecondsPerOperation: number;
  readonly rssBytes: number | null;
}

/** Runs `fdfs bench ARGS --json`; throws when it measured nothing. Single failed operations are in the result. */
export async function runBench(args: readonly string[]): Promise<BenchResult> {
  const command = ["bench", ...args, "--json"];
  const child = spawn(fdfsProgram(), command, { stdio: ["ignore", "pipe", "pipe"] });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  const text = Buffer.concat(out).toString();
  if (text.startsWith("{")) {
    const result = JSON.parse(text) as BenchResult;
    if (result.operations > 0) return result;
  }
  const said = `${Buffer.concat(err)}${text}`.trim().split("\n").slice(-3).join(" / ");
  throw new Error(`'fdfs ${command.join(" ")}' ended with ${code}: ${said}`);
}
