// `fdfs trunk check`: runs the audit over a storage of this machine and tells what it found. It changes nothing.

import { setTimeout as sleep } from "node:timers/promises";
import { type AuditReport, auditTrunk } from "../../core/storage/trunk/audit/audit.ts";
import { coloursFor } from "../colour.ts";
import { type CommandContext, Interrupted, UsageError } from "../command.ts";
import { verdictOf } from "../explain/finding.ts";
import { duration } from "../explain/words.ts";
import { isSet } from "../options.ts";
import { messageOf, writeJson } from "../print.ts";
import { checkText } from "./check-text.ts";
import { auditProgress, findPlace, type StoragePlace } from "./place.ts";
import { type CheckFinding, checkFindings } from "./words.ts";

const FOUND = 1;
const NOT_CHECKED = 2;
/** A storage of ours writes its trunk binlog at least once a second, and its data binlog before it answers. */
const SETTLE_MS = 1500;

/** Exit status: 0 nothing was found but notices, 1 a problem, 2 it could not be checked. */
export async function runCheck(context: CommandContext, rest: readonly string[]): Promise<number> {
  if (rest.length > 0) throw new UsageError(`Nothing can be named here, found ${rest[0]}`);
  try {
    const place = await findPlace(context);
    const report = await auditOf(context, place);
    const findings = checkFindings(report, place);
    await showCheck(context, place, report, findings);
    return verdictOf(findings) === "problem" ? FOUND : 0;
  } catch (error) {
    context.signal.throwIfAborted();
    if (error instanceof UsageError || error instanceof Interrupted) throw error;
    await context.stderr.write(`fdfs trunk: ${messageOf(error)}\n`);
    return NOT_CHECKED;
  }
}

export async function auditOf(context: CommandContext, place: StoragePlace): Promise<AuditReport> {
  const { signal } = context;
  const { settings, storePaths, slotMinSize, owner, running } = place;
  const progress = auditProgress(context);
  try {
    return await auditTrunk({
      ...{ basePath: settings.basePath, storePaths, slotMinSize, owner, signal, progress },
      isStopped: running === null,
      settle: () => settle(context, place),
    });
  } finally {
    progress.close();
  }
}

/** Until everything that a running storage has done stands in its files. */
async function settle({ signal, isTerminal, stderr }: CommandContext, { isC, settings }: StoragePlace): Promise<void> {
  const bufferMs = isC ? settings.syncBinlogBuffIntervalSeconds * 1000 : 0;
  if (isTerminal && bufferMs > 0) {
    await stderr.write(`Waiting ${duration(bufferMs / 1000)}: a C storage keeps records in memory for so long\n`);
  }
  await sleep(SETTLE_MS + bufferMs, undefined, { signal });
}

export async function showCheck(
  context: CommandContext,
  place: StoragePlace,
  report: AuditReport,
  findings: readonly CheckFinding[],
): Promise<void> {
  const { stdout, options } = context;
  if (isSet(options, "json")) {
    await writeJson(context, checkJson(place, report, findings));
    return;
  }
  await stdout.write(checkText(place, report, findings, coloursFor(stdout, context.env)));
}

/** Sizes in bytes. `verdict` as of `fdfs explain`. */
function checkJson(place: StoragePlace, report: AuditReport, findings: readonly CheckFinding[]): object {
  const { classes, totals, map, missingBinlogs, hasBinlog, passedBy, seconds } = report;
  return {
    verdict: verdictOf(findings),
    ...{ basePath: place.settings.basePath, isRunning: place.running !== null, mapOwner: place.owner },
    ...{ trunkServer: place.server, slotMinSize: place.slotMinSize, totals, map, missingBinlogs, hasBinlog, passedBy },
    seconds: Math.round(seconds * 1000) / 1000,
    classes: classes.map(({ examples, ...one }) => ({
      ...one,
      examples: examples.map(({ key: _key, ...example }) => example),
    })),
    findings,
  };
}
