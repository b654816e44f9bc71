/**
 * Folders under .cache/interop that a foreign client's jars or virtual environment are built in once.
 * A stamp holds the hash of everything the build depends on; it is written last, so a broken build is built again.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

const CACHE = resolve(import.meta.dirname, "../../.cache/interop");

/** The folder of `name`, built by `build` unless its inputs are unchanged; `build` returns why it failed, or null. */
export async function cachedBuild(
  name: string,
  inputs: readonly string[],
  build: (folder: string) => Promise<string | null>,
): Promise<{ folder: string } | { skip: string }> {
  const folder = join(CACHE, name);
  const stampPath = join(folder, "stamp");
  const hash = createHash("sha256");
  for (const input of inputs) hash.update(readFileSync(input));
  const stamp = hash.digest("hex");
  if (existsSync(stampPath) && readFileSync(stampPath, "utf8") === stamp) return { folder };
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const failure = await build(folder);
  if (failure !== null) return { skip: withoutAddresses(failure) };
  writeFileSync(stampPath, stamp);
  return { folder };
}

/** A tool's last words without the addresses it talked to, which differ from machine to machine. */
function withoutAddresses(text: string): string {
  return text
    .replace(/\b\w+:\/\/\S+/g, "(address)")
    .replace(/\s+/g, " ")
    .slice(0, 300);
}
