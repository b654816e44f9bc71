// Which storage a fetcher gets its files from: candidates take turns, so that several fetchers share the load and one that
// fails is followed by the next. Waits while there is none.

import type { Logger } from "../../observe/logger.ts";
import { pause } from "../control/pause.ts";
import type { Candidate } from "./group-questions.ts";

const RETRY_MS = 5000;
const REMIND_MS = 60_000;

export interface SourceChoiceHelp {
  readonly candidates: () => Promise<Candidate[] | null>;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** Hears what it waits for; "" = nothing any more. */
  readonly waiting: (why: string) => void;
  /** What is being recovered, for messages. */
  readonly what: string;
}

export class SourceChoice {
  readonly #help: SourceChoiceHelp;
  #turn = 0;
  #toldAt = 0;

  constructor(help: SourceChoiceHelp) {
    this.#help = help;
  }

  /** All that are there now, the one whose turn it is first; waits for at least one. */
  async all(): Promise<Candidate[]> {
    const { signal, log, what, waiting } = this.#help;
    for (;;) {
      const found = await this.#help.candidates();
      signal.throwIfAborted();
      if (found !== null && found.length > 0) {
        waiting("");
        const start = this.#turn++ % found.length;
        return [...found.slice(start), ...found.slice(0, start)];
      }
      const why =
        found === null ? "no tracker answers" : "no other storage of the group is ACTIVE and may be read from";
      waiting(why);
      if (Date.now() - this.#toldAt > REMIND_MS) {
        this.#toldAt = Date.now();
        log.warn(
          `Recovery of ${what} waits: ${why}; to start without its files remove .recovery.flag in its data folder`,
        );
      }
      await pause(RETRY_MS, signal);
      signal.throwIfAborted();
    }
  }

  /** The next one, another than `failed` where there is another. */
  async next(failed: Candidate | null): Promise<Candidate> {
    const found = await this.all();
    return found.find(({ id }) => id !== failed?.id) ?? found[0]!;
  }
}
