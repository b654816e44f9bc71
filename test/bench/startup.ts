// What a shell loop pays: the start of the compiled binary, and 1,000 small files uploaded by one call or by a call each.

import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { peerBin } from "../interop/clusters/c-cluster.ts";
import type { Maker } from "../interop/clusters/cluster.ts";
import { fdfsProgram } from "../interop/clusters/fdfs-cluster.ts";
import { freshFolder } from "./folders.ts";
import { median, percentile } from "./percentile.ts";
import { Site } from "./site.ts";

const STARTS = 20;
const FILES = 1000;
const LOOP = 200;
const SIZE_BYTES = 4096;

export interface StartupFigures {
  readonly versionMs: number;
  readonly versionSlowestMs: number;
  readonly files: number;
  readonly oneCallSeconds: number;
  /** Calls of the loop, and its time scaled up to `files`. */
  readonly loopCalls: number;
  readonly loopSeconds: number;
  /** The same loop of C's client against C's servers; null where there is none. */
  readonly cLoopSeconds: number | null;
}

export async function measureStartup(makers: readonly Maker[]): Promise<StartupFigures> {
  const starts = Float64Array.from({ length: STARTS }, () => run(fdfsProgram(), ["--version"]) * 1000).sort();
  const paths = makeFiles();
  const site = await Site.start("fdfs");
  try {
    const upload = (files: readonly string[]) => run(fdfsProgram(), ["upload", "--conf", site.clientConf, ...files]);
    upload(paths.slice(0, 1));
    return {
      versionMs: median([...starts]),
      versionSlowestMs: percentile(starts, 1),
      files: FILES,
      oneCallSeconds: upload(paths),
      loopCalls: LOOP,
      loopSeconds: loop(paths, (path) => upload([path])),
      cLoopSeconds: makers.includes("c") ? await cLoop(paths) : null,
    };
  } finally {
    await site.stop();
  }
}

async function cLoop(paths: readonly string[]): Promise<number> {
  const site = await Site.start("c");
  const program = join(peerBin()!, "fdfs_upload_file");
  try {
    return loop(paths, (path) => run(program, [site.clientConf, path]));
  } finally {
    await site.stop();
  }
}

/** Seconds for all files, from the first `LOOP` of them. */
function loop(paths: readonly string[], upload: (path: string) => number): number {
  const seconds = paths.slice(0, LOOP).reduce((sum, path) => sum + upload(path), 0);
  return (seconds * paths.length) / LOOP;
}

function makeFiles(): string[] {
  const folder = freshFolder("files");
  return Array.from({ length: FILES }, (_, index) => {
    const path = join(folder, `${index}.bin`);
    writeFileSync(path, Buffer.alloc(SIZE_BYTES, index));
    return path;
  });
}

/** Seconds of wall time; throws when the program fails. */
function run(program: string, args: readonly string[]): number {
  const begin = performance.now();
  const { status, stderr, error } = spawnSync(program, args);
  const seconds = (performance.now() - begin) / 1000;
  if (status === 0) return seconds;
  throw new Error(`${program} ${args[0]} ended with ${status}: ${error?.message ?? stderr.toString().slice(-300)}`);
}
