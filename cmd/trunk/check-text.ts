// The result of a check as text: what was read, then what was found, the worst first. Data in, text out.

import type { AuditReport } from "../../core/storage/trunk/audit/audit.ts";
import { bySeverity, type Severity } from "../explain/finding.ts";
import { bytes, duration, listing, plural } from "../explain/words.ts";
import type { StoragePlace } from "./place.ts";
import type { CheckFinding } from "./words.ts";

const LABEL_WIDTH = 9;

interface Colours {
  good(text: string): string;
  warning(text: string): string;
  bad(text: string): string;
}

export function checkText(
  place: StoragePlace,
  report: AuditReport,
  findings: readonly CheckFinding[],
  { good, warning, bad }: Colours,
): string {
  const styles: Readonly<Record<Severity, (text: string) => string>> = { ok: good, notice: warning, problem: bad };
  const indent = " ".repeat(LABEL_WIDTH);
  const blocks = bySeverity(findings).flatMap((one) => {
    const { severity, what, why, remedy, examples } = one as CheckFinding;
    return [
      `${styles[severity](severity.padEnd(LABEL_WIDTH))}${what}`,
      ...examples.map((example) => `${indent}  ${example}`),
      ...(why === "" ? [] : [`${indent}Why: ${why}`]),
      ...(remedy === "" ? [] : [`${indent}Do: ${remedy}`]),
    ];
  });
  return [...headLines(place, report), "", ...blocks, conclusion(findings), ""].join("\n");
}

function headLines(place: StoragePlace, { totals, passedBy, seconds }: AuditReport): string[] {
  const { trunkFiles, slots, usedBytes, freeBlocks, freeBytes, liveNames } = totals;
  return [
    headText(place),
    `${plural(trunkFiles, "trunk file")}, ${bytes(totals.bytes)}: ${plural(slots, "file")} in ${bytes(usedBytes)}, ${plural(freeBlocks, "free block")} of ${bytes(freeBytes)}.`,
    `Read in ${duration(seconds)}; ${plural(liveNames, "name")} of the data binlog compared.`,
    ...(passedBy > 0 ? [`${plural(passedBy, "finding")} passed by: the storage was at work.`] : []),
    ...(place.isSlotMinTold ? [] : [`No tracker told the smallest slot: ${place.slotMinSize} bytes were assumed.`]),
  ];
}

/** One sentence: which storage, whether it runs, whose word its free space is. */
export function headText({ settings, running, owner, server, report }: StoragePlace): string {
  const here = report === null ? "it is the trunk server, or was it last" : "it is the trunk server";
  const roles = {
    here,
    elsewhere: `the trunk server is ${server === "" ? "another one" : server}, the map here is a copy`,
    unknown: "whether it was the trunk server is not known here, and its map is judged as if it was",
  };
  return `The storage of ${settings.basePath} ${running === null ? "does not run" : "runs"}; ${roles[owner]}.`;
}

function conclusion(findings: readonly CheckFinding[]): string {
  const counts = (["problem", "notice"] as const).flatMap((severity) => {
    const count = findings.filter((one) => one.severity === severity).length;
    return count === 0 ? [] : [plural(count, severity)];
  });
  return counts.length === 0 ? "Everything is in order." : `${listing(counts)}.`;
}
