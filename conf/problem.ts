// What can be wrong with a settings file, and how it is said: a problem names file, line, key, value, what is allowed and
// the remedy. Whether it stops the start is decided by who reports it.

/** Where a text stands. `line` counts from 1; 0 when the whole file is meant, as for a missing key. */
export interface ConfPlace {
  readonly file: string;
  readonly line: number;
}

/** One finding in a settings file. */
export interface ConfProblem extends ConfPlace {
  /** Empty when no key is meant. */
  readonly key: string;
  /** The text as it stands in the file. */
  readonly value: string;
  /** What was found. */
  readonly message: string;
  readonly allowed?: string;
  readonly remedy?: string;
}

/** A problem at a place; what is left out is empty. */
export function confProblem(
  place: ConfPlace,
  message: string,
  parts: { readonly key?: string; readonly value?: string; readonly allowed?: string; readonly remedy?: string } = {},
): ConfProblem {
  return { file: place.file, line: place.line, key: "", value: "", message, ...parts };
}

/** One line: `file:line: key = value: message; allowed: …; remedy`. */
export function formatProblem(problem: ConfProblem): string {
  const { file, line, key, value, message, allowed, remedy } = problem;
  const place = line > 0 ? `${file}:${line}` : file;
  const item = key === "" ? "" : line > 0 ? `${`${key} = ${value}`.trimEnd()}: ` : `${key}: `;
  const parts = [message, ...(allowed ? [`allowed: ${allowed}`] : []), ...(remedy ? [remedy] : [])];
  return `${place}: ${item}${parts.join("; ")}`;
}

/** A settings file that cannot be used. Carries every problem of it; the message has one line for each. */
export class ConfError extends Error {
  override readonly name = "ConfError";
  readonly problems: readonly ConfProblem[];

  constructor(problems: readonly ConfProblem[], options?: ErrorOptions) {
    super(problems.map(formatProblem).join("\n"), options);
    this.problems = problems;
  }
}
