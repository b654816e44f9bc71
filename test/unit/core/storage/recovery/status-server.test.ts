// What the port answers while a store path is being recovered.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { ClientConnection } from "../../../../../core/net/client-connection.ts";
import { freePort } from "../../../../../core/net/free-port.ts";
import { Progress } from "../../../../../core/storage/recovery/progress.ts";
import { serveRecoveryStatus } from "../../../../../core/storage/recovery/status-server.ts";
import { type Command, decodeResponse, encodeRequest } from "../../../../../core/wire/command.ts";
import { activeTest } from "../../../../../core/wire/common-commands.ts";
import { recoveryStatus } from "../../../../../core/wire/own-commands.ts";
import { uploadFile } from "../../../../../core/wire/storage-client.ts";

const HOST = "127.0.92.62";
const progress = new Progress(1, "/data/p1");
let port: number;
let close: () => Promise<void>;
beforeAll(async () => {
  port = await freePort(HOST);
  const log = { warn() {}, debug() {}, error() {} };
  const options = { listen: [{ hostname: HOST, port }], networkTimeoutMs: 1000, allowHosts: null, log };
  close = await serveRecoveryStatus(options, () => progress.report());
});
afterAll(() => close());

async function ask<Q, S>(command: Command<Q, S>, value: Q) {
  const connection = await ClientConnection.open({ host: HOST, port, connectTimeoutMs: 1000, networkTimeoutMs: 1000 });
  const answer = await connection.request(encodeRequest(command, value));
  connection.destroy();
  return answer;
}

test("alive, and how far it is", async () => {
  expect((await ask(activeTest, {})).status).toBe(0);
  progress.enter("restoring", 20_000, 5000);
  for (let done = 0; done < 5000; done++) progress.recordDone();
  progress.source = "10.0.0.2:23000";
  progress.bytes = 4096;
  const { body } = await ask(recoveryStatus, {});
  expect(JSON.parse(decodeResponse(recoveryStatus, body).json)).toMatchObject({
    storePathIndex: 1,
    storePath: "/data/p1",
    phase: "restoring",
    totalFiles: 20_000,
    doneFiles: 10_000,
    bytes: 4096,
    source: "10.0.0.2:23000",
    trouble: "",
  });
});
test("everything else is refused", async () => {
  const { status } = await ask(uploadFile, { storePathIndex: 0, fileSize: 0, fileExt: "" });
  expect(status).toBe(22);
});
test("the pace so far tells what is to come", () => {
  const fresh = new Progress(0, "p");
  expect(fresh.report().etaSeconds).toBeNull();
  fresh.enter("restoring", 100, 40);
  for (let done = 0; done < 20; done++) fresh.recordDone();
  const { since } = fresh.report();
  expect(fresh.report(Date.now() + 10_000).etaSeconds).toBeGreaterThanOrEqual(20);
  expect(since).toBeGreaterThan(1_700_000_000);
});
