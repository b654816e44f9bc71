// Requests from this tracker to other trackers: which address to call, from which address, how long to wait. What is
// asked, and what follows, is the caller's business.

import { isIPv6 } from "node:net";
import type { TrackerSettings } from "../../../conf/index.ts";
import type { ServerAddress } from "../../../conf/server-address.ts";
import { ClientConnection } from "../../net/client-connection.ts";
import { RemoteError } from "../../net/remote-error.ts";
import { type Command, decodeResponse, encodeRequest } from "../../wire/command.ts";
import { Status } from "../../wire/status.ts";
import { addressFor } from "../cluster/storage-ids.ts";

const HOSTS_MAX = 2;
const MARGIN_MS = 1000;

/** The settings that matter here. */
export type LinkSettings = Pick<TrackerSettings, "connectTimeoutSeconds" | "networkTimeoutSeconds">;

/** A tracker that is alive answers at once: no request among trackers waits longer for its answer than for a connection. */
const answerMs = (settings: LinkSettings): number =>
  Math.min(settings.networkTimeoutSeconds, settings.connectTimeoutSeconds) * 1000;

/** Longer than any request over `openTracker` and `askTracker` takes. */
export function requestLimitMs(settings: LinkSettings): number {
  return HOSTS_MAX * settings.connectTimeoutSeconds * 1000 + answerMs(settings) + MARGIN_MS;
}

/**
 * Connects to the first of a tracker's addresses that takes the call; rejects with a RemoteError. `ownHosts` are the
 * addresses this tracker listens on: a leader knows its followers by the address they call from (tracker.md §7.4).
 */
export async function openTracker(
  tracker: ServerAddress,
  settings: LinkSettings,
  ownHosts: readonly string[],
): Promise<ClientConnection> {
  let failure: unknown;
  for (const host of tracker.hosts) {
    const local = addressFor(
      ownHosts.filter((own) => own !== "0.0.0.0" && own !== "::" && isIPv6(own) === isIPv6(host)),
      host,
    );
    try {
      return await ClientConnection.open({
        host,
        port: tracker.port,
        ...(local === "" ? {} : { localAddress: local }),
        connectTimeoutMs: settings.connectTimeoutSeconds * 1000,
        networkTimeoutMs: answerMs(settings),
      });
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

/** One request and its decoded answer; rejects with a RemoteError. */
export async function askTracker<Q, S>(connection: ClientConnection, command: Command<Q, S>, request: Q): Promise<S> {
  const { status, body } = await connection.request(encodeRequest(command, request));
  if (status !== Status.OK) throw RemoteError.fromStatus(connection.server, status);
  return decodeResponse(command, body);
}

/** The same on a connection of its own. */
export async function askOnce<Q, S>(
  tracker: ServerAddress,
  settings: LinkSettings,
  ownHosts: readonly string[],
  command: Command<Q, S>,
  request: Q,
): Promise<S> {
  const connection = await openTracker(tracker, settings, ownHosts);
  try {
    return await askTracker(connection, command, request);
  } finally {
    connection.destroy();
  }
}
