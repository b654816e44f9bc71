// The operations of the mixed load: what each sends, and what it leaves when it is acknowledged. When and how often is
// decided by load.ts.

import type { FdfsClient } from "../../../core/client/index.ts";
import { formatFileId, formatSlaveName, parseFileId } from "../../../core/fileid/file-id.ts";
import { linkTo } from "./linker.ts";
import { type FileState, GONE, type Model, type StoredFile, type StoredKind } from "./model.ts";
import type { Random } from "./random.ts";

/** An appender file does not grow beyond. */
const APPENDER_LIMIT = 300_000;

export interface World {
  readonly client: FdfsClient;
  readonly model: Model;
  readonly random: Random;
}

/** A new file: `run` resolves with its ID. */
interface Creation {
  readonly kind: StoredKind;
  readonly state: FileState;
  run(): Promise<string>;
  /** The ID when it is known beforehand: a file may be there although nobody was told. */
  readonly id?: string;
}

/** One operation, ready to be sent. */
export interface Attempt {
  /** The file that is kept busy meanwhile. */
  readonly file?: StoredFile;
  /** What becomes of `file`; without it the file stays as it is. */
  readonly change?: { readonly after: FileState; run(): Promise<void> };
  readonly creation?: Creation;
  /** A look at `file`; resolves with what is wrong, or null. */
  look?(): Promise<string | null>;
  /** Called when it has been acknowledged. */
  done?(): void;
}

export type OperationName = keyof typeof operations;

const bytesOf = (bytes: Uint8Array): { kind: "bytes"; bytes: Uint8Array } => ({ kind: "bytes", bytes });
const stateOf = (file: StoredFile): FileState => file.outcomes[0]!;
const contentOf = (file: StoredFile): Buffer => stateOf(file).content!;

/** Mostly small; now and then more than a storage collects before it writes (256 KB). */
function sizeOf(random: Random): number {
  const dice = random.next();
  if (dice < 0.01) return random.between(262_145, 400_000);
  if (dice < 0.1) return random.between(8193, 65_536);
  return random.between(1, 8192);
}

function items(random: Random): Map<string, string> {
  const found = new Map<string, string>();
  for (let left = random.between(1, 4); left > 0; left--) {
    found.set(`key${random.between(0, 9)}`, random.next().toString(36).slice(2));
  }
  return found;
}

function fresh(world: World, appender: boolean): Attempt {
  const content = world.random.bytes(sizeOf(world.random));
  const run = (): Promise<string> => world.client.uploadBytes(content, { ext: appender ? "log" : "bin", appender });
  return { creation: { kind: appender ? "appender" : "normal", state: { content, metadata: new Map() }, run } };
}

function changed(file: StoredFile, content: Buffer | null, run: () => Promise<void>): Attempt {
  return { file, change: { after: content === null ? GONE : { ...stateOf(file), content }, run } };
}

/** An operation on some file of one of the kinds; null when there is none now. */
function on(kinds: readonly StoredKind[], prepare: (world: World, file: StoredFile) => Attempt | null) {
  return (world: World): Attempt | null => {
    const file = world.model.idle(world.random, kinds);
    return file === undefined ? null : prepare(world, file);
  };
}

const ALL: readonly StoredKind[] = ["normal", "appender", "slave"];

export const operations = {
  upload: (world: World): Attempt | null => fresh(world, false),

  uploadAppender: (world: World): Attempt | null => fresh(world, true),

  append: on(["appender"], ({ client, random }, file) => {
    const before = contentOf(file);
    if (before.length > APPENDER_LIMIT) return null;
    const more = random.bytes(random.between(1, 6000));
    return changed(file, Buffer.concat([before, more]), () => client.append(file.id, bytesOf(more)));
  }),

  modify: on(["appender"], ({ client, random }, file) => {
    const before = contentOf(file);
    if (before.length > APPENDER_LIMIT) return null;
    const offset = random.between(0, before.length);
    const patch = random.bytes(random.between(1, 6000));
    const after = Buffer.alloc(Math.max(before.length, offset + patch.length));
    before.copy(after);
    patch.copy(after, offset);
    return changed(file, after, () => client.modify(file.id, offset, bytesOf(patch)));
  }),

  truncate: on(["appender"], ({ client, random }, file) => {
    const before = contentOf(file);
    const size = random.between(1, Math.min(before.length + 2000, APPENDER_LIMIT));
    const after = Buffer.alloc(size);
    before.copy(after);
    return changed(file, after, () => client.truncate(file.id, size));
  }),

  regenerate: on(["appender"], ({ client }, file) => {
    const state = { content: contentOf(file), metadata: new Map<string, string>() };
    const creation: Creation = { kind: "normal", state, run: () => client.regenerate(file.id) };
    return { file, creation, change: { after: GONE, run: async () => {} } };
  }),

  uploadSlave: on(["normal"], ({ client, random }, file) => {
    const content = random.bytes(sizeOf(random));
    const prefix = `_${random.between(0, 99_999_999).toString(36)}`;
    const { groupName, fileName } = parseFileId(file.id);
    const id = formatFileId(groupName, formatSlaveName(fileName, prefix, "bin"));
    const run = (): Promise<string> => client.uploadBytes(content, { slaveOf: file.id, prefix, ext: "bin" });
    return { file, creation: { kind: "slave", state: { content, metadata: new Map() }, run, id } };
  }),

  overwriteMetadata: on(ALL, ({ client, random }, file) => {
    const metadata = random.next() < 0.1 ? new Map<string, string>() : items(random);
    const run = (): Promise<void> => client.setMetadata(file.id, metadata, "overwrite");
    return { file, change: { after: { ...stateOf(file), metadata }, run } };
  }),

  mergeMetadata: on(ALL, ({ client, random }, file) => {
    const more = items(random);
    const metadata = new Map([...stateOf(file).metadata, ...more]);
    const run = (): Promise<void> => client.setMetadata(file.id, more, "merge");
    return { file, change: { after: { ...stateOf(file), metadata }, run } };
  }),

  delete: on([...ALL, "link"], ({ client }, file) => {
    if (file.isPinned) return null;
    return changed(file, null, () => client.delete(file.id));
  }),

  link: on(["normal"], ({ client }, file) => {
    const state = { content: contentOf(file), metadata: new Map<string, string>() };
    const creation: Creation = { kind: "link", state, run: () => linkTo(client, file.id) };
    // Pinned before it is sent: a link may be there although its answer was lost.
    file.isPinned = true;
    return { file, creation };
  }),

  download: on(["normal"], ({ client }, file) => ({
    file,
    look: async () => {
      const found = Buffer.from(await client.downloadBytes(file.id));
      return found.equals(contentOf(file)) ? null : `${file.id} was read with other content, ${found.length} bytes`;
    },
  })),
} satisfies Record<string, (world: World) => Attempt | null>;
