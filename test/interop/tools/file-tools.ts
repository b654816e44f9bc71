/**
 * Checks of the programs that work on one file: upload, download, info, append, regenerate, delete, crc32.
 * Expected texts and exit codes are those of http-config-tools.md sections 4.1 and 7.
 */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { crc32 } from "node:zlib";
import { crcLine, matches, type ToolBox } from "./tool-box.ts";

const NO_SUCH_FILE = /error no: 2, error info: No such file or directory/;
const INVALID = /error no: 22, error info: Invalid argument/;

export async function checkFileTools(box: ToolBox): Promise<void> {
  const { conf, sample, samplePath } = box;
  const id = await checkUpload(box);
  if (id === undefined) return;
  await checkDownload(box, id);
  await box.check("fdfs_file_info", "normal file", async () => {
    const info = await box.expect(0, "fdfs_file_info", conf, id);
    matches(info.stdout, /file type: normal/);
    matches(info.stdout, /source ip address: 127\.0\./);
    matches(info.stdout, new RegExp(`file size: ${sample.length}\\n`));
    matches(info.stdout, crcLine(sample));
  });
  await box.check("fdfs_file_info", "missing file is asked for without -s", async () => {
    matches((await box.run("fdfs_file_info", conf, "group1/M00/00/00/short")).stderr, /query file info fail/);
  });
  await box.check("fdfs_crc32", "prints hex without leading zeros", async () => {
    const found = await box.expect(0, "fdfs_crc32", samplePath);
    assert.equal(found.stdout.trim(), crc32(sample).toString(16));
  });
  await checkAppender(box, id);
  await box.check("fdfs_delete_file", "deletes", async () => {
    await box.expect(0, "fdfs_delete_file", conf, id);
  });
  await box.check("fdfs_delete_file", "deleted already: 2", async () => {
    matches((await box.expect(2, "fdfs_delete_file", conf, id)).stdout, NO_SUCH_FILE);
  });
  await box.check("fdfs_delete_file", "invalid id: 22", async () => {
    matches((await box.expect(22, "fdfs_delete_file", conf, "badid")).stdout, INVALID);
  });
  await box.check("fdfs_download_file", "deleted file: message, exit 0, nothing left", async () => {
    const gone = box.path("gone");
    matches((await box.expect(0, "fdfs_download_file", conf, id, gone)).stdout, NO_SUCH_FILE);
    assert.equal(existsSync(gone), false, "a local file is left");
  });
}

async function checkUpload(box: ToolBox): Promise<string | undefined> {
  const { conf } = box;
  const id = await box.check("fdfs_upload_file", "prints the id", async () =>
    box.id(await box.expect(0, "fdfs_upload_file", conf, box.samplePath), "\\.jpg"),
  );
  await box.check("fdfs_upload_file", "double extension", async () => {
    box.id(await box.expect(0, "fdfs_upload_file", conf, box.file("x.tar.gz", "archive")), "\\.tar\\.gz");
  });
  await box.check("fdfs_upload_file", "no extension", async () => {
    box.id(await box.expect(0, "fdfs_upload_file", conf, box.file("noext", "text")), "[\\w-]{10}");
  });
  await box.check("fdfs_upload_file", "empty file", async () => {
    const empty = box.id(await box.expect(0, "fdfs_upload_file", conf, box.file("empty.txt", "")), "\\.txt");
    matches((await box.expect(0, "fdfs_file_info", conf, empty)).stdout, /file size: 0\n/);
  });
  const [storage] = box.cluster.storages;
  const address = `${storage?.host}:${storage?.port}`;
  await box.check("fdfs_upload_file", "named storage and path", async () => {
    box.id(await box.expect(0, "fdfs_upload_file", conf, box.samplePath, address, "0"), "\\.jpg");
  });
  await box.check("fdfs_upload_file", "named storage without path: server chooses", async () => {
    box.id(await box.expect(0, "fdfs_upload_file", conf, box.samplePath, address), "\\.jpg");
  });
  await box.check("fdfs_upload_file", "path that does not exist: 22", async () => {
    matches((await box.expect(22, "fdfs_upload_file", conf, box.samplePath, address, "7")).stderr, INVALID);
  });
  await box.check("fdfs_upload_file", "missing local file: 2", async () => {
    matches((await box.expect(2, "fdfs_upload_file", conf, box.path("nosuch.txt"))).stderr, NO_SUCH_FILE);
  });
  return id;
}

async function checkDownload(box: ToolBox, id: string): Promise<void> {
  const { conf, sample } = box;
  await box.check("fdfs_download_file", "whole file", async () => {
    await box.expect(0, "fdfs_download_file", conf, id, box.path("whole"));
    assert.ok(readFileSync(box.path("whole")).equals(sample), "content differs");
  });
  await box.check("fdfs_download_file", "under the id's own name", async () => {
    await box.expect(0, "fdfs_download_file", conf, id);
    assert.ok(readFileSync(box.path(id.slice(id.lastIndexOf("/") + 1))).equals(sample), "content differs");
  });
  await box.check("fdfs_download_file", "a part", async () => {
    await box.expect(0, "fdfs_download_file", conf, id, box.path("part"), "100", "300");
    assert.ok(readFileSync(box.path("part")).equals(sample.subarray(100, 400)), "content differs");
  });
  await box.check("fdfs_download_file", "from an offset to the end", async () => {
    await box.expect(0, "fdfs_download_file", conf, id, box.path("tail"), "2900", "0");
    assert.ok(readFileSync(box.path("tail")).equals(sample.subarray(2900)), "content differs");
  });
}

async function checkAppender(box: ToolBox, normalId: string): Promise<void> {
  const { conf, sample, samplePath } = box;
  const twice = Buffer.concat([sample, sample]);
  const id = await box.check("fdfs_upload_appender", "prints the id", async () =>
    box.id(await box.expect(0, "fdfs_upload_appender", conf, samplePath), "\\.jpg"),
  );
  if (id === undefined) return;
  await box.check("fdfs_append_file", "appends silently", async () => {
    const found = await box.expect(0, "fdfs_append_file", conf, id, samplePath);
    assert.equal(found.stdout, "");
  });
  await box.check("fdfs_append_file", "content after it", async () => {
    await box.expect(0, "fdfs_download_file", conf, id, box.path("twice"));
    assert.ok(readFileSync(box.path("twice")).equals(twice), "content differs");
  });
  await box.check("fdfs_file_info", "appender is asked at the server", async () => {
    const info = (await box.expect(0, "fdfs_file_info", conf, id)).stdout;
    matches(info, /GET FROM SERVER: true/);
    matches(info, /file type: appender/);
    matches(info, new RegExp(`file size: ${twice.length}\\n`));
    matches(info, crcLine(twice));
  });
  await box.check("fdfs_file_info", "-n leaves the crc out", async () => {
    const info = (await box.expect(0, "fdfs_file_info", "-n", conf, id)).stdout;
    matches(info, /file type: appender/);
    assert.ok(!info.includes("crc32"), `a crc line is printed: ${info}`);
  });
  await box.check("fdfs_append_file", "not an appender: 22", async () => {
    matches((await box.expect(22, "fdfs_append_file", conf, normalId, samplePath)).stdout, INVALID);
  });
  await box.check("fdfs_regenerate_filename", "gives a normal file", async () => {
    const made = box.id(await box.expect(0, "fdfs_regenerate_filename", conf, id), "\\.jpg");
    assert.notEqual(made, id);
    const info = (await box.expect(0, "fdfs_file_info", conf, made)).stdout;
    matches(info, /file type: normal/);
    matches(info, new RegExp(`file size: ${twice.length}\\n`));
    matches(info, crcLine(twice));
    await box.expect(0, "fdfs_download_file", conf, made, box.path("regenerated"));
    assert.ok(readFileSync(box.path("regenerated")).equals(twice), "content differs");
  });
  await box.check("fdfs_regenerate_filename", "the old id is gone", async () => {
    await box.expect(2, "fdfs_regenerate_filename", conf, id);
  });
  await box.check("fdfs_regenerate_filename", "not an appender: 22", async () => {
    matches((await box.expect(22, "fdfs_regenerate_filename", conf, normalId)).stderr, INVALID);
  });
}
