// The preprocessor and the annotations, http-config-tools.md §1.3 and §1.5, for a machine whose facts are given.

import { describe, expect, test } from "bun:test";
import { parseConfText } from "../../../conf/document.ts";

const host = { localIps: ["8.8.4.4", "10.1.2.3", "192.168.7.8", "fd00::5"], hostName: "box1" };
const read = (...lines: string[]) => parseConfText(lines.join("\n"), "t.conf", host);
const warningsOf = (...lines: string[]): string[] =>
  read(...lines).warnings.map(({ line, message }) => `${line}: ${message}`);

describe("#@if", () => {
  const cases: [condition: string, holds: boolean][] = [
    ["%{LOCAL_IP} in [10.1.2.3]", true],
    ["%{LOCAL_IP} in [10.9.9.9, 192.168.7.8 ]", true],
    ["%{LOCAL_IP} in [10.0.0.0/8]", true],
    ["%{LOCAL_IP} in [10.2.0.0/16]", false],
    ["%{LOCAL_IP} in [127.0.0.1]", false],
    ["%{LOCAL_HOST} in [box0,box1]", true],
    ["%{LOCAL_HOST} in [BOX1]", false],
    ["%{zone} in [a,b]", true],
    ["%{zone} in [b]", false],
    ["%{unset} in [a]", false],
    ["%{LOCAL_IP} [10.1.2.3]", false],
    ["%{LOCAL_IP} in 10.1.2.3", false],
  ];
  for (const [condition, holds] of cases) {
    test(`${condition} is ${holds}`, () => {
      const document = read(
        "#@set zone = a",
        `#@if ${condition}`,
        "k = yes",
        "#@else",
        "k = no",
        "#@endif",
        "after = 1",
      );
      expect(document.get("k")).toBe(holds ? "yes" : "no");
      expect(document.values("after")[0]!.line).toBe(7);
    });
  }

  test("without #@else nothing is kept", () => {
    expect(read("#@if %{LOCAL_HOST} in [x]", "k = 1", "#@endif").get("k")).toBeUndefined();
  });

  test("the first #@endif closes; a set in a dropped branch does not count", () => {
    const document = read(
      "#@if %{LOCAL_HOST} in [x]",
      "#@set a = 1",
      "#@endif",
      "#@if %{a} in [1]",
      "k = 1",
      "#@endif",
    );
    expect(document.get("k")).toBeUndefined();
  });

  test("without #@endif the lines are read, with a warning", () => {
    expect(read("#@if %{LOCAL_HOST} in [x]", "k = 1").get("k")).toBe("1");
    expect(warningsOf("a = 1", "#@if %{LOCAL_HOST} in [x]")).toEqual([
      "2: #@if without #@endif: both branches are read",
    ]);
  });

  test("only 32 values count, and a network needs 8 to 30 bits", () => {
    const many = Array.from({ length: 33 }, (_, index) => (index === 32 ? "box1" : `h${index}`)).join(",");
    const document = read(`#@if %{LOCAL_HOST} in [${many}]`, "k = 1", "#@endif");
    expect(document.get("k")).toBeUndefined();
    expect(document.warnings[0]!.message).toContain("33 values");
    expect(warningsOf("#@if %{LOCAL_IP} in [10.1.2.3/31]", "#@endif")[0]).toContain(
      "no IPv4 network with 8 to 30 bits",
    );
  });
});

describe("#@set", () => {
  test("uses earlier variables; commands are not run", () => {
    const document = read(
      "#@set a = x",
      "#@set b = %{a}y",
      "#@set c = $(id)",
      "#@function REPLACE_VARS",
      "k = %{b}-%{c}-%{d}",
    );
    expect(document.get("k")).toBe("xy--%{d}");
    expect(document.warnings.map(({ message }) => message)).toEqual([
      "commands are not run, the variable is empty",
      "no #@set gives the variable d a value",
    ]);
  });
});

describe("#@for", () => {
  test("repeats its block, bounds included", () => {
    const document = read("#@for i from 0 to 4 step 2", "p{$i} = /d{$i}/{$i}", "#@endfor", "q = 1");
    expect(document.items.map(({ key, text, line }) => `${key}=${text}@${line}`)).toEqual([
      "p0=/d0/0@2",
      "p2=/d2/2@2",
      "p4=/d4/4@2",
      "q=1@4",
    ]);
  });

  test("takes what #@if kept", () => {
    const document = read("#@for i from 1 to 2", "#@if %{LOCAL_HOST} in [box1]", "k = {$i}", "#@endif", "#@endfor");
    expect(document.getAll("k")).toEqual(["1", "2"]);
  });

  test("an upward loop from above makes no lines", () => {
    expect(read("#@for i from 5 to 1", "k = 1", "#@endfor").get("k")).toBeUndefined();
  });

  for (const header of ["#@for i from a to 3", "#@for i from 0 to 3 step 0", "#@for i from -1 to 3", "#@for i"]) {
    test(`${header} is an error with its line`, () => {
      const [problem] = read("a = 1", header, "k = 1", "#@endfor").warnings;
      expect(problem).toMatchObject({ file: "t.conf", line: 2 });
      expect(problem!.message).toBe(`${header} is no loop`);
    });
  }

  test("a loop over a billion is refused before it runs", () => {
    const [problem] = read("#@for i from 0 to 999999999", "k = {$i}", "#@endfor").warnings;
    expect(problem!.message).toContain("more than 100000 lines");
  });
});

describe("#@function", () => {
  const cases: [value: string, expected: string[]][] = [
    ["inner", ["10.1.2.3", "192.168.7.8", "fd00::5"]],
    ["private[0]", ["10.1.2.3"]],
    ["inner[-1]", ["fd00::5"]],
    ["outer", ["8.8.4.4"]],
    ["outer[3]", [""]],
  ];
  for (const [value, expected] of cases) {
    test(`LOCAL_IP_GET of ${value}`, () => {
      expect(read("#@function LOCAL_IP_GET", `bind_addr = ${value}`).getAll("bind_addr")).toEqual(expected);
    });
  }

  test("reaches the next line only", () => {
    const document = read("#@function LOCAL_IP_GET", "", "k = inner");
    expect(document.get("k")).toBe("inner");
    expect(document.warnings[0]).toMatchObject({ line: 1 });
  });

  test("an unknown function leaves the value", () => {
    const document = read("#@function NOPE", "k = v");
    expect(document.get("k")).toBe("v");
    expect(document.warnings[0]!.message).toContain("there is no function NOPE");
  });
});
