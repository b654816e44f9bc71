/**
 * The checks for the two npm clients that share one promise API (`fdfs` and its fork `fastdfs-client`).
 * The clients are used unmodified, through their documented methods only.
 */
import assert from "node:assert/strict";
import { createReadStream, createWriteStream, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { check, crc32, driverArguments, mustFail, notOffered, sample, sampleWithCrc } from "./checks.mjs";

export async function runPromiseClient(FdfsClient) {
  const { host, port, group, folder } = driverArguments();
  const silent = { log() {}, debug() {}, info() {}, warn() {}, error() {} };
  const client = new FdfsClient({ trackers: [{ host, port }], timeout: 10_000, defaultExt: "bin", logger: silent });
  const idPattern = new RegExp(`^${group}/M00/[0-9A-F]{2}/[0-9A-F]{2}/[\\w-]{30}\\.`);
  const small = sampleWithCrc(1500, false);
  const high = sampleWithCrc(1200, true);
  const large = sample(3_000_017, 7);
  const source = join(folder, "source.jpg");
  writeFileSync(source, small);
  let downloads = 0;
  const fetch = async (id, options = {}) => {
    const target = join(folder, `down${downloads++}`);
    await client.download(id, { ...options, target });
    return readFileSync(target);
  };
  const same = (found, expected) => {
    assert.equal(found.length, expected.length, "length");
    assert.ok(found.equals(expected), "content differs");
  };

  const id = await check("upload-buffer", async () => {
    const made = await client.upload(small, { ext: "txt" });
    assert.match(made, idPattern);
    assert.match(made, /\.txt$/);
    return made;
  });
  await check("upload-file", async () => {
    const made = await client.upload(source);
    assert.match(made, /\.jpg$/);
    same(await fetch(made), small);
  });
  await check("upload-stream", async () => {
    const made = await client.upload(createReadStream(source), { size: small.length, ext: "gif" });
    same(await fetch(made), small);
  });
  await check("upload-to-group", async () => {
    const made = await client.upload(small, { ext: "txt", group });
    assert.match(made, idPattern);
  });
  await check("upload-to-unknown-group", () => mustFail(() => client.upload(small, { ext: "txt", group: "nosuch" })));
  await check("upload-3mb", async () => {
    const made = await client.upload(large, { ext: "bin" });
    same(await fetch(made), large);
  });
  const appender = await check("appender-upload", async () => {
    const made = await client.upload(small, { method: "uploadAppender", ext: "log" });
    assert.match(made, idPattern);
    return made;
  });
  await check("appender-append", async () => {
    await client.upload(high, { method: "append", fileId: appender });
    same(await fetch(appender), Buffer.concat([small, high]));
  });
  await check("appender-modify", async () => {
    await client.upload(Buffer.from("MODIFIED"), { method: "modify", fileId: appender, offset: 100 });
    const expected = Buffer.concat([small, high]);
    expected.write("MODIFIED", 100);
    same(await fetch(appender), expected);
  });
  await check("append-to-normal-file", () => mustFail(() => client.upload(high, { method: "append", fileId: id })));
  notOffered("appender-truncate", "slave-upload");
  await check("download-whole", async () => same(await fetch(id), small));
  await check("download-part", async () => {
    same(await fetch(id, { offset: 100, bytes: 300 }), small.subarray(100, 400));
  });
  await check("download-from-offset", async () => same(await fetch(id, { offset: 1400 }), small.subarray(1400)));
  await check("download-to-stream", async () => {
    const target = join(folder, "stream");
    await client.download(id, { target: createWriteStream(target) });
    same(readFileSync(target), small);
  });
  await check("metadata-overwrite", async () => {
    await client.setMetaData(id, { gone: "1" });
    await client.setMetaData(id, { width: "1024", height: "768", name: "图片" });
    assert.deepEqual(await client.getMetaData(id), { height: "768", name: "图片", width: "1024" });
  });
  await check("metadata-merge", async () => {
    await client.setMetaData(id, { height: "1", zz: "top" }, "M");
    assert.deepEqual(await client.getMetaData(id), { height: "1", name: "图片", width: "1024", zz: "top" });
  });
  await check("file-info", async () => {
    const info = await client.getFileInfo(id);
    assert.equal(info.size, small.length);
    assert.equal(info.crc32, crc32(small));
    assert.match(info.addr, /^127\.0\.\d+\.\d+$/);
    assert.ok(Math.abs(info.timestamp - Date.now() / 1000) < 120, `timestamp ${info.timestamp}`);
  });
  await check("file-info-high-crc", async () => {
    const info = await client.getFileInfo(await client.upload(high, { ext: "bin" }));
    assert.equal(info.crc32 >>> 0, crc32(high));
  });
  await check("list-groups", async () => {
    const list = await client.listGroups();
    assert.equal(list.count, 1);
    assert.equal(list.groups[0].groupName, group);
    assert.equal(list.groups[0].activeCount, 1);
  });
  await check("list-storages", async () => {
    const list = await client.listStorages(group);
    assert.equal(list.count, 1);
    assert.equal(list.storages[0].status, 7);
  });
  await check("delete", () => client.del(id));
  await check("gone-after-delete", async () => {
    const error = await mustFail(() => client.getFileInfo(id));
    assert.match(String(error?.message ?? error), /\b2\b/);
  });
  await check("delete-again", () => mustFail(() => client.del(id)));
  process.exit(0);
}
