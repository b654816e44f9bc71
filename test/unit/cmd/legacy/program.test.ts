// The C programs' habits that scripts rely on: option words, failure texts, numbers.

import { describe, expect, test } from "bun:test";
import { errnoOf, errorTail, leadingNumber, logError, readShortOptions } from "../../../../cmd/legacy/program.ts";
import { recordedContext } from "../context.ts";

describe("readShortOptions follows getopt(3)", () => {
  const read = (...words: string[]) => readShortOptions(["prog", ...words], "hc:ANd");
  test("joined letters, attached and separate values", () => {
    expect(read("-Ad", "-cA.conf", "-c", "B.conf").flags).toEqual([
      { letter: "A", value: "" },
      { letter: "d", value: "" },
      { letter: "c", value: "A.conf" },
      { letter: "c", value: "B.conf" },
    ]);
  });
  test("options may stand behind operands until --", () => {
    expect(read("one", "-d", "--", "-A")).toEqual({
      flags: [{ letter: "d", value: "" }],
      operands: ["one", "-A"],
      complaint: null,
    });
  });
  test("a lone - is an operand", () => expect(read("-").operands).toEqual(["-"]));
  test("unknown letter", () => expect(read("-x").complaint).toBe("prog: invalid option -- 'x'\n"));
  test("missing value", () => expect(read("-c").complaint).toBe("prog: option requires an argument -- 'c'\n"));
});

test("failure texts end in number and glibc's words", () => {
  expect(errorTail(2)).toBe("error no: 2, error info: No such file or directory");
  expect(errorTail(114)).toBe("error no: 114, error info: Operation already in progress");
});

test("errors become errno values", () => {
  expect(errnoOf(Object.assign(new Error("x"), { status: 28 }))).toBe(28);
  expect(errnoOf(Object.assign(new Error("x"), { code: "ECONNREFUSED" }))).toBe(111);
});

test("numbers are read as atoi does", () => {
  expect([leadingNumber("12x"), leadingNumber(" -3"), leadingNumber("x")]).toEqual([12, -3, 0]);
});

test("log lines have the C library's form", async () => {
  const context = recordedContext();
  await logError(context, "connect fail");
  expect(context.err()).toMatch(/^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\] ERROR - connect fail\n$/);
});
