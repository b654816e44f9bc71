// The checks of the trunk tests can fail: they read the protocol's captured bytes as they are, and notice a place that was
// given twice, in logs, in a ledger and on a disk.

import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatFileId } from "../../core/fileid/file-id.ts";
import { GROUP } from "./support/cluster.ts";
import { livingTogether } from "./support/records-trunk.ts";
import { Server } from "./support/server.ts";
import { keyOf, readTrunkFiles, slotOf } from "./support/slots.ts";
import { TrunkLedger } from "./support/trunk-ledger.ts";
import { judgeTrunkLogs } from "./support/trunk-log.ts";

/** trunk-dedup-recovery.md §1.3 and §1.4: a file of 12 bytes in the first slot of trunk file 1. */
const NAME = "M00/00/00/fwAAPWsBFRiIMjkaAAAADKgn6qgAAAAAQAAAAAAAAEA962.txt";
const HEADER = "46000001000000000ca827eaa86b0115183936322e747874";
const CONTENT = "hello trunk\n";
const OTHER_NAME = "M00/00/00/fwAAPWsBFRiIYvpCAAAAAdzZZ78AAAAAQAAAQAAAAEA443.bin";
const FIRST_LINES = [
  "1795233048 A 0 0 0 1 0 4194304",
  "1795233048 D 0 0 0 1 0 4194304",
  "1795233048 A 0 0 0 1 256 4194048",
  "1795233048 A 0 0 0 1 0 256",
  "1795233048 D 0 0 0 1 0 256",
];

const folder = mkdtempSync(join(tmpdir(), "fdfs-trunk-checker-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function storage(name: string): Server {
  const basePath = join(folder, name);
  const storePaths = [join(basePath, "path0")];
  for (const path of ["data/trunk", "data/sync", "path0/data/00/00"])
    mkdirSync(join(basePath, path), { recursive: true });
  return new Server({ label: name, host: "127.0.0.1", port: 1, basePath, storePaths, command: [] });
}

function writeTrunkFile({ storePaths }: Server, change: (content: Buffer) => void): void {
  const content = Buffer.alloc(4096);
  content.write(HEADER, "hex");
  content.write(CONTENT, 24);
  change(content);
  writeFileSync(join(storePaths[0]!, "data/00/00/000001"), content);
}

describe("trunk checker", () => {
  test("reads the captured slot and finds it by its captured name", () => {
    const whole = storage("whole");
    writeTrunkFile(whole, () => {});
    const { slots, junk, damaged, bytes } = readTrunkFiles(whole);
    const slot = slotOf(NAME)!;
    expect(slot).toMatchObject({ trunkFile: "M00/00/00/000001", offset: 0, size: 256, fileSize: 12 });
    expect([...slots]).toEqual([[keyOf(slot), slot]]);
    expect({ junk, damaged, bytes }).toEqual({ junk: [], damaged: [], bytes: 4096 });
    expect(slotOf("M01/00/00/fwAAPWsBFRiARYxSAAD_6ctbCBo918.bin")).toBeNull();
  });

  test("notices a changed byte, another header and bytes that belong to nobody", () => {
    const broken = storage("broken");
    writeTrunkFile(broken, (content) => {
      content[30]! ^= 1;
      content.write("xyz", 1000);
    });
    const { damaged, junk } = readTrunkFiles(broken);
    expect(damaged).toHaveLength(1);
    expect(junk).toEqual([{ trunkFile: "M00/00/00/000001", offset: 1000, size: 3 }]);
    writeTrunkFile(broken, (content) => content.write("3", 17));
    expect(readTrunkFiles(broken).slots.has(keyOf(slotOf(NAME)!))).toBe(false);
  });

  test("notices space in a trunk binlog that is taken twice or comes back twice", () => {
    const logging = storage("logging");
    const judge = (lines: readonly string[]): number[] => {
      writeFileSync(join(logging.basePath, "data/trunk/binlog"), lines.map((line) => `${line}\n`).join(""));
      const { takenTwice, oddities } = judgeTrunkLogs([logging]);
      return [takenTwice.length, oddities.length];
    };
    const freed = "1795233115 A 0 0 0 1 0 256";
    expect(judge(FIRST_LINES)).toEqual([0, 0]);
    expect(judge([...FIRST_LINES, freed])).toEqual([0, 0]);
    expect(judge([...FIRST_LINES, "1795233116 D 0 0 0 1 0 256"])).toEqual([1, 0]);
    expect(judge([...FIRST_LINES, freed, freed])).toEqual([0, 1]);
    expect(judge([...FIRST_LINES, "1795233116 D 0 0 0 1"])).toEqual([0, 1]);
    // Set aside by TRUNCATE: judged for itself.
    writeFileSync(join(logging.basePath, "data/trunk/binlog.20261121035310"), "1795233048 D 0 0 0 1 0 256\n");
    expect(judge(FIRST_LINES)).toEqual([1, 0]);
  });

  test("notices two files in one place at the same time, by the clients' clock and by the data binlog", () => {
    const source = storage("source");
    const ledger = new TrunkLedger();
    const recipe = { serial: 1, size: 12 };
    const first = ledger.add(formatFileId(GROUP, NAME), recipe, source);
    ledger.add(formatFileId(GROUP, OTHER_NAME), recipe, source);
    expect({ shared: ledger.sharedPlaces(), reused: ledger.reused }).toEqual({ shared: [], reused: 0 });
    // The same place under another name: other random digits.
    const twin = NAME.replace("962.txt", "963.txt");
    ledger.deletionSent(first);
    ledger.deleted(first, "gone");
    ledger.add(formatFileId(GROUP, twin), recipe, source);
    expect({ shared: ledger.sharedPlaces(), reused: ledger.reused }).toEqual({ shared: [], reused: 1 });
    first.deletionSentAt = null;
    expect(ledger.sharedPlaces()).toHaveLength(1);

    const records = (lines: readonly string[]): number => {
      writeFileSync(join(source.basePath, "data/sync/binlog.000"), `${lines.join("\n")}\n`);
      return livingTogether([source]).length;
    };
    expect(records([`1 C ${NAME}`, `2 C ${OTHER_NAME}`, `3 D ${NAME}`, `4 c ${twin}`])).toBe(0);
    expect(records([`1 C ${NAME}`, `4 c ${twin}`])).toBe(1);
  });
});
