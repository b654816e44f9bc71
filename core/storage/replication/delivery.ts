// What the operations that send a record have in common: where files are, whom they are sent to, what is counted.

import { type Disks, locate, type StoredName } from "../io/store-paths.ts";
import { factsOf, type StoredFacts } from "../io/stored-facts.ts";
import type { PeerLink } from "./peer-link.ts";

/** What a peer is known to be like; forgotten with its connections. */
export interface PeerTraits {
  /** It had the last file already: the next ones are asked for before their content is sent (C: the same). */
  hasFilesAlready: boolean;
  /** It is one of ours, not C; null = not asked yet. A C receiver stalls on links (storage.md §3.7), and renames blindly. */
  isOneOfOurs: boolean | null;
}

export interface Delivery {
  readonly link: PeerLink;
  readonly groupName: string;
  readonly traits: PeerTraits;
  /** Where this storage's files are. */
  readonly disks: Disks;
  /** Content that the peer has taken. */
  countBytes(bytes: number): void;
}

/** The record has nothing to bring any more: a later one tells what became of its file. */
export const NOTHING_TO_SEND = 0;

/** Null when this storage has no such store path. */
export function located({ disks }: Delivery, name: string): StoredName | null {
  try {
    return locate(disks, name);
  } catch {
    return null;
  }
}

/** What stands under the name now, links not followed; null: nothing. */
export function standing(delivery: Delivery, name: string): StoredFacts | null {
  const stored = located(delivery, name);
  return stored === null ? null : factsOf(delivery.disks, stored);
}
