/**
 * Runs the FastDFS command-line programs of one folder against one cluster and keeps the verdicts, a row a program.
 * The folder holds either the C programs or symlinks of the same names to our binary: the checks are the same.
 */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import type { Cluster } from "../clusters/cluster.ts";
import { CheckList, type Finished, runProgram } from "../verdict.ts";

/** Every program of FastDFS that is judged. */
const TOOL_NAMES = [
  "fdfs_upload_file",
  "fdfs_download_file",
  "fdfs_file_info",
  "fdfs_crc32",
  "fdfs_upload_appender",
  "fdfs_append_file",
  "fdfs_regenerate_filename",
  "fdfs_delete_file",
  "fdfs_test",
  "fdfs_test1",
  "fdfs_appender_test",
  "fdfs_appender_test1",
  "fdfs_monitor",
  "fdfs_tracker_stat",
  "fdfs_storage_stat",
  "fdfs_volumn_stat",
] as const;

export type ToolName = (typeof TOOL_NAMES)[number];

/** The matrix rows of all programs of one maker. */
export function toolRows(prefix: string): string[] {
  return TOOL_NAMES.map((tool) => `${prefix} ${tool}`);
}

export class ToolBox {
  readonly cluster: Cluster;
  readonly conf: string;
  /** Scratch folder and working directory of the programs. */
  readonly folder: string;
  readonly sample: Buffer;
  readonly samplePath: string;
  readonly list = new CheckList();
  readonly #programs: string;
  readonly #rowPrefix: string;

  constructor(cluster: Cluster, programs: string, rowPrefix: string) {
    this.cluster = cluster;
    this.conf = cluster.clientConf;
    this.#programs = programs;
    this.#rowPrefix = rowPrefix;
    this.folder = mkdtempSync(join(tmpdir(), "fdfs-tools-"));
    this.sample = Buffer.from("FastDFS interop sample. ".repeat(125));
    this.samplePath = this.file("sample.jpg", this.sample);
  }

  /** Writes a scratch file and returns its path. */
  file(name: string, bytes: Uint8Array | string): string {
    const path = join(this.folder, name);
    writeFileSync(path, bytes);
    return path;
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  row(tool: ToolName): string {
    return `${this.#rowPrefix} ${tool}`;
  }

  run(tool: ToolName, ...args: string[]): Promise<Finished> {
    return runProgram([join(this.#programs, tool), ...args], { cwd: this.folder, timeoutMs: 30_000 });
  }

  check<T>(tool: ToolName, name: string, body: () => Promise<T>): Promise<T | undefined> {
    return this.list.check(this.row(tool), name, body);
  }

  /** Runs a program that must end with `code`; the error shows what it printed. */
  async expect(code: number, tool: ToolName, ...args: string[]): Promise<Finished> {
    const found = await this.run(tool, ...args);
    const printed = `${found.stdout} ${found.stderr}`.trim().slice(-500);
    assert.equal(found.code, code, `${tool} ${args.join(" ")}: exit code ${found.code}, expected ${code}: ${printed}`);
    return found;
  }

  /** The file id a program printed as its only line. */
  id(finished: Finished, extension: string): string {
    const id = finished.stdout.trim();
    assert.match(id, new RegExp(`^${this.cluster.groupName}/M00/[0-9A-F]{2}/[0-9A-F]{2}/[\\w-]+${extension}$`));
    return id;
  }

  dispose(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Fails unless `text` matches; the error shows the text, not only the pattern. */
export function matches(text: string, pattern: RegExp): void {
  assert.ok(pattern.test(text), `${pattern} is not in: ${text.trim().slice(-600)}`);
}

/** The CRC line of fdfs_file_info: signed decimal and 8 hex digits. */
export function crcLine(bytes: Uint8Array): RegExp {
  const crc = crc32(bytes);
  return new RegExp(`file crc32: ${crc | 0} \\(0x${crc.toString(16).padStart(8, "0")}\\)`);
}

/** A folder of symlinks under the C programs' names to `binary`. */
export function linkFolder(parent: string, binary: string): string {
  const folder = join(parent, "links");
  mkdirSync(folder);
  for (const name of TOOL_NAMES) symlinkSync(binary, join(folder, name));
  return folder;
}
