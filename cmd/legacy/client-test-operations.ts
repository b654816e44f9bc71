// The operations of fdfs_test and fdfs_test1 on a file that exists: download, getmeta, setmeta, delete, query_servers.
// Each first asks the tracker for a storage and prints it; what the storage says afterwards never changes the exit status.

import type { CommandContext } from "../command.ts";
import { formatHost } from "../render/cluster-text.ts";
import { errorTail } from "./program.ts";
import { saveFile } from "./save-file.ts";
import { attempt, type Session } from "./session.ts";

const EINVAL = 22;
const OPERATIONS: readonly string[] = ["download", "getmeta", "setmeta", "delete", "query_servers"];

/** How a program of the pair names files. */
export interface Naming {
  readonly kind: "group and name" | "id";
  /** Argument names in usage lines. */
  readonly usage: string;
}

interface FileOperation {
  readonly program: string;
  readonly operation: string;
  readonly operands: readonly string[];
}

/** The file as the program was given it. */
interface NamedFile {
  readonly id: string;
  /** For failure texts: `file_id=...` or `group_name=..., filename=...`. */
  readonly label: string;
  readonly rest: readonly string[];
}

export async function runFileOperation(
  naming: Naming,
  call: FileOperation,
  session: Session,
  context: CommandContext,
): Promise<number> {
  const say = (text: string): Promise<void> => context.stdout.write(text);
  const { program, operation, operands } = call;
  if (!OPERATIONS.includes(operation)) {
    await say(`invalid operation: ${operation}\n`);
    return EINVAL;
  }
  const file = nameFile(naming, operands);
  if (file === null) {
    await say(`Usage: ${program} <config_file> ${operation} ${naming.usage}\n`);
    return EINVAL;
  }
  const { client } = session;
  if (operation === "query_servers") {
    const found = await attempt(context, () => client.queryFetchAll(file.id));
    if (!found.ok) {
      const query = naming.kind === "id" ? "tracker_query_storage_list1" : "tracker_query_storage_list";
      await say(`${query} fail, ${file.label}, ${errorTail(found.errno)}\n`);
      return found.errno;
    }
    const lines = found.value.map(({ host, port }) => `\t${formatHost(host)}:${port}\n`);
    await say(`server list (${lines.length}):\n${lines.join("")}\n`);
    return 0;
  }
  const changes = operation === "setmeta" || operation === "delete";
  const storage = await attempt(context, () => (changes ? client.queryUpdate(file.id) : client.queryFetch(file.id)));
  if (!storage.ok) {
    await say(`tracker_query_storage_fetch fail, ${file.label}, ${errorTail(storage.errno)}\n`);
    return storage.errno;
  }
  await say(`storage=${formatHost(storage.value.host)}:${storage.value.port}\n`);
  if (operation === "setmeta") return setMetadata(naming, call, file, session, context);
  if (operation === "download") await download(file, session, context);
  else if (operation === "getmeta") await getMetadata(file, session, context);
  else await deleteFile(file, session, context);
  return 0;
}

function nameFile(naming: Naming, operands: readonly string[]): NamedFile | null {
  const [first, second, ...rest] = operands;
  if (first === undefined) return null;
  if (naming.kind === "id") return { id: first, label: `file_id=${first}`, rest: operands.slice(1) };
  if (second === undefined) return null;
  return { id: `${first}/${second}`, label: `group_name=${first}, filename=${second}`, rest };
}

async function download(file: NamedFile, { client }: Session, context: CommandContext): Promise<void> {
  const target = file.rest[0] ?? file.id.slice(file.id.lastIndexOf("/") + 1);
  const saved = await attempt(context, () => saveFile(client, file.id, target, { offset: 0, length: 0 }));
  await context.stdout.write(
    saved.ok
      ? `download file success, file size=${saved.value}, file save to ${target}\n`
      : `download file fail, ${errorTail(saved.errno)}\n`,
  );
}

async function getMetadata(file: NamedFile, { client }: Session, context: CommandContext): Promise<void> {
  const found = await attempt(context, () => client.getMetadata(file.id));
  if (!found.ok) {
    await context.stdout.write(`getmeta fail, ${errorTail(found.errno)}\n`);
    return;
  }
  const lines = [...found.value].map(([name, value]) => `${name}=${value}\n`);
  await context.stdout.write(`get meta data success, meta count=${lines.length}\n${lines.join("")}`);
}

async function setMetadata(
  naming: Naming,
  call: FileOperation,
  file: NamedFile,
  { client }: Session,
  context: CommandContext,
): Promise<number> {
  const [flag, list] = file.rest;
  if (flag === undefined || list === undefined) {
    await context.stdout.write(
      `Usage: ${call.program} <config_file> setmeta ${naming.usage} <op_flag> <metadata_list>\n` +
        "\top_flag: O for overwrite, M for merge\n" +
        "\tmetadata_list: name1=value1,name2=value2,...\n",
    );
    return EINVAL;
  }
  const mode = flag.startsWith("O") ? "overwrite" : flag.startsWith("M") ? "merge" : null;
  const set =
    mode === null
      ? { ok: false as const, errno: EINVAL }
      : await attempt(context, () => client.setMetadata(file.id, readMetadataList(list), mode));
  await context.stdout.write(set.ok ? "set meta data success\n" : `setmeta fail, ${errorTail(set.errno)}\n`);
  return 0;
}

/** `name=value,name=value`; a part without "=" is left out, as the C program does. */
function readMetadataList(list: string): Map<string, string> {
  const items = new Map<string, string>();
  for (const part of list.split(",")) {
    const equals = part.indexOf("=");
    if (equals > 0) items.set(part.slice(0, equals).trim(), part.slice(equals + 1).trim());
  }
  return items;
}

async function deleteFile(file: NamedFile, { client }: Session, context: CommandContext): Promise<void> {
  const deleted = await attempt(context, () => client.delete(file.id));
  await context.stdout.write(deleted.ok ? "delete file success\n" : `delete file fail, ${errorTail(deleted.errno)}\n`);
}
