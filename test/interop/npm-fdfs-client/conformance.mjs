/**
 * Checks for the npm package `fdfs-client` (callback API, upload/download/metadata/info/delete only), unmodified, under Node.
 * It offers neither appender nor slave files nor lists; those are printed as n/a.
 */
import assert from "node:assert/strict";
import { createReadStream, createWriteStream, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import FdfsClient from "fdfs-client";
import { check, crc32, driverArguments, mustFail, notOffered, sample, sampleWithCrc } from "../driver-kit/checks.mjs";

const { host, port, group, folder } = driverArguments();
const silent = { log() {}, debug() {}, info() {}, warn() {}, error() {} };
const client = new FdfsClient({ trackers: [{ host, port }], timeout: 10_000, defaultExt: "bin", logger: silent });
const call = (method) => promisify(client[method].bind(client));
const upload = call("upload");
const setMetaData = call("setMetaData");
const getMetaData = call("getMetaData");
const getFileInfo = call("getFileInfo");
const del = call("del");
const idPattern = new RegExp(`^${group}/M00/[0-9A-F]{2}/[0-9A-F]{2}/[\\w-]{30}\\.`);
const small = sampleWithCrc(1500, false);
const high = sampleWithCrc(1200, true);
const large = sample(3_000_017, 7);
const source = join(folder, "source.jpg");
writeFileSync(source, small);
let downloads = 0;

/** The client calls back before the target is flushed, so the stream is ended and awaited here. */
async function fetch(id, options = {}) {
  const path = join(folder, `down${downloads++}`);
  const target = createWriteStream(path);
  await call("download")(id, { ...options, target });
  await new Promise((resolve) => target.end(resolve));
  return readFileSync(path);
}

function same(found, expected) {
  assert.equal(found.length, expected.length, "length");
  assert.ok(found.equals(expected), "content differs");
}

const id = await check("upload-buffer", async () => {
  const made = await upload(small, { ext: "txt" });
  assert.match(made, idPattern);
  assert.match(made, /\.txt$/);
  return made;
});
await check("upload-file", async () => {
  const made = await upload(source, {});
  assert.match(made, /\.jpg$/);
  same(await fetch(made), small);
});
await check("upload-stream", async () => {
  const made = await upload(createReadStream(source), { size: small.length, ext: "gif" });
  same(await fetch(made), small);
});
await check("upload-to-group", async () => {
  const made = await upload(small, { ext: "txt", group });
  assert.match(made, idPattern);
});
await check("upload-to-unknown-group", () => mustFail(() => upload(small, { ext: "txt", group: "nosuch" })));
await check("upload-3mb", async () => {
  const made = await upload(large, { ext: "bin" });
  same(await fetch(made), large);
});
notOffered("appender-upload", "appender-append", "appender-modify", "append-to-normal-file");
notOffered("appender-truncate", "slave-upload");
await check("download-whole", async () => same(await fetch(id), small));
await check("download-part", async () => {
  same(await fetch(id, { offset: 100, bytes: 300 }), small.subarray(100, 400));
});
await check("download-from-offset", async () => same(await fetch(id, { offset: 1400 }), small.subarray(1400)));
notOffered("download-to-stream");
await check("metadata-overwrite", async () => {
  await setMetaData(id, { gone: "1" }, "O");
  await setMetaData(id, { width: "1024", height: "768", name: "图片" }, "O");
  assert.deepEqual(await getMetaData(id), { height: "768", name: "图片", width: "1024" });
});
await check("metadata-merge", async () => {
  await setMetaData(id, { height: "1", zz: "top" }, "M");
  assert.deepEqual(await getMetaData(id), { height: "1", name: "图片", width: "1024", zz: "top" });
});
await check("file-info", async () => {
  const info = await getFileInfo(id);
  assert.equal(info.size, String(small.length));
  assert.equal(info.crc32, crc32(small));
  assert.match(info.addr, /^127\.0\.\d+\.\d+$/);
  assert.ok(Math.abs(info.timestamp - Date.now() / 1000) < 120, `timestamp ${info.timestamp}`);
});
await check("file-info-high-crc", async () => {
  const info = await getFileInfo(await upload(high, { ext: "bin" }));
  assert.equal(info.crc32 >>> 0, crc32(high));
});
notOffered("list-groups", "list-storages");
await check("delete", () => del(id));
await check("gone-after-delete", async () => {
  const error = await mustFail(() => getFileInfo(id));
  assert.match(String(error?.message ?? error), /\b2\b/);
});
await check("delete-again", () => mustFail(() => del(id)));
process.exit(0);
