// `fdfs trunk check` on the storages of a test: what it finds, by kind.

import { execFile } from "node:child_process";
import { fdfsProgram } from "../../interop/clusters/fdfs-cluster.ts";
import type { Server } from "./server.ts";

const OUTPUT_MAX = 64 * 1024 * 1024;

interface CheckClass {
  readonly kind: string;
  readonly severity: "problem" | "notice";
  readonly count: number;
  readonly bytes: number;
  readonly examples: readonly object[];
}

export interface CheckVerdict {
  /** `storage 0: lost 3 (1234 bytes)` for each class that is a problem, with an example. */
  readonly problems: readonly string[];
  /** The same for what is worth knowing only. */
  readonly notices: readonly string[];
}

/** Checks one after the other. `tolerated`: kinds of problems that are notices here. Throws when one could not be checked. */
export async function trunkCheck(
  storages: readonly Server[],
  tolerated: readonly string[] = [],
): Promise<CheckVerdict> {
  const problems: string[] = [];
  const notices: string[] = [];
  for (const storage of storages) {
    for (const { kind, severity, count, bytes, examples } of await classesOf(storage)) {
      const text = `${storage.label}: ${kind} ${count} (${bytes} bytes), e.g. ${JSON.stringify(examples[0])}`;
      (severity === "problem" && !tolerated.includes(kind) ? problems : notices).push(text);
    }
  }
  return { problems, notices };
}

async function classesOf(storage: Server): Promise<readonly CheckClass[]> {
  const args = ["trunk", "check", "--conf", `${storage.basePath}.conf`, "--json"];
  const text = await new Promise<string>((resolve, reject) => {
    execFile(fdfsProgram(), args, { maxBuffer: OUTPUT_MAX }, (error, stdout, stderr) => {
      // 0: nothing; 1: something was found.
      const isChecked = error === null || error.code === 1;
      if (isChecked && stdout !== "") resolve(stdout);
      else reject(new Error(`fdfs trunk check could not check ${storage.label}: ${stderr || String(error)}`));
    });
  });
  return (JSON.parse(text) as { classes: CheckClass[] }).classes;
}
