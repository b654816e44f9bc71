// What clients may rely on: for every name the contents that it may end with, given what was done and what was
// acknowledged. It sees every change where it is made, but whoever waits for an answer decides what counts as promised.

/** A content that a name has had; null = none. The same content twice is two states. */
interface State {
  readonly content: string | null;
  /** Of the change, as its storage gave it. */
  readonly timestamp: number;
  /** All that it was made from. */
  readonly ancestors: ReadonlySet<State>;
}

interface NameFacts {
  /** States that the name may end in. */
  readonly possible: Set<State>;
  readonly all: State[];
}

interface Change {
  readonly facts: NameFacts;
  readonly state: State;
}

const NOTHING_YET: State = { content: null, timestamp: 0, ancestors: new Set() };

export class Ledger {
  readonly #names = new Map<string, NameFacts>();
  readonly #changes = new Map<number, Change[]>();
  #current = 0;
  acknowledged = 0;

  /** The request that causes the next changes. */
  begin(request: number): void {
    this.#current = request;
  }

  /**
   * A storage is about to give a name another content; null = none. `deletedAt`: when the name was deleted, as far as the
   * storage knows: that tells which of several deletions it has heard of.
   */
  changed(
    name: string,
    before: string | null,
    after: string | null,
    timestamp: number,
    deletedAt: number | null,
  ): void {
    const facts = this.#factsOf(name);
    const isFirst = before === null && deletedAt === null;
    const isBefore = (state: State): boolean =>
      state.content === before && (before !== null || state.timestamp === deletedAt);
    const from = isFirst ? NOTHING_YET : facts.all.findLast(isBefore);
    const ancestors = from === undefined ? [] : [from, ...from.ancestors];
    const state: State = { content: after, timestamp, ancestors: new Set(ancestors) };
    facts.possible.add(state);
    facts.all.push(state);
    const changes = this.#changes.get(this.#current) ?? [];
    changes.push({ facts, state });
    this.#changes.set(this.#current, changes);
  }

  /** The client has been told that it was done. */
  acknowledge(request: number): void {
    this.acknowledged++;
    for (const { facts, state } of this.#changes.get(request) ?? []) {
      for (const older of state.ancestors) facts.possible.delete(older);
    }
  }

  get names(): readonly string[] {
    return [...this.#names.keys()];
  }

  /** Null when a name may end like this, else what was expected. */
  objection(name: string, actual: string | null): string | null {
    const { possible } = this.#factsOf(name);
    const contents = [...possible].map(({ content }) => content);
    return contents.includes(actual) ? null : contents.map((content) => content ?? "(none)").join(" | ");
  }

  #factsOf(name: string): NameFacts {
    let facts = this.#names.get(name);
    if (facts === undefined) {
      facts = { possible: new Set([NOTHING_YET]), all: [] };
      this.#names.set(name, facts);
    }
    return facts;
  }
}
