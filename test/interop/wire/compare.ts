/**
 * Compares what two clusters answer to the same good and bad frames: a C cluster is the reference.
 * Statuses, body lengths and closed connections must be equal; bodies too where they do not depend on the server.
 */
import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import type { Cluster } from "../clusters/cluster.ts";
import { startCluster } from "../clusters/start-cluster.ts";
import { exchange } from "../clusters/tracker-probe.ts";
import { RawClient } from "../raw-client.ts";
import type { Verdict } from "../verdict.ts";
import { type KnownFiles, storageCases } from "./storage-cases.ts";
import { talk } from "./talk.ts";
import { trackerCases, type WireCase } from "./tracker-cases.ts";

export const TRACKER_FRAMES_ROW = "tracker's answers to good and bad frames, as C";
export const STORAGE_FRAMES_ROW = "storage's answers to good and bad frames, as C";

const GET_LEADER = 95;
const LEADER_TIMEOUT_MS = 10_000;
const POLL_MS = 100;

/** What we answer on purpose where C's answer is a defect; the text is ours. */
const DELIBERATE: Readonly<Record<string, string>> = {
  "24 append of nothing": "command 100, status 0, 0 bytes, then open (status 0)",
  "34 modify of nothing": "command 100, status 0, 0 bytes, then open (status 0)",
  "36 truncate to the same size": "command 100, status 0, 0 bytes, then open (status 0)",
  // C counts lengths modulo 2^32 and takes 2^31 for an empty body; such a stream cannot be followed any further.
  "length 2^31": "closed",
  // C goes on waiting for a body that no buffer of its can hold.
  "download frame of 2^40 bytes": "command 100, status 22, 0 bytes, then closed",
};

/** Label to reaction, for tracker and storage. */
interface Reactions {
  readonly tracker: ReadonlyMap<string, string>;
  readonly storage: ReadonlyMap<string, string>;
}

let reference: Promise<Reactions> | undefined;

export async function compareWithC(cluster: Cluster): Promise<Verdict[]> {
  reference ??= referenceReactions();
  const wanted = await reference;
  const found = await reactions(cluster);
  return [
    ...differences(TRACKER_FRAMES_ROW, wanted.tracker, found.tracker),
    ...differences(STORAGE_FRAMES_ROW, wanted.storage, found.storage),
  ];
}

async function referenceReactions(): Promise<Reactions> {
  const cluster = await startCluster("c", "c");
  try {
    return await reactions(cluster);
  } finally {
    await cluster.stop();
  }
}

async function reactions(cluster: Cluster): Promise<Reactions> {
  const [storage] = cluster.storages;
  assert.ok(storage !== undefined);
  const files = await knownFiles(new RawClient(storage.host, storage.port, cluster.groupName));
  await leaderKnown(cluster);
  const onTracker = trackerCases(cluster.groupName, storage.host, files.normal);
  return {
    tracker: await askAll(cluster.trackerHost, cluster.trackerPort, onTracker),
    storage: await askAll(storage.host, storage.port, storageCases(cluster.groupName, files)),
  };
}

/** A tracker elects itself within seconds; answers differ before. One that never does is judged as it is. */
async function leaderKnown(cluster: Cluster): Promise<void> {
  const deadline = Date.now() + LEADER_TIMEOUT_MS;
  while (Date.now() < deadline) {
    const answer = await exchange(cluster.trackerHost, cluster.trackerPort, GET_LEADER, new Uint8Array(0));
    if (answer.status === 0) return;
    await pause(POLL_MS);
  }
}

async function knownFiles(client: RawClient): Promise<KnownFiles> {
  const normal = await client.upload(Buffer.alloc(1500, "normal "), "txt");
  await client.setMetadata(normal, "O", { b: "2", a: "1" });
  const slave = await client.uploadSlave(normal, "_big", "jpg", Buffer.alloc(20, "s"));
  const bare = await client.upload(Buffer.from("0123456789"), "txt");
  const empty = await client.upload(new Uint8Array(0), "txt");
  const appender = await client.upload(Buffer.alloc(1000, "appender "), "log", true);
  return { normal, bare, empty, appender, slave };
}

async function askAll(host: string, port: number, cases: readonly WireCase[]): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const { label, bytes, exact } of cases) {
    const reaction = await talk(host, port, bytes);
    assert.ok(!found.has(label), `two cases are named ${label}`);
    found.set(label, exact === true ? `${reaction.text}, body ${reaction.body.toString("hex")}` : reaction.text);
  }
  return found;
}

function differences(row: string, wanted: ReadonlyMap<string, string>, found: ReadonlyMap<string, string>): Verdict[] {
  return [...wanted].map(([name, text]): Verdict => {
    const ours = found.get(name) ?? "not asked";
    if (ours === text || ours === DELIBERATE[name]) return { row, name, outcome: "ok", reason: "" };
    return { row, name, outcome: "failed", reason: `C: ${short(text)}; here: ${short(ours)}` };
  });
}

function short(text: string): string {
  return text.length > 160 ? `${text.slice(0, 160)}...` : text;
}
