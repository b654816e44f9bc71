/**
 * Turns verdicts into the table people read: rows are clients and programs, columns are mixes of servers.
 * It counts and prints; it runs nothing.
 */
import type { Verdict } from "./verdict.ts";

export interface ColumnVerdicts {
  readonly title: string;
  readonly verdicts: readonly Verdict[];
}

export interface Totals {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** Known defects of a client count as skipped: the call was made and failed as it fails against C. */
export function totals(columns: readonly ColumnVerdicts[]): Totals {
  const all = columns.flatMap((column) => column.verdicts);
  const count = (...outcomes: string[]): number => all.filter((verdict) => outcomes.includes(verdict.outcome)).length;
  return { passed: count("ok"), failed: count("failed"), skipped: count("skipped", "defect") };
}

/** The table as Markdown, then what failed, what was skipped and why, and the clients' known defects. */
export function matrixText(columns: readonly ColumnVerdicts[]): string {
  const rows = [...new Set(columns.flatMap((column) => column.verdicts.map((verdict) => verdict.row)))];
  const titles = ["", ...columns.map((column) => column.title)];
  const lines = rows.map((row) => [row, ...columns.map((column) => cell(column.verdicts, row))]);
  const widths = titles.map((title, at) => Math.max(3, title.length, ...lines.map((line) => line[at]?.length ?? 0)));
  const format = (line: readonly string[]): string =>
    `| ${line.map((text, at) => text.padEnd(widths[at] ?? 0)).join(" | ")} |`;
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  return [format(titles), rule, ...lines.map(format), ...notes(columns)].join("\n");
}

function cell(verdicts: readonly Verdict[], row: string): string {
  const mine = verdicts.filter((verdict) => verdict.row === row && verdict.outcome !== "n/a");
  const count = (outcome: string): number => mine.filter((verdict) => verdict.outcome === outcome).length;
  const parts = [`${count("ok")} ok`];
  if (count("failed") > 0) parts.unshift(`**${count("failed")} FAILED**`);
  if (count("defect") > 0) parts.push(`${count("defect")} defect`);
  if (mine.length === 0) return "-";
  return mine.every((verdict) => verdict.outcome === "skipped") ? "skipped" : parts.join(", ");
}

function notes(columns: readonly ColumnVerdicts[]): string[] {
  const lines: string[] = [];
  const section = (title: string, outcome: string, describe: (verdict: Verdict) => string): void => {
    const found = new Map<string, Set<string>>();
    for (const column of columns) {
      for (const verdict of column.verdicts.filter((candidate) => candidate.outcome === outcome)) {
        const text = describe(verdict);
        found.set(text, (found.get(text) ?? new Set()).add(column.title));
      }
    }
    if (found.size > 0) lines.push("", `${title}:`, "");
    for (const [text, where] of found) lines.push(`- ${text} (${[...where].join("; ")})`);
  };
  section("Failed", "failed", (verdict) => `${verdict.row}, ${verdict.name}: ${verdict.reason}`);
  section("Skipped", "skipped", (verdict) => `${verdict.name}: ${verdict.reason}`);
  section("Defects of the clients themselves, the same against C", "defect", (verdict) => {
    return `${verdict.row}, ${verdict.name}: ${verdict.reason}`;
  });
  return lines;
}
