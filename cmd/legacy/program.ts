// What the C release's client programs have in common: how they print a failure, read options and show times. Their
// texts are an interface (http-config-tools.md §4): scripts compare them byte for byte.

import { statusOfError, statusText } from "../../core/wire/status.ts";
import type { CommandContext } from "../command.ts";
import { formatTime } from "../render/units.ts";

/** `error no: 2, error info: No such file or directory`, the tail of every failure text. */
export function errorTail(errno: number): string {
  return `error no: ${errno}, error info: ${statusText(errno)}`;
}

/** The errno a C program would have exited with. */
export function errnoOf(error: unknown): number {
  return statusOfError(error);
}

/** A log line as the C library writes it to stderr, without its source position. */
export async function logError(context: CommandContext, text: string): Promise<void> {
  await context.stderr.write(`[${formatTime(Math.floor(Date.now() / 1000))}] ERROR - ${text}\n`);
}

interface ShortOptions {
  /** The option letters in the order given, each with its value if it takes one. */
  readonly flags: readonly { letter: string; value: string }[];
  readonly operands: readonly string[];
  /** What getopt(3) says about the first option it does not know; null when all is well. */
  readonly complaint: string | null;
}

/** getopt(3) as glibc does it: options may stand behind operands, letters may be joined, "--" ends them. */
export function readShortOptions(argv: readonly string[], spec: string): ShortOptions {
  const [program = "", ...words] = argv;
  const flags: { letter: string; value: string }[] = [];
  const operands: string[] = [];
  for (let index = 0; index < words.length; index++) {
    const word = words[index]!;
    if (word === "--") {
      operands.push(...words.slice(index + 1));
      break;
    }
    if (!word.startsWith("-") || word === "-") {
      operands.push(word);
      continue;
    }
    for (let at = 1; at < word.length; at++) {
      const letter = word[at]!;
      const place = letter === ":" ? -1 : spec.indexOf(letter);
      if (place < 0) return { flags, operands, complaint: `${program}: invalid option -- '${letter}'\n` };
      if (spec[place + 1] !== ":") {
        flags.push({ letter, value: "" });
        continue;
      }
      const attached = word.slice(at + 1);
      const value = attached !== "" ? attached : words[++index];
      if (value === undefined) {
        return { flags, operands, complaint: `${program}: option requires an argument -- '${letter}'\n` };
      }
      flags.push({ letter, value });
      break;
    }
  }
  return { flags, operands, complaint: null };
}

/** C's atoi/strtoll: leading digits count, anything else is 0. */
export function leadingNumber(text: string): number {
  const match = /^\s*([+-]?\d+)/.exec(text);
  return match === null ? 0 : Number(match[1]);
}
