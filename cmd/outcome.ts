// What became of one file of several, and how it is told: results on stdout, failures on stderr, with --json both in
// one array on stdout.

import { type CommandContext, Interrupted } from "./command.ts";
import { isSet } from "./options.ts";
import { messageOf } from "./print.ts";

type Outcome<T extends object> = { readonly value: T } | { readonly error: unknown };

/** Runs one piece of work; its failure becomes an outcome, Ctrl-C does not. */
export async function outcomeOf<T extends object>(
  context: CommandContext,
  work: () => Promise<T>,
): Promise<Outcome<T>> {
  context.signal.throwIfAborted();
  try {
    return { value: await work() };
  } catch (error) {
    context.signal.throwIfAborted();
    if (error instanceof Interrupted) throw error;
    return { error };
  }
}

/** Tells outcomes one after another, as they come, and remembers whether one was a failure. */
export class Teller<T extends object> {
  #failures = 0;
  #told = 0;
  readonly #context: CommandContext;
  readonly #isJson: boolean;
  readonly #text: (value: T) => string;

  constructor(context: CommandContext, text: (value: T) => string) {
    this.#context = context;
    this.#isJson = isSet(context.options, "json");
    this.#text = text;
  }

  /** `subject` names the file or ID as the caller did. */
  async tell(subject: object, outcome: Outcome<T>): Promise<void> {
    const context = this.#context;
    if ("value" in outcome) {
      if (this.#isJson) await this.#item({ ...subject, ...outcome.value });
      else await context.stdout.write(this.#text(outcome.value));
      return;
    }
    this.#failures++;
    const error = messageOf(outcome.error);
    await context.stderr.write(`fdfs: ${error}\n`);
    if (this.#isJson) await this.#item({ ...subject, error });
  }

  async #item(value: object): Promise<void> {
    await this.#context.stdout.write(`${this.#told++ === 0 ? "[\n" : ",\n"}  ${JSON.stringify(value)}`);
  }

  /** Ends the output; the exit status is 1 when something failed. */
  async end(): Promise<0 | 1> {
    if (this.#isJson) await this.#context.stdout.write(this.#told === 0 ? "[]\n" : "\n]\n");
    return this.#failures === 0 ? 0 : 1;
  }
}
