// Bodies that another thread receives: what arrives is what was sent, the connection serves on, and every way in which it
// can end early leaves nothing behind.

import { afterEach, beforeAll, expect, test } from "bun:test";
import { createHash, randomBytes } from "node:crypto";
import { closeSync, fstatSync, openSync, readFileSync } from "node:fs";
import { crc32 } from "node:zlib";
import { readFileName } from "../../../../../core/fileid/file-id.ts";
import { loadNative, native } from "../../../../../core/runtime/index.ts";
import { BodyReceiver, type BodyTask } from "../../../../../core/storage/io/body-receiver.ts";
import { type BodyCommand, LARGE_BODY_BYTES } from "../../../../../core/storage/io/large-bodies.ts";
import { uploadFile, uploadSlaveFile } from "../../../../../core/wire/storage-client.ts";
import { type Client, Errno, Harness, request, until } from "./harness.ts";

const HOST = "127.0.40.17";
const SIZE = LARGE_BODY_BYTES + 3_000_001;
const sha = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** A worker and, in this process, the receiver that stands for its body thread. */
class Site {
  readonly commands: BodyCommand[] = [];
  readonly pauses: number[] = [];
  answers = 0;
  /** Where the file goes instead, once. */
  otherFile: string | undefined;
  now: () => number = Date.now;
  harness!: Harness;
  receiver!: BodyReceiver;
  #isStopped = false;

  static async start(options: { networkTimeoutMs?: number } = {}): Promise<Site> {
    const site = new Site();
    const body = (storePath: number, command: BodyCommand): void => {
      expect([0, 1]).toContain(storePath);
      site.commands.push(command);
      if (command.kind === "receive") site.receiver.add(site.#redirected(command.task));
      else site.receiver.cancel(command.worker, command.id);
    };
    site.harness = await Harness.start(HOST, { body, ...options });
    site.receiver = new BodyReceiver({
      calls: native()!,
      report: ({ id }, result) => site.harness.bodyEnded(id, result),
      now: () => site.now(),
      answers: () => site.answers,
      pause: (ms) => site.pauses.push(ms),
    });
    const turn = (): void => {
      if (site.#isStopped) return;
      site.receiver.turn();
      setTimeout(turn, 0);
    };
    turn();
    return site;
  }

  #redirected(task: BodyTask): BodyTask {
    if (this.otherFile === undefined) return task;
    closeSync(task.fileFd);
    return { ...task, fileFd: openSync(this.otherFile, "w") };
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.harness.stop();
  }
}

let site: Site | undefined;
beforeAll(async () => {
  await loadNative();
});
afterEach(() => site?.stop());

const packetOf = (content: Uint8Array): Buffer =>
  request(uploadFile, { storePathIndex: -1, fileSize: content.length, fileExt: "bin" }, content);
const nameIn = (body: Buffer): string => body.subarray(16).toString();

function expectStored({ harness }: Site, name: string, content: Uint8Array): void {
  expect(sha(readFileSync(harness.path(name)))).toBe(sha(content));
  expect(readFileName(name)).toMatchObject({ size: content.length, crc32: crc32(content) });
}

test("several at once come back the same, with small requests between and behind them", async () => {
  site = await Site.start();
  const { harness } = site;
  const clients = await Promise.all([0, 1, 2].map(() => harness.client()));
  const contents = clients.map(() => randomBytes(SIZE));
  const small = randomBytes(1000);
  const answers = contents.map((content, index) => {
    const client = clients[index] as Client;
    // The next request is on its way before the large one has an answer.
    client.write(packetOf(content));
    client.write(packetOf(small));
    return [client.answer(), client.answer()] as const;
  });
  for (const [index, pair] of answers.entries()) {
    const [large, next] = await Promise.all(pair);
    expectStored(site, nameIn(large!.body), contents[index]!);
    expectStored(site, nameIn(next!.body), small);
  }
  expect(site.commands.map(({ kind }) => kind)).toEqual(["receive", "receive", "receive"]);
  for (const command of site.commands) {
    if (command.kind === "receive") expect(command.task.length).toBeGreaterThan(LARGE_BODY_BYTES);
  }
  expect(harness.scoreboard.totals().successFileWriteCount).toBeGreaterThan(3 * (LARGE_BODY_BYTES / 262_144));
  expect(harness.files().filter((path) => path.endsWith(".tmp"))).toEqual([]);
});

test("a slave of this size arrives whole", async () => {
  site = await Site.start();
  const client = await site.harness.client();
  const masterName = nameIn((await client.ask(packetOf(Buffer.from("master")))).body);
  const content = randomBytes(SIZE);
  const value = { fileSize: content.length, prefix: "_big", fileExt: "bin", masterName };
  const { status, body } = await client.ask(request(uploadSlaveFile, value, content));
  expect(status).toBe(Errno.OK);
  expect(sha(readFileSync(site.harness.path(nameIn(body))))).toBe(sha(content));
  expect(site.commands.length).toBe(1);
});

test("a client that vanishes on the way leaves no file, no record and no descriptor", async () => {
  site = await Site.start();
  const { harness } = site;
  const client = await harness.client();
  client.write(packetOf(randomBytes(SIZE)).subarray(0, 2_000_000));
  await until("the receiver has it", () => !site!.receiver.isIdle);
  const { task } = site.commands[0] as { task: BodyTask };
  client.destroy();
  await until("nothing is left", () => harness.files().length === 0 && site!.receiver.isIdle);
  await until("the connection is gone", () => harness.scoreboard.connections.current === 0);
  expect(harness.records()).toEqual([]);
  expect(() => fstatSync(task.fileFd)).toThrow("EBADF");
});

test("a worker that closes ends it", async () => {
  site = await Site.start();
  const client = await site.harness.client();
  client.write(packetOf(randomBytes(SIZE)).subarray(0, 2_000_000));
  await until("the receiver has it", () => !site!.receiver.isIdle);
  await site.harness.closeWorker();
  expect(site.commands.map(({ kind }) => kind)).toEqual(["receive", "cancel"]);
  expect(site.receiver.isIdle).toBe(true);
  expect(await client.answer()).toBeNull();
  expect(site.harness.files()).toEqual([]);
});

test("a client that stops sending is let go after the network timeout", async () => {
  let skippedMs = 0;
  site = await Site.start();
  site.now = () => Date.now() + skippedMs;
  const client = await site.harness.client();
  client.write(packetOf(randomBytes(SIZE)).subarray(0, 2_000_000));
  await until("the receiver has it", () => !site!.receiver.isIdle);
  await until("nothing is left", () => {
    skippedMs += 31_000;
    return site!.harness.files().length === 0;
  });
  expect(await client.answer()).toBeNull();
});

test("a disk that is full answers 28 and the connection serves on", async () => {
  site = await Site.start();
  site.otherFile = "/dev/full";
  const client = await site.harness.client();
  expect(await client.status(packetOf(randomBytes(SIZE)))).toBe(Errno.ENOSPC);
  expect(site.harness.files()).toEqual([]);
  site.otherFile = undefined;
  const content = randomBytes(SIZE);
  expectStored(site, nameIn((await client.ask(packetOf(content))).body), content);
});

test("a receiver rests after each piece as long as others are answered, and not when nobody is", async () => {
  site = await Site.start();
  const client = await site.harness.client();
  await client.ask(packetOf(randomBytes(SIZE)));
  expect(site.pauses).toEqual([]);
  const served = setInterval(() => site!.answers++, 5);
  await client.ask(packetOf(randomBytes(SIZE)));
  clearInterval(served);
  expect(site.pauses.length).toBeGreaterThan(10);
});
