// The index of duplicates in a file of this storage: no other service is needed, and only contents that were uploaded here
// are found. Each worker has a connection of its own; SQLite orders their changes.

import { type EmbeddedDatabase, openEmbeddedDatabase, type SqlStatement } from "../../runtime/embedded-database.ts";
import { Status } from "../../wire/status.ts";
import { type DuplicateIndex, IndexError, type IndexKey, numberIn } from "./duplicate-index.ts";

/** A worker stands still while it waits for another one's change, so it does not wait for long. */
const BUSY_MS = 200;

const SCHEMA = `CREATE TABLE IF NOT EXISTS entries (
  namespace TEXT NOT NULL, object BLOB NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL,
  PRIMARY KEY (namespace, object, key)
) WITHOUT ROWID`;

/** SQLite's result codes by the errno they come to; anything else is EIO. */
const statusByCode: readonly [prefix: string, status: number][] = [
  ["SQLITE_BUSY", Status.EBUSY],
  ["SQLITE_LOCKED", Status.EBUSY],
  ["SQLITE_FULL", Status.ENOSPC],
  ["SQLITE_READONLY", Status.EROFS],
  ["SQLITE_CANTOPEN", Status.ENOENT],
  ["SQLITE_PERM", Status.EACCES],
  ["SQLITE_NOMEM", Status.ENOMEM],
];

interface Opened {
  readonly database: EmbeddedDatabase;
  readonly get: SqlStatement;
  readonly set: SqlStatement;
  readonly increment: SqlStatement;
  readonly remove: SqlStatement;
}

export class EmbeddedIndex implements DuplicateIndex {
  readonly #path: string;
  readonly #namespace: string;
  readonly #flushesToDisk: boolean;
  #opening: Promise<Opened> | undefined;
  #isClosed = false;

  /** `flushesToDisk`: a change survives a power cut (durability = power). The file is opened when it is first needed. */
  constructor(path: string, namespace: string, flushesToDisk: boolean) {
    this.#path = path;
    this.#namespace = namespace;
    this.#flushesToDisk = flushesToDisk;
  }

  get(objectId: Uint8Array, key: IndexKey): Promise<Uint8Array | null> {
    return this.#run("read", ({ get }) => {
      const row = get.get(this.#namespace, objectId, key);
      return row === undefined ? null : bytesOf(row["value"]);
    });
  }

  set(objectId: Uint8Array, key: IndexKey, value: Uint8Array): Promise<void> {
    return this.#run("write to", ({ set }) => {
      set.run(this.#namespace, objectId, key, value);
    });
  }

  increment(objectId: Uint8Array, key: IndexKey, by: number): Promise<number> {
    return this.#run("write to", ({ increment }) => {
      const row = increment.get(this.#namespace, objectId, key, String(by), String(by));
      return numberIn(bytesOf(row!["value"]));
    });
  }

  remove(objectId: Uint8Array, key: IndexKey): Promise<boolean> {
    return this.#run("write to", ({ remove }) => remove.run(this.#namespace, objectId, key) > 0);
  }

  close(): void {
    this.#isClosed = true;
    const opening = this.#opening;
    this.#opening = undefined;
    opening?.then(
      ({ database }) => database.close(),
      () => {},
    );
  }

  async #run<T>(verb: string, work: (opened: Opened) => T): Promise<T> {
    try {
      if (this.#isClosed) throw new Error("it is closed");
      this.#opening ??= this.#open();
      return work(await this.#opening);
    } catch (error) {
      const status = statusOf(error);
      // What the file has become is seen when it is opened anew.
      if (status !== Status.EBUSY) this.#forget();
      const reason = error instanceof Error ? error.message : String(error);
      // A statement that fails has changed nothing.
      throw new IndexError(`Cannot ${verb} ${this.#path}: ${reason}`, status, false, error);
    }
  }

  #forget(): void {
    const opening = this.#opening;
    this.#opening = undefined;
    opening?.then(
      ({ database }) => database.close(),
      () => {},
    );
  }

  async #open(): Promise<Opened> {
    const database = await openEmbeddedDatabase(this.#path);
    try {
      database.execute(`PRAGMA busy_timeout = ${BUSY_MS}`);
      database.execute("PRAGMA journal_mode = WAL");
      database.execute(`PRAGMA synchronous = ${this.#flushesToDisk ? "FULL" : "NORMAL"}`);
      database.execute(SCHEMA);
      const where = "WHERE namespace = ? AND object = ? AND key = ?";
      return {
        database,
        get: database.prepare(`SELECT value FROM entries ${where}`),
        set: database.prepare("INSERT OR REPLACE INTO entries (namespace, object, key, value) VALUES (?, ?, ?, ?)"),
        increment: database.prepare(
          `INSERT INTO entries (namespace, object, key, value) VALUES (?, ?, ?, CAST(? AS BLOB))
           ON CONFLICT DO UPDATE SET value = CAST(CAST(CAST(CAST(value AS TEXT) AS INTEGER) + CAST(? AS INTEGER) AS TEXT) AS BLOB)
           RETURNING value`,
        ),
        remove: database.prepare(`DELETE FROM entries ${where}`),
      };
    } catch (error) {
      database.close();
      throw error;
    }
  }
}

function bytesOf(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw new Error("an entry holds no bytes");
}

function statusOf(error: unknown): number {
  if (error instanceof IndexError) return error.status;
  const text = error instanceof Error ? `${String((error as { code?: unknown }).code ?? "")} ${error.message}` : "";
  return (
    statusByCode.find(([code]) => text.includes(code))?.[1] ?? (text.includes("locked") ? Status.EBUSY : Status.EIO)
  );
}
