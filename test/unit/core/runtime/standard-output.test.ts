// Standard output as programs meet it: read slowly, closed early, full, and not a terminal.

import { describe, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { openSync } from "node:fs";
import { fileURLToPath } from "node:url";

const MODULE = fileURLToPath(new URL("../../../../core/runtime/standard-output.ts", import.meta.url));
const PROGRAM = `
  const { standardOutput } = await import(${JSON.stringify(MODULE)});
  const out = standardOutput("stdout");
  if (process.argv.at(-1) === "facts") {
    await out.write(JSON.stringify([out.isTerminal, out.columns]));
    process.exit(0);
  }
  // None is waited for before the next: the order must hold all the same.
  const writing = Array.from({ length: 300 }, (_, at) => out.write(new Uint8Array(8192).fill(at & 0xff)));
  process.exit(await Promise.all(writing).then(() => 0, (error) => (error.code === "EPIPE" ? 32 : error.code === "ENOSPC" ? 28 : 1)));
`;

const start = (word: string, stdout: "pipe" | number) =>
  spawn(process.execPath, ["-e", PROGRAM, word], { stdio: ["ignore", stdout, "inherit"] });

const exitOf = (child: ReturnType<typeof start>): Promise<number | null> =>
  new Promise((resolve) => child.on("close", resolve));

describe("standard output", () => {
  test("arrives whole and in order at a reader that starts late", async () => {
    const child = start("all", "pipe");
    const ended = exitOf(child);
    const chunks: Buffer[] = [];
    await new Promise((resolve) => child.stdout!.once("readable", resolve));
    for await (const chunk of child.stdout!) chunks.push(chunk as Buffer);
    const expected = Buffer.concat(Array.from({ length: 300 }, (_, at) => Buffer.alloc(8192, at & 0xff)));
    expect(Buffer.concat(chunks).equals(expected)).toBe(true);
    expect(await ended).toBe(0);
  });

  test("that nobody reads any more is EPIPE", async () => {
    const child = start("all", "pipe");
    const ended = exitOf(child);
    child.stdout!.once("data", () => child.stdout!.destroy());
    expect(await ended).toBe(32);
  });

  test("that is full is ENOSPC", async () => {
    expect(await exitOf(start("all", openSync("/dev/full", "w")))).toBe(28);
  });

  test("in a pipe is no terminal", async () => {
    const child = start("facts", "pipe");
    const ended = exitOf(child);
    const chunks: Buffer[] = [];
    for await (const chunk of child.stdout!) chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks).toString()).toBe("[false,80]");
    expect(await ended).toBe(0);
  });
});
