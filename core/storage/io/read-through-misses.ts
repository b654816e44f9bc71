// Names that were asked for in vain a moment ago: a client that asks again and again must not make the whole group look
// every time. Bounded, the oldest make room; the clock is the caller's.

const KEEP_MS = 2000;
const NAMES_MAX = 4096;

export class RecentMisses {
  /** When each name was missed, milliseconds; the oldest first. */
  readonly #missedAt = new Map<string, number>();

  get size(): number {
    return this.#missedAt.size;
  }

  add(name: string, nowMs: number): void {
    this.#missedAt.delete(name);
    this.#missedAt.set(name, nowMs);
    if (this.#missedAt.size <= NAMES_MAX) return;
    for (const oldest of this.#missedAt.keys()) {
      this.#missedAt.delete(oldest);
      break;
    }
  }

  has(name: string, nowMs: number): boolean {
    const missedAt = this.#missedAt.get(name);
    if (missedAt === undefined) return false;
    // A clock that was set back must not keep a name for long.
    if (nowMs >= missedAt && nowMs - missedAt < KEEP_MS) return true;
    this.#missedAt.delete(name);
    return false;
  }
}
