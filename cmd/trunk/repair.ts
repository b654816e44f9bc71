// `fdfs trunk repair`: shows what would be written to bring the free space of a stopped storage in order, asks, writes it, and
// checks again.

import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { carryOut, planRepair, type RepairPlan } from "../../core/storage/trunk/audit/repair.ts";
import { type CommandContext, UsageError } from "../command.ts";
import { verdictOf } from "../explain/finding.ts";
import { bytes, plural } from "../explain/words.ts";
import { isSet } from "../options.ts";
import { ownerOf } from "../owner.ts";
import { readStandardInput } from "../standard-input.ts";
import { auditOf, showCheck } from "./check.ts";
import { auditProgress, findPlace, type StoragePlace } from "./place.ts";
import { checkFindings } from "./words.ts";

const SHOWN = 5;

/** Exit status: 0 in order now, or nothing was to be done; 1 something is left, or it was not allowed. */
export async function runRepair(context: CommandContext, rest: readonly string[]): Promise<number> {
  if (rest.length > 0) throw new UsageError(`Nothing can be named here, found ${rest[0]}`);
  const { options, stdout, stderr } = context;
  const place = await findPlace(context);
  refuseUnless(place, isSet(options, "force"));
  const plan = await planOf(context, place);
  const isJson = isSet(options, "json");
  const say = (text: string): Promise<void> => (isJson ? stderr : stdout).write(text);
  await say(planText(plan, place));
  if (isEmpty(plan)) return conclude(context, place, say);
  if (!isSet(options, "yes") && !(await isConfirmed(context))) throw new Error("Nothing was changed");
  // Somebody may have started it while the question stood there.
  refuseUnless(await findPlace(context, true), isSet(options, "force"));
  const { settings } = place;
  const kept = carryOut(plan, settings.basePath, new Date(), ownerOf(settings));
  await say(kept === null ? "Done.\n\n" : `Done. The trunk binlog as it was is kept as ${kept}\n\n`);
  return conclude(context, place, say);
}

function refuseUnless({ running, owner, server, settings }: StoragePlace, isForced: boolean): void {
  if (running !== null) {
    throw new Error(`Cannot repair ${settings.basePath}: the storage runs, ${running}; stop it first`);
  }
  if (owner === "here" || isForced) return;
  const what =
    owner === "elsewhere"
      ? `its free space is a copy, ${server} is the trunk server: repair there`
      : "it is not known here which storage was the trunk server last; look with fdfs trunk stat";
  throw new Error(`Cannot repair ${settings.basePath}: ${what}; --force repairs it nevertheless`);
}

async function planOf(context: CommandContext, place: StoragePlace): Promise<RepairPlan> {
  const { settings, storePaths, slotMinSize } = place;
  const progress = auditProgress(context);
  try {
    const { signal } = context;
    const options = { basePath: settings.basePath, storePaths, slotMinSize, signal, progress, isStopped: true };
    return await planRepair(options);
  } finally {
    progress.close();
  }
}

const isEmpty = ({ corrections, junk, tornBytes }: RepairPlan): boolean =>
  corrections.length === 0 && junk.length === 0 && tornBytes === 0;

function planText(plan: RepairPlan, { settings }: StoragePlace): string {
  if (isEmpty(plan)) return "The free space needs no repair.\n\n";
  const { corrections, junk, keptJunkBytes, tornBytes } = plan;
  const ofOp = (wanted: string): { count: number; size: number } => {
    const blocks = corrections.filter(({ op }) => op === wanted).map(({ block }) => block);
    return { count: blocks.length, size: blocks.reduce((sum, { size }) => sum + size, 0) };
  };
  const [gone, free] = [ofOp("D"), ofOp("A")];
  const junkBytes = junk.reduce((sum, { range }) => sum + range.size, 0);
  const shown = junk.slice(0, SHOWN).map(({ path, range }) => `    ${path} at ${range.offset}, ${range.size} bytes\n`);
  return [
    `To be done for ${settings.basePath}:\n`,
    ...(tornBytes > 0 ? [`  cut ${plural(tornBytes, "byte")} of a line without end off the trunk binlog\n`] : []),
    ...(gone.count > 0 ? [`  no longer free: ${plural(gone.count, "block")}, ${bytes(gone.size)}\n`] : []),
    ...(free.count > 0 ? [`  free: ${plural(free.count, "block")}, ${bytes(free.size)}\n`] : []),
    ...(junk.length > 0
      ? [
          `  filled with zeros: ${junk.length} times bytes that belong to no file, ${bytes(junkBytes)}\n`,
          ...shown,
          ...(junk.length > SHOWN ? ["    ...\n"] : []),
        ]
      : []),
    ...(keptJunkBytes > 0 ? [`  left alone: ${bytes(keptJunkBytes)} that may belong to a file\n`] : []),
    "  the snapshot is removed; the storage reads the whole trunk binlog at its next start\n",
    "Files are not touched.\n\n",
  ].join("");
}

async function isConfirmed(context: CommandContext): Promise<boolean> {
  if (!context.isTerminal) {
    await context.stderr.write("Nobody can be asked here: give --yes\n");
    return false;
  }
  await context.stderr.write("Write this? Type yes: ");
  const lines = createInterface({ input: Readable.from(readStandardInput(context)) });
  for await (const line of lines) return line.trim().toLowerCase() === "yes";
  return false;
}

async function conclude(
  context: CommandContext,
  place: StoragePlace,
  say: (text: string) => Promise<void>,
): Promise<number> {
  await say("Checked:\n");
  const report = await auditOf(context, place);
  const findings = checkFindings(report, place);
  await showCheck(context, place, report, findings);
  return verdictOf(findings) === "problem" ? 1 : 0;
}
