/**
 * A backlog: many small operations at one storage while another is down, and the wait until part of it has been copied.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { RawClient } from "../raw-client.ts";
import { type Ledger, pattern } from "./ledger.ts";
import type { Member } from "./member.ts";
import { countFiles } from "./trees.ts";
import { eventually } from "./waiting.ts";

const IN_FLIGHT = 8;
const FLUSH_TIMEOUT_MS = 10_000;
const PART_TIMEOUT_MS = 60_000;
const PART_POLL_MS = 10;

/** Uploads `count` files, every tenth with metadata, every tenth with a slave, every tenth deleted again. */
export async function writeBacklog(client: RawClient, ledger: Ledger, count: number, seed: string): Promise<string> {
  let next = 0;
  let last = "";
  const one = async (index: number): Promise<void> => {
    const bytes = pattern(1000 + (index % 7) * 500, `${seed} ${index}`);
    const name = await client.upload(bytes, "dat");
    ledger.files.set(name, bytes);
    last = name;
    if (index % 10 === 3) {
      await client.setMetadata(name, "O", { n: String(index) });
      ledger.metadata.set(name, `n\x02${index}`);
    }
    if (index % 10 === 5) {
      const slave = await client.uploadSlave(name, "_s", "dat", bytes.subarray(0, 200));
      ledger.files.set(slave, bytes.subarray(0, 200));
    }
    if (index % 10 === 7) {
      await client.remove(name);
      ledger.remove(name);
    }
  };
  const lane = async (): Promise<void> => {
    while (next < count) await one(next++);
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
  const end = await client.upload(pattern(10, `${seed} end`), "end");
  ledger.files.set(end, pattern(10, `${seed} end`));
  return last === "" ? "" : end;
}

/** Waits until the record of `name` is in the binlog file: C keeps records in memory for a second and loses them with a kill. */
export async function recorded(storage: Member, name: string): Promise<void> {
  const folder = join(storage.basePath, "data", "sync");
  await eventually(`the record of ${name} in the binlog of ${storage.label}`, FLUSH_TIMEOUT_MS, () => {
    const logs = readdirSync(folder).filter((file) => /^binlog\.\d+$/.test(file));
    if (!logs.some((file) => readFileSync(join(folder, file), "utf8").includes(`C ${name}\n`))) throw new Error("none");
  });
}

/** Waits until a part (0..1) of what `target` lacked of `source` is there; rejects when everything came before it was seen. */
export async function partlyCopied(source: Member, target: Member, before: number, part: number): Promise<void> {
  const all = countFiles(source);
  const deadline = Date.now() + PART_TIMEOUT_MS;
  for (;;) {
    const has = countFiles(target);
    if (has >= all)
      throw new Error(`${target.label} has all ${all} files already: the backlog is too small to stop half-way`);
    if (has >= before + (all - before) * part) return;
    if (Date.now() > deadline)
      throw new Error(`${target.label} has ${has} of ${all} files after ${PART_TIMEOUT_MS / 1000} s`);
    await pause(PART_POLL_MS);
  }
}
