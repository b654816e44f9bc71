// Where to store, where to read, where to change: the questions to a tracker before a file operation (tracker.md
// §2.1-§2.2).

import { parseFileId } from "../fileid/file-id.ts";
import type { Command } from "../wire/command.ts";
import { Status } from "../wire/status.ts";
import * as query from "../wire/tracker-query.ts";
import type { Endpoint } from "./endpoint.ts";
import { FdfsError } from "./errors.ts";
import type { Session } from "./session.ts";

/** Where an upload goes. */
export interface StoreTarget {
  readonly groupName: string;
  readonly server: Endpoint;
  /** -1: the storage chooses. */
  readonly storePathIndex: number;
}

/** A tracker that was just started knows no active storage yet; another one may. */
const KNOWS_NONE: readonly number[] = [Status.ENOENT];

const endpointOf = ({ ipAddress, port }: { ipAddress: string; port: number }): Endpoint => ({ host: ipAddress, port });

export async function queryStore(session: Session, group: string | undefined): Promise<StoreTarget> {
  const answer =
    group === undefined
      ? await find(session, "find a storage for the upload", query.queryStoreWithoutGroupOne, {})
      : await find(session, `find a storage of ${group} for the upload`, query.queryStoreWithGroupOne, {
          groupName: group,
        });
  const { groupName, storePathIndex } = answer;
  return { groupName, server: endpointOf(answer), storePathIndex };
}

/** `storePathIndex` belongs to the first server. */
export async function queryStoreAll(
  session: Session,
  group: string | undefined,
): Promise<{ groupName: string; servers: Endpoint[]; storePathIndex: number }> {
  const operation = "list the storages for an upload";
  const { groupName, servers, storePathIndex } =
    group === undefined
      ? await find(session, operation, query.queryStoreWithoutGroupAll, {})
      : await find(session, operation, query.queryStoreWithGroupAll, { groupName: group });
  return { groupName, servers: servers.map(endpointOf), storePathIndex };
}

export async function queryFetch(session: Session, id: string): Promise<Endpoint> {
  return endpointOf(await find(session, `find ${id}`, query.queryFetchOne, parseFileId(id)));
}

export async function queryFetchAll(session: Session, id: string): Promise<Endpoint[]> {
  const { servers } = await find(session, `find ${id}`, query.queryFetchAll, parseFileId(id));
  return servers.map(endpointOf);
}

export async function queryUpdate(session: Session, id: string): Promise<Endpoint> {
  return endpointOf(await find(session, `find ${id}`, query.queryUpdate, parseFileId(id)));
}

/** Asks the trackers. Their ENOENT speaks of storages, never of the file, and the error says so. */
async function find<Q, S>({ trackers }: Session, operation: string, command: Command<Q, S>, value: Q): Promise<S> {
  try {
    return await trackers.ask(operation, command, value, KNOWS_NONE);
  } catch (error) {
    if (!(error instanceof FdfsError) || error.status !== Status.ENOENT) throw error;
    const meaning = new Error("there is no such group, or none of its storages is active (fdfs monitor shows them)");
    throw new FdfsError(operation, [...error.attempts, meaning]);
  }
}
