// fdfs_test and fdfs_test1: one file operation each, told step by step. The first names a file by group and name, the
// second by one file ID; that is all they differ in.

import type { CommandContext, LegacyModule } from "../command.ts";
import { formatHost } from "../render/cluster-text.ts";
import { type Naming, runFileOperation } from "./client-test-operations.ts";
import { errorTail } from "./program.ts";
import { attempt, inSession, type Session } from "./session.ts";
import { BANNER, contentOf, fileBlock, fileUrl, mannerOf } from "./test-program.ts";

const EINVAL = 22;
/** Stored with every upload of the test programs. */
const TEST_METADATA = new Map([
  ["ext_name", "jpg"],
  ["width", "160"],
  ["height", "80"],
  ["file_size", "115120"],
]);

const byGroupAndName: Naming = { kind: "group and name", usage: "<group_name> <remote_filename>" };
const byId: Naming = { kind: "id", usage: "<file_id>" };

export const fdfsTest: LegacyModule = { runLegacy: (argv, context) => runTest(byGroupAndName, argv, context) };
export const fdfsTest1: LegacyModule = { runLegacy: (argv, context) => runTest(byId, argv, context) };

async function runTest(naming: Naming, argv: readonly string[], context: CommandContext): Promise<number> {
  const [program, conf, operation, ...operands] = argv;
  await context.stdout.write(BANNER);
  if (conf === undefined || operation === undefined) {
    await context.stdout.write(
      `Usage: ${program} <config_file> <operation>\n` +
        "\toperation: upload, download, getmeta, setmeta, delete and query_servers\n",
    );
    return 1;
  }
  return inSession(conf, context, (session) => {
    if (operation === "upload") return upload(naming, `${program}`, operands, session, context);
    return runFileOperation(naming, { program: `${program}`, operation, operands }, session, context);
  });
}

async function upload(
  naming: Naming,
  program: string,
  operands: readonly string[],
  { client, settings }: Session,
  context: CommandContext,
): Promise<number> {
  const say = (text: string): Promise<void> => context.stdout.write(text);
  const [localName, word] = operands;
  if (localName === undefined) {
    await say(`Usage: ${program} <config_file> upload <local_filename> [FILE | BUFF | CALLBACK] \n`);
    return EINVAL;
  }
  const group = naming.kind === "id" ? "group1" : "";
  const all = await attempt(context, () => client.queryStoreAll(group === "" ? undefined : group));
  if (all.ok) {
    const lines = all.value.servers.map(
      ({ host, port }, index) =>
        `\tserver ${index + 1}. group_name=${group}, ip_addr=${formatHost(host)}, port=${port}\n`,
    );
    await say(`tracker_query_storage_store_list_with${group === "" ? "out" : ""}_group: \n${lines.join("")}\n`);
  }
  const chosen = await attempt(context, () => client.queryStore());
  if (!chosen.ok) {
    await say(`tracker_query_storage fail, ${errorTail(chosen.errno)}\n`);
    return chosen.errno;
  }
  const target = chosen.value;
  await say(`group_name=${target.groupName}, ip_addr=${formatHost(target.server.host)}, port=${target.server.port}\n`);

  const manner = mannerOf(word);
  await say(`storage_upload_by_${manner.name}\n`);
  const uploaded = await attempt(context, async () =>
    client.upload(await contentOf(localName, manner), { fileName: localName, metadata: TEST_METADATA, target }),
  );
  if (!uploaded.ok) {
    await say(`upload file fail, ${errorTail(uploaded.errno)}\n`);
    return uploaded.errno;
  }
  const tell = async (id: string): Promise<void> => {
    if (naming.kind === "group and name") {
      const slash = id.indexOf("/");
      await say(`group_name=${id.slice(0, slash)}, remote_filename=${id.slice(slash + 1)}\n`);
    }
    const info = await attempt(context, () => client.info(id));
    if (info.ok) await say(fileBlock(info.value, { crc32: true }));
    await say(`example file url: ${fileUrl(formatHost(target.server.host), id, settings)}\n`);
  };
  await tell(uploaded.value);

  await say(`storage_upload_slave_by_${manner.name}\n`);
  const slave = await attempt(context, async () =>
    client.upload(await contentOf(localName, manner), {
      fileName: localName,
      slaveOf: uploaded.value,
      prefix: naming.kind === "id" ? manner.slavePrefix1 : manner.slavePrefix,
      metadata: TEST_METADATA,
    }),
  );
  if (!slave.ok) {
    await say(`upload slave file fail, ${errorTail(slave.errno)}\n`);
    return slave.errno;
  }
  await tell(slave.value);
  return 0;
}
