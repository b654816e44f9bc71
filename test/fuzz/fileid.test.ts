// Random and mutated names: every reader of a name answers with a result or a FileNameError, never with another
// exception, and no name that passes leads out of its directory. FDFS_FUZZ_SEED repeats a run.

import { expect, test } from "bun:test";
import fc from "fast-check";
import { extensionOf, formatSlaveName, parseFileId, readFileName } from "../../core/fileid/file-id.ts";
import { FileNameError } from "../../core/fileid/file-name-error.ts";
import { parseLogicName } from "../../core/fileid/logic-name.ts";
import { trunkSlotOf } from "../../core/fileid/trunk-slot.ts";

const seed = Number(process.env.FDFS_FUZZ_SEED ?? Date.now() % 2 ** 31);
const options = { seed, numRuns: 5000 };
console.log(`fuzz of names: FDFS_FUZZ_SEED=${seed}`);

const good = [
  "M00/00/00/fwAASGsBFO6AamkEAAAADg4Qul0613.txt",
  "M00/00/00/fwAAPWsBFRiIMjkaAAAADKgn6qgAAAAAQAAAAAAAAEA962.txt",
  "M00/00/02/fwAASGsBFUGAfoSXAAAADg4Qul0701_big.png",
  "00/00/fwAASGsBFO6AamkEAAAADg4Qul0613.txt",
];
const bytes = fc.string({ unit: fc.nat(255).map((code) => String.fromCharCode(code)), maxLength: 140 });
const mutated = fc
  .tuple(fc.constantFrom(...good), fc.nat(60), fc.nat(6), fc.oneof(bytes, fc.constantFrom("/", "..", "\0", "M", "")))
  .map(([name, at, cut, put]) => name.slice(0, at) + put + name.slice(at + cut));
const names = fc.oneof(bytes, mutated, fc.string({ unit: "binary" }));

/** Runs it; false when the name was refused. */
function accepts(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch (error) {
    if (error instanceof FileNameError) return false;
    throw error;
  }
}

test("readers of names throw nothing but FileNameError", () => {
  fc.assert(
    fc.property(names, bytes, (name, other) => {
      accepts(() => parseFileId(name));
      accepts(() => parseFileId(`group1/${name}`));
      accepts(() => formatSlaveName(name, other.slice(0, 8), other.slice(8, 12)));
      accepts(() => extensionOf(name));
      accepts(() => trunkSlotOf(name));
      accepts(() => {
        const facts = readFileName(name);
        expect(Number.isSafeInteger(facts.size)).toBe(true);
        expect(facts.crc32).toBeGreaterThanOrEqual(0);
      });
    }),
    options,
  );
});

test("a name that passes stays in its directory", () => {
  fc.assert(
    fc.property(names, fc.integer({ min: 1, max: 256 }), (name, storePathCount) => {
      if (!accepts(() => parseLogicName(name, storePathCount))) return;
      const { storePathIndex, truePath } = parseLogicName(name, storePathCount);
      expect(storePathIndex).toBeLessThan(storePathCount);
      expect(truePath).toMatch(/^[0-9A-F]{2}\/[0-9A-F]{2}\/[\x21-\x2e\x30-\x7e]+$/);
      expect(truePath.slice(6)).not.toMatch(/^\.\.?$/);
    }),
    options,
  );
});
