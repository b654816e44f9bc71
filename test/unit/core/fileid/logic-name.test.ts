// The checks before a name may touch a path, in the order of storage.md §1.2, and the directory of a new name.

import { describe, expect, test } from "bun:test";
import { FileNameError } from "../../../../core/fileid/file-name-error.ts";
import { formatLogicName, hashDirectory, hex2, parseLogicName } from "../../../../core/fileid/logic-name.ts";

const FILE = "fwAASGsBFO6AamkEAAAADg4Qul0613.txt";

describe("accepted", () => {
  test("a name is split into store path and true path", () => {
    const name = `M01/0A/FF/${FILE}`;
    expect(parseLogicName(name, 2)).toEqual({ name, storePathIndex: 1, truePath: `0A/FF/${FILE}` });
  });
  test("a name of before 1.12 lies in store path 0", () => {
    expect(parseLogicName(`00/01/${FILE}`, 1)).toEqual({
      name: `00/01/${FILE}`,
      storePathIndex: 0,
      truePath: `00/01/${FILE}`,
    });
  });
  test("a trunk file by its physical name, which recovery asks for", () => {
    expect(parseLogicName("M00/00/00/000001", 1).truePath).toBe("00/00/000001");
  });
  test("the store path may be written with lower-case digits, and be the last of 256", () => {
    expect(parseLogicName(`Mff/00/00/${FILE}`, 256).storePathIndex).toBe(255);
  });
  test("metadata names", () => {
    expect(parseLogicName(`M00/00/00/${FILE}-m`, 1).truePath).toBe(`00/00/${FILE}-m`);
  });
  test("127 characters", () => {
    expect(parseLogicName(`M00/00/00/${"a".repeat(117)}`, 1).truePath).toHaveLength(123);
  });
});

describe("refused with 22", () => {
  const cases: [title: string, name: string][] = [
    ["empty", ""],
    ["ten characters", "M00/00/00/"],
    ["no slash behind the store path", `M0000/00/${FILE}`],
    ["a store path that is no number", `MG0/00/00/${FILE}`],
    ["a store path that does not exist", `M02/00/00/${FILE}`],
    ["lower-case directories", `M00/0a/00/${FILE}`],
    ["directories that are no numbers", `M00/0G/00/${FILE}`],
    ["one directory", `M00/00/${FILE}`],
    ["three directories", `M00/00/00/00/${FILE}`],
    ["a way up in the file", "M00/00/00/../../etc/passwd"],
    ["a way up in the directories", "M00/../../etc/passwd"],
    ["the parent itself", "M00/00/00/.."],
    ["the directory itself", "M00/00/00/."],
    ["an absolute path", "/etc/passwd/shadow"],
    ["a NUL", `M00/00/00/${FILE}\0.txt`],
    ["a line end", `M00/00/00/${FILE}\n`],
    ["a blank", `M00/00/00/a b${FILE}`],
    ["a byte beyond ASCII", `M00/00/00/${FILE}\u00e9`],
    ["no file", "M00/00/00/".padEnd(10)],
  ];
  for (const [title, name] of cases) {
    test(title, () => {
      expect(() => parseLogicName(name, 2)).toThrow(FileNameError);
      try {
        parseLogicName(name, 2);
      } catch (error) {
        expect((error as FileNameError).status).toBe(22);
      }
    });
  }
});

test("names are put together with upper-case digits", () => {
  expect(formatLogicName(1, 10, 255, FILE)).toBe(`M01/0A/FF/${FILE}`);
  expect(hex2(0)).toBe("00");
});

// The reference is the formula of storage.md §4.8 in 64-bit integers, cut to 32 bits where C does.
test("the hash directory is the PJW hash of the document", () => {
  const reference = (text: string): bigint => {
    let h = 0n;
    for (const code of Buffer.from(text)) {
      h = BigInt.asIntN(32, (h << 4n) + BigInt(code));
      const t = BigInt.asIntN(32, h & 0xf0000000n);
      if (t !== 0n) h = BigInt.asIntN(32, h ^ (t >> 24n)) & 0x0fffffffn;
    }
    return h % 65536n;
  };
  for (const text of [
    "fwAASGsBFO6AamkEAAAADg4Qul0",
    "oYYBAGsBFtOAHSu1AAAACGe1SJA",
    "AAAAAQ",
    "____________________zzzzzzz",
  ]) {
    const n = Number(reference(text));
    expect(hashDirectory(text, 256)).toEqual([(n >> 8) & 0xff, n & 0xff]);
    expect(hashDirectory(text, 4)).toEqual([((n >> 8) & 0xff) % 4, (n & 0xff) % 4]);
  }
});
