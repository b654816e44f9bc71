// The audit's findings in sentences: every kind, one and many, and what depends on whose map it is.

import { describe, expect, test } from "bun:test";
import { checkText } from "../../../../cmd/trunk/check-text.ts";
import type { StoragePlace } from "../../../../cmd/trunk/place.ts";
import { checkFindings } from "../../../../cmd/trunk/words.ts";
import { storageDefaults } from "../../../../conf/index.ts";
import type { AuditReport } from "../../../../core/storage/trunk/audit/audit.ts";
import { type FindingKind, findingKinds, severityOf } from "../../../../core/storage/trunk/audit/finding.ts";

const place: StoragePlace = {
  ...{ conf: "/etc/fdfs/storage.conf", storePaths: ["/d0"], running: null, report: null, isC: false },
  ...{ owner: "here", server: "10.0.0.1", slotMinSize: 256, isSlotMinTold: true },
  settings: storageDefaults({ basePath: "/d0", groupName: "group1" }),
};
const counts = {
  ...{ lines: 9, skipped: 0, mismatched: 0, tooSmall: 0, overlapping: 0, occupied: 0, withoutRoom: 0 },
};
const clean: AuditReport = {
  ...{ classes: [], missingBinlogs: [], hasBinlog: true, passedBy: 0, seconds: 0.5 },
  totals: {
    ...{ trunkFiles: 2, bytes: 8_388_608, slots: 3, usedBytes: 1280, freeBlocks: 1, freeBytes: 4096, liveNames: 3 },
    ...{ strays: 0, pending: 0, sliverBytes: 0 },
  },
  map: {
    ...{ counts, binlogSize: 300, tornBytes: 0, hasSnapshot: false, snapshotTrouble: "", isInCompaction: false },
  },
};

function found(kind: FindingKind, count: number, owner: StoragePlace["owner"] = "here"): AuditReport {
  const example = {
    ...{ kind, offset: 512, size: 256, name: "M00/00/00/abc", detail: "why so", key: "" },
    place: { storePathIndex: 0, subPathHigh: 0, subPathLow: 10, trunkFileId: 7 },
  };
  const examples = Array.from({ length: Math.min(count, 5) }, () => example);
  return { ...clean, classes: [{ kind, severity: severityOf(kind, owner), count, bytes: count * 256, examples }] };
}

const same = (text: string): string => text;
const textOf = (report: AuditReport, changes: Partial<StoragePlace> = {}): string => {
  const where = { ...place, ...changes };
  return checkText(where, report, checkFindings(report, where), { good: same, warning: same, bad: same });
};

test("all is well", () => {
  expect(textOf(clean)).toBe(`The storage of /d0 does not run; it is the trunk server, or was it last.
2 trunk files, 8.0 MB: 3 files in 1.3 KB, 1 free block of 4.0 KB.
Read in less than a second; 3 names of the data binlog compared.

ok       Files, free space and data binlog agree; every content has its checksum.
Everything is in order.
`);
});

test("one finding with its place and remedy", () => {
  expect(textOf(found("used-free", 1))).toEndWith(`
problem  1 file is in space that the map calls free (256 B).
           M00/00/0A/000007 at 512 (256 bytes): group1/M00/00/00/abc, why so
         Why: The trunk binlog does not say that the space was taken: the trunk server was killed before it wrote that down, a C trunk server merged free space without a line, or lines are lost.
         Do: Stop the storage, run fdfs trunk repair --conf /etc/fdfs/storage.conf, start it: else an upload may be written there by a C storage.
1 problem.
`);
});

describe("every kind is told", () => {
  for (const kind of findingKinds) {
    test(kind, () => {
      const [one, many] = [1, 12].map((count) => checkFindings(found(kind, count), place)[0]!);
      expect(one!.what).toMatch(/^1 .*\.$/);
      expect(many!.what).toMatch(/^12 .*\.$/);
      expect(one!.what).not.toContain("1 files");
      expect([one!.why, one!.remedy].every((text) => text.length > 20)).toBe(true);
      expect(many!.examples.length).toBe(4);
      expect(many!.examples.at(-1)).toBe("...");
    });
  }
});

test("on a copy free space is the trunk server's business, a missing file is not", () => {
  const copy = { owner: "elsewhere", server: "10.0.0.2", running: "its process has the number 7" } as const;
  const text = textOf(found("lost", 2, "elsewhere"), copy);
  expect(text).toContain("runs; the trunk server is 10.0.0.2, the map here is a copy.");
  expect(text).toContain("notice   2 stretches of space are neither free nor in use");
  expect(text).toContain("Do: Nothing here: check the trunk server.");
  expect(textOf(found("missing", 1, "elsewhere"), copy)).toContain(
    "problem  1 file has a name that lives and is not there",
  );
});

test("what was not compared is told", () => {
  const text = textOf(
    {
      ...clean,
      ...{ missingBinlogs: [0, 1], hasBinlog: false, passedBy: 3 },
      totals: { ...clean.totals, strays: 1, pending: 2 },
      map: {
        ...clean.map,
        ...{ isInCompaction: true, tornBytes: 5, snapshotTrouble: "it is broken" },
        counts: { ...counts, skipped: 1, overlapping: 2 },
      },
    },
    { isSlotMinTold: false, owner: "unknown", server: "" },
  );
  for (const part of [
    "whether it was the trunk server is not known here",
    "3 findings passed by",
    "No tracker told the smallest slot: 256 bytes were assumed.",
    "The trunk binlog is being compacted, or that was cut off",
    "1 line cannot be read, 2 blocks would be free twice",
    "ends with 5 bytes of a line",
    "it is broken",
    "There is no data binlog",
    "lacks 2 files (binlog.000 ...)",
    "2 changes were under way",
    "1 file lies beside the trunk files",
  ]) {
    expect(text).toContain(part);
  }
});
