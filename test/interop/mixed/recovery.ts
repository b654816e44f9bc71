/**
 * A lost store path rebuilt from a storage of each maker: whole, and killed half-way and gone on with by the other maker on
 * the files that the first one left. Compared byte by byte with the source's disk.
 */
import assert from "node:assert/strict";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { whyNoPeer } from "../clusters/c-cluster.ts";
import type { Maker } from "../clusters/cluster.ts";
import { whyNoFdfs } from "../clusters/fdfs-cluster.ts";
import { CheckList, type Verdict } from "../verdict.ts";
import { recorded, writeBacklog } from "./backlog.ts";
import { Ledger, pattern } from "./ledger.ts";
import type { Member } from "./member.ts";
import { MixedGroup } from "./mixed-group.ts";
import { countFiles, differences, timeDifferences } from "./trees.ts";
import { eventually } from "./waiting.ts";

const FILES = 2000;
const TIMEOUT_MS = 60_000;
const POLL_MS = 5;
const ATTEMPTS = 5;

export const RECOVERY_ROWS: readonly string[] = [row("c"), row("fdfs")];

function row(source: Maker): string {
  return `a lost store path rebuilt from ${source === "c" ? "a C" : "our"} storage`;
}

/** The column's storage loses a store path; who has the files is of each maker in turn. */
export async function checkRecovery(tracker: Maker, victim: Maker): Promise<Verdict[]> {
  const list = new CheckList();
  const runs: Promise<void>[] = [];
  for (const source of ["c", "fdfs"] as const) {
    const reason = source === "c" ? whyNoPeer() : whyNoFdfs();
    if (reason !== null) list.verdicts.push({ row: row(source), name: "everything", outcome: "skipped", reason });
    else runs.push(rehearse(list, tracker, source, victim));
  }
  await Promise.all(runs);
  return list.verdicts;
}

async function rehearse(list: CheckList, tracker: Maker, source: Maker, victim: Maker): Promise<void> {
  const group = await MixedGroup.layOut({
    trackerCount: 1,
    storageCount: 2,
    extraStorageConf: "disk_recovery_threads = 2",
  });
  const [a, b] = group.storages;
  const [first] = group.trackers;
  assert.ok(a !== undefined && b !== undefined && first !== undefined);
  const ledger = new Ledger();
  let isFilled = false;
  const check = async (name: string, body: () => Promise<void>): Promise<void> => {
    await list.check(row(source), name, body);
  };
  try {
    await check("two storages with the same files", async () => {
      first.start(tracker);
      a.start(source);
      b.start(victim);
      await group.settled();
      await fill(group, a, ledger, source, victim);
      await equal(group, a, b);
      isFilled = true;
    });
    if (!isFilled) return;
    await check("rebuilt", async () => {
      await lose(b);
      b.start(victim);
      await recovered(group, a, b, ledger);
      // C's replica of a link is a file; both have what the source has now.
      assert.deepEqual(timeDifferences(a, b), []);
    });
    const missing = victim === "c" ? whyNoFdfs() : whyNoPeer();
    if (missing !== null) return;
    const other: Maker = victim === "c" ? "fdfs" : "c";
    await check(`killed half-way, gone on with by ${other === "c" ? "C" : "ours"}`, async () => {
      await killHalfWay(b, victim);
      b.start(other);
      await recovered(group, a, b, ledger);
      await b.stop();
      b.start(victim);
      await group.settled();
    });
    await check(`begun by ${other === "c" ? "C" : "ours"}, killed half-way, gone on with`, async () => {
      await killHalfWay(b, other);
      b.start(victim);
      await recovered(group, a, b, ledger);
    });
  } finally {
    await group.stop();
  }
}

async function fill(group: MixedGroup, a: Member, ledger: Ledger, source: Maker, victim: Maker): Promise<void> {
  const client = group.client(a);
  const end = await writeBacklog(client, ledger, FILES, `recovery of ${victim} from ${source}`);
  const appender = await client.upload(pattern(2000, "appender"), "log", true);
  await client.append(appender, pattern(500, "more"));
  ledger.files.set(appender, Buffer.concat([pattern(2000, "appender"), pattern(500, "more")]));
  const large = await client.upload(pattern(5_000_011, "large"), "bin");
  ledger.files.set(large, pattern(5_000_011, "large"));
  // A C storage stops replicating at links that it has received. Empty files are left to our own tests: C recovers none.
  if (source === "fdfs" && victim === "fdfs") {
    const link = await client.link(large, "lnk");
    ledger.files.set(link, pattern(5_000_011, "large"));
  }
  await recorded(a, end);
}

const flagOf = (storage: Member): string => join(storage.storePaths[0] ?? "", "data", ".recovery.flag");

async function lose(storage: Member): Promise<void> {
  await storage.stop();
  rmSync(join(storage.storePaths[0] ?? "", "data"), { recursive: true, force: true });
}

/** Ends with some of the files there, the flag too, and the server dead. */
async function killHalfWay(storage: Member, maker: Maker): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    await lose(storage);
    storage.start(maker);
    const deadline = Date.now() + TIMEOUT_MS;
    while (countFiles(storage) < FILES / 10 && Date.now() < deadline) await pause(POLL_MS);
    await storage.kill();
    if (existsSync(flagOf(storage)) && countFiles(storage) > 0) return;
  }
  throw new Error(`${storage.label} could not be caught half-way in ${ATTEMPTS} attempts`);
}

async function recovered(group: MixedGroup, a: Member, b: Member, ledger: Ledger): Promise<void> {
  await eventually("the recovery is over", TIMEOUT_MS, () => {
    const [has, wanted] = [countFiles(b), countFiles(a)];
    if (existsSync(flagOf(b)) || has < wanted) throw new Error(`${has} of ${wanted} files; ${group.troubles()}`);
  });
  await group.settled();
  await equal(group, a, b);
  await ledger.verify(group.client(b));
}

async function equal(group: MixedGroup, one: Member, other: Member): Promise<void> {
  await eventually("equal trees", TIMEOUT_MS, () => {
    const found = differences(one, other);
    if (found.length > 0) throw new Error(`${found.join("; ")}; ${group.troubles()}`);
  });
}
