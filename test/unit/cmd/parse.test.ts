// parseArguments against a small table of its own: what cac gets wrong by habit must come out right, and every misuse
// must come out as one sentence.

import { describe, expect, test } from "bun:test";
import type { CommandSpec } from "../../../cmd/command.ts";
import { commands } from "../../../cmd/commands.ts";
import { parseArguments } from "../../../cmd/parse.ts";

const never = (): Promise<never> => Promise.reject(new Error("parsing must not load a command"));
const table: readonly CommandSpec[] = [
  {
    name: "put",
    usage: "",
    summary: "",
    options: [
      { flags: "--group <name>", summary: "" },
      { flags: "--meta <k=v>", summary: "", repeatable: true },
      { flags: "-o, --output <path>", summary: "" },
      { flags: "--offset <bytes>", summary: "", kind: "bytes" },
      { flags: "--parallel <n>", summary: "", kind: "count" },
      { flags: "--watch [seconds]", summary: "", kind: "optional-count" },
      { flags: "--slave-of <id>", summary: "" },
      { flags: "--json", summary: "" },
    ],
    load: never,
  },
  { name: "raw", usage: "", summary: "", options: [], rawArguments: true, load: never },
];

function options(...argv: string[]): unknown {
  const parsed = parseArguments(["put", ...argv], table);
  if (parsed.kind !== "run") throw new Error(JSON.stringify(parsed));
  return parsed.options;
}
function args(...argv: string[]): string[] {
  const parsed = parseArguments(["put", ...argv], table);
  if (parsed.kind !== "run") throw new Error(JSON.stringify(parsed));
  return parsed.args;
}
function wrong(...argv: string[]): string {
  const parsed = parseArguments(argv, table);
  return parsed.kind === "wrong" ? parsed.message : `not wrong: ${JSON.stringify(parsed)}`;
}

describe("values stay what they were", () => {
  test("a group named 0012 is not the number 12", () => expect(options("--group", "0012")).toEqual({ group: "0012" }));
  test("positional numbers stay text", () => expect(args("007", "1e3")).toEqual(["007", "1e3"]));
  test("a lone - is a positional", () => expect(args("-", "a")).toEqual(["-", "a"]));
  test("a lone - is a value", () => expect(options("-o", "-")).toEqual({ output: "-" }));
  test("a value may begin with -", () => expect(options("--meta", "-x=-y")).toEqual({ meta: ["-x=-y"] }));
  test("everything behind -- is positional", () =>
    expect(args("a", "--", "--json", "-")).toEqual(["a", "--json", "-"]));
  test("name=value keeps further equals signs", () => expect(options("--meta=a=b=c")).toEqual({ meta: ["a=b=c"] }));
});

describe("kinds", () => {
  test("repeatable options are lists", () =>
    expect(options("--meta", "a=1", "--meta", "b=2")).toEqual({ meta: ["a=1", "b=2"] }));
  test("sizes take units", () => expect(options("--offset", "64K")).toEqual({ offset: 65536 }));
  test("counts are numbers", () => expect(options("--parallel", "8")).toEqual({ parallel: 8 }));
  test("flags are true", () => expect(options("--json")).toEqual({ json: true }));
  test("a flag does not swallow the next word", () => expect(args("--json", "file")).toEqual(["file"]));
  test("an optional count without one", () => expect(options("--watch")).toEqual({ watch: true }));
  test("an optional count with one", () => expect(options("--watch", "5")).toEqual({ watch: 5 }));
  test("an optional count before a name", () => expect(args("--watch", "group1")).toEqual(["group1"]));
  test("dashed names become camelCase", () => expect(options("--slave-of", "x")).toEqual({ slaveOf: "x" }));
  test("what is not given is absent", () => expect(options()).toEqual({}));
});

describe("misuse is one sentence", () => {
  test("no command", () => expect(wrong()).toBe("No command given: run fdfs help for a list"));
  test("unknown command", () => expect(wrong("xyzzy")).toBe('No command is named "xyzzy": run fdfs help for a list'));
  test("nearly a command", () => expect(wrong("putt")).toBe('No command is named "putt": did you mean put?'));
  test("unknown option", () => expect(wrong("put", "--nope")).toBe("Unknown option --nope"));
  test("missing value", () => expect(wrong("put", "--group")).toBe("Option --group needs a value"));
  test("empty value", () => expect(wrong("put", "--group=")).toBe("Option --group needs a value that is not empty"));
  test("a value for a flag", () => expect(wrong("put", "--json=1")).toBe("Option --json takes no value"));
  test("given twice", () =>
    expect(wrong("put", "--group", "a", "--group", "b")).toBe("Option --group is given 2 times, allowed is once"));
  test("not a count", () =>
    expect(wrong("put", "--parallel", "-3")).toBe(
      'Option --parallel has the value "-3", allowed is a whole number of 0 or more',
    ));
  test("not a size", () =>
    expect(wrong("put", "--offset", "10X")).toBe(
      'Option --offset has the value "10X", allowed is a whole number of bytes such as 4096, 64K or 1G',
    ));
});

test("help, version and raw arguments", () => {
  expect(parseArguments(["help"], table)).toEqual({ kind: "help", command: null });
  expect(parseArguments(["put", "-h"], table)).toMatchObject({ kind: "help", command: { name: "put" } });
  expect(parseArguments(["help", "put"], table)).toMatchObject({ kind: "help", command: { name: "put" } });
  expect(parseArguments(["--version"], table)).toEqual({ kind: "version" });
  expect(parseArguments(["raw", "--x", "-"], table)).toMatchObject({ kind: "run", args: ["--x", "-"] });
});

test("every command of the real table parses its own flags", () => {
  for (const command of commands) {
    if (command.rawArguments === true) continue;
    for (const option of command.options) {
      const flag = option.flags.split(",").at(-1)!.trim().split(" ")[0]!;
      const words = option.flags.includes("<") ? [flag, "1"] : [flag];
      expect(parseArguments([command.name, ...words], commands)).toMatchObject({ kind: "run" });
    }
  }
});
