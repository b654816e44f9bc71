// The text of a file of debts: what one worker still owes the index of duplicates, a line for each change of state. Pure.

import { Buffer } from "node:buffer";
import { type FileRef, formatFileRef, parseFileRef } from "./bookkeeping.ts";

/**
 * What is to be done. `check`: if the link does not exist, give it up; `decrement`: its own entry is away, the count is to be
 * lowered; `retire`: the count is 0.
 */
type DebtStep = "check" | "decrement" | "retire";

export interface Debt {
  readonly step: DebtStep;
  readonly link: FileRef;
  readonly source: FileRef;
  /** Hex; empty while it is not known (`check`). */
  readonly signature: string;
}

const CLOSED = "-";
const letters: Readonly<Record<DebtStep, string>> = { check: "+", decrement: "!", retire: "0" };
const steps = new Map(Object.entries(letters).map(([step, letter]) => [letter, step as DebtStep]));

export function formatDebt({ step, link, source, signature }: Debt): string {
  return `${letters[step]} ${formatFileRef(link)} ${formatFileRef(source)} ${signature || "-"}\n`;
}

/** The debt of this link is paid. */
export function formatClosed(link: FileRef): string {
  return `${CLOSED} ${formatFileRef(link)}\n`;
}

/** The open debts by link, oldest first. Lines that were cut off by a crash are left out. */
export function parseDebts(text: string): Map<string, Debt> {
  const debts = new Map<string, Debt>();
  const lines = text.split("\n");
  // What follows the last line end is no whole line.
  lines.pop();
  for (const line of lines) {
    const [letter = "", linkText = "", sourceText = "", hex = ""] = line.split(" ");
    if (letter === CLOSED) debts.delete(linkText);
    const step = steps.get(letter);
    const link = parseFileRef(linkText);
    const source = parseFileRef(sourceText);
    const signature = /^[0-9a-f]{2,128}$/.test(hex) ? hex : "";
    if (step === undefined || link === null || source === null) continue;
    if (step !== "check" && signature === "") continue;
    debts.set(linkText, { step, link, source, signature });
  }
  return debts;
}

export function signatureToHex(signature: Uint8Array): string {
  return Buffer.from(signature).toString("hex");
}

export function signatureFromHex(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, "hex"));
}
