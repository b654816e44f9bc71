// Findings as text: the worst first, each with why and what to do under it, wrapped on a terminal. Data in, text out.

import { storageStatusName } from "../../core/wire/storage-status.ts";
import { formatTime } from "../render/units.ts";
import { type DecodedId, type FileFacts, sourceOf, sourceText } from "./file-facts.ts";
import { bySeverity, type Finding, type Severity } from "./finding.ts";
import { exactBytes, hex8, listing, plural } from "./words.ts";

const LABEL_WIDTH = 9;
const NARROWEST = 50;

/** How a severity's word is shown: unchanged in a pipe, coloured on a terminal. */
export type SeverityStyle = (severity: Severity, word: string) => string;

/** `columns`: where to wrap; null in a pipe, where a sentence stays on its line. */
export function findingsText(findings: readonly Finding[], style: SeverityStyle, columns: number | null): string {
  const width = columns === null ? Number.POSITIVE_INFINITY : Math.max(NARROWEST, columns) - LABEL_WIDTH;
  const blocks = bySeverity(findings).map((one) => {
    const label = style(one.severity, one.severity.padEnd(LABEL_WIDTH));
    const lines = [
      ...wrap(one.what, width),
      ...labelled("Why: ", one.why, width),
      ...labelled("Do: ", one.remedy, width),
    ];
    return lines.map((line, index) => `${index === 0 ? label : " ".repeat(LABEL_WIDTH)}${line}\n`).join("");
  });
  return `${blocks.join("")}${conclusion(findings)}\n`;
}

function conclusion(findings: readonly Finding[]): string {
  const count = (severity: Severity): number => findings.filter((one) => one.severity === severity).length;
  const counts = [
    ...(count("problem") > 0 ? [plural(count("problem"), "problem")] : []),
    ...(count("notice") > 0 ? [plural(count("notice"), "notice")] : []),
  ];
  return counts.length === 0 ? "Everything is in order." : `${listing(counts)}.`;
}

function labelled(label: string, text: string, width: number): string[] {
  if (text === "") return [];
  const [first = "", ...rest] = wrap(text, width - label.length);
  return [label + first, ...rest.map((line) => " ".repeat(label.length) + line)];
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}

/** What the ID says by itself, and whom the tracker sends readers to. */
export function fileText(file: FileFacts): string {
  const { decoded, readers } = file;
  const rows = [
    ["group", decoded.groupName],
    ["path", `store path ${decoded.storePathIndex}, data/${decoded.truePath}`],
    ["kind", kindText(decoded)],
    ["created", formatTime(decoded.createdAt)],
    ...(decoded.size === null ? [] : [["size", exactBytes(decoded.size)]]),
    ...(decoded.crc32 === null ? [] : [["crc32", hex8(decoded.crc32)]]),
    ["source", sourceLine(file)],
    ...(readers === null ? [] : [["readers", `the tracker sends them to ${listing(readers)}`]]),
  ];
  return `${decoded.id}\n${rows.map(([label = "", value]) => `  ${label.padEnd(8)} ${value}\n`).join("")}\n`;
}

function kindText({ kind, trunk }: DecodedId): string {
  if (trunk === null) return kind;
  return `${kind}, inside trunk file ${String(trunk.trunkFileId).padStart(6, "0")} at offset ${trunk.offset}`;
}

function sourceLine({ decoded, replicas }: FileFacts): string {
  const source = sourceOf(
    decoded,
    replicas.map(({ member }) => member),
  );
  if (source === null) return `${sourceText(decoded)}, no server of this group now`;
  return `${source.name}, ${storageStatusName(source.info.status)}`;
}
