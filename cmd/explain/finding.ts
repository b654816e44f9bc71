// What `fdfs explain` has to say: one finding is one matter, with its reason and what to do about it.

/** `notice`: worth knowing, passes by itself or can wait. `problem`: somebody must do something. */
export type Severity = "ok" | "notice" | "problem";

/** Whole sentences; `why` and `remedy` are empty where there is nothing to add. */
export interface Finding {
  readonly severity: Severity;
  /** What it is about, for programs: "tracker 10.0.0.1:22122", "group group1", "storage 10.0.0.2". */
  readonly subject: string;
  readonly what: string;
  readonly why: string;
  readonly remedy: string;
}

export function finding(severity: Severity, subject: string, what: string, why = "", remedy = ""): Finding {
  return { severity, subject, what, why, remedy };
}

const ORDER: Readonly<Record<Severity, number>> = { problem: 0, notice: 1, ok: 2 };

/** What matters most first, else as found. */
export function bySeverity(findings: readonly Finding[]): Finding[] {
  return findings.toSorted((one, other) => ORDER[one.severity] - ORDER[other.severity]);
}

/** The worst of all. */
export function verdictOf(findings: readonly Finding[]): Severity {
  return bySeverity(findings)[0]?.severity ?? "ok";
}
