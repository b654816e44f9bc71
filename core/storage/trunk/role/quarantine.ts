// When a storage that has taken the role over may hand out the free space it has inherited: not before all others have
// delivered what they wrote meanwhile, because that may lie where the map says "free". Pure; facts about each other storage
// come from outside.

/** What is known of one other storage of the group. */
export interface PeerFacts {
  readonly id: string;
  readonly isActive: boolean;
  /** Since when the trackers call it ACTIVE without a break, Unix seconds. */
  readonly activeSince: number;
  /** It is one of ours and tells: it has given us everything. Null: it does not tell (a C storage). */
  readonly hasDelivered: boolean | null;
  /** Of a C storage by the tracker: its last change by a client, Unix seconds; null = not known. */
  readonly lastSourceUpdate: number | null;
  /** The newest change of it that has come here, Unix seconds. */
  readonly receivedUntil: number;
}

/** A storage that is back hears of its lost role with its first heartbeat, and may have begun something before. */
const SETTLE_SECONDS = 3;
/** What a C storage tells the trackers is as old as its last heartbeats. */
const HEART_BEATS = 2;
/** A C storage that has been active for so long has delivered what it had, whatever its statistics say. */
const PATIENCE_SECONDS = 600;

/** Ids of those that are waited for; empty = the quarantine ends. */
export function quarantinedBy(peers: readonly PeerFacts[], nowSeconds: number, heartBeatSeconds: number): string[] {
  // One that is away may still be asked for slots by another one, which then has something to deliver again.
  const away = peers.filter((peer) => !peer.isActive || nowSeconds - peer.activeSince < SETTLE_SECONDS);
  if (away.length > 0) return away.map(({ id }) => id);
  return peers.filter((peer) => !hasDelivered(peer, nowSeconds, heartBeatSeconds)).map(({ id }) => id);
}

function hasDelivered(peer: PeerFacts, nowSeconds: number, heartBeatSeconds: number): boolean {
  if (peer.hasDelivered !== null) return peer.hasDelivered;
  const activeSeconds = nowSeconds - peer.activeSince;
  if (activeSeconds >= PATIENCE_SECONDS) return true;
  if (peer.lastSourceUpdate === null || activeSeconds < HEART_BEATS * heartBeatSeconds) return false;
  return peer.lastSourceUpdate <= peer.receivedUntil;
}
