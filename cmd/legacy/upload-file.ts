// fdfs_upload_file: one local file, optionally to a storage and store path of the caller's choice.

import { parseServerAddress } from "../../conf/index.ts";
import type { StoreTarget } from "../../core/client/index.ts";
import { DEFAULT_STORAGE_PORT } from "../../core/wire/limits.ts";
import type { CommandContext } from "../command.ts";
import { regularFileSize } from "./local-file.ts";
import { errorTail, leadingNumber } from "./program.ts";
import { attempt, inSession } from "./session.ts";

/** The storage chooses the store path itself. */
const ANY_STORE_PATH = -1;
const EINVAL = 22;

export async function runLegacy(argv: readonly string[], context: CommandContext): Promise<number> {
  const [program, conf, localName, server, pathIndex] = argv;
  if (conf === undefined || localName === undefined) {
    const usage = `Usage: ${program} <config_file> <local_filename> [storage_ip:port] [store_path_index]\n`;
    await context.stdout.write(usage);
    return 1;
  }
  return inSession(conf, context, async ({ client }) => {
    let target: StoreTarget;
    if (server === undefined) {
      const chosen = await attempt(context, () => client.queryStore());
      if (!chosen.ok) {
        await context.stderr.write(`tracker_query_storage fail, ${errorTail(chosen.errno)}\n`);
        return chosen.errno;
      }
      target = chosen.value;
    } else {
      const address = parseServerAddress(server, DEFAULT_STORAGE_PORT);
      if (typeof address === "string") {
        await context.stderr.write(`resolve ip address of storage server: ${server} fail!, error info: Unknown host\n`);
        return EINVAL;
      }
      const storePathIndex = pathIndex === undefined ? ANY_STORE_PATH : leadingNumber(pathIndex);
      target = { groupName: "", server: { host: address.hosts[0] ?? "", port: address.port }, storePathIndex };
    }
    const uploaded = await attempt(context, async () => {
      await regularFileSize(localName);
      return client.uploadFile(localName, { target });
    });
    if (!uploaded.ok) {
      await context.stderr.write(`upload file fail, ${errorTail(uploaded.errno)}\n`);
      return uploaded.errno;
    }
    await context.stdout.write(`${uploaded.value}\n`);
    return 0;
  });
}
