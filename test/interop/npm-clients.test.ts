/**
 * The unmodified npm clients against our servers, as part of `make test`: every call they offer must succeed,
 * and what they cannot do against C 6.16.1 must fail here in the same way.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Cluster } from "./clusters/cluster.ts";
import { whyNoFdfs } from "./clusters/fdfs-cluster.ts";
import { startCluster } from "./clusters/start-cluster.ts";
import { npmClients, runClient } from "./foreign-clients.ts";

const START_TIMEOUT_MS = 90_000;
let cluster: Cluster;

beforeAll(async () => {
  const missing = whyNoFdfs();
  if (missing !== null) throw new Error(missing);
  cluster = await startCluster("fdfs", "fdfs");
}, START_TIMEOUT_MS);

afterAll(async () => {
  await cluster?.stop();
}, START_TIMEOUT_MS);

describe("npm clients against our servers", () => {
  for (const client of npmClients) {
    test(
      client.row,
      async () => {
        const prepared = await client.prepare();
        if ("skip" in prepared) throw new Error(prepared.skip);
        const verdicts = await runClient(client, prepared.command, cluster);
        const failed = verdicts.filter((verdict) => verdict.outcome === "failed");
        expect(failed.map((verdict) => `${verdict.name}: ${verdict.reason}`)).toEqual([]);
        expect(verdicts.filter((verdict) => verdict.outcome === "ok").length).toBeGreaterThan(10);
      },
      START_TIMEOUT_MS,
    );
  }
});
