// What the operations that send a record have in common: where files are, whom they are sent to, what is counted.

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
  /** Path of a logic name, null when this storage has no such store path. */
  pathOf(name: string): string | null;
  /** Content that the peer has taken. */
  countBytes(bytes: number): void;
}

/** The record has nothing to bring any more: a later one tells what became of its file. */
export const NOTHING_TO_SEND = 0;
