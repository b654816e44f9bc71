// Virtual time: events in the order of their moments, one after another. What an event sets going in promises has settled
// before the next one happens, so a run depends on nothing but its seed.

/** What happens at a moment; false: nothing came of it. */
export type Happening = () => unknown;

interface Event {
  readonly atMs: number;
  readonly order: number;
  readonly run: Happening;
}

const isSooner = (a: Event, b: Event): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);

export class Scheduler {
  /** Milliseconds since the run began. */
  nowMs = 0;
  events = 0;
  readonly #heap: Event[] = [];
  #order = 0;

  /** Lets `run` happen in so many milliseconds. */
  after(delayMs: number, run: Happening): void {
    this.#push({ atMs: this.nowMs + Math.max(0, delayMs), order: this.#order++, run });
  }

  /** Goes on until the moment, or until `isEnough`, which is asked after every event. */
  async runUntil(atMs: number, isEnough: () => boolean = () => false): Promise<void> {
    while (this.#heap.length > 0 && this.#heap[0]!.atMs <= atMs) {
      const event = this.#pop();
      this.nowMs = event.atMs;
      this.events++;
      if (event.run() === false) continue;
      await settled();
      if (isEnough()) return;
    }
    this.nowMs = Math.max(this.nowMs, atMs);
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let at = heap.push(event) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isSooner(event, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = event;
  }

  #pop(): Event {
    const heap = this.#heap;
    const first = heap[0]!;
    const last = heap.pop()!;
    if (heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isSooner(heap[child + 1]!, heap[child]!)) child++;
      if (!isSooner(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

/** All promises that can go on now have done so. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
