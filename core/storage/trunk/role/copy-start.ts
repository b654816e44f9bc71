// Where the copy of the trunk binlog to another storage goes on after a new connection. C goes on at its mark and may send
// lines twice; the size of the peer's copy tells better. Pure.

/** `wait`: a C storage keeps lines back for up to a second. */
export type CopyStart = { readonly kind: "from"; readonly offset: number } | { readonly kind: "anew" | "wait" };

export interface CopyFacts {
  readonly markOffset: number;
  readonly ownSize: number;
  /** Bytes of the peer's copy; null = it does not tell. */
  readonly peerSize: number | null;
  readonly packageBytes: number;
  readonly hasWaited: boolean;
  /** A line of our binlog begins there. */
  isLineStart(offset: number): boolean;
}

export function copyStart(facts: CopyFacts): CopyStart {
  const { markOffset, ownSize, peerSize, packageBytes, hasWaited } = facts;
  if (markOffset === 0 || markOffset > ownSize) return { kind: "anew" };
  if (peerSize === null || peerSize === markOffset) return { kind: "from", offset: markOffset };
  if (peerSize < markOffset) return { kind: hasWaited ? "anew" : "wait" };
  // The answer to the last package was lost, or the mark is older than a crash.
  const isOurs = peerSize <= ownSize && facts.isLineStart(peerSize);
  return isOurs && peerSize - markOffset <= packageBytes * 16 ? { kind: "from", offset: peerSize } : { kind: "anew" };
}
