#!/usr/bin/env bun
// The executable's entry: finds out under which name and for which command it was called, runs that command in a context
// of the real process, and turns what comes back into an exit status. The only file that ends the process.

import { basename } from "node:path";
import { type CommandContext, type CommandSpec, Interrupted, UsageError } from "./command.ts";
import { commands, legacyNames } from "./commands.ts";
import { commandHelp, overview } from "./help.ts";
import { parseArguments } from "./parse.ts";
import { ProcessContext } from "./process-context.ts";
import { versionLine } from "./version.ts";

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;
const EXIT_INTERRUPTED = 130;

/** What is on its way to standard output and standard error. */
const flushing = new Set<Promise<void>>();

async function report(
  error: unknown,
  command: CommandSpec | null,
  context: CommandContext,
  debug: boolean,
): Promise<number> {
  if (error instanceof Interrupted) return EXIT_INTERRUPTED;
  const message = error instanceof Error ? error.message : String(error);
  const name = command === null ? "fdfs" : `fdfs ${command.name}`;
  await context.stderr.write(`${name}: ${message}\n`);
  if (error instanceof UsageError) {
    if (command !== null) await context.stderr.write(`Usage: fdfs ${command.name} ${command.usage}\n`);
    return EXIT_USAGE;
  }
  if (debug && error instanceof Error) await context.stderr.write(`${error.stack ?? ""}\n`);
  return EXIT_FAILED;
}

async function runNamed(argv: readonly string[], context: ProcessContext): Promise<number> {
  const parsed = parseArguments(argv, commands);
  switch (parsed.kind) {
    case "version":
      await context.stdout.write(`${versionLine()}\n`);
      return 0;
    case "help":
      await context.stdout.write(parsed.command === null ? overview(commands) : commandHelp(parsed.command));
      return 0;
    case "wrong":
      return report(new UsageError(parsed.message), parsed.command, context, false);
    case "run":
      try {
        const { run } = await parsed.command.load();
        return await run(context.with(parsed.args, parsed.options));
      } catch (error) {
        return report(error, parsed.command, context, parsed.options["debug"] === true);
      }
  }
}

async function main(): Promise<number> {
  const interrupt = new AbortController();
  // The first Ctrl-C lets the command clean up, a second one does not wait for it.
  const stop = (): void => {
    if (interrupt.signal.aborted) process.exit(EXIT_INTERRUPTED);
    interrupt.abort(new Interrupted());
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  const context = new ProcessContext(interrupt.signal, flushing);
  const legacy = legacyNames.get(basename(process.argv0));
  if (legacy === undefined) return runNamed(process.argv.slice(2), context);
  const { runLegacy } = await legacy();
  return runLegacy([process.argv0, ...process.argv.slice(2)], context);
}

main().then(
  async (status) => {
    await Promise.all(flushing);
    process.exit(status);
  },
  (error: unknown) => {
    process.stderr.write(`fdfs: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(EXIT_FAILED);
  },
);
