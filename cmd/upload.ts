// `fdfs upload`: local files or standard input into the cluster, one file ID a line in the order of the files.

import type { FdfsClient, UploadOptions } from "../core/client/index.ts";
import { FILE_EXT_SIZE, FILE_PREFIX_SIZE, GROUP_NAME_SIZE } from "../core/wire/limits.ts";
import { withClient } from "./cluster.ts";
import { type CommandContext, UsageError } from "./command.ts";
import { findFiles, type LocalFile } from "./files.ts";
import { inOrder } from "./in-order.ts";
import { parseMetadata } from "./metadata.ts";
import { isSet, listOption, numberOption, textOption } from "./options.ts";
import { outcomeOf, Teller } from "./outcome.ts";
import { createProgress, type Progress } from "./progress.ts";
import { readStandardInput } from "./standard-input.ts";

const DEFAULT_PARALLEL = 4;

interface Uploaded {
  readonly id: string;
}

export async function run(context: CommandContext): Promise<number> {
  const { args, options, cwd } = context;
  if (args.length === 0) throw new UsageError("No file given");
  if (args.filter((word) => word === "-").length > 1) throw new UsageError("Standard input (-) can be read only once");
  const upload = uploadOptions(context);
  const files = await findFiles(args, cwd);
  const parallel = numberOption(options, "parallel") ?? DEFAULT_PARALLEL;
  const progress = createProgress(context, !isSet(options, "json"));
  const teller = new Teller<Uploaded>(context, ({ id }) => `${id}\n`);
  try {
    return await withClient(context, async (client) => {
      await inOrder(
        files,
        parallel,
        (file) => outcomeOf(context, () => uploadOne(client, context, file, upload, progress)),
        (outcome, file) => teller.tell({ file: file.name }, outcome),
      );
      return teller.end();
    });
  } finally {
    progress.close();
  }
}

function uploadOptions({ options }: CommandContext): UploadOptions {
  const group = textOption(options, "group");
  const ext = textOption(options, "ext")?.replace(/^\./, "");
  const slaveOf = textOption(options, "slaveOf");
  const prefix = textOption(options, "prefix");
  const metadata = parseMetadata(listOption(options, "meta"));
  if (group !== undefined && group.length > GROUP_NAME_SIZE) {
    throw new UsageError(`Group "${group}" has ${group.length} characters, allowed are ${GROUP_NAME_SIZE}`);
  }
  if (ext !== undefined && ext.length > FILE_EXT_SIZE) {
    throw new UsageError(`Extension "${ext}" has ${ext.length} characters, allowed are ${FILE_EXT_SIZE}`);
  }
  if ((slaveOf === undefined) !== (prefix === undefined)) {
    throw new UsageError(
      "Options --slave-of and --prefix belong together: a slave is named after its master and a prefix",
    );
  }
  if (prefix !== undefined && prefix.length > FILE_PREFIX_SIZE) {
    throw new UsageError(`Prefix "${prefix}" has ${prefix.length} characters, allowed are ${FILE_PREFIX_SIZE}`);
  }
  if (slaveOf !== undefined && isSet(options, "appender")) {
    throw new UsageError("Options --slave-of and --appender exclude each other: a slave cannot be appended to");
  }
  if (slaveOf !== undefined && group !== undefined) {
    throw new UsageError("Options --slave-of and --group exclude each other: a slave is stored beside its master");
  }
  return {
    ...(group === undefined ? {} : { group }),
    ...(ext === undefined ? {} : { ext }),
    ...(metadata.size === 0 ? {} : { metadata }),
    ...(slaveOf === undefined || prefix === undefined ? {} : { slaveOf, prefix }),
    ...(isSet(options, "appender") ? { appender: true } : {}),
  };
}

async function uploadOne(
  client: FdfsClient,
  context: CommandContext,
  file: LocalFile,
  options: UploadOptions,
  progress: Progress,
): Promise<Uploaded> {
  if (file.kind === "failed") throw new Error(file.message);
  const transfer = progress.start(file.name, file.kind === "file" ? file.size : null);
  const watched = { ...options, signal: context.signal, onProgress: (bytes: number) => transfer.advance(bytes) };
  try {
    const id = await (file.kind === "stdin"
      ? client.uploadStream(readStandardInput(context), null, watched)
      : client.upload({ kind: "file", path: file.path, size: file.size }, { fileName: file.path, ...watched }));
    return { id };
  } finally {
    transfer.finish();
  }
}
