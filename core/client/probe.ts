// Questions to one storage about itself, over a connection of their own that announces itself as a storage does: such a
// connection is never helped out by other storages, so the answer speaks of this server alone. A server that fails is an
// answer, too.

import { parseFileId } from "../fileid/file-id.ts";
import type { ClientConnection } from "../net/client-connection.ts";
import { RemoteError } from "../net/remote-error.ts";
import { encodeRequest } from "../wire/command.ts";
import {
  type RecoveryReport,
  type ReplicationReport,
  recoveryStatus,
  replicationStatus,
  type TrunkReport,
  trunkStatus,
} from "../wire/own-commands.ts";
import { Status } from "../wire/status.ts";
import * as storage from "../wire/storage-client.ts";
import { reportServerId } from "../wire/storage-sync.ts";
import { ask } from "./caller.ts";
import type { Endpoint } from "./endpoint.ts";
import { isRefusal } from "./errors.ts";
import type { Session } from "./session.ts";

/** Longest wait for a connection to one storage, and for its report. */
const PROBE_TIMEOUT_MS = 3000;
/** A storage may have to read a large appender for its checksum. */
const CHECKSUM_TIMEOUT_MS = 60_000;
const OWN_NAME = "fdfs-explain";
const NOTHING_YET: ReplicationReport = { storageId: "", groupName: "", binlogIndex: 0, binlogSize: 0, peers: [] };

/** Why a storage said nothing; `reason` does not name the server. */
interface Failed {
  readonly kind: "failed";
  readonly reason: string;
}

/** `silent`: the server runs and does not know the question, as C's. */
export type ReplicationAnswer =
  | { readonly kind: "report"; readonly report: ReplicationReport }
  | { readonly kind: "silent" }
  | Failed;

/** `report` null: the storage does not use trunk files. `silent` as of ReplicationAnswer. */
export type TrunkAnswer =
  | { readonly kind: "report"; readonly report: TrunkReport | null }
  | { readonly kind: "silent" }
  | Failed;

/** Size in bytes; `crc32` of a normal file is what its name says, of others what the content gives; time in Unix seconds. */
export type FileAnswer =
  | { readonly kind: "present"; readonly size: number; readonly crc32: number; readonly modifiedAt: number }
  | { readonly kind: "absent" }
  | Failed;

/** `sha256` in lower-case hexadecimal. */
export type ContentAnswer =
  | { readonly kind: "present"; readonly size: number; readonly crc32: number; readonly sha256: string }
  | { readonly kind: "absent" }
  | Failed;

export async function storageReplication(session: Session, server: Endpoint): Promise<ReplicationAnswer> {
  return orFailure(async () => {
    const limit = AbortSignal.timeout(PROBE_TIMEOUT_MS);
    try {
      const { json } = await session.caller.alone(server, limit, (connection) =>
        ask(connection, replicationStatus, {}, { timeoutMs: PROBE_TIMEOUT_MS }),
      );
      // A storage that has just started has nothing to tell yet.
      const report = json === "" ? NOTHING_YET : (JSON.parse(json) as ReplicationReport);
      return { kind: "report", report } as const;
    } catch (error) {
      if (isRefusal(error, [Status.EINVAL])) return { kind: "silent" } as const;
      throw error;
    }
  });
}

export async function storageTrunk(session: Session, server: Endpoint): Promise<TrunkAnswer> {
  return orFailure(async () => {
    const limit = AbortSignal.timeout(PROBE_TIMEOUT_MS);
    try {
      const { json } = await session.caller.alone(server, limit, (connection) =>
        ask(connection, trunkStatus, {}, { timeoutMs: PROBE_TIMEOUT_MS }),
      );
      return { kind: "report", report: json === "" ? null : (JSON.parse(json) as TrunkReport) } as const;
    } catch (error) {
      if (isRefusal(error, [Status.EINVAL])) return { kind: "silent" } as const;
      throw error;
    }
  });
}

/** Null: it recovers nothing, does not tell, or is away. */
export async function storageRecovery(session: Session, server: Endpoint): Promise<RecoveryReport | null> {
  const answer = await orFailure(async () => {
    const limit = AbortSignal.timeout(PROBE_TIMEOUT_MS);
    const { json } = await session.caller.alone(server, limit, (connection) =>
      ask(connection, recoveryStatus, {}, { timeoutMs: PROBE_TIMEOUT_MS }),
    );
    return JSON.parse(json) as RecoveryReport;
  });
  return "kind" in answer ? null : answer;
}

export async function fileAt(session: Session, server: Endpoint, id: string): Promise<FileAnswer> {
  const location = parseFileId(id);
  return orAbsent(() =>
    announced(session, server, async (connection) => {
      const status = storage.QueryFlag.SILENT;
      const answer = await ask(connection, storage.queryFileInfo, location, {
        status,
        timeoutMs: CHECKSUM_TIMEOUT_MS,
      });
      const { fileSize, modificationTime, crc32 } = answer;
      return { kind: "present", size: fileSize, crc32, modifiedAt: modificationTime } as const;
    }),
  );
}

export async function contentAt(session: Session, server: Endpoint, id: string): Promise<ContentAnswer> {
  const request = encodeRequest(storage.downloadFile, { offset: 0, byteCount: 0, ...parseFileId(id) });
  return orAbsent(() =>
    announced(session, server, async (connection) => {
      const { status, body } = await connection.download(request);
      if (status !== 0) throw RemoteError.fromStatus(connection.server, status);
      // Loaded late: short commands, which never come here, would pay for them.
      const [{ createHash }, { crc32: crc32Of }] = await Promise.all([import("node:crypto"), import("node:zlib")]);
      const hash = createHash("sha256");
      let size = 0;
      let crc32 = 0;
      for await (const chunk of body) {
        hash.update(chunk);
        crc32 = crc32Of(chunk, crc32);
        size += chunk.length;
      }
      return { kind: "present", size, crc32, sha256: hash.digest("hex") } as const;
    }),
  );
}

function announced<T>(
  session: Session,
  server: Endpoint,
  talk: (connection: ClientConnection) => Promise<T>,
): Promise<T> {
  return session.caller.alone(server, AbortSignal.timeout(PROBE_TIMEOUT_MS), async (connection) => {
    await ask(connection, reportServerId, { storageId: OWN_NAME });
    return talk(connection);
  });
}

async function orAbsent<T>(work: () => Promise<T>): Promise<T | { kind: "absent" } | Failed> {
  return orFailure(async () => {
    try {
      return await work();
    } catch (error) {
      if (isRefusal(error, [Status.ENOENT])) return { kind: "absent" } as const;
      throw error;
    }
  });
}

async function orFailure<T>(work: () => Promise<T>): Promise<T | Failed> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof RemoteError) return { kind: "failed", reason: error.message.slice(error.server.length + 2) };
    if (error instanceof DOMException && error.name === "TimeoutError") {
      return { kind: "failed", reason: `no connection within ${PROBE_TIMEOUT_MS / 1000} seconds` };
    }
    if (error instanceof SyntaxError) return { kind: "failed", reason: "its report cannot be read" };
    throw error;
  }
}
