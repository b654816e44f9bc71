// Whom to ask for a file that is missing here, and what their answers come to. Pure: the group and the answers are handed
// in; who asks is read-through.ts.

import { readFileName } from "../../fileid/file-id.ts";
import { decodeBlock, encodeBlock, type FileSource } from "../../fileid/packed-block.ts";
import type { SourceBytes } from "../../fileid/source-address.ts";
import { Status } from "../../wire/status.ts";
import { StorageStatus } from "../../wire/storage-status.ts";

/** A storage of the group as the trackers describe it. */
export interface GroupMember {
  readonly id: string;
  readonly ipAddress: string;
  readonly port: number;
  /** StorageStatus. */
  readonly status: number;
}

export interface GroupView {
  readonly ownId: string;
  readonly members: readonly GroupMember[];
}

/** Reads what the control thread publishes under "members"; null when nothing was published yet. */
export function readGroupView(text: string): GroupView | null {
  if (text === "") return null;
  return JSON.parse(text) as GroupView;
}

/**
 * The members to ask for `fileName`, in order: ACTIVE ones before all others, among equals the file's source first, then by
 * id. A source that is not ACTIVE stands behind those that are: it has nothing that is newer and can be reached, and a dead
 * host costs a connect timeout.
 */
export function replicasToAsk({ ownId, members }: GroupView, fileName: string): GroupMember[] {
  const source = sourceOf(fileName);
  const rank = (member: GroupMember): number =>
    (member.status === StorageStatus.ACTIVE ? 0 : 2) + (isSource(member, source) ? 0 : 1);
  return members
    .filter(({ id, status, ipAddress }) => id !== ownId && ipAddress !== "" && !isGone(status))
    .sort((a, b) => rank(a) - rank(b) || (a.id < b.id ? -1 : 1));
}

/** True for a name made by the storage that puts `sourceBytes` into its names. */
export function isMadeBy(sourceBytes: SourceBytes, fileName: string): boolean {
  const source = sourceOf(fileName);
  const own = decodeBlock(encodeBlock(sourceBytes, 0, "normal", 0, 0, 0), 0)?.source;
  if (source === null || own === undefined) return false;
  if (source.kind === "id") return own.kind === "id" && own.id === source.id;
  return own.kind === "ipv4" && own.address === source.address;
}

/** The member that has created the file, while it belongs to the group; null also when the name does not tell. */
export function sourceMember({ members }: GroupView, fileName: string): GroupMember | null {
  const source = sourceOf(fileName);
  return members.find((member) => !isGone(member.status) && isSource(member, source)) ?? null;
}

const isGone = (status: number): boolean => status === StorageStatus.DELETED || status === StorageStatus.IP_CHANGED;

/** Null for a name that does not tell. */
function sourceOf(fileName: string): FileSource | null {
  try {
    return readFileName(fileName).source;
  } catch {
    return null;
  }
}

/** With storage ids a name holds the id or, by the tracker's id_type_in_filename, the address (storage.md §4.4). */
function isSource({ id, ipAddress }: GroupMember, source: FileSource | null): boolean {
  if (source === null) return false;
  return source.kind === "id" ? id === String(source.id) : source.address === id || source.address === ipAddress;
}

/** A name that is never given twice: one that was deleted stays deleted. */
export function isUsedOnce(fileName: string): boolean {
  try {
    return readFileName(fileName).kind !== "slave";
  } catch {
    return false;
  }
}

/**
 * The status for the client when no replica gave the file; `statuses` are those of the replicas that answered. A replica
 * that refuses the request for what it asks of the file (an offset behind its end: 22, a folder: 21) has it, and the refusal
 * is the answer; one with fewer store paths answers 22, too, so that others are asked all the same. Anything else, also a
 * replica that cannot be reached or is in trouble, leaves the file missing, as it is here.
 */
export function statusOfNone(statuses: readonly number[]): number {
  return statuses.find((status) => status === Status.EINVAL || status === Status.EISDIR) ?? Status.ENOENT;
}
