// The line rules of http-config-tools.md §1.1, §1.2 and §1.4, row by row. Expected values come from those tables.

import { describe, expect, test } from "bun:test";
import { readConfFile } from "../../../conf/document.ts";
import { ConfError, parseConfText } from "../../../conf/index.ts";
import { ConfFolder } from "./temp-folder.ts";

const problemsOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof ConfError) return error.message;
    throw error;
  }
  return "";
};

describe("lines", () => {
  const cases: [name: string, text: string, key: string, value: string | undefined, section?: string][] = [
    ["leading whitespace", " \t key = v", "key", "v"],
    ["leading whitespace before a section", "  [ s ]\nkey=v", "key", "v", "s"],
    ["no inline comment", "key = a # not comment", "key", "a # not comment"],
    ["no inline comment with a semicolon", "key = a ; b", "key", "a ; b"],
    ["a semicolon is part of a name", "; note = x", "; note", "x"],
    ["double quotes are kept", 'key = "hello"', "key", '"hello"'],
    ["single quotes are kept", "key = 'x'", "key", "'x'"],
    ["the first = splits", "a=b=c", "a", "b=c"],
    ["no continuation", "line = x\\", "line", "x\\"],
    ["no escapes", "line = a\\#b\\n", "line", "a\\#b\\n"],
    ["dots in names", "http.anti_steal.check_token = 1", "http.anti_steal.check_token", "1"],
    ["an empty value is there", "empty =", "empty", ""],
    ["a missing key is not", "x = 1", "y", undefined],
    ["an empty name is harmless", " = v", "", "v"],
    ["names are case-sensitive", "Case = 1", "case", undefined],
    ["a section line with a tail is none", "[s]\na=1\n[t] # text\nb=2", "b", "2", "s"],
    ["a section goes on", "[s]\na=1\n[t]\nb=2\n[s]\nc=3", "c", "3", "s"],
    ["[] returns to the global part", "[s]\na=1\n[]\nb=2", "b", "2"],
    ["dots in section names", "[a.b]\nc=1", "c", "1", "a.b"],
    ["brackets in section names", "[a]b]\nc=1", "c", "1", "a]b"],
    ["##include is a comment", "##include x\na=1", "a", "1"],
    ["# include is a comment", "# include x\na=1", "a", "1"],
    ["CRLF", "a = 1\r\nb = 2\r\n", "a", "1"],
    ["true stays a text", "a = true", "a", "true"],
    ["null stays a text", "a = null", "a", "null"],
    ["numbers stay texts", "a = 012", "a", "012"],
    ["brackets behind a name", "a[] = 1", "a[]", "1"],
    ["__proto__ is a name", "__proto__ = 1", "__proto__", "1"],
    ["constructor is a name", "constructor = 1\nconstructor = 2", "constructor", "2"],
    ["__proto__ is a section", "[__proto__]\na = 1", "a", "1", "__proto__"],
    ["a key may be named as a section", "s = 1\n[s]\na = 2", "a", "2", "s"],
    ["a NUL ends the file", "a = 1\n\0b = 2", "b", undefined],
    ["a byte order mark is left out", "\u{feff}a = 1", "a", "1"],
    ["the last of repeats", "log_level = a\nlog_level = b", "log_level", "b"],
  ];
  for (const [name, text, key, value, section] of cases) {
    test(name, () => {
      expect(parseConfText(text).get(key, section)).toBe(value);
    });
  }

  test("repeats keep file order, each section its own", () => {
    const document = parseConfText("t = 3\nt = 1\n[s]\nt = 9\n[]\nt = 2");
    expect(document.getAll("t")).toEqual(["3", "1", "2"]);
    expect(document.getAll("t", "s")).toEqual(["9"]);
    expect(document.values("t").map(({ line }) => line)).toEqual([1, 2, 6]);
  });

  test("numbers and booleans as C's getters read them", () => {
    const document = parseConfText("a = 12abc\nb = abc\nc = YES\nd = enabled\ne =");
    expect([document.getInteger("a", 5), document.getInteger("b", 5), document.getInteger("z", 5)]).toEqual([12, 0, 5]);
    expect([document.getBoolean("c", false), document.getBoolean("d", true), document.getBoolean("e", true)]).toEqual([
      true,
      false,
      false,
    ]);
    expect(document.getBoolean("z", true)).toBe(true);
  });
});

describe("limits", () => {
  test("a value of 255 bytes is whole, a longer one is cut with a warning", () => {
    const whole = parseConfText(`a = ${"x".repeat(255)}`, "f.conf");
    expect(whole.get("a")).toHaveLength(255);
    expect(whole.warnings).toEqual([]);
    const cut = parseConfText(`# c\na = ${"x".repeat(256)}`, "f.conf");
    expect(cut.get("a")).toBe("x".repeat(255));
    expect(cut.warnings[0]).toMatchObject({ file: "f.conf", line: 2 });
    expect(cut.warnings[0]!.message).toContain("has 256 bytes and is cut to 255");
  });

  test("the limit counts bytes and never leaves half a character", () => {
    const value = parseConfText(`a = ${"é".repeat(200)}`).get("a")!;
    expect(value).toBe("é".repeat(127));
  });

  test("names are cut to 63 bytes", () => {
    expect(parseConfText(`${"n".repeat(70)} = 1`).get("n".repeat(63))).toBe("1");
  });

  for (const [text, warning] of [
    ["\u{feff}a = 1", "byte order mark"],
    ["a = 1\n\0", "NUL byte"],
    ["just text", "neither a key nor a section"],
  ] as const) {
    test(`warns: ${warning}`, () => {
      expect(parseConfText(text).warnings.map(({ message }) => message)).toEqual([expect.stringContaining(warning)]);
    });
  }
});

describe("#include", () => {
  test("is relative to the folder of the first file, and ends the section on both sides", () => {
    using folder = new ConfFolder();
    folder.write("sub/a.conf", "x = 1\n#include sub/b.conf\n[in-a]\ny = 2");
    folder.write("sub/b.conf", "z = 3");
    const main = folder.write("main.conf", "[s]\nk = 1\n#INCLUDE\tsub/a.conf\nafter = 4");
    const document = readConfFile(main);
    expect([document.get("x"), document.get("z"), document.get("y", "in-a")]).toEqual(["1", "3", "2"]);
    expect(document.get("after")).toBe("4");
    expect(document.get("after", "s")).toBeUndefined();
    expect(document.values("z")[0]).toMatchObject({ file: `${folder.path}/sub/b.conf`, line: 1 });
  });

  test("accepts absolute paths and file://", () => {
    using folder = new ConfFolder();
    const other = folder.write("other.conf", "x = 1");
    expect(readConfFile(folder.write("a.conf", `#include ${other}`)).get("x")).toBe("1");
    expect(readConfFile(folder.write("b.conf", `#include file://${other}`)).get("x")).toBe("1");
  });

  test("names every bad include with file and line", () => {
    using folder = new ConfFolder();
    const main = folder.write(
      "main.conf",
      "#include gone.conf\n#include http://h/x.conf\n#include main.conf\n#include ",
    );
    const lines = problemsOf(() => readConfFile(main)).split("\n");
    expect(lines[0]).toStartWith(`${main}:1: #include = gone.conf: cannot read ${folder.path}/gone.conf: `);
    expect(lines[1]).toBe(
      `${main}:2: #include = http://h/x.conf: settings are not fetched over the network: download the file and include it by its path`,
    );
    expect(lines[2]).toBe(`${main}:3: #include = main.conf: the file includes itself: ${main} -> ${main}`);
  });

  test("a text that is no file may not include", () => {
    const document = parseConfText("#include /etc/passwd\na = 1", "answer");
    expect(document.get("a")).toBe("1");
    expect(document.warnings[0]).toMatchObject({ file: "answer", line: 1, message: "only a file may include files" });
  });

  test("a file that is not there", () => {
    expect(problemsOf(() => readConfFile("/nowhere/x.conf"))).toStartWith("/nowhere/x.conf: cannot be read: ");
  });
});
