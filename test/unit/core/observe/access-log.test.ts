// The columns of the access log. The expected lines are C's (storage.md §10.4; the header and the six-digit line were
// captured from a C storage with time_precision = us).

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AccessEntry, AccessLog, accessLogHeader, formatAccessLine } from "../../../../core/observe/access-log.ts";
import { LogFile } from "../../../../core/observe/log-file.ts";

const at = (hours: number, minutes: number, seconds: number, ms: number): number =>
  new Date(2026, 10, 21, hours, minutes, seconds).getTime() + ms;

const entry: AccessEntry = {
  startMs: at(3, 58, 11, 219),
  usedMs: 0.4,
  clientIp: "127.0.0.1",
  action: "upload",
  fileName: "M00/00/00/oYYBAGsBFtOAHSu1AAAACGe1SJA201.txt",
  status: 0,
  requestBytes: 33,
  responseBytes: 70,
};

describe("lines", () => {
  test("in milliseconds", () => {
    expect(formatAccessLine(entry, "ms")).toBe(
      "[2026-11-21 03:58:11.219] 127.0.0.1 upload M00/00/00/oYYBAGsBFtOAHSu1AAAACGe1SJA201.txt 0 0 33 70",
    );
  });
  test("in microseconds", () => {
    const captured = {
      ...entry,
      startMs: at(6, 37, 6, 213.541),
      usedMs: 1.15,
      fileName: "M00/00/00/fwBdAmsBPBKActp6AAAABjY6MCA369.txt",
      requestBytes: 31,
    };
    // The fraction passes through a number of milliseconds: it may be one microsecond less.
    expect(formatAccessLine(captured, "us")).toMatch(
      /^\[2026-11-21 06:37:06\.21354[01]\] 127\.0\.0\.1 upload M00\/00\/00\/fwBdAmsBPBKActp6AAAABjY6MCA369\.txt 0 1150 31 70$/,
    );
  });
  test("fractions have all their digits, which C's microseconds lack", () => {
    expect(formatAccessLine({ ...entry, startMs: at(3, 50, 6, 59.5) }, "us")).toStartWith(
      "[2026-11-21 03:50:06.059500]",
    );
    expect(formatAccessLine({ ...entry, startMs: at(3, 50, 6, 7) }, "ms")).toStartWith("[2026-11-21 03:50:06.007]");
  });
  test("a hostile name stays one column", () => {
    const line = formatAccessLine({ ...entry, fileName: "a b\n[x\0" }, "ms");
    expect(line).toContain(" upload a?b?[x? 0 ");
    expect(formatAccessLine({ ...entry, fileName: "" }, "ms")).toContain(" upload - 0 ");
  });
  test("the header is C's", () => {
    expect(accessLogHeader(at(3, 57, 47, 132), "ms")).toBe(
      "[2026-11-21 03:57:47.132] client_ip action filename status time_used_ms req_len resp_len",
    );
    expect(accessLogHeader(at(6, 37, 5, 705), "us")).toBe(
      "[2026-11-21 06:37:05.705000] client_ip action filename status time_used_us req_len resp_len",
    );
  });
});

describe("the file", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "fdfs-access-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test("begins with the header, also when two threads hold it", () => {
    const path = join(folder, "storage_access.log");
    const options = { path, flushIntervalMs: 60_000, header: () => accessLogHeader(at(1, 2, 3, 4), "ms") };
    const logs = [new AccessLog(new LogFile(options), "ms"), new AccessLog(new LogFile(options), "ms")];
    for (const log of logs) log.record(entry);
    for (const log of logs) log.close();
    const lines = readFileSync(path, "utf8").split("\n");
    expect(lines).toEqual([
      accessLogHeader(at(1, 2, 3, 4), "ms"),
      ...logs.map(() => formatAccessLine(entry, "ms")),
      "",
    ]);
  });
});
