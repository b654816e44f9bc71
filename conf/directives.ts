// The preprocessor lines `#@set`, `#@if … #@else … #@endif` and `#@for … #@endfor` (http-config-tools.md §1.3). Lines in,
// lines out, with their numbers kept; includes and items come later.

import { BlockList, isIP, isIPv4 } from "node:net";
import type { HostFacts } from "./host-facts.ts";
import { confProblem } from "./problem.ts";
import { type Findings, type SourceLine, trim } from "./source-line.ts";

/** Variables of `#@set`, shared by a file and what it includes. */
export type Variables = Map<string, string>;

/** Against `#@for i from 0 to 999999999`: no settings file has this many lines. */
const EXPANDED_LINES_MAX = 100_000;
const LIST_VALUES_MAX = 32;

export function preprocess(
  lines: readonly SourceLine[],
  host: HostFacts,
  variables: Variables,
  findings: Findings,
): SourceLine[] {
  return expandLoops(chooseBranches(lines, host, variables, findings), findings);
}

/** Replaces `%{NAME}`; a name not set stays as it stands and is reported. */
export function replaceVariables(text: string, variables: Variables, line: SourceLine, findings: Findings): string {
  return text.replace(/%\{([^}]*)\}/g, (whole, name: string) => {
    const value = variables.get(trim(name));
    if (value !== undefined) return value;
    findings.warn(confProblem(line, `no #@set gives the variable ${trim(name)} a value`));
    return whole;
  });
}

function chooseBranches(
  lines: readonly SourceLine[],
  host: HostFacts,
  variables: Variables,
  findings: Findings,
): SourceLine[] {
  const kept: SourceLine[] = [];
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index]!;
    if (/^#@set[ \t]/.test(line.text)) setVariable(line, variables, findings);
    if (!/^#@if[ \t]/.test(line.text)) {
      kept.push(line);
      continue;
    }
    const end = lines.findIndex((other, at) => at > index && other.text === "#@endif");
    if (end < 0) {
      findings.warn(confProblem(line, "#@if without #@endif: both branches are read", { remedy: "add #@endif" }));
      kept.push(line);
      continue;
    }
    const middle = lines.findIndex((other, at) => at > index && at < end && other.text === "#@else");
    const isTrue = conditionHolds(line, host, variables, findings);
    const [from, to] = isTrue ? [index + 1, middle < 0 ? end : middle] : [middle < 0 ? end : middle + 1, end];
    for (const branchLine of lines.slice(from, to)) {
      if (/^#@set[ \t]/.test(branchLine.text)) setVariable(branchLine, variables, findings);
      kept.push(branchLine);
    }
    index = end;
  }
  return kept;
}

function setVariable(line: SourceLine, variables: Variables, findings: Findings): void {
  const text = line.text.slice("#@set".length);
  const at = text.indexOf("=");
  const name = trim(at < 0 ? text : text.slice(0, at));
  if (at < 0 || name === "") {
    findings.warn(confProblem(line, `${line.text} sets nothing`, { allowed: "#@set NAME = VALUE" }));
    return;
  }
  const value = trim(text.slice(at + 1));
  if (/^\$\(.*\)$/.test(value)) {
    findings.warn(confProblem(line, "commands are not run, the variable is empty", { key: name, value }));
    variables.set(name, "");
    return;
  }
  variables.set(name, replaceVariables(value, variables, line, findings));
}

function conditionHolds(line: SourceLine, host: HostFacts, variables: Variables, findings: Findings): boolean {
  const match = /^#@if[ \t]+%\{([^}]*)\}[ \t]+in[ \t]*\[(.*)\]/.exec(line.text);
  if (match === null) {
    const allowed = "#@if %{NAME} in [a,b,c] with the NAME LOCAL_IP, LOCAL_HOST or one of a #@set";
    findings.warn(confProblem(line, `${line.text} is no condition and counts as false`, { allowed }));
    return false;
  }
  const name = trim(match[1]!);
  const all = match[2]!.split(",").map(trim);
  const values = all.slice(0, LIST_VALUES_MAX);
  if (all.length > values.length) {
    findings.warn(confProblem(line, `the list has ${all.length} values, only the first ${LIST_VALUES_MAX} count`));
  }
  if (name === "LOCAL_IP")
    return values.some((value) => host.localIps.some((ip) => ipMatches(ip, value, line, findings)));
  if (name === "LOCAL_HOST") return values.includes(host.hostName);
  const value = variables.get(name);
  if (value === undefined) {
    findings.warn(confProblem(line, `no #@set above gives ${name} a value: the condition is false`));
    return false;
  }
  return values.includes(value);
}

/** An address, or an IPv4 network with 8 to 30 bits. */
function ipMatches(ip: string, pattern: string, line: SourceLine, findings: Findings): boolean {
  const [network, bitsText] = pattern.split("/");
  if (bitsText === undefined) return ip === pattern;
  const bits = Number(bitsText);
  if (isIP(network!) !== 4 || !/^\d+$/.test(bitsText) || bits < 8 || bits > 30) {
    findings.warn(confProblem(line, `${pattern} is no IPv4 network with 8 to 30 bits and matches nothing`));
    return false;
  }
  if (!isIPv4(ip)) return false;
  const list = new BlockList();
  list.addSubnet(network!, bits, "ipv4");
  return list.check(ip, "ipv4");
}

function expandLoops(lines: readonly SourceLine[], findings: Findings): SourceLine[] {
  const expanded: SourceLine[] = [];
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index]!;
    if (!/^#@for[ \t]/.test(line.text)) {
      expanded.push(line);
      continue;
    }
    const end = lines.findIndex((other, at) => at > index && other.text === "#@endfor");
    if (end < 0) {
      findings.warn(confProblem(line, "#@for without #@endfor: its lines are read once", { remedy: "add #@endfor" }));
      expanded.push(line);
      continue;
    }
    expanded.push(...repeatBody(line, lines.slice(index + 1, end), EXPANDED_LINES_MAX - expanded.length, findings));
    index = end;
  }
  return expanded;
}

/** The loop's lines. C's reader never returns from a bad header, so there is no behaviour to keep: it is an error. */
function repeatBody(
  header: SourceLine,
  body: readonly SourceLine[],
  linesMax: number,
  findings: Findings,
): SourceLine[] {
  const pattern = /^#@for[ \t]+(\S+)[ \t]+from[ \t]+(\d+)[ \t]+to[ \t]+(\d+)(?:[ \t]+step[ \t]+(\d+))?$/;
  const match = pattern.exec(header.text);
  const step = Number(match?.[4] ?? 1);
  if (match === null || step === 0) {
    const allowed = "#@for NAME from N to N [step N] with whole numbers and a step of at least 1";
    findings.fail(confProblem(header, `${header.text} is no loop`, { allowed }));
    return [];
  }
  const [from, to] = [Number(match[2]), Number(match[3])];
  const rounds = Math.max(0, Math.floor((to - from) / step) + 1);
  if (rounds * Math.max(1, body.length) > linesMax) {
    const message = `the loop makes more than ${EXPANDED_LINES_MAX} lines`;
    findings.fail(confProblem(header, message, { remedy: "check its bounds" }));
    return [];
  }
  const placeholder = `{$${match[1]}}`;
  return Array.from({ length: rounds }, (_, round) => String(from + round * step)).flatMap((number) =>
    body.map((line) => ({ ...line, text: line.text.replaceAll(placeholder, () => number) })),
  );
}
