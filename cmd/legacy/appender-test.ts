// fdfs_appender_test and fdfs_appender_test1: upload an appender, truncate it, append to it, write at its end, and print
// what it is after each step. The first truncates to half and prints group and name, the second to nothing and the ID.

import { stat } from "node:fs/promises";
import type { CommandContext, LegacyModule } from "../command.ts";
import { formatHost } from "../render/cluster-text.ts";
import { errorTail } from "./program.ts";
import { attempt, inSession, type Session } from "./session.ts";
import { BANNER, contentOf, fileBlock, fileUrl, type Manner, mannerOf } from "./test-program.ts";

interface Variant {
  /** Behind the function names it prints: the C library's calls on IDs end in 1. */
  readonly suffix: "" | "1";
  truncatedSize(size: number): number;
  tellName(id: string): string;
}

const onGroupAndName: Variant = {
  suffix: "",
  truncatedSize: (size) => Math.floor(size / 2),
  tellName: (id) => {
    const slash = id.indexOf("/");
    return `group_name=${id.slice(0, slash)}, remote_filename=${id.slice(slash + 1)}\n`;
  },
};
const onId: Variant = {
  suffix: "1",
  truncatedSize: () => 0,
  // The spelling is the C program's.
  tellName: (id) => `fild_id=${id}\n`,
};

export const appenderTest: LegacyModule = { runLegacy: (argv, context) => runTest(onGroupAndName, argv, context) };
export const appenderTest1: LegacyModule = { runLegacy: (argv, context) => runTest(onId, argv, context) };

async function runTest(variant: Variant, argv: readonly string[], context: CommandContext): Promise<number> {
  const [program, conf, localName, word] = argv;
  await context.stdout.write(BANNER);
  if (conf === undefined || localName === undefined) {
    await context.stdout.write(`Usage: ${program} <config_file> <local_filename> [FILE | BUFF | CALLBACK]\n`);
    return 1;
  }
  const manner = mannerOf(word);
  return inSession(conf, context, (session) => runSteps(variant, localName, manner, session, context));
}

async function runSteps(
  variant: Variant,
  localName: string,
  manner: Manner,
  { client, settings }: Session,
  context: CommandContext,
): Promise<number> {
  const say = (text: string): Promise<void> => context.stdout.write(text);
  const fail = async (step: string, errno: number): Promise<number> => {
    await say(`${step} fail, ${errorTail(errno)}\n`);
    return errno;
  };
  const chosen = await attempt(context, () => client.queryStore());
  if (!chosen.ok) return fail("tracker_query_storage", chosen.errno);
  const target = chosen.value;
  await say(`group_name=${target.groupName}, ip_addr=${formatHost(target.server.host)}, port=${target.server.port}\n`);

  await say(`storage_upload_appender_by_${manner.name}${variant.suffix}\n`);
  const uploaded = await attempt(context, async () =>
    client.upload(await contentOf(localName, manner), { fileName: localName, appender: true, target }),
  );
  if (!uploaded.ok) return fail("upload file", uploaded.errno);
  const id = uploaded.value;
  const trackerHost = settings.trackerServers[0]?.hosts[0] ?? "";
  const describe = async (whole: boolean): Promise<number> => {
    const info = await attempt(context, () => client.info(id));
    if (!info.ok) return info.errno;
    await say(fileBlock(info.value, { crc32: whole }));
    if (whole) await say(`file url: ${fileUrl(formatHost(trackerHost), id, settings)}\n`);
    return 0;
  };
  await say(variant.tellName(id));
  await describe(true);

  const size = (await stat(localName)).size;
  const truncated = variant.truncatedSize(size);
  const cut = await attempt(context, () => client.truncate(id, truncated));
  if (!cut.ok) return fail("truncate file", cut.errno);
  await describe(true);

  // On IDs, too, the calls that take a file name print no 1: the C program's own slip.
  const suffix = manner.name === "filename" ? "" : variant.suffix;
  await say(`storage_append_by_${manner.name}${suffix}\n`);
  const appended = await attempt(context, async () => client.append(id, await contentOf(localName, manner)));
  if (!appended.ok) return fail("append file", appended.errno);
  await say("append file successfully.\n");
  await describe(false);

  await say(`storage_modify_by_${manner.name}${suffix}\n`);
  const end = truncated + size;
  const modified = await attempt(context, async () => client.modify(id, end, await contentOf(localName, manner)));
  if (!modified.ok) return fail("modify file", modified.errno);
  await say("modify file successfully.\n");
  await describe(false);
  return 0;
}
