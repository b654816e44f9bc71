// What `fdfs explain FILE_ID` says: where the file is, whether the copies agree, why one is missing.

import { describe, expect, test } from "bun:test";
import { fileFindings } from "../../../../cmd/explain/file.ts";
import { decodeId, type FileFacts } from "../../../../cmd/explain/file-facts.ts";
import { verdictOf } from "../../../../cmd/explain/finding.ts";
import type { Picture } from "../../../../cmd/explain/picture.ts";
import { fileText, findingsText } from "../../../../cmd/explain/text.ts";
import {
  A,
  absent,
  B,
  fileFacts,
  here,
  ID,
  line,
  NOW,
  peer,
  picture,
  refused,
  report,
  server,
  silent,
  type Told,
} from "./fixtures.ts";

type Files = Parameters<typeof fileFacts>[1];

const lines = (told: Told, files: Files, changes: (file: FileFacts) => FileFacts = (file) => file): string[] => {
  const of: Picture = picture(told);
  return fileFindings(changes(fileFacts(of, files)), of).map(line);
};

const APPENDER = "group1/M00/00/00/fwAASGsBFVOEYTUhAAAAALGVH2E001.log";
const owing = (changes: Parameters<typeof peer>[1]): Told => ({
  answers: { [A]: report(A, peer(B, changes)), [B]: report(B, peer(A)) },
});
const cPair = (stat: Parameters<typeof server>[2]): Told => ({
  storages: [server(A), server(B, {}, stat)],
  answers: { [A]: silent, [B]: silent },
});

const situations: [name: string, told: Told, files: Files, severity: string, ...says: string[]][] = [
  ["copied", {}, { [A]: here(), [B]: here() }, "ok", `${B} has it: 14 bytes, of `, `the same as on ${A}`],
  ["the source", {}, { [A]: here(), [B]: here() }, "ok", `${A}, the source, has it: 14 bytes`],
  [
    "not copied yet",
    owing({ state: "copying", behindBytes: 512, behindSeconds: 3 }),
    { [A]: here(), [B]: absent },
    "notice",
    `${B} does not have it.`,
    `Not copied yet: ${A} still owes it 512 B of the binlog, the oldest change 3 seconds old.`,
    "Copying will bring it",
  ],
  [
    "outside the window",
    owing({ state: "waiting", reason: "it is outside of sync_start_time to sync_end_time", behindBytes: 512 }),
    { [A]: here(), [B]: absent },
    "notice",
    `${A} says: it is outside of sync_start_time`,
  ],
  [
    "a partition",
    owing({ state: "connecting", reason: "connection timed out", behindBytes: 512 }),
    { [A]: here(), [B]: absent },
    "problem",
    "cannot reach it. Connection timed out.",
  ],
  [
    "removed by hand",
    {},
    { [A]: here(), [B]: absent },
    "problem",
    `${A} says that ${B} has everything it wrote`,
    `Copy data/00/02/fwAASGsBFUGAfoSXAAAADg4Qul0701.txt in store path 0 from ${A}`,
  ],
  [
    "set aside",
    owing({ setAsideRecords: 1 }),
    { [A]: here(), [B]: absent },
    "problem",
    "records that were set aside stand in /data/sync/peer.aside",
  ],
  [
    "written this moment",
    {},
    { [A]: here({ modifiedAt: NOW - 1 }), [B]: absent },
    "notice",
    `${B} does not have it.`,
    `It was written on ${A} just now.`,
  ],
  [
    "a new member",
    {
      ...owing({ isFilling: true, behindBytes: 5, state: "copying" }),
      storages: [server(A), server(B, { status: 2, syncSourceId: A })],
    },
    { [A]: here(), [B]: absent },
    "notice",
    "It is SYNCING: it is new",
  ],
  [
    "the source does not answer",
    { answers: { [A]: refused, [B]: report(B) } },
    { [A]: refused as never, [B]: here() },
    "problem",
    `${A} cannot say whether it has the file: it is ACTIVE; connection refused.`,
  ],
  [
    "not known to the source",
    { answers: { [A]: report(A), [B]: report(B) } },
    { [A]: here(), [B]: absent },
    "notice",
    `${A} does not know of ${B} yet`,
  ],
  [
    "lost at the source",
    {},
    { [A]: absent, [B]: here() },
    "problem",
    `${A} does not have it.`,
    `It is the source of the file and owes ${B} nothing`,
    '"D" for 00/02/fwAASGsBFUGAfoSXAAAADg4Qul0701.txt',
  ],
  [
    "a deletion on its way",
    owing({ state: "copying", behindBytes: 90 }),
    { [A]: absent, [B]: here() },
    "notice",
    `still owes ${B} 90 B of the binlog: probably the file was deleted`,
  ],
  [
    "nowhere",
    {},
    { [A]: absent, [B]: absent },
    "problem",
    "No server has the file.",
    `${A}, which its name gives as its creator`,
    "it was deleted, or never existed",
  ],
  [
    "nowhere that answers",
    {},
    { [A]: absent, [B]: { kind: "failed", reason: "no route to host" } },
    "problem",
    `No server that answers has the file; ${B} could not be asked.`,
  ],
  [
    "nobody answers",
    {},
    { [A]: { kind: "failed", reason: "no route to host" } },
    "problem",
    "None of the group's servers could be asked for the file.",
  ],
  [
    "another creator",
    { storages: [server(B)] },
    { [B]: absent },
    "problem",
    `Its name says that ${A} created it, which is no server of group1`,
  ],
  [
    "a shorter copy",
    {},
    { [A]: here(), [B]: here({ size: 3 }) },
    "problem",
    `${B} has it: 3 bytes`,
    "its name says 14 bytes",
    `${A} has 14 bytes`,
  ],
  [
    "a damaged source",
    {},
    { [A]: here({ size: 3 }), [B]: here() },
    "problem",
    `${A}, the source, has it: 3 bytes`,
    "this copy is damaged",
  ],
  [
    "C servers, not copied yet",
    cPair({ lastSyncedTimestamp: 100 }),
    { [A]: here(), [B]: absent },
    "notice",
    `${A} is a C server: it does not tell its position; the tracker says that changes until`,
    "Copying should bring it",
  ],
  ["C servers, nothing copied", cPair({}), { [A]: here(), [B]: absent }, "notice", "nothing has come from it yet"],
  [
    "C servers, copied and lost",
    cPair({ lastSyncedTimestamp: NOW }),
    { [A]: here(), [B]: absent },
    "problem",
    "the file is older",
  ],
];

describe("situations", () => {
  test.each(situations)("%s", (_name, told, files, severity, ...says) => {
    const found = lines(told, files);
    const match = found.find((text) => text.startsWith(severity) && says.every((part) => text.includes(part)));
    if (match === undefined) expect(found.join("\n")).toBe(`${severity} | ... ${says.join(" ... ")}`);
  });
  test.each(situations)("%s: whole sentences", (_name, told, files) => {
    const of = picture(told);
    for (const { what, why, remedy } of fileFindings(fileFacts(of, files), of)) {
      expect(what).not.toBe("");
      for (const text of [what, why, remedy]) expect(text).toMatch(/^$|^[^ ].*[.)]$/);
      for (const text of [what, why, remedy]) expect(text).not.toMatch(/ {2}|\.\.|undefined|NaN|null/);
    }
  });
});

describe("an appender", () => {
  test("is compared by size and checksum with the source's", () => {
    const of = picture();
    const found = fileFindings(
      fileFacts(of, { [A]: here({ size: 99 }), [B]: here({ size: 99, crc32: 7 }) }, {}, APPENDER),
      of,
    ).map(line);
    expect(found[0]).toStartWith(`ok | ${A}, the source, has it: 99 bytes, CRC 0e10ba5d`);
    expect(found[1]).toStartWith(`problem | ${B} has it: 99 bytes, CRC 00000007`);
    expect(found[1]).toContain(`${A} has CRC 0e10ba5d`);
  });
  test("that is older elsewhere is on its way", () => {
    const of = picture(owing({ state: "copying", behindBytes: 64 }));
    const found = fileFindings(
      fileFacts(of, { [A]: here({ size: 99 }), [B]: here({ size: 90 }) }, {}, APPENDER),
      of,
    ).map(line);
    expect(found[1]).toStartWith("notice");
    expect(found[1]).toContain("Copying will bring it");
  });
});

test("readers of a server without the file", () => {
  const asked = (file: FileFacts): FileFacts => ({ ...file, readers: [B] });
  expect(lines({}, { [A]: here(), [B]: absent }, asked).join()).toContain(
    "The tracker sends readers to it, too: it fetches the file",
  );
  expect(lines(cPair({}), { [A]: here(), [B]: absent }, asked).join()).toContain(
    "they are told that there is no such file",
  );
});

test("an unknown group", () => {
  const of = picture();
  const file = { decoded: decodeId(ID.replace("group1", "group9")), replicas: [], readers: null };
  expect(fileFindings(file, of).map(line).join()).toContain(
    "The group group9 is unknown. | The tracker knows group1: the ID comes from another cluster",
  );
});

describe("--verify", () => {
  const good = { kind: "present", size: 14, crc32: 0x0e10ba5d, sha256: "aa" } as const;
  const of = picture();
  const verified = (one: typeof good | Record<string, unknown>, other: unknown, id = ID): string[] =>
    fileFindings(fileFacts(of, { [A]: here(), [B]: here() }, { [A]: one as never, [B]: other as never }, id), of)
      .map(line)
      .slice(2);

  test("all the same", () =>
    expect(verified(good, good)).toEqual([
      `ok | The content is the same on ${A} and ${B}, and has the checksum in the name: SHA-256 aa. |  | `,
    ]));
  test("one damaged", () => {
    const found = verified(good, { ...good, crc32: 1, sha256: "bb" });
    expect(found[0]).toStartWith(
      `problem | The content on ${B} is damaged: 14 bytes with CRC 00000001, its name says 14 with 0e10ba5d.`,
    );
    expect(found[1]).toStartWith(
      `problem | The content differs between the servers. ${A}: SHA-256 aa; ${B}: SHA-256 bb.`,
    );
  });
  test("a link has a random checksum in its name", () => {
    const link = { ...good, crc32: 1 };
    expect(verified(link, link)[0]).toStartWith("notice | The content is the same on");
  });
  test("one that cannot be read", () =>
    expect(verified(good, { kind: "failed", reason: "Input/output error (5)" })[0]).toStartWith(
      `problem | The content on ${B} cannot be read: Input/output error (5).`,
    ));
  test("an appender's name has no checksum", () =>
    expect(verified(good, good, APPENDER)[0]).toBe(`ok | The content is the same on ${A} and ${B}: SHA-256 aa. |  | `));
});

test("as text", () => {
  const of = picture();
  const file = fileFacts(of, { [A]: here(), [B]: absent });
  const findings = fileFindings(file, of);
  expect(verdictOf(findings)).toBe("problem");
  const text = fileText(file) + findingsText(findings, (_, word) => word, null);
  expect(text).toStartWith(
    `${ID}\n  group    group1\n  path     store path 0, data/00/02/fwAASGsBFUGAfoSXAAAADg4Qul0701.txt\n  kind     normal\n`,
  );
  expect(text).toContain(
    "  size     14 bytes\n  crc32    0e10ba5d\n  source   127.0.0.72, ACTIVE\n\nproblem  127.0.0.73 does not have it.\n         Why: ",
  );
  expect(text).toEndWith("\n1 problem.\n");
  const narrow = findingsText(findings, (_, word) => word, 60);
  expect(
    Math.max(
      ...narrow
        .split("\n")
        .filter((one) => !one.includes("fwAASG"))
        .map((one) => one.length),
    ),
  ).toBeLessThanOrEqual(60);
});
