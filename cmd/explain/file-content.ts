// Findings of --verify: the content that each replica sends, compared with the others and with the checksum in the name.
// Pure.

import type { ContentAnswer } from "../../core/client/index.ts";
import type { DecodedId, FileFacts, Replica } from "./file-facts.ts";
import { type Finding, finding } from "./finding.ts";
import { hex8, listing } from "./words.ts";

type Content = Extract<ContentAnswer, { kind: "present" }>;

export function contentFindings({ decoded, replicas }: FileFacts): Finding[] {
  const asked = replicas.filter(({ content }) => content !== null);
  if (asked.length === 0) return [];
  const read = asked.flatMap(({ member, content }) =>
    content?.kind === "present" ? [{ name: member.name, content }] : [],
  );
  const bySum = new Map<string, string[]>();
  for (const { name, content } of read) bySum.set(content.sha256, [...(bySum.get(content.sha256) ?? []), name]);
  const found = [...unread(asked), ...(bySum.size === 1 ? unlikeName(read, decoded) : damaged(read, decoded))];
  if (bySum.size > 1) {
    const sums = [...bySum].map(([sum, names]) => `${listing(names)}: SHA-256 ${sum}`);
    found.push(
      finding(
        "problem",
        `file ${decoded.id}`,
        `The content differs between the servers. ${sums.join("; ")}.`,
        decoded.kind === "appender"
          ? "Either a change is just being copied, or one copy is damaged."
          : "One copy is damaged.",
        "Ask again after a few seconds; if it stays so replace the damaged copy by a good one.",
      ),
    );
  } else if (read.length > 0 && found.length === 0) {
    const where = read.length === 1 ? `on ${read[0]!.name}` : `the same on ${listing(read.map(({ name }) => name))}`;
    const named = decoded.crc32 === null ? "" : ", and has the checksum in the name";
    found.push(
      finding("ok", `file ${decoded.id}`, `The content is ${where}${named}: SHA-256 ${read[0]!.content.sha256}.`),
    );
  }
  return found;
}

function unread(asked: readonly Replica[]): Finding[] {
  return asked.flatMap(({ member, content }) => {
    if (content === null || content.kind === "present") return [];
    const why = content.kind === "absent" ? "the file vanished meanwhile" : content.reason;
    return [
      finding(
        "problem",
        `storage ${member.name}`,
        `The content on ${member.name} cannot be read: ${why}.`,
        "",
        "See its log; the disk may be failing.",
      ),
    ];
  });
}

interface Read {
  readonly name: string;
  readonly content: Content;
}

/** All copies are the same: a checksum that the name does not have need not be damage. */
function unlikeName(read: readonly Read[], decoded: DecodedId): Finding[] {
  const [{ content } = { content: null }] = read;
  if (content === null || decoded.crc32 === null) return [];
  if (content.crc32 === decoded.crc32 || content.size !== decoded.size) return damaged(read, decoded);
  return [
    finding(
      "notice",
      `file ${decoded.id}`,
      `The content is the same on ${listing(read.map(({ name }) => name))} and does not have the checksum in the name: CRC ${hex8(content.crc32)}, the name says ${hex8(decoded.crc32)}.`,
      "So it is with a link to another file (CREATE_LINK), whose name has a random number there. Else all copies were altered.",
      "",
    ),
  ];
}

function damaged(read: readonly Read[], { size, crc32 }: DecodedId): Finding[] {
  if (size === null || crc32 === null) return [];
  return read
    .filter(({ content }) => content.size !== size || content.crc32 !== crc32)
    .map(({ name, content }) =>
      finding(
        "problem",
        `storage ${name}`,
        `The content on ${name} is damaged: ${content.size} bytes with CRC ${hex8(content.crc32)}, its name says ${size} with ${hex8(crc32)}.`,
        "A file that is no appender never changes: the disk or somebody has altered it.",
        "Replace it by a good copy, and check the disk.",
      ),
    );
}
