// `fdfs download`: files out of the cluster. A file is written beside its target under a temporary name and renamed when
// it is complete, so a half file never carries the real name.

import { mkdir, open, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import type { FdfsClient } from "../core/client/index.ts";
import { withClient } from "./cluster.ts";
import { type CommandContext, UsageError } from "./command.ts";
import { continueInParts, PARTS_MAX, writeParts } from "./download-parts.ts";
import { chooseTargets, partialPath, type Target, temporaryPath } from "./download-target.ts";
import { inOrder } from "./in-order.ts";
import { isSet, numberOption, textOption } from "./options.ts";
import { outcomeOf, Teller } from "./outcome.ts";
import { createProgress, type TransferProgress } from "./progress.ts";

const DEFAULT_PARALLEL = 4;

interface Downloaded {
  readonly path: string;
  readonly bytes: number;
}

interface Range {
  readonly offset: number;
  /** 0: to the end. */
  readonly length: number;
}

export async function run(context: CommandContext): Promise<number> {
  const { args, options, cwd } = context;
  if (args.length === 0) throw new UsageError("No file ID given");
  const range = readRange(context);
  const targets = chooseTargets(args, textOption(options, "output"), cwd);
  const toStandardOutput = targets[0]?.path === null;
  const resume = isSet(options, "continue");
  if (resume && (range !== null || toStandardOutput)) {
    throw new UsageError(
      "Option --continue needs a target file and the whole of it: leave out --offset, --length and -o -",
    );
  }
  if (toStandardOutput && isSet(options, "json"))
    throw new UsageError("Options --json and -o - both want standard output");
  const parts = readParts(context, toStandardOutput);
  const progress = createProgress(context, !isSet(options, "json") && !toStandardOutput);
  // The file itself is the result: nothing is printed about it unless asked for.
  const teller = new Teller<Downloaded>(context, () => "");
  let serial = 0;
  try {
    return await withClient(context, async (client) => {
      const one = async (target: Target): Promise<Downloaded> => {
        const transfer = progress.start(target.id, null);
        try {
          if (target.path === null) return await toOutput(client, context, target.id, range);
          await mkdir(dirname(target.path), { recursive: true });
          if (resume) return await continueFile(client, context, target.id, target.path, parts, transfer);
          return await freshFile(client, context, target.id, target.path, range, parts, transfer, ++serial);
        } finally {
          transfer.finish();
        }
      };
      await inOrder(
        targets,
        numberOption(options, "parallel") ?? DEFAULT_PARALLEL,
        (target) => outcomeOf(context, () => one(target)),
        (outcome, target) => teller.tell({ id: target.id }, outcome),
      );
      return teller.end();
    });
  } finally {
    progress.close();
  }
}

function readRange({ options }: CommandContext): Range | null {
  const offset = numberOption(options, "offset");
  const length = numberOption(options, "length");
  if (length === 0) throw new UsageError("Option --length has the value 0, allowed is 1 or more: leave it out for all");
  return offset === undefined && length === undefined ? null : { offset: offset ?? 0, length: length ?? 0 };
}

function readParts({ options }: CommandContext, toStandardOutput: boolean): number {
  const parts = numberOption(options, "parts") ?? 1;
  if (parts < 1 || parts > PARTS_MAX) {
    throw new UsageError(`Option --parts has the value ${parts}, allowed is 1 to ${PARTS_MAX}`);
  }
  if (parts > 1 && toStandardOutput) {
    throw new UsageError("Options --parts and -o - exclude each other: standard output takes the bytes in their order");
  }
  return parts;
}

async function toOutput(
  client: FdfsClient,
  context: CommandContext,
  id: string,
  range: Range | null,
): Promise<Downloaded> {
  let bytes = 0;
  for await (const chunk of await client.download(id, { ...range, signal: context.signal })) {
    bytes += chunk.length;
    await context.stdout.write(chunk);
  }
  return { path: "-", bytes };
}

async function freshFile(
  client: FdfsClient,
  context: CommandContext,
  id: string,
  path: string,
  range: Range | null,
  parts: number,
  transfer: TransferProgress,
  serial: number,
): Promise<Downloaded> {
  const temporary = temporaryPath(path, serial);
  try {
    const wanted = { ...range, signal: context.signal };
    const bytes =
      parts > 1
        ? await writeParts(client, id, temporary, { ...wanted, parts }, transfer)
        : await writeContent(temporary, "w", await client.download(id, wanted), transfer);
    await rename(temporary, path);
    return { path, bytes };
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Fetches what the partial file lacks. An interruption leaves the partial file for the next attempt. */
async function continueFile(
  client: FdfsClient,
  context: CommandContext,
  id: string,
  path: string,
  parts: number,
  transfer: TransferProgress,
): Promise<Downloaded> {
  const info = await client.info(id);
  const partial = partialPath(path);
  const existing = await sizeOf(path);
  if (existing === info.size) return { path, bytes: 0 };
  let have = await sizeOf(partial);
  // A short file under the real name was left by another program: it is the part to go on from.
  if (have === null && existing !== null && existing < info.size) {
    await rename(path, partial);
    have = existing;
  }
  if (have !== null && have > info.size) {
    throw new Error(`Cannot continue ${partial}: it has ${have} bytes and ${id} only ${info.size}; remove it first`);
  }
  const offset = have ?? 0;
  let bytes = 0;
  if (parts > 1 && offset < info.size) {
    bytes = await continueInParts(client, id, path, { offset, parts, signal: context.signal }, transfer);
  } else if (offset < info.size || info.size === 0) {
    const content = await client.download(id, { offset, signal: context.signal });
    bytes = await writeContent(partial, "a", content, transfer);
  }
  await checkSum(id, partial, info.type === "normal" ? info.crc32 : undefined);
  await rename(partial, path);
  return { path, bytes };
}

async function sizeOf(path: string): Promise<number | null> {
  return stat(path).then(
    (status) => status.size,
    () => null,
  );
}

async function writeContent(
  path: string,
  flags: "w" | "a",
  content: AsyncIterable<Uint8Array>,
  transfer: TransferProgress,
): Promise<number> {
  const file = await open(path, flags);
  let bytes = 0;
  try {
    for await (const chunk of content) {
      await file.writeFile(chunk);
      bytes += chunk.length;
      transfer.advance(chunk.length);
    }
  } finally {
    await file.close();
  }
  return bytes;
}

/** A file put together from two attempts is checked against the checksum in its ID, where there is one. */
async function checkSum(id: string, path: string, expected: number | undefined): Promise<void> {
  if (expected === undefined) return;
  const file = await open(path, "r");
  // Loaded late: it costs a short download more than all else here.
  const { crc32 } = await import("node:zlib");
  let found = 0;
  for await (const chunk of file.createReadStream()) found = crc32(chunk as Uint8Array, found);
  if (found === expected) return;
  const hex = (value: number): string => value.toString(16).padStart(8, "0");
  throw new Error(
    `Cannot complete ${path}: its checksum is ${hex(found)}, that of ${id} is ${hex(expected)}; ` +
      "the part there belongs to another file: remove it and download again",
  );
}
