// What storages tell of trunk files, as text.

import { expect, test } from "bun:test";
import { groupTrunkText, pathsText } from "../../../../cmd/trunk/stat-text.ts";
import type { TrunkAnswer } from "../../../../core/client/index.ts";
import type { TrunkReport } from "../../../../core/wire/own-commands.ts";
import { group, storage } from "../render/fixtures.ts";

const serving: TrunkReport = {
  ...{
    storageId: "100001",
    role: "serving",
    server: "100001",
    term: 3,
    reason: "inherited space rests until 100002 has delivered everything",
  },
  ...{
    currentTrunkFileId: 12,
    misses: 4,
    binlogSize: 2048,
    freeMb: 512,
    freeBlocks: 1200,
    files: 8,
    quarantinedBlocks: 40,
  },
  copies: [
    { id: "100002", behindBytes: 0, isConnected: true, lastError: "" },
    { id: "100003", behindBytes: 1536, isConnected: false, lastError: "connection refused" },
  ],
};
const other: TrunkReport = {
  ...{ ...serving, storageId: "100002", role: "other", reason: "", misses: 0, copies: [] },
};

function text(...answers: [id: string, isTrunkServer: boolean, answer: TrunkAnswer][]): string {
  return groupTrunkText({
    group: group({ trunkFreeMb: 512, currentTrunkFileId: 12 }),
    storages: answers.map(([id, isTrunkServer, answer]) => ({
      info: storage({ id, ipAddress: `10.0.0.${id.at(-1)}`, isTrunkServer }),
      answer,
    })),
  });
}

test("a group with everything", () => {
  expect(
    text(
      ["100001", true, { kind: "report", report: serving }],
      ["100002", false, { kind: "report", report: other }],
      ["100003", false, { kind: "silent" }],
      ["100004", false, { kind: "failed", reason: "connection refused" }],
      ["100005", false, { kind: "report", report: null }],
    ),
  ).toBe(`group1: trunk server 100001, 512 MB free, last trunk file 000012 (as the tracker knows)
  100001 (10.0.0.1): serving, term 3
    why: inherited space rests until 100002 has delivered everything
    free: 512 MB in 1200 blocks of 8 trunk files, of them 40 not handed out yet
    uploads that got no slot and are files of their own: 4; trunk binlog 2.0 KB; last trunk file 000012
    copy at 100002: complete, connected
    copy at 100003: 1.5 KB behind, not connected, last error: connection refused
  100002 (10.0.0.2): knows 100001 as trunk server, term 3
    uploads that got no slot and are files of their own: 0; trunk binlog 2.0 KB; last trunk file 000012
  100003 (10.0.0.3): a C storage, which does not tell
  100004 (10.0.0.4): does not answer: connection refused
  100005 (10.0.0.5): does not use trunk files
`);
});

test("a storage and the tracker that do not agree", () => {
  const shown = text(["100001", false, { kind: "report", report: serving }]);
  expect(shown).toContain("group1: trunk server none, 512 MB free");
  expect(shown).toContain("serving, term 3; the tracker says otherwise");
});

test("the store paths of one storage", () => {
  const path = {
    ...{ storePath: "/d0", trunkFiles: 2, bytes: 8_388_608, diskBytes: 4_194_304 },
    ...{ freeBlocks: 3, freeBytes: 4_000_000, largestFree: 2_097_152 },
  };
  const empty = {
    ...path,
    storePath: "/d1",
    trunkFiles: 0,
    bytes: 0,
    diskBytes: 0,
    freeBlocks: 0,
    freeBytes: 0,
    largestFree: 0,
  };
  expect(
    pathsText({
      paths: [path, empty],
      currentTrunkFileId: 2,
      binlogSize: 512,
      hasSnapshot: true,
      isInCompaction: false,
    }),
  ).toBe(`trunk files    size  on disk    free  blocks  largest  store path
          2  8.0 MB   4.0 MB  3.8 MB       3   2.0 MB  /d0
          0     0 B      0 B     0 B       0      0 B  /d1
trunk binlog 512 B, with snapshot; last trunk file 000002
`);
});
