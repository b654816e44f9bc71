// The content argument of append and modify: a file, or - for standard input.

import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { type CommandContext, UsageError } from "./command.ts";
import { readStandardInput } from "./standard-input.ts";

export type Content = { kind: "file"; path: string } | { kind: "stream"; stream: AsyncIterable<Uint8Array> };

/** Exactly an ID and a content word. */
export function idAndContent(context: CommandContext): [string, string] {
  const [id, word, ...rest] = context.args;
  if (id === undefined || word === undefined || rest.length > 0) {
    throw new UsageError("Needed are a file ID and one file (or - for standard input)");
  }
  return [id, word];
}

export async function openContent(context: CommandContext, word: string): Promise<Content> {
  if (word === "-") return { kind: "stream", stream: readStandardInput(context) };
  const path = resolve(context.cwd, word);
  const status = await stat(path).catch(() => null);
  if (status === null) throw new Error(`Cannot read ${word}: there is no such file`);
  if (!status.isFile()) throw new Error(`Cannot read ${word}: it is no regular file`);
  return { kind: "file", path };
}
