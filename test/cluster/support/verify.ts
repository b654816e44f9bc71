// Reads back every file a client was told of, from every storage by itself, and compares with what was acknowledged.

import { parseFileId } from "../../../core/fileid/file-id.ts";
import { DirectReader } from "./direct.ts";
import type { FileState, Model, StoredFile } from "./model.ts";
import { historiesOf } from "./records.ts";
import type { Server } from "./server.ts";

const CONNECTIONS = 6;
/** Files whose records are shown. */
const EXPLAINED = 20;

export interface Verdicts {
  readonly checked: number;
  /** A text each: what was expected, what each storage has, what its binlog knows. */
  readonly wrong: readonly string[];
}

/** Of a file with two possible outcomes every storage must have the same one. */
export async function verify(model: Model, storages: readonly Server[]): Promise<Verdicts> {
  const wrong: { file: StoredFile; found: FileState[] }[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    const readers = await Promise.all(storages.map((storage) => DirectReader.open(storage)));
    try {
      for (let file = model.files[next++]; file !== undefined; file = model.files[next++]) {
        const { id, outcomes } = file;
        const found = await Promise.all(readers.map((reader) => read(reader, id)));
        const isRight = outcomes.some((outcome) => found.every((state) => isSame(outcome, state)));
        if (!isRight) wrong.push({ file, found });
      }
    } finally {
      for (const reader of readers) reader.close();
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, work));
  const names = wrong.slice(0, EXPLAINED).map(({ file }) => parseFileId(file.id).fileName);
  const histories = historiesOf(storages, new Set(names.flatMap((name) => [name, `${name}-m`])));
  return {
    checked: model.files.length,
    wrong: wrong.map(({ file, found }) => explain(file, found, storages, histories)),
  };
}

function explain(
  { id, outcomes, history }: StoredFile,
  found: readonly FileState[],
  storages: readonly Server[],
  histories: readonly ((name: string) => string)[],
): string {
  const { fileName } = parseFileId(id);
  const lines = [`${id}: expected ${outcomes.map(describe).join(" or ")} after ${history.slice(-8).join(", ")}`];
  for (const [index, storage] of storages.entries()) {
    const known = histories[index]!;
    lines.push(
      `  ${storage.host}: ${describe(found[index]!)}; binlog: ${known(fileName)}; of metadata: ${known(`${fileName}-m`)}`,
    );
  }
  return lines.join("\n");
}

async function read(reader: DirectReader, id: string): Promise<FileState> {
  const content = await reader.content(id);
  const metadata = content === null ? null : await reader.metadata(id);
  return { content, metadata: metadata ?? new Map() };
}

function isSame(one: FileState, other: FileState): boolean {
  if (one.content === null || other.content === null) return one.content === other.content;
  return one.content.equals(other.content) && textOf(one.metadata) === textOf(other.metadata);
}

/** The order of the items means nothing. */
function textOf(metadata: ReadonlyMap<string, string>): string {
  return JSON.stringify([...metadata].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function describe({ content, metadata }: FileState): string {
  if (content === null) return "nothing";
  const start = content.subarray(0, 6).toString("hex");
  return `${content.length} bytes (${start}...) with ${textOf(metadata)}`;
}
