/**
 * Our own subcommands (`fdfs upload`, `download`, `append` ...) against a running cluster of any maker.
 * Only what a script relies on is checked: exit codes, the id on standard output, bytes and JSON.
 */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import type { Cluster } from "./clusters/cluster.ts";
import { fdfsProgram } from "./clusters/fdfs-cluster.ts";
import { CheckList, type Finished, runProgram, type Verdict } from "./verdict.ts";

const COMMAND_TIMEOUT_MS = 60_000;
export const COMMANDS_ROW = "our fdfs commands";

export async function checkCommands(cluster: Cluster): Promise<Verdict[]> {
  const folder = mkdtempSync(join(tmpdir(), "fdfs-commands-"));
  try {
    const commands = new Commands(cluster, folder);
    await commands.files();
    await commands.appenders();
    await commands.cluster();
    return commands.list.verdicts;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

class Commands {
  readonly list = new CheckList();
  readonly #cluster: Cluster;
  readonly #folder: string;
  readonly #sample = Buffer.from("FastDFS interop sample. ".repeat(125));

  constructor(cluster: Cluster, folder: string) {
    this.#cluster = cluster;
    this.#folder = folder;
    writeFileSync(this.#path("sample.jpg"), this.#sample);
  }

  async files(): Promise<void> {
    const sample = this.#path("sample.jpg");
    const id = await this.#check("upload", async () => this.#id(await this.#run("upload", sample), "\\.jpg"));
    if (id === undefined) return;
    await this.#check("upload by --tracker", async () => {
      const address = `${this.#cluster.trackerHost}:${this.#cluster.trackerPort}`;
      this.#id(await this.#expect(0, ["upload", "--tracker", address, sample]), "\\.jpg");
    });
    await this.#check("upload --group --ext --meta", async () => {
      const options = [
        "--group",
        this.#cluster.groupName,
        "--ext",
        "txt",
        "--meta",
        "width=1024",
        "--meta",
        "height=768",
      ];
      const made = this.#id(await this.#run("upload", ...options, sample), "\\.txt");
      assert.match((await this.#run("meta", "get", made)).stdout, /height\W+768[\s\S]*width\W+1024/);
    });
    await this.#check("upload of standard input", async () => {
      const made = this.#id(await this.#expect(0, ["upload", ...this.#conf(), "--ext", "txt", "-"], "piped"), "\\.txt");
      assert.equal((await this.#run("download", made, "-o", "-")).stdout, "piped");
    });
    await this.#check("upload --parallel of several files", async () => {
      const names = Array.from({ length: 12 }, (_, index) => this.#path(`many${index}.bin`));
      for (const [index, name] of names.entries()) writeFileSync(name, `file ${index}`);
      const { stdout } = await this.#run("upload", "--parallel", "4", ...names);
      const ids = [...stdout.matchAll(new RegExp(`${this.#cluster.groupName}/M00/\\S+\\.bin`, "g"))].map((m) => m[0]);
      assert.equal(new Set(ids).size, 12, stdout);
    });
    await this.#check("upload --slave-of --prefix", async () => {
      const found = await this.#run("upload", "--slave-of", id, "--prefix", "_big", sample);
      assert.equal(found.stdout.trim(), id.replace(".jpg", "_big.jpg"));
    });
    await this.#check("download", async () => {
      await this.#run("download", id, "-o", this.#path("whole"));
      this.#same("whole", this.#sample);
    });
    await this.#check("download --offset --length", async () => {
      await this.#run("download", id, "--offset", "100", "--length", "300", "-o", this.#path("part"));
      this.#same("part", this.#sample.subarray(100, 400));
    });
    await this.#check("info --json", async () => {
      const info: unknown = JSON.parse((await this.#run("info", "--json", id)).stdout);
      const text = JSON.stringify(info);
      assert.match(text, /:3000\b/, text);
      assert.ok(text.includes(String(crc32(this.#sample))) || text.includes(crc32(this.#sample).toString(16)), text);
    });
    await this.#check("meta set, set --merge, get", async () => {
      await this.#run("meta", "set", id, "width=1024", "height=768");
      await this.#run("meta", "set", id, "height=1", "zz=top", "--merge");
      assert.match((await this.#run("meta", "get", id)).stdout, /height\W+1\s[\s\S]*width\W+1024\s[\s\S]*zz\W+top/);
    });
    await this.#check("delete, gone afterwards", async () => {
      await this.#run("delete", id);
      const again = await this.#expect(1, ["download", ...this.#conf(), id, "-o", this.#path("gone")]);
      assert.match(again.stderr, /No such file|not found|does not exist/i);
      await this.#expect(1, ["delete", ...this.#conf(), id]);
    });
    await this.#check("wrong use: 2", async () => {
      await this.#expect(2, ["upload", "--no-such-option", sample]);
    });
  }

  async appenders(): Promise<void> {
    const sample = this.#path("sample.jpg");
    const id = await this.#check("upload --appender", async () =>
      this.#id(await this.#run("upload", "--appender", sample), "\\.jpg"),
    );
    if (id === undefined) return;
    const content = Buffer.concat([this.#sample, Buffer.from("tail")]);
    writeFileSync(this.#path("tail"), "tail");
    writeFileSync(this.#path("patch"), "PATCH");
    await this.#check("append", async () => {
      await this.#run("append", id, this.#path("tail"));
      await this.#downloaded(id, content);
    });
    await this.#check("modify", async () => {
      await this.#run("modify", id, this.#path("patch"), "--offset", "100");
      content.write("PATCH", 100);
      await this.#downloaded(id, content);
    });
    await this.#check("truncate", async () => {
      await this.#run("truncate", id, "1000");
      await this.#downloaded(id, content.subarray(0, 1000));
    });
    await this.#check("regenerate", async () => {
      const made = this.#id(await this.#run("regenerate", id), "\\.jpg");
      assert.notEqual(made, id);
      await this.#downloaded(made, content.subarray(0, 1000));
    });
  }

  async cluster(): Promise<void> {
    const [storage] = this.#cluster.storages;
    await this.#check("monitor", async () => {
      const { stdout } = await this.#run("monitor");
      assert.ok(stdout.includes(`${storage?.host}`) && stdout.includes("ACTIVE"), stdout);
    });
    await this.#check("monitor --json", async () => {
      const state: unknown = JSON.parse((await this.#run("monitor", "--json")).stdout);
      assert.match(JSON.stringify(state), new RegExp(`"${this.#cluster.groupName}"`));
    });
    await this.#check("delete-storage of a live storage: 1", async () => {
      const args = ["delete-storage", ...this.#conf(), this.#cluster.groupName, storage?.host ?? ""];
      assert.match((await this.#expect(1, args)).stderr, /busy|ACTIVE|16/i);
    });
  }

  #check<T>(name: string, body: () => Promise<T>): Promise<T | undefined> {
    return this.list.check(COMMANDS_ROW, name, body);
  }

  #conf(): string[] {
    return ["--conf", this.#cluster.clientConf];
  }

  /** Runs `fdfs COMMAND --conf client.conf ARGS`, which must succeed. */
  #run(command: string, ...args: string[]): Promise<Finished> {
    return this.#expect(0, [command, ...this.#conf(), ...args]);
  }

  async #expect(code: number, args: readonly string[], stdin = ""): Promise<Finished> {
    const found = await runProgram([fdfsProgram(), ...args], {
      cwd: this.#folder,
      timeoutMs: COMMAND_TIMEOUT_MS,
      stdin,
    });
    const printed = `${found.stdout} ${found.stderr}`.trim().slice(-400);
    assert.equal(found.code, code, `fdfs ${args.join(" ")}: exit code ${found.code}, expected ${code}: ${printed}`);
    return found;
  }

  #path(name: string): string {
    return join(this.#folder, name);
  }

  #id(finished: Finished, extension: string): string {
    const id = finished.stdout.trim();
    assert.match(id, new RegExp(`^${this.#cluster.groupName}/M00/[0-9A-F]{2}/[0-9A-F]{2}/[\\w-]+${extension}$`));
    return id;
  }

  async #downloaded(id: string, expected: Uint8Array): Promise<void> {
    await this.#run("download", id, "-o", this.#path("content"));
    this.#same("content", expected);
  }

  #same(name: string, expected: Uint8Array): void {
    const found = readFileSync(this.#path(name));
    assert.equal(found.length, expected.length, "length");
    assert.ok(found.equals(expected), "content differs");
  }
}
