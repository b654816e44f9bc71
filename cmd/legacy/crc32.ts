// fdfs_crc32: the checksum of a local file, in lower-case hexadecimal without leading zeros (http-config-tools.md §4.1).

import { createReadStream } from "node:fs";
import { crc32 } from "node:zlib";
import { statusText } from "../../core/wire/status.ts";
import type { CommandContext } from "../command.ts";
import { errnoOf } from "./program.ts";

export async function runLegacy(argv: readonly string[], context: CommandContext): Promise<number> {
  const [program, fileName] = argv;
  if (fileName === undefined) {
    await context.stdout.write(`Usage: ${program} <filename>\n`);
    return 1;
  }
  let checksum = 0;
  try {
    for await (const chunk of createReadStream(fileName)) checksum = crc32(chunk as Uint8Array, checksum);
  } catch (error) {
    const errno = errnoOf(error);
    await context.stdout.write(`open file ${fileName} fail, errno: ${errno}, error info: ${statusText(errno)}\n`);
    return errno;
  }
  await context.stdout.write(`${checksum.toString(16)}\n`);
  return 0;
}
