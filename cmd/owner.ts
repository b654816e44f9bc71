// run_by_user and run_by_group as numbers, from the system's own lists; nobody else on a server needs to be asked.

import { readFileSync } from "node:fs";
import type { Owner } from "../core/disk/owner.ts";

/** The number of a name in /etc/passwd or /etc/group; a number stands for itself. */
function idOf(file: string, name: string, key: string): number {
  if (/^\d+$/.test(name)) return Number(name);
  const line = readFileSync(file, "utf8")
    .split("\n")
    .find((candidate) => candidate.startsWith(`${name}:`));
  if (line === undefined) throw new Error(`Cannot use ${key} = ${name}: it is not in ${file}`);
  return Number(line.split(":")[2]);
}

/** Who the server's files shall belong to; undefined when the settings change nothing. */
export function ownerOf(settings: { readonly runByUser: string; readonly runByGroup: string }): Owner | undefined {
  const { runByUser, runByGroup } = settings;
  if (runByUser === "" && runByGroup === "") return undefined;
  return {
    uid: runByUser === "" ? (process.getuid?.() ?? 0) : idOf("/etc/passwd", runByUser, "run_by_user"),
    gid: runByGroup === "" ? (process.getgid?.() ?? 0) : idOf("/etc/group", runByGroup, "run_by_group"),
  };
}
