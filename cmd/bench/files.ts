// The files a load works on: taken from the user's list, or made before and removed behind it.

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { FileList, FileTable, type FileTableParts } from "../../core/bench/file-table.ts";
import type { LoadPlan, OperationKind } from "../../core/bench/plan.ts";
import { type LoadOutcome, runLoad } from "../../core/bench/run-load.ts";
import type { SizePart } from "../../core/bench/sizes.ts";
import { parseFileId, readFileName } from "../../core/fileid/file-id.ts";
import { Status } from "../../core/wire/status.ts";
import type { CommandContext } from "../command.ts";
import { messageOf } from "../print.ts";
import type { BenchSettings } from "./settings.ts";
import { errorsText } from "./text.ts";

/** Making and removing is not measured: a few connections do. */
const HELPING_CONNECTIONS = 16;

/** The IDs in the user's --names file, one a line. */
export function readNames(context: CommandContext, path: string): readonly string[] {
  const ids = readFileSync(resolve(context.cwd, path), "utf8")
    .split(/\s+/)
    .filter((id) => id !== "");
  if (ids.length === 0) throw new Error(`Cannot use ${path}: there is no file ID in it`);
  return ids;
}

interface FilesForLoad {
  readonly files: FileTableParts | null;
  readonly appenders: FileTableParts | null;
  readonly sizes: readonly SizePart[];
}

/**
 * What the plan's operations need. Whatever is made for it is added to `made`, also when not all could be. `plan` goes to a
 * storage.
 */
export async function filesForLoad(
  context: CommandContext,
  settings: BenchSettings,
  plan: LoadPlan,
  ids: readonly string[] | null,
  made: FileList,
): Promise<FilesForLoad> {
  const isMixed = plan.mix.length > 1;
  const has = (...kinds: OperationKind[]): boolean => plan.mix.some(({ kind }) => kinds.includes(kind));
  const given = ids === null ? null : tableOf(ids);
  const needsFiles = has("download", "metadata", "query-fetch") || (has("delete") && !isMixed);
  const make = (kind: "files" | "appenders"): Promise<FileTableParts> =>
    makeFiles(context, { ...plan, uploadsAppenders: kind === "appenders" }, settings.files, made);
  const files = needsFiles ? (given ?? (await make("files"))) : null;
  const appenders = has("append") ? ((isMixed ? null : given) ?? (await make("appenders"))) : null;
  const isRead = has("download") && !has("upload", "append");
  return { files, appenders, sizes: (isRead && given !== null ? sizesIn(given) : null) ?? plan.sizes };
}

function tableOf(ids: readonly string[]): FileTableParts {
  const list = new FileList();
  for (const id of ids) list.addFile(parseFileId(id));
  return list.table();
}

/** The sizes that the names tell; null when none does. */
function sizesIn(parts: FileTableParts): readonly SizePart[] | null {
  const table = new FileTable(parts);
  const counts = new Map<number, number>();
  for (let index = 0; index < table.count; index++) {
    try {
      const { kind, size } = readFileName(table.location(index).fileName);
      if (kind === "normal") counts.set(size, (counts.get(size) ?? 0) + 1);
    } catch {
      // A name that is not FastDFS's tells nothing.
    }
  }
  if (counts.size === 0) return null;
  return Array.from(counts, ([size, weight]) => ({ least: size, greatest: size, weight }));
}

async function makeFiles(
  context: CommandContext,
  plan: LoadPlan,
  count: number,
  made: FileList,
): Promise<FileTableParts> {
  if (context.isTerminal) await context.stderr.write(`Making ${count} files for the load ...\n`);
  const outcome = await runLoad({ ...helpingPlan(plan, "upload", count), keepsNames: true }, context.signal);
  if (outcome.made !== null) made.addAll(outcome.made);
  context.signal.throwIfAborted();
  const table = outcome.made;
  if (table === null || table.starts.length - 1 < count) {
    throw new Error(`Cannot make ${count} files for the load: ${errorsOf(outcome)}`);
  }
  return table;
}

/** Removes files; says so if some stay. Never rejects: it is the last thing done, after a failure too. */
export async function deleteFiles(context: CommandContext, plan: LoadPlan, files: FileTableParts): Promise<void> {
  const count = files.starts.length - 1;
  if (context.isTerminal) await context.stderr.write(`Deleting the ${count} files that were made ...\n`);
  // Not with the command's signal: Ctrl-C ends the load, not the cleaning up behind it.
  const { signal } = new AbortController();
  try {
    const outcome = await runLoad({ ...helpingPlan(plan, "delete", count), files }, signal);
    const tally = outcome.tallies.get("delete")!;
    const left = tally.errors - (tally.byStatus[Status.ENOENT] ?? 0);
    if (left > 0) await context.stderr.write(`${left} of ${count} files could not be deleted: ${errorsOf(outcome)}\n`);
  } catch (error) {
    await context.stderr.write(`The ${count} files that were made could not be deleted: ${messageOf(error)}\n`);
  }
}

function helpingPlan(plan: LoadPlan, kind: OperationKind, count: number): LoadPlan {
  return {
    ...plan,
    mix: [{ kind, weight: 1 }],
    connections: Math.min(HELPING_CONNECTIONS, count),
    threads: 1,
    fresh: false,
    ratePerSecond: null,
    warmUp: { operations: 0 },
    extent: { operations: count },
    keepsNames: false,
    pids: [],
  };
}

function errorsOf({ tallies }: LoadOutcome): string {
  for (const { errors, byStatus, connection, timeout } of tallies.values()) {
    return errorsText({ total: errors, byStatus, connection, timeout });
  }
  return "nothing was done";
}
