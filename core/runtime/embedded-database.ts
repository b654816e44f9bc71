// An SQL database in a file of this process's own: bun:sqlite under Bun, node:sqlite under Deno and Node. Loaded only when
// somebody opens one. Calls are synchronous and throw the library's error; its `code` begins with SQLITE_ or ERR_SQLITE.

import { isBun } from "./host.ts";

/** Values of parameters and columns. */
type SqlValue = string | number | Uint8Array | null;

export interface SqlStatement {
  /** The first row by column name; undefined when there is none. */
  get(...parameters: readonly SqlValue[]): Readonly<Record<string, SqlValue>> | undefined;
  /** Number of rows that were changed. */
  run(...parameters: readonly SqlValue[]): number;
}

export interface EmbeddedDatabase {
  /** Statements without results. */
  execute(sql: string): void;
  prepare(sql: string): SqlStatement;
  close(): void;
}

/** What both libraries' statements have in common. */
interface NativeStatement {
  get(...parameters: readonly SqlValue[]): unknown;
  run(...parameters: readonly SqlValue[]): { readonly changes: number | bigint };
}

interface NativeDatabase {
  exec(sql: string): unknown;
  prepare(sql: string): NativeStatement;
  close(): void;
}

/** Opens the file, which is made when it is missing. Rejects where the runtime has no such library, too. */
export async function openEmbeddedDatabase(path: string): Promise<EmbeddedDatabase> {
  const database = await (isBun ? openWithBun(path) : openWithNode(path));
  return {
    execute: (sql) => void database.exec(sql),
    prepare(sql) {
      const statement = database.prepare(sql);
      return {
        get: (...parameters) => (statement.get(...parameters) ?? undefined) as ReturnType<SqlStatement["get"]>,
        run: (...parameters) => Number(statement.run(...parameters).changes),
      };
    },
    close: () => database.close(),
  };
}

async function openWithBun(path: string): Promise<NativeDatabase> {
  const { Database } = await import("bun:sqlite");
  return new Database(path, { create: true, readwrite: true }) as unknown as NativeDatabase;
}

async function openWithNode(path: string): Promise<NativeDatabase> {
  // Not a text that Bun's bundler would look up.
  const name = ["node", "sqlite"].join(":");
  const { DatabaseSync } = (await import(name)) as { DatabaseSync: new (path: string) => NativeDatabase };
  return new DatabaseSync(path);
}
