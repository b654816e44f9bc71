// Standard input as content. Reading it can wait forever for a person or a program, so Ctrl-C must end the wait.

import type { CommandContext } from "./command.ts";

/** The bytes of standard input; throws the signal's reason when it is aborted, also while nothing comes. */
export async function* readStandardInput(
  context: Pick<CommandContext, "stdin" | "signal">,
): AsyncGenerator<Uint8Array> {
  const { signal } = context;
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
  // It may reject when nobody waits any more.
  aborted.catch(() => {});
  const input = context.stdin[Symbol.asyncIterator]();
  for (;;) {
    signal.throwIfAborted();
    const next = await Promise.race([input.next(), aborted]);
    if (next.done === true) return;
    yield next.value;
  }
}
