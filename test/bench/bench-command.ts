// `fdfs bench` as the load program of every measurement, ours and C's alike: its options in, its JSON document out
// (docs/bench-command.md).

import { spawn } from "node:child_process";
import type { LoadReport } from "../../core/bench/report.ts";
import { fdfsProgram } from "../interop/clusters/fdfs-cluster.ts";

/** Runs `fdfs bench ARGS --json`; throws when it measured nothing. Single failed operations are in the result. */
export async function runBench(args: readonly string[]): Promise<LoadReport> {
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
    const result = JSON.parse(text) as LoadReport;
    if (result.operations > 0) return result;
  }
  const said = `${Buffer.concat(err)}${text}`.trim().split("\n").slice(-3).join(" / ");
  throw new Error(`'fdfs ${command.join(" ")}' ended with ${code}: ${said}`);
}
