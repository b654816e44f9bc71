// Reading from whichever storage of the group can serve: the one the tracker names first, then the others.

import { RemoteError } from "../net/remote-error.ts";
import { Status } from "../wire/status.ts";
import { type Endpoint, isSameEndpoint } from "./endpoint.ts";
import { FdfsError, isRefusal, isUnreachable } from "./errors.ts";
import { queryFetch, queryFetchAll } from "./locate.ts";
import type { Session } from "./session.ts";

/** Runs `read` on one storage after another while they cannot be reached or lack the file. Throws FdfsError. */
export async function fromAnyReplica<T>(
  session: Session,
  operation: string,
  id: string,
  read: (server: Endpoint) => Promise<T>,
): Promise<T> {
  const first = await queryFetch(session, id);
  const attempts: unknown[] = [];
  let servers: readonly Endpoint[] = [first];
  for (let index = 0; index < servers.length; index++) {
    try {
      return await read(servers[index]!);
    } catch (error) {
      if (!(error instanceof RemoteError)) throw error;
      attempts.push(error);
      if (!isUnreachable(error) && !isRefusal(error, [Status.ENOENT])) break;
      if (index === 0) servers = [first, ...(await othersThan(first, session, id))];
    }
  }
  throw new FdfsError(operation, attempts);
}

/** The first attempt's error tells more than a tracker that fails now. */
async function othersThan(first: Endpoint, session: Session, id: string): Promise<Endpoint[]> {
  try {
    return (await queryFetchAll(session, id)).filter((server) => !isSameEndpoint(server, first));
  } catch {
    return [];
  }
}
