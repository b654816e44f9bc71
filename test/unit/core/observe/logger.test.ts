// The form of a log line (storage.md §10.3), the filter, and what cannot happen: two lines out of one text.

import { describe, expect, test } from "bun:test";
import {
  createLogger,
  formatLogLine,
  LogLevel,
  type LogLevelName,
  silentLogger,
} from "../../../../core/observe/logger.ts";

const moment = new Date(2026, 10, 21, 3, 5, 9, 999).getTime();

describe("a line", () => {
  test("has local time, level and text", () => {
    expect(formatLogLine(moment, "WARNING", "disk is nearly full")).toBe(
      "[2026-11-21 03:05:09] WARNING - disk is nearly full",
    );
  });
  test("carries its fields as key=value, quoted where they would not read as one word", () => {
    const fields = {
      path: "/data",
      freeMb: 12,
      ok: false,
      name: "a b",
      empty: "",
      quote: 'x"y',
      gone: undefined,
      no: null,
    };
    expect(formatLogLine(moment, "INFO", "beat", fields)).toBe(
      '[2026-11-21 03:05:09] INFO - beat path=/data freeMb=12 ok=false name="a b" empty="" quote="x\\"y" no=null',
    );
  });
  test("stays one line whatever a client sent", () => {
    const line = formatLogLine(moment, "ERROR", "name 'a\n[2026-11-21 03:05:09] CRIT - x\r\x1b[2J\0'", { v: "a\nb" });
    for (const character of ["\n", "\r", "\0", "\x1b"]) expect(line).not.toContain(character);
    expect(line).toContain("'a\\n[2026");
    expect(line).toEndWith('v="a\\nb"');
  });
});

describe("the level", () => {
  const say = (level: LogLevelName): string[] => {
    const seen: string[] = [];
    const log = createLogger(level, (line, name) => {
      expect(line).toMatch(/^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\] [A-Z]+ - text$/);
      seen.push(name);
    });
    for (const verb of ["debug", "info", "notice", "warn", "error", "crit"] as const) log[verb]("text");
    return seen;
  };
  test("lets through itself and what is graver", () => {
    expect(say("DEBUG")).toEqual(["DEBUG", "INFO", "NOTICE", "WARNING", "ERROR", "CRIT"]);
    expect(say("WARNING")).toEqual(["WARNING", "ERROR", "CRIT"]);
    expect(say("EMERG")).toEqual([]);
  });
  test("numbers are syslog's", () => expect([LogLevel.EMERG, LogLevel.DEBUG]).toEqual([0, 7]));
  test("the silent logger says nothing", () => expect(() => silentLogger.crit("x")).not.toThrow());
});
