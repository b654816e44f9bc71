// The directives that libfastcommon runs on a file's text before its lines are read: `#@set`, `#@if`, `#@for`
// (http-config-tools.md §1.3). Lines keep their numbers, so that messages point at the file.

import type { ConfProblem } from "./problem.ts";

/** A line of a file with its 1-based number. */
export interface SourceLine {
  readonly text: string;
  readonly line: number;
}

/** What the host knows of itself: `LOCAL_IP` and `LOCAL_HOST` in conditions. */
export interface HostFacts {
  readonly addresses: readonly string[];
  readonly hostName: string;
}

const LOOP_LIMIT = 100_000;

/** Replaces `%{NAME}`; unknown names stay as they are. */
export function replaceVariables(text: string, variables: ReadonlyMap<string, string>): string {
  return text.replace(/%\{([^}]*)\}/g, (whole, name: string) => variables.get(name.trim()) ?? whole);
}

function ipv4Number(address: string): number | null {
  const parts = address.split(".").map(Number);
  if (parts.length !== 4 || parts.some((part) => !Number.isInteger(part) || part < 0 || part > 255)) return null;
  return parts.reduce((sum, part) => sum * 256 + part, 0);
}

/** True when an IPv4 address lies in `network/bits`. */
export function isInNetwork(address: string, cidr: string): boolean {
  const [network, bits] = cidr.split("/");
  const value = ipv4Number(address);
  const base = ipv4Number(network ?? "");
  if (value === null || base === null || bits === undefined) return false;
  const size = 2 ** (32 - Number(bits));
  return Math.floor(value / size) === Math.floor(base / size);
}

function isConditionTrue(text: string, variables: ReadonlyMap<string, string>, host: HostFacts): boolean {
  const match = /^#@if\s+%\{([^}]*)\}\s+in\s+\[([^\]]*)\]/.exec(text);
  // C takes a malformed condition for false.
  if (match === null) return false;
  const name = match[1]!.trim();
  const values = match[2]!.split(",").map((value) => value.trim());
  if (name === "LOCAL_IP") {
    return values.some((value) =>
      host.addresses.some((address) => (value.includes("/") ? isInNetwork(address, value) : address === value)),
    );
  }
  const actual = name === "LOCAL_HOST" ? host.hostName : variables.get(name);
  return actual !== undefined && values.includes(actual);
}

/** Runs `#@set` and `#@if`, then `#@for`; adds to `variables` and to `problems`. */
export function runDirectives(
  lines: readonly SourceLine[],
  file: string,
  variables: Map<string, string>,
  host: HostFacts,
  problems: ConfProblem[],
): SourceLine[] {
  return expandLoops(chooseBranches(lines, variables, host), file, problems);
}

function chooseBranches(lines: readonly SourceLine[], variables: Map<string, string>, host: HostFacts): SourceLine[] {
  const kept: SourceLine[] = [];
  for (let at = 0; at < lines.length; at++) {
    const text = lines[at]!.text.trim();
    const set = /^#@set\s+([^=\s]+)\s*=\s*(.*)$/.exec(text);
    if (set !== null) {
      // Shell execution, `$(command)`, is never enabled in FastDFS: the variable becomes empty.
      const value = set[2]!.startsWith("$(") ? "" : replaceVariables(set[2]!.trim(), variables);
      variables.set(set[1]!, value);
      continue;
    }
    if (!text.startsWith("#@if")) {
      kept.push(lines[at]!);
      continue;
    }
    const end = lines.findIndex((line, index) => index > at && line.text.trim() === "#@endif");
    if (end < 0) continue;
    const middle = lines.findIndex((line, index) => index > at && index < end && line.text.trim() === "#@else");
    const [from, to] = isConditionTrue(text, variables, host)
      ? [at + 1, middle < 0 ? end : middle]
      : [middle < 0 ? end : middle + 1, end];
    kept.push(...chooseBranches(lines.slice(from, to), variables, host));
    at = end;
  }
  return kept;
}

function expandLoops(lines: readonly SourceLine[], file: string, problems: ConfProblem[]): SourceLine[] {
  const expanded: SourceLine[] = [];
  for (let at = 0; at < lines.length; at++) {
    const { text, line } = lines[at]!;
    if (!text.trim().startsWith("#@for")) {
      expanded.push(lines[at]!);
      continue;
    }
    const match = /^#@for\s+(\w+)\s+from\s+(\d+)\s+to\s+(\d+)(?:\s+step\s+(\d+))?\s*$/.exec(text.trim());
    const end = lines.findIndex((other, index) => index > at && other.text.trim() === "#@endfor");
    const step = Number(match?.[4] ?? 1);
    const [first, last] = [Number(match?.[2]), Number(match?.[3])];
    if (match === null || end < 0 || step === 0 || (last - first) / step > LOOP_LIMIT) {
      // The C reader loops for ever on these; an error is kinder.
      const message = "expected '#@for NAME from N to N [step N]' with an '#@endfor' behind it, step at least 1";
      problems.push({ file, line, key: "#@for", value: text.trim(), message });
      continue;
    }
    for (let value = first; value <= last; value += step) {
      for (const body of lines.slice(at + 1, end)) {
        expanded.push({ line: body.line, text: body.text.replaceAll(`{$${match[1]}}`, String(value)) });
      }
    }
    at = end;
  }
  return expanded;
}
