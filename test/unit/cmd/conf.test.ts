// `fdfs conf`: what goes to which stream, and the exit statuses 0, 1 and 2.

import { describe, expect, test } from "bun:test";
import { runConf } from "../../../cmd/conf.ts";
import { ConfFolder } from "../conf/temp-folder.ts";

async function run(...args: string[]): Promise<{ status: number; stdout: string; stderr: string }> {
  let stdout = "";
  let stderr = "";
  const status = await runConf(args, {
    stdout: (text) => {
      stdout += text;
    },
    stderr: (text) => {
      stderr += text;
    },
  });
  return { status, stdout, stderr };
}

describe("check", () => {
  test("names errors and warnings of all files and fails if one cannot be used", async () => {
    using folder = new ConfFolder();
    const good = folder.write("tracker.conf", "base_path = /b\nprot = 5\nuse_io_uring = 1");
    const bad = folder.write("storage.conf", "base_path = /b");
    const { status, stdout, stderr } = await run("check", good, bad);
    expect(status).toBe(1);
    expect(stderr).toBe("");
    expect(stdout.split("\n")).toEqual([
      `warning: ${good}:2: prot = 5: no key of tracker.conf, so it has no effect; did you mean port?`,
      `${good}: good as tracker.conf (0 errors, 1 warning)`,
      expect.stringMatching(/^error: .*storage\.conf: tracker_server: the key is missing/),
      `${bad}: cannot be used as storage.conf (1 error, 0 warnings)`,
      "",
    ]);
    expect((await run("check", good)).status).toBe(0);
    expect((await run("check", "--notes", good)).stdout).toContain(`note: ${good}:3: use_io_uring has no effect here`);
  });

  test("finds the kind by keys, or is told", async () => {
    using folder = new ConfFolder();
    const path = folder.write("my.conf", "base_path = /b\nstore_lookup = 0");
    expect((await run("check", path)).stdout).toContain("good as tracker.conf");
    expect((await run("check", path, "--as", "client")).stdout).toContain("cannot be used as client.conf");
    const odd = folder.write("odd.conf", "x = 1");
    const { status, stderr } = await run("check", odd);
    expect([status, stderr]).toEqual([
      1,
      `Cannot tell which settings file ${odd} is: give --as tracker|storage|client|storage_ids\n`,
    ]);
  });

  test("a file that is not there", async () => {
    const { status, stdout } = await run("check", "/nowhere/tracker.conf");
    expect(status).toBe(1);
    expect(stdout).toContain("error: /nowhere/tracker.conf: cannot be read: ");
  });
});

test("print shows values with the lines that set them", async () => {
  using folder = new ConfFolder();
  const path = folder.write(
    "storage.conf",
    "base_path = /b\ntracker_server = t2:1\ntracker_server = t1\n[error-log]\nlog_file_keep_days = 3",
  );
  const { status, stdout, stderr } = await run("print", path);
  expect([status, stderr]).toEqual([0, ""]);
  const lines = stdout.split("\n").map((line) => line.replace(/ +/g, " "));
  expect(lines).toContain(`${path}:1 base_path = /b`);
  expect(lines).toContain("default port = 23000");
  expect(lines).toContain("default store_path0 = /b");
  expect(lines.filter((line) => line.includes("tracker_server"))).toEqual([
    `${path}:2,3 tracker_server = t1:22122`,
    `${path}:2,3 tracker_server = t2:1`,
  ]);
  expect(lines).toContain(" [error-log]");
  expect(lines).toContain(`${path}:5 log_file_keep_days = 3`);
});

test("sample prints a file that can be used", async () => {
  using folder = new ConfFolder();
  for (const kind of ["tracker", "storage", "client", "storage_ids"]) {
    const { status, stdout } = await run("sample", kind);
    expect(status).toBe(0);
    expect((await run("check", folder.write(`${kind}.conf`, stdout))).status).toBe(0);
  }
});

test("wrong use answers 2 and shows the usage", async () => {
  for (const args of [
    [],
    ["prnt"],
    ["print"],
    ["print", "a", "b"],
    ["check"],
    ["sample"],
    ["sample", "x"],
    ["check", "--as", "x", "f"],
    ["check", "-z"],
  ]) {
    const { status, stderr } = await run(...args);
    expect([args, status]).toEqual([args, 2]);
    expect(stderr).toContain("Usage: fdfs conf print");
  }
});
