// `fdfs info`: what is known of files, from their IDs and, where an ID does not tell (appenders, slaves), from a storage.

import { parseFileId, readFileName } from "../core/fileid/file-id.ts";
import { withClient } from "./cluster.ts";
import { type CommandContext, UsageError } from "./command.ts";
import { isSet } from "./options.ts";
import { outcomeOf, Teller } from "./outcome.ts";
import { fileInfoText, type ShownFileInfo } from "./render/file-info-text.ts";

export async function run(context: CommandContext): Promise<number> {
  const { args, options } = context;
  if (args.length === 0) throw new UsageError("No file ID given");
  const skipCrc = isSet(options, "skipCrc");
  const teller = new Teller<{ id: string } & ShownFileInfo>(context, (info) => fileInfoText(info.id, info));
  const tellAll = async (ask: (id: string) => Promise<ShownFileInfo>): Promise<number> => {
    for (const id of args) {
      await teller.tell({ id }, await outcomeOf(context, async () => ({ id, ...(await ask(id)) })));
    }
    return teller.end();
  };
  if (isSet(options, "local")) return tellAll(async (id) => localInfo(id));
  return withClient(context, (client) => tellAll((id) => client.info(id, { skipCrc })));
}

/** What the ID itself tells. A slave's or appender's size and checksum are not in it. */
function localInfo(id: string): ShownFileInfo {
  const { kind, source, timestamp, size, crc32 } = readFileName(parseFileId(id).fileName);
  return {
    type: kind,
    ...(kind === "normal" ? { size, crc32 } : {}),
    createdAt: timestamp,
    sourceIp: source.kind === "ipv4" ? source.address : "",
    sourceId: source.kind === "id" ? source.id : 0,
    fromServer: false,
  };
}
