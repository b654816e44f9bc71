// The real process as commands see it. Each part is opened when it is first used: a short command shall not pay for
// streams that it does not touch.

import { type StandardOutput, standardOutput } from "../core/runtime/standard-output.ts";
import { statusOfError, statusText } from "../core/wire/status.ts";
import type { CommandContext, Output } from "./command.ts";

const stdout = standardOutput("stdout");
const stderr = standardOutput("stderr");

export class ProcessContext implements CommandContext {
  readonly args: readonly string[];
  readonly options: Readonly<Record<string, unknown>>;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly signal: AbortSignal;
  readonly #flushing: Set<Promise<void>>;

  /** `flushing` holds what has been written and not been taken yet; the process must not end before that. */
  constructor(
    signal: AbortSignal,
    flushing: Set<Promise<void>>,
    args: readonly string[] = [],
    options: Readonly<Record<string, unknown>> = {},
  ) {
    this.signal = signal;
    this.args = args;
    this.options = options;
    this.stdout = watched(stdout, flushing);
    this.stderr = watched(stderr, flushing);
    this.#flushing = flushing;
  }

  /** The same for a command's arguments. */
  with(args: readonly string[], options: Readonly<Record<string, unknown>>): ProcessContext {
    return new ProcessContext(this.signal, this.#flushing, args, options);
  }

  get stdin(): AsyncIterable<Uint8Array> {
    return process.stdin;
  }

  get env(): Readonly<Record<string, string | undefined>> {
    return process.env;
  }

  get cwd(): string {
    return process.cwd();
  }

  get isTerminal(): boolean {
    return stderr.isTerminal;
  }
}

function watched(output: StandardOutput, flushing: Set<Promise<void>>): Output {
  return {
    write(chunk) {
      const writing = output
        .write(chunk)
        .catch((error: NodeJS.ErrnoException) => {
          // A reader that went away (`fdfs monitor | head`) is no error of ours.
          if (error.code === "EPIPE") process.exit(0);
          throw new Error(`Cannot write the output: ${statusText(statusOfError(error))}`, { cause: error });
        })
        .finally(() => flushing.delete(writing));
      flushing.add(writing);
      return writing;
    },
    get isTerminal() {
      return output.isTerminal;
    },
    get columns() {
      return output.columns;
    },
  };
}
