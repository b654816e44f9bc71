// What the client does when servers are gone, refuse or vanish: who is asked next, what is never repeated, and what the
// error says in the end.

import { afterEach, describe, expect, test } from "bun:test";
import { FdfsError } from "../../../../core/client/index.ts";
import {
  captured,
  collect,
  failure,
  fetchFrom,
  hexOf,
  naming,
  replay,
  response,
  Stage,
  until,
} from "./fake-cluster.ts";

const stage = new Stage();
afterEach(() => stage.close());

const PLAIN = "group1/M00/00/02/fwAASGsBFQ2AHKZAAAAADg4Qul0577.txt";
const HELLO = Buffer.from("hello fastdfs\n");
const UPLOADED = Buffer.from(captured("storage.md §11.1").response, "hex");
const stores = (): Buffer => UPLOADED;

describe("trackers", () => {
  test("one that is gone is followed by the next, and asked last from then on", async () => {
    const gone = await stage.nobody();
    const tracker = await stage.server(replay);
    const client = stage.client([gone, tracker]);
    await client.activeTest();
    await client.activeTest();
    expect(tracker.requests.length).toBe(2);
  });

  test("the error names all of them", async () => {
    const [one, two] = [await stage.nobody(), await stage.nobody()];
    const error = await failure(stage.client([one, two]).activeTest());
    expect(error).toBeInstanceOf(FdfsError);
    expect(error.message).toBe(
      `Cannot reach a tracker: 127.0.0.1:${one.port}: connection refused; 127.0.0.1:${two.port}: connection refused`,
    );
    expect(error).toMatchObject({ operation: "reach a tracker", status: 111 });
  });

  test("a refusal is an answer: the next one is not asked", async () => {
    const [one, two] = [await stage.server(() => response("", 22)), await stage.server(replay)];
    expect((await failure(stage.client([one, two]).listGroups())).status).toBe(22);
    expect(two.requests.length).toBe(0);
  });

  test("one that knows no active storage is followed by one that does", async () => {
    const storage = await stage.server(stores);
    const fresh = await stage.server(() => response("", 2));
    const tracker = await stage.server(naming(() => [storage]));
    expect(await stage.client([fresh, tracker]).uploadBytes(HELLO, { ext: "txt" })).toBe(PLAIN);
  });

  test("no active storage anywhere is told as that, with the status of the trackers", async () => {
    const [one, two] = [await stage.server(() => response("", 2)), await stage.nobody()];
    const error = await failure(stage.client([one, two]).uploadBytes(HELLO));
    expect(error.message).toBe(
      `Cannot find a storage for the upload: 127.0.0.1:${one.port}: No such file or directory (2); ` +
        `127.0.0.1:${two.port}: connection refused; ` +
        "there is no such group, or none of its storages is active (fdfs monitor shows them)",
    );
    expect(error.status).toBe(2);
  });

  test("no active storage anywhere is told as that, with the status of the trackers", async () => {
    const [one, two] = [await stage.server(() => response("", 2)), await stage.nobody()];
    const error = await failure(stage.client([one, two]).uploadBytes(HELLO));
    expect(error.message).toBe(
      `Cannot find a storage for the upload: 127.0.0.1:${one.port}: No such file or directory (2); ` +
        `127.0.0.1:${two.port}: connection refused; ` +
        "there is no such group, or none of its storages is active (fdfs monitor shows them)",
    );
    expect(error.status).toBe(2);
  });

  test("only the leader answers for the trackers: 95 passes on", async () => {
    const follower = await stage.server(() => response("", 95));
    const leader = await stage.server(() => response(Buffer.from([0])));
    expect(await stage.client([follower, leader]).trackerStat({})).toEqual([]);
    expect(hexOf(follower)).toEqual(["00000000000000036000000000"]);
  });

  test("the second address of a tracker is tried when the first is gone", async () => {
    const tracker = await stage.server(replay, { host: "127.0.35.2" });
    const client = stage.client([], {
      trackers: [{ hosts: ["127.0.35.1", "127.0.35.2"], port: tracker.port }],
    });
    await client.activeTest();
    expect(tracker.requests.length).toBe(1);
  });

  test("a client without trackers is refused", () => {
    expect(() => stage.client([])).toThrow("Cannot use a cluster without trackers: none is given");
  });

  test("a kept connection that proves dead is replaced for a question", async () => {
    const tracker = await stage.server((request, count) => (count === 2 ? "close" : replay(request, count)));
    const client = stage.client([tracker]);
    await client.activeTest();
    await client.activeTest();
    expect([tracker.requests.length, tracker.accepted]).toEqual([3, 2]);
  });
});

describe("upload", () => {
  test("a storage that is gone is followed by the others of its group", async () => {
    const gone = await stage.nobody();
    const storage = await stage.server(stores);
    const tracker = await stage.server(naming(() => [gone, storage], 1));
    const client = stage.client([tracker]);
    expect(await client.uploadBytes(HELLO, { ext: "txt" })).toBe(PLAIN);
    // The store path was chosen for the one that is gone: the other chooses for itself.
    expect(hexOf(storage)).toEqual([captured("storage.md §11.1").request]);
  });

  test("a stream that was not touched yet survives a storage that is gone", async () => {
    const gone = await stage.nobody();
    const storage = await stage.server(stores);
    const tracker = await stage.server(naming(() => [gone, storage]));
    async function* stream(): AsyncGenerator<Uint8Array> {
      yield HELLO;
    }
    expect(await stage.client([tracker]).uploadStream(stream(), HELLO.length, { ext: "txt" })).toBe(PLAIN);
  });

  test("a stream that was begun is not sent again", async () => {
    const vanishing = await stage.server(() => "close");
    const storage = await stage.server(stores);
    const tracker = await stage.server(naming(() => [vanishing, storage]));
    async function* stream(): AsyncGenerator<Uint8Array> {
      yield HELLO;
    }
    const error = await failure(stage.client([tracker]).uploadStream(stream(), HELLO.length, { fileName: "a.txt" }));
    expect(error.message).toBe(`Cannot upload a.txt: 127.0.0.1:${vanishing.port}: connection reset by peer`);
    expect(storage.requests.length).toBe(0);
  });

  test("progress of an attempt that failed is taken back", async () => {
    const vanishing = await stage.server(() => "close");
    const storage = await stage.server(stores);
    const tracker = await stage.server(naming(() => [vanishing, storage]));
    const progress: number[] = [];
    await stage.client([tracker]).uploadBytes(HELLO, {
      ext: "txt",
      onProgress: (bytes) => progress.push(bytes),
    });
    expect(progress).toEqual([14, -14, 14]);
  });

  test("a refusal ends it", async () => {
    const [full, storage] = [await stage.server(() => response("", 28)), await stage.server(stores)];
    const tracker = await stage.server(naming(() => [full, storage]));
    const error = await failure(stage.client([tracker]).uploadBytes(HELLO, { fileName: "a.txt" }));
    expect(error.message).toBe(`Cannot upload a.txt: 127.0.0.1:${full.port}: No space left on device (28)`);
    expect(error.status).toBe(28);
    expect(storage.requests.length).toBe(0);
  });

  test("a storage of the caller's choice is the only one", async () => {
    const gone = await stage.nobody();
    const storage = await stage.server(stores);
    const tracker = await stage.server(naming(() => [storage]));
    const target = { groupName: "group1", server: gone, storePathIndex: -1 };
    expect((await failure(stage.client([tracker]).uploadBytes(HELLO, { target }))).status).toBe(111);
    expect([tracker.requests.length, storage.requests.length]).toEqual([0, 0]);
  });

  test("a connection on which content was refused is not used again", async () => {
    const { client, storage } = await stage.simple((_, count) => (count === 1 ? response("", 28) : UPLOADED));
    await failure(client.uploadBytes(HELLO));
    await client.uploadBytes(HELLO);
    expect(storage.accepted).toBe(2);
  });

  test("metadata that cannot be stored takes the file along, on the same storage", async () => {
    const { client, storage } = await stage.simple((request) =>
      request[8] === 11 ? UPLOADED : response("", request[8] === 13 ? 28 : 0),
    );
    const error = await failure(client.uploadBytes(HELLO, { metadata: new Map([["a", "b"]]) }));
    expect(error.message).toBe(
      `Cannot store the metadata of ${PLAIN}: 127.0.0.1:${storage.port}: No space left on device (28)`,
    );
    expect(storage.requests.map((request) => request[8])).toEqual([11, 13, 12]);
  });

  test("a file that has to stay without its metadata is named", async () => {
    const { client } = await stage.simple((request) => (request[8] === 11 ? UPLOADED : response("", 28)));
    const error = await failure(client.uploadBytes(HELLO, { metadata: new Map([["a", "b"]]) }));
    expect(error.message).toContain("the file stays without it, because it cannot be deleted either");
    expect(error.status).toBe(28);
  });

  test("a file that does not exist is named before any server is asked", async () => {
    const { client, tracker } = await stage.simple();
    const error = await failure(client.uploadFile("/nowhere/a.txt"));
    expect(error.message).toBe("Cannot read /nowhere/a.txt: No such file or directory");
    expect(error.code).toBe("ENOENT");
    expect(tracker.requests.length).toBe(0);
  });

  test("an extension that no storage takes is refused before any server is asked", async () => {
    const { client, tracker } = await stage.simple();
    expect((await failure(client.uploadBytes(HELLO, { ext: "toolong" }))).message).toContain("toolong");
    expect(tracker.requests.length).toBe(0);
  });
});

describe("download", () => {
  test("replicas follow each other, and the error tells of each", async () => {
    const gone = await stage.nobody();
    const lacking = await stage.server(() => response("", 2));
    const tracker = await stage.server(naming(() => [gone, lacking]));
    const error = await failure(stage.client([tracker]).download(PLAIN));
    expect(error.message).toBe(
      `Cannot download ${PLAIN}: 127.0.0.1:${gone.port}: connection refused; ` +
        `127.0.0.1:${lacking.port}: No such file or directory (2)`,
    );
    expect(error.status).toBe(2);
  });

  test("a replica that has the file is enough", async () => {
    const lacking = await stage.server(() => response("", 2));
    const having = await stage.server(() => response(HELLO));
    const tracker = await stage.server(naming(() => [lacking, having]));
    expect(await collect(await stage.client([tracker]).download(PLAIN))).toBe("hello fastdfs\n");
  });

  test("another refusal is not carried to the next replica", async () => {
    const broken = await stage.server(() => response("", 5));
    const having = await stage.server(() => response(HELLO));
    const tracker = await stage.server(naming(() => [broken, having]));
    expect((await failure(stage.client([tracker]).download(PLAIN))).status).toBe(5);
    expect(having.requests.length).toBe(0);
  });

  test("a length beyond the end is cut off by the size in the name", async () => {
    const { client, storage } = await stage.simple(() => response("fastdfs\n"));
    expect(await client.downloadBytes(PLAIN, { offset: 6, length: 1000 })).toEqual(Buffer.from("fastdfs\n"));
    expect(storage.requests[0]!.readBigInt64BE(10)).toBe(6n);
    expect(storage.requests[0]!.readBigInt64BE(18)).toBe(8n);
  });

  test("an empty file, which C refuses to send, is empty", async () => {
    const EMPTY = "group1/M00/00/00/fwAAXmsBFRyAbcdeAAAAAAAAAAA666.txt";
    const { client } = await stage.simple(() => response("", 22));
    expect(await client.downloadBytes(EMPTY)).toEqual(new Uint8Array(0));
    expect((await failure(client.downloadBytes(EMPTY, { offset: 1 }))).status).toBe(22);
    expect((await failure(client.downloadBytes(PLAIN))).status).toBe(22);
  });

  test("a kept connection that proves dead is replaced", async () => {
    const { client, storage } = await stage.simple((_, count) => (count === 2 ? "close" : response(HELLO)));
    await client.downloadBytes(PLAIN);
    expect((await client.downloadBytes(PLAIN)).length).toBe(HELLO.length);
    expect(storage.accepted).toBe(2);
  });

  test("the connection behind EINVAL, which C closes, is not used again", async () => {
    const { client, storage } = await stage.simple((_, count) => response("", count === 1 ? 22 : 0));
    await failure(client.download(PLAIN, { offset: 14 }));
    await client.delete(PLAIN);
    expect(storage.accepted).toBe(2);
  });
});

describe("changes", () => {
  test("are sent once, even when a kept connection proves dead", async () => {
    const { client, storage } = await stage.simple((_, count) => (count === 2 ? "close" : response()));
    await client.delete(PLAIN);
    const error = await failure(client.delete(PLAIN));
    expect(error.message).toBe(`Cannot delete ${PLAIN}: 127.0.0.1:${storage.port}: connection reset by peer`);
    expect(storage.requests.length).toBe(2);
  });

  test("an echoed request in the answer is read and ignored", async () => {
    const appender = "group1/M01/00/02/fwAASGsBFQ2EcdpcAAAAAKaEx8Y219.log";
    const { client, storage } = await stage.simple((request) => response(request.subarray(10)));
    await client.truncate(appender, 8);
    await client.append(appender, { kind: "bytes", bytes: new Uint8Array(0) });
    expect(storage.accepted).toBe(1);
  });
});

describe("exists", () => {
  test("is true when a replica has the file", async () => {
    const lacking = await stage.server(() => response("", 2));
    const having = await stage.server(() => Buffer.from(captured("storage.md §11.10").response, "hex"));
    const tracker = await stage.server(naming(() => [lacking, having]));
    expect(await stage.client([tracker]).exists(PLAIN)).toBe(true);
    // No checksum, no line in the storage's log.
    expect(having.requests[0]![9]).toBe(3);
  });

  test("is false when all say so, an error when one did not say", async () => {
    const lacking = await stage.server(() => response("", 2));
    const tracker = await stage.server(naming(() => [lacking]));
    expect(await stage.client([tracker]).exists(PLAIN)).toBe(false);
    const gone = await stage.nobody();
    const unsure = await stage.server(naming(() => [gone, lacking]));
    expect((await failure(stage.client([unsure]).exists(PLAIN))).status).toBe(2);
  });
});

describe("two addresses of one storage", () => {
  const ID = "group1/M00/00/00/oYYBAGsBFX-ARCNxAAALuBcI1_I050.bin";
  const entry = (port: number) =>
    ({
      id: "100001",
      groupName: "group1",
      hosts: ["127.0.35.1", "127.0.35.2"],
      port,
      rwMode: 6,
    }) as const;

  test("the other one is tried when the one the tracker named is gone", async () => {
    const storage = await stage.server(() => response(HELLO), {
      host: "127.0.35.2",
    });
    const tracker = await stage.server(naming(() => [{ host: "127.0.35.1", port: storage.port }]));
    const client = stage.client([tracker], {
      storageIds: [entry(storage.port)],
    });
    expect((await client.downloadBytes(ID)).length).toBe(14);
    expect(storage.requests.length).toBe(1);
  });

  test("the error names both", async () => {
    const { port } = await stage.nobody();
    const tracker = await stage.server(naming(() => [{ host: "127.0.35.1", port }]));
    const client = stage.client([tracker], { storageIds: [entry(port)] });
    expect((await failure(client.delete(ID))).message).toBe(
      `Cannot delete ${ID}: 127.0.35.1:${port}: connection refused; 127.0.35.2:${port}: connection refused`,
    );
  });

  test("the one that worked last is tried first when that is wanted", async () => {
    const second = await stage.server(() => response(), { host: "127.0.35.2" });
    const tracker = await stage.server(naming(() => [{ host: "127.0.35.1", port: second.port }]));
    const client = stage.client([tracker], {
      storageIds: [entry(second.port)],
      connectFirstBy: "last",
    });
    await client.delete(ID);
    const first = await stage.server(() => response(), {
      host: "127.0.35.1",
      port: second.port,
    });
    await client.delete(ID);
    expect([first.requests.length, second.requests.length]).toEqual([0, 2]);
  });

  test("the table comes from the tracker when that is wanted, once", async () => {
    const storage = await stage.server(() => response(), {
      host: "127.0.35.2",
    });
    const lines = `100001 group1 10.1.2.3,127.0.35.2:${storage.port}\n`;
    const counts = Buffer.from("0000000100000001", "hex");
    const tracker = await stage.server((request) =>
      request[8] === 69
        ? response(Buffer.concat([counts, Buffer.from(lines)]))
        : fetchFrom({ host: "127.0.35.2", port: storage.port }),
    );
    const client = stage.client([tracker], { storageIds: "tracker" });
    await client.delete(ID);
    await client.delete(ID);
    expect(tracker.requests.map((request) => request[8])).toEqual([103, 69, 103]);
    expect((await client.info(ID)).sourceIp).toBe("10.1.2.3");
  });
});

describe("an abort", () => {
  const reason = new Error("interrupted");

  test("ends an upload whose storage does not answer", async () => {
    const { client, storage } = await stage.simple(() => "silence");
    const abort = new AbortController();
    const work = failure(client.uploadBytes(HELLO, { signal: abort.signal }));
    await until(() => storage.requests.length === 1);
    abort.abort(reason);
    expect(await work).toBe(reason);
    await until(() => storage.open === 0);
  });

  test("ends an upload whose source has nothing to give", async () => {
    const { client, storage } = await stage.simple(() => "silence");
    const abort = new AbortController();
    let isAsked = false;
    async function* stalled(): AsyncGenerator<Uint8Array> {
      isAsked = true;
      await new Promise(() => {});
    }
    const work = failure(client.uploadStream(stalled(), 10, { signal: abort.signal }));
    await until(() => isAsked);
    abort.abort(reason);
    expect(await work).toBe(reason);
    await until(() => storage.open === 0);
  });

  test("ends a download in the middle", async () => {
    const part = response(Buffer.alloc(1000)).subarray(0, 500);
    const { client, storage } = await stage.simple(() => part);
    const abort = new AbortController();
    const chunks = (await client.download(PLAIN, { signal: abort.signal }))[Symbol.asyncIterator]();
    await chunks.next();
    const next = failure(chunks.next());
    abort.abort(reason);
    expect(await next).toBe(reason);
    await until(() => storage.open === 0);
  });

  test("of a signal that is aborted already sends nothing to a storage", async () => {
    const { client, storage } = await stage.simple();
    const signal = AbortSignal.abort(reason);
    expect(await failure(client.uploadBytes(HELLO, { signal }))).toBe(reason);
    expect(await failure(client.download(PLAIN, { signal }))).toBe(reason);
    expect(storage.requests.length).toBe(0);
  });
});
