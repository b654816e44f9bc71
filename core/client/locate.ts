// Where to store, where to read, where to change: the questions to a tracker before a file operation (tracker.md
// §2.1-§2.2).

import { parseFileId } from "../fileid/file-id.ts";
import { Status } from "../wire/status.ts";
import * as query from "../wire/tracker-query.ts";
import type { Endpoint } from "./endpoint.ts";
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

export async function queryStore({ trackers }: Session, group: string | undefined): Promise<StoreTarget> {
  const answer =
    group === undefined
      ? await trackers.ask("find a storage for the upload", query.queryStoreWithoutGroupOne, {}, KNOWS_NONE)
      : await trackers.ask(
          `find a storage of ${group} for the upload`,
          query.queryStoreWithGroupOne,
          { groupName: group },
          KNOWS_NONE,
        );
  const { groupName, storePathIndex } = answer;
  return { groupName, server: endpointOf(answer), storePathIndex };
}

/** `storePathIndex` belongs to the first server. */
export async function queryStoreAll(
  { trackers }: Session,
  group: string | undefined,
): Promise<{ groupName: string; servers: Endpoint[]; storePathIndex: number }> {
  const operation = "list the storages for an upload";
  const { groupName, servers, storePathIndex } =
    group === undefined
      ? await trackers.ask(operation, query.queryStoreWithoutGroupAll, {}, KNOWS_NONE)
      : await trackers.ask(operation, query.queryStoreWithGroupAll, { groupName: group }, KNOWS_NONE);
  return { groupName, servers: servers.map(endpointOf), storePathIndex };
}

export async function queryFetch({ trackers }: Session, id: string): Promise<Endpoint> {
  return endpointOf(await trackers.ask(`find ${id}`, query.queryFetchOne, parseFileId(id), KNOWS_NONE));
}

export async function queryFetchAll({ trackers }: Session, id: string): Promise<Endpoint[]> {
  const { servers } = await trackers.ask(`find ${id}`, query.queryFetchAll, parseFileId(id), KNOWS_NONE);
  return servers.map(endpointOf);
}

export async function queryUpdate({ trackers }: Session, id: string): Promise<Endpoint> {
  return endpointOf(await trackers.ask(`find ${id}`, query.queryUpdate, parseFileId(id), KNOWS_NONE));
}
