// `fdfs bench`: puts a load on a storage or a tracker and tells what came of it. The load itself is core/bench's; here it
// is set up from options, files are made for it and removed again, and the figures are printed.

import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { FileList, FileTable } from "../core/bench/file-table.ts";
import type { LoadPlan } from "../core/bench/plan.ts";
import { reportOf } from "../core/bench/report.ts";
import { runLoad } from "../core/bench/run-load.ts";
import { deleteFiles, filesForLoad, readNames } from "./bench/files.ts";
import { readSettings } from "./bench/settings.ts";
import { findTargets } from "./bench/target.ts";
import { errorsText, reportText } from "./bench/text.ts";
import { type CommandContext, Interrupted } from "./command.ts";
import { isSet } from "./options.ts";
import { writeJson } from "./print.ts";

const EXIT_INTERRUPTED = 130;

export async function run(context: CommandContext): Promise<number> {
  const settings = readSettings(context);
  const ids = settings.namesFile === undefined ? null : readNames(context, settings.namesFile);
  const { load, storage, storePathIndex } = await findTargets(context, settings, ids?.[0] ?? null);
  const plan: LoadPlan = { ...settings.load, target: load, storePathIndex, files: null, appenders: null };
  const storagePlan: LoadPlan = { ...plan, target: storage ?? load };
  const made = new FileList();
  try {
    const files = await filesForLoad(context, settings, storagePlan, ids, made);
    return await measure(context, { ...plan, ...files }, made, settings.namesOutFile);
  } finally {
    if (!settings.keep && made.count > 0) await deleteFiles(context, storagePlan, made.table());
  }
}

async function measure(
  context: CommandContext,
  plan: LoadPlan,
  made: FileList,
  namesOutFile: string | undefined,
): Promise<number> {
  const outcome = await runLoad(plan, context.signal);
  if (outcome.made !== null) made.addAll(outcome.made);
  if (namesOutFile !== undefined) writeIds(resolve(context.cwd, namesOutFile), made);
  const report = reportOf(plan, outcome);
  if (report === null) {
    if (context.signal.aborted) throw new Interrupted();
    throw new Error("Cannot measure: the load had nothing left to do before its warm-up ended; give more --files");
  }
  if (isSet(context.options, "json")) await writeJson(context, report);
  else await context.stdout.write(reportText(report));
  if (context.signal.aborted) return EXIT_INTERRUPTED;
  if (report.operations > 0) return 0;
  const { host, port } = plan.target;
  const why = report.errors.total === 0 ? "none ended within the time" : `errors ${errorsText(report.errors)}`;
  throw new Error(`No operation on ${host}:${port} succeeded: ${why}`);
}

function writeIds(path: string, files: FileList): void {
  const table = new FileTable(files.table());
  const ids = Array.from({ length: table.count }, (_, index) => table.id(index));
  writeFileSync(path, ids.map((id) => `${id}\n`).join(""));
}
