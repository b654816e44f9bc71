// The shape of a subcommand: what the table in commands.ts lists and what a command's code is handed when it runs.
// It knows no command and parses nothing (parse.ts does); a command sees the world only through its context.

/** Where a command prints. Writing waits while the reader is slow, so bytes may be piped through it. */
export interface Output {
  write(chunk: string | Uint8Array): Promise<void>;
  readonly isTerminal: boolean;
  /** Width of the terminal in characters; 80 when there is none. */
  readonly columns: number;
}

/** What an option's value must be. `flag` takes none; `bytes` takes a whole number with an optional K, M, G or T. */
export type OptionKind = "flag" | "text" | "count" | "bytes" | "optional-count";

export interface OptionSpec {
  /** As cac declares it: "-o, --output <file>". */
  readonly flags: string;
  readonly summary: string;
  /** Default: `text` when the flags name a value, else `flag`. */
  readonly kind?: OptionKind;
  /** The option may be given several times; its value is then always a list. */
  readonly repeatable?: true;
}

export type OptionValue = string | number | boolean | readonly string[];

/** Everything a command may read or write. Tests hand in their own. */
export interface CommandContext {
  /** Positional arguments in order. */
  readonly args: readonly string[];
  /** Parsed options by camelCase name; an option not given is absent. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly stdin: AsyncIterable<Uint8Array>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Aborted by Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal;
  /** A person watches: stderr is a terminal. */
  readonly isTerminal: boolean;
}

/** A command's code, loaded when it is run. `run` returns the exit status: 0 done, 1 failed, 2 used wrongly. */
interface CommandModule {
  run(context: CommandContext): Promise<number>;
}

export interface CommandSpec {
  readonly name: string;
  /** Arguments after the name, e.g. "<file...> [options]". */
  readonly usage: string;
  readonly summary: string;
  readonly options: readonly OptionSpec[];
  /** Longer explanation shown by `fdfs help NAME`. */
  readonly details?: readonly string[];
  /** Left out of the overview. */
  readonly hidden?: true;
  /** The command parses its arguments itself: `args` are the raw words after its name. */
  readonly rawArguments?: true;
  /** Imports the command's code; nothing heavy is imported before. */
  load(): Promise<CommandModule>;
}

/** A program of the C release, run under its own name. `argv[0]` is the name as it was called. */
export interface LegacyModule {
  runLegacy(argv: readonly string[], context: CommandContext): Promise<number>;
}

/** The command was used wrongly: one sentence, exit status 2. */
export class UsageError extends Error {
  override name = "UsageError";
}

/** Ctrl-C: exit status 130 (128 + SIGINT), nothing more to say. */
export class Interrupted extends Error {
  override name = "Interrupted";
  constructor() {
    super("Interrupted");
  }
}
