// Whose servers are measured: ours always, C's where FDFS_PEER_BIN names them. The order changes from round to round, so
// that nobody always comes first.

import type { Maker } from "../interop/clusters/cluster.ts";
import { whyNoSite } from "./site.ts";

/** Ours first; says on the terminal why C's are left out. */
export function makersHere(): Maker[] {
  const why = whyNoSite("fdfs");
  if (why !== null) throw new Error(why);
  const whyNoC = whyNoSite("c");
  if (whyNoC !== null) console.log(`The C servers are left out: ${whyNoC}`);
  return whyNoC === null ? ["fdfs", "c"] : ["fdfs"];
}

/** `all`, beginning with another one each `round`. */
export function inTurn<T>(all: readonly T[], round: number): T[] {
  const first = round % all.length;
  return [...all.slice(first), ...all.slice(0, first)];
}
