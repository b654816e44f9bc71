/**
 * All checks of the command-line programs in the order they depend on each other, for one folder of programs.
 */
import type { Cluster } from "../clusters/cluster.ts";
import type { Verdict } from "../verdict.ts";
import { checkClusterTools } from "./cluster-tools.ts";
import { checkFileTools } from "./file-tools.ts";
import { checkTestTools } from "./test-tools.ts";
import { ToolBox } from "./tool-box.ts";

/** Runs the programs in `programs` against `cluster`; each row is `rowPrefix` and the program's name. */
export async function checkTools(cluster: Cluster, programs: string, rowPrefix: string): Promise<Verdict[]> {
  const box = new ToolBox(cluster, programs, rowPrefix);
  try {
    await checkFileTools(box);
    await checkTestTools(box);
    await checkClusterTools(box);
    return box.list.verdicts;
  } finally {
    box.dispose();
  }
}
