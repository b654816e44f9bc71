// A command context that writes into memory, for tests of commands and legacy programs.

import type { CommandContext, Output } from "../../../cmd/command.ts";

export interface RecordedContext extends CommandContext {
  out(): string;
  err(): string;
}

export function recordedContext(changes: Partial<CommandContext> & { input?: string } = {}): RecordedContext {
  const out: Uint8Array[] = [];
  const err: Uint8Array[] = [];
  const outputTo = (chunks: Uint8Array[]): Output => ({
    write: async (chunk) => {
      chunks.push(typeof chunk === "string" ? Buffer.from(chunk) : Uint8Array.from(chunk));
    },
    isTerminal: false,
    columns: 80,
  });
  const { input = "", ...rest } = changes;
  return {
    args: [],
    options: {},
    stdout: outputTo(out),
    stderr: outputTo(err),
    stdin: (async function* () {
      if (input !== "") yield Buffer.from(input);
    })(),
    env: {},
    cwd: "/",
    signal: new AbortController().signal,
    isTerminal: false,
    ...rest,
    out: () => Buffer.concat(out).toString(),
    err: () => Buffer.concat(err).toString(),
  };
}
