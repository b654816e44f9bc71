/**
 * Checks of the four test programs: fdfs_test, fdfs_test1, fdfs_appender_test, fdfs_appender_test1
 * (http-config-tools.md section 4.2), which also cover slaves, metadata and the callback forms of the C library.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { matches, type ToolBox } from "./tool-box.ts";

/** Upload form and the prefix of its slave; the last one differs between the two programs. */
const MODES = [
  { mode: "FILE", fdfs_test: "_big", fdfs_test1: "_big" },
  { mode: "BUFF", fdfs_test: "1024x1024", fdfs_test1: "1024x1024" },
  { mode: "CALLBACK", fdfs_test: "-small", fdfs_test1: "_small" },
] as const;

export async function checkTestTools(box: ToolBox): Promise<void> {
  await checkFileTest(box, "fdfs_test", (id) => [id.slice(0, id.indexOf("/")), id.slice(id.indexOf("/") + 1)]);
  await checkFileTest(box, "fdfs_test1", (id) => [id]);
  for (const { mode } of MODES) {
    await box.check("fdfs_appender_test", `upload, truncate, append, modify by ${mode}`, async () => {
      const { stdout } = await box.expect(0, "fdfs_appender_test", box.conf, box.samplePath, mode);
      const size = box.sample.length;
      assert.deepEqual(sizes(stdout), [size, size / 2, size * 1.5, size * 2.5], stdout);
    });
    await box.check("fdfs_appender_test1", `upload, truncate, append, modify by ${mode}`, async () => {
      const { stdout } = await box.expect(0, "fdfs_appender_test1", box.conf, box.samplePath, mode);
      const size = box.sample.length;
      assert.deepEqual(sizes(stdout), [size, 0, size, size * 2], stdout);
    });
  }
}

/** `target` turns an id into the arguments the program takes for a file. */
async function checkFileTest(
  box: ToolBox,
  tool: "fdfs_test" | "fdfs_test1",
  target: (id: string) => string[],
): Promise<void> {
  const { conf, sample, samplePath } = box;
  let id = "";
  for (const form of MODES) {
    const { mode } = form;
    const slave = form[tool];
    await box.check(tool, `upload ${mode} with slave ${slave}`, async () => {
      const { stdout } = await box.expect(0, tool, conf, "upload", samplePath, mode);
      matches(stdout, /This is FastDFS client test program v6\.16\.1/);
      const found = uploaded(stdout);
      assert.equal(found.length, 2, stdout);
      const [master = "", made = ""] = found;
      assert.equal(made, master.replace(".jpg", `${slave}.jpg`));
      for (const name of found) {
        await box.expect(0, "fdfs_download_file", conf, name, box.path("tested"));
        assert.ok(readFileSync(box.path("tested")).equals(sample), `content of ${name} differs`);
      }
      matches(stdout, new RegExp(`file size=${sample.length}`));
      id = master;
    });
  }
  if (id === "") return;
  await box.check(tool, "getmeta: the four items of the upload", async () => {
    const { stdout } = await box.expect(0, tool, conf, "getmeta", ...target(id));
    matches(stdout, /get meta data success, meta count=4\n/);
  });
  await box.check(tool, "setmeta overwrite", async () => {
    const items = "width=1024,height=768";
    matches((await box.expect(0, tool, conf, "setmeta", ...target(id), "O", items)).stdout, /set meta data success/);
  });
  await box.check(tool, "setmeta merge", async () => {
    await box.expect(0, tool, conf, "setmeta", ...target(id), "M", "author=me,height=1");
    const { stdout } = await box.expect(0, tool, conf, "getmeta", ...target(id));
    matches(stdout, /meta count=3\nauthor=me\nheight=1\nwidth=1024/);
  });
  await box.check(tool, "download", async () => {
    const { stdout } = await box.expect(0, tool, conf, "download", ...target(id), box.path("down"));
    matches(stdout, new RegExp(`download file success, file size=${sample.length}, file save to `));
    assert.ok(readFileSync(box.path("down")).equals(sample), "content differs");
  });
  await box.check(tool, "query_servers", async () => {
    const { stdout } = await box.expect(0, tool, conf, "query_servers", ...target(id));
    const [storage] = box.cluster.storages;
    matches(stdout, new RegExp(`server list \\(1\\):\\n\t${storage?.host}:${storage?.port}`));
  });
  await box.check(tool, "delete", async () => {
    matches((await box.expect(0, tool, conf, "delete", ...target(id))).stdout, /delete file success/);
    matches((await box.run(tool, conf, "delete", ...target(id))).stdout, /delete file fail/);
  });
  await box.check(tool, "unknown operation: 22", async () => {
    matches((await box.expect(22, tool, conf, "nosuch", ...target(id))).stdout, /invalid operation: nosuch/);
  });
}

/** The ids behind the example URLs; only those are printed by all forms. */
function uploaded(stdout: string): string[] {
  return [...stdout.matchAll(/^example file url: http:\/\/[^/]+\/(\S+)$/gm)].map((found) => found[1] ?? "");
}

function sizes(stdout: string): number[] {
  return [...stdout.matchAll(/file size=(\d+)/g)].map((found) => Number(found[1]));
}
