// What the audit of trunk files can find, each kind with how bad it is. In words it is told by cmd/trunk/. Pure.

import type { TrunkPlace } from "../trunk-file.ts";

/**
 * `overlap`: two files share bytes; `used-free`: a file in space that the map calls free; `lost`: space neither free nor in
 * use; `missing`: a name that lives has no file; `damaged`: the content is not what its header says; `deleted`: the file of a
 * name that was deleted; `unrecorded`: a file whose name the binlog does not have; `junk`: bytes that are no file;
 * `unreadable`: the trunk file cannot be read.
 */
export const findingKinds = [
  "overlap",
  "used-free",
  "missing",
  "damaged",
  "unreadable",
  "lost",
  "junk",
  "deleted",
  "unrecorded",
] as const;
export type FindingKind = (typeof findingKinds)[number];

/** `problem`: something is wrong; `notice`: worth knowing, mostly it passes by itself. */
export type Severity = "problem" | "notice";

export interface Finding {
  readonly kind: FindingKind;
  readonly place: TrunkPlace;
  readonly offset: number;
  readonly size: number;
  /** Logic name of the file; "" = none, or not known. */
  readonly name: string;
  /** Few words, e.g. what shares the bytes; "" = nothing to add. */
  readonly detail: string;
  /** What two looks at the same thing have in common. */
  readonly key: string;
}

/** Whose word the free space here is. `unknown`: no file and no server tells whether this storage was trunk server. */
export type MapOwner = "here" | "elsewhere" | "unknown";

/** A copy of somebody else's map runs after it; and names may be older than the binlog. */
export function severityOf(kind: FindingKind, owner: MapOwner): Severity {
  if (kind === "unrecorded") return "notice";
  return (kind === "used-free" || kind === "lost") && owner === "elsewhere" ? "notice" : "problem";
}
