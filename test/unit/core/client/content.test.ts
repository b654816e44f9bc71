// What is uploaded, by its bytes: files in bounded pieces, streams of unknown length over a temporary file that goes away.
// The storage here stores nothing: it keeps the request.

import { afterAll, afterEach, describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openContent, watched } from "../../../../core/client/content.ts";
import { captured, failure, response, Stage } from "./fake-cluster.ts";

const folder = mkdtempSync(join(tmpdir(), "fdfs-content-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const stage = new Stage();
afterEach(() => stage.close());

const stores = (): Buffer => Buffer.from(captured("storage.md §11.1").response, "hex");
const HEAD_SIZE = 10 + 15;
const PLAIN = "group1/M00/00/02/fwAASGsBFQ2AHKZAAAAADg4Qul0577.txt";

function file(name: string, size: number): string {
  const path = join(folder, name);
  writeFileSync(path, Buffer.from(Array.from({ length: size }, (_, at) => (at * 7) & 0xff)));
  return path;
}

const spools = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith(`fdfs-upload-${process.pid}-`));

async function* pieces(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}

describe("a file", () => {
  test.each([0, 1, 262_143, 262_144, 262_145, 1_000_000])("of %d bytes is sent as it is", async (size) => {
    const { client, storage } = await stage.simple(stores);
    const path = file(`f${size}.tar.gz`, size);
    await client.uploadFile(path);
    const request = storage.requests[0]!;
    expect(Number(request.readBigInt64BE(11))).toBe(size);
    expect(request.subarray(19, HEAD_SIZE).toString()).toBe("tar.gz");
    expect(request.subarray(HEAD_SIZE).equals(readFileSync(path))).toBe(true);
  });

  test("is read in pieces of at most 256 KB", async () => {
    const opened = await openContent({ kind: "file", path: file("pieces", 600_000) });
    const sizes: number[] = [];
    for await (const chunk of opened.chunks()) sizes.push(chunk.length);
    expect(sizes).toEqual([262_144, 262_144, 75_712]);
  });

  test("that becomes shorter meanwhile is an error that names it", async () => {
    const path = file("shrinking", 600_000);
    const chunks = (await openContent({ kind: "file", path })).chunks()[Symbol.asyncIterator]();
    await chunks.next();
    truncateSync(path, 262_144);
    expect((await failure(chunks.next())).message).toBe(
      `Cannot read ${path}: it became shorter than 600000 bytes meanwhile`,
    );
  });

  test("that grows meanwhile is sent as long as it was", async () => {
    const path = file("growing", 10);
    const opened = await openContent({ kind: "file", path });
    writeFileSync(path, "x", { flag: "a" });
    let size = 0;
    for await (const chunk of opened.chunks()) size += chunk.length;
    expect([opened.length, size, statSync(path).size]).toEqual([10, 10, 11]);
  });

  test("of 256 KB and less is one piece, and the storage gets it with its request", async () => {
    const small = await openContent({ kind: "file", path: file("small", 262_144) });
    expect([small.length, small.whole?.length]).toEqual([262_144, 262_144]);
    expect((await openContent({ kind: "file", path: file("large", 262_145) })).whole).toBeNull();
    const reported: number[] = [];
    const { client, storage } = await stage.simple(stores);
    await client.uploadFile(file("told", 5), { onProgress: (bytes) => reported.push(bytes) });
    expect([reported, storage.requests.length]).toEqual([[5], 1]);
  });

  test("whose size the caller tells is not looked at again; what is read counts", async () => {
    const path = file("told-twice", 20);
    const opened = await openContent({ kind: "file", path, size: 10 });
    expect([opened.length, opened.whole?.length]).toEqual([20, 20]);
    const gone = join(folder, "gone");
    expect((await failure(openContent({ kind: "file", path: gone, size: 10 }))).message).toBe(
      `Cannot read ${gone}: No such file or directory`,
    );
    expect((await openContent({ kind: "file", path: gone, size: 300_000 })).length).toBe(300_000);
  });

  test("that is a folder is refused", async () => {
    expect((await failure(openContent({ kind: "file", path: folder }))).message).toBe(
      `Cannot upload ${folder}: it is no regular file`,
    );
  });
});

describe("a stream", () => {
  test("of known length is passed on", async () => {
    const { client, storage } = await stage.simple(stores);
    await client.uploadStream(pieces("abc", "", "de"), 5);
    expect(storage.requests[0]!.subarray(HEAD_SIZE).toString()).toBe("abcde");
  });

  test("of unknown length is measured over a temporary file, which goes away", async () => {
    let during: string[] = [];
    const { client, storage } = await stage.simple(() => {
      during = spools();
      return stores();
    });
    await client.uploadStream(pieces("abc", "de"), null, { ext: "txt" });
    expect(Number(storage.requests[0]!.readBigInt64BE(11))).toBe(5);
    expect(storage.requests[0]!.subarray(HEAD_SIZE).toString()).toBe("abcde");
    expect([during.length, spools().length]).toEqual([1, 0]);
  });

  test("that fails is an error of its own, and leaves no temporary file", async () => {
    const { client, tracker } = await stage.simple(stores);
    const broken = new Error("no more");
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield Buffer.from("abc");
      throw broken;
    }
    expect(await failure(client.uploadStream(failing(), null))).toBe(broken);
    expect(await failure(client.uploadStream(failing(), 5))).toBe(broken);
    expect(spools()).toEqual([]);
    expect(tracker.requests.length).toBe(1);
  });

  test("that ends too early is an error", async () => {
    const { client } = await stage.simple(stores);
    expect((await failure(client.uploadStream(pieces("abc"), 5))).message).toBe(
      "Cannot send the content: it ended after 3 of 5 bytes",
    );
  });

  test("that waits when the signal is aborted leaves no temporary file", async () => {
    const { client } = await stage.simple(stores);
    const abort = new AbortController();
    const reason = new Error("interrupted");
    async function* stalled(): AsyncGenerator<Uint8Array> {
      yield Buffer.from("abc");
      abort.abort(reason);
      await new Promise(() => {});
    }
    expect(await failure(client.uploadStream(stalled(), null, { signal: abort.signal }))).toBe(reason);
    expect(spools()).toEqual([]);
  });
});

describe("a download into a file", () => {
  test("appears when it is complete", async () => {
    const { client } = await stage.simple(() => response("hello fastdfs\n"));
    const path = join(folder, "target");
    writeFileSync(path, "before");
    expect(await client.downloadFile(PLAIN, path)).toBe(14);
    expect(readFileSync(path, "utf8")).toBe("hello fastdfs\n");
  });

  test("that breaks off leaves what was there, and nothing else", async () => {
    const { client, storage } = await stage.simple(() => response(Buffer.alloc(1000)).subarray(0, 510));
    const path = join(folder, "kept");
    writeFileSync(path, "before");
    const work = failure(client.downloadFile(PLAIN, path));
    while (storage.open === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    while (!readdirSync(folder).some((name) => name.startsWith("kept.") && statSync(join(folder, name)).size === 500)) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    storage.drop();
    expect((await work).status).toBe(104);
    expect(readFileSync(path, "utf8")).toBe("before");
    expect(readdirSync(folder).filter((name) => name.startsWith("kept"))).toEqual(["kept"]);
  });
});

test("a source that is given up is told so", async () => {
  let isEnded = false;
  async function* source(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) yield Buffer.from("a");
    } finally {
      isEnded = true;
    }
  }
  for await (const _ of watched(source(), undefined)) break;
  expect(isEnded).toBe(true);
});
