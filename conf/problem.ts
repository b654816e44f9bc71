// What can be wrong with a settings file, and the error that carries every problem of a load at once.

/** One finding in a settings file. */
export interface ConfProblem {
  readonly file: string;
  /** 1-based; 0 when the finding belongs to no line (a missing key). */
  readonly line: number;
  readonly key: string;
  readonly value: string;
  /** What was expected, and what to do. */
  readonly message: string;
}

/** `file:line: key = value: message`. */
export function formatProblem(problem: ConfProblem): string {
  const place = problem.line > 0 ? `${problem.file}:${problem.line}` : problem.file;
  const item = problem.key === "" ? "" : problem.line > 0 ? `${problem.key} = ${problem.value}: ` : `${problem.key}: `;
  return `${place}: ${item}${problem.message}`;
}

/** A settings file that cannot be used; the message has one line a problem. */
export class ConfError extends Error {
  override readonly name = "ConfError";
  readonly problems: readonly ConfProblem[];

  constructor(problems: readonly ConfProblem[]) {
    super(problems.map(formatProblem).join("\n"));
    this.problems = problems;
  }
}
