// What answers on the storage's port while a store path is being recovered: ACTIVE_TEST, and how far the recovery is.
// Everything else is refused, as nothing is served yet.

import type { AllowedHosts } from "../../../conf/index.ts";
import type { Connection } from "../../net/connection.ts";
import type { NetLog, WholeRoute } from "../../net/frame-protocol.ts";
import { type FrameServer, serveFrames } from "../../net/frame-server.ts";
import { allowAll, createHostFilter } from "../../net/host-filter.ts";
import { encodeResponse } from "../../wire/command.ts";
import { activeTest, quit } from "../../wire/common-commands.ts";
import { type RecoveryReport, recoveryStatus } from "../../wire/own-commands.ts";
import { Status } from "../../wire/status.ts";

const CONNECTIONS_MAX = 64;
const BODY_MAX = 1024;

interface Caller {
  readonly connection: Connection<Caller>;
}

export interface StatusServerOptions {
  readonly listen: readonly { readonly hostname: string; readonly port: number }[];
  readonly networkTimeoutMs: number;
  readonly allowHosts: AllowedHosts | null;
  readonly log: NetLog;
}

const whole = (handle: WholeRoute<Caller>["handle"]): WholeRoute<Caller> => ({ kind: "whole", handle });

/** Resolves with what closes it. Rejects with a coded error when an address cannot be bound. */
export async function serveRecoveryStatus(
  { listen, networkTimeoutMs, allowHosts, log }: StatusServerOptions,
  report: () => RecoveryReport,
): Promise<() => Promise<void>> {
  const isAllowed = allowHosts === null ? allowAll : await createHostFilter(allowHosts, (text) => log.warn(text));
  const routes = new Map([
    [quit.number, whole(({ connection }) => connection.destroy())],
    [activeTest.number, whole(({ connection }) => connection.replyStatus(Status.OK))],
    [
      recoveryStatus.number,
      whole(({ connection }) => connection.reply(encodeResponse(recoveryStatus, { json: JSON.stringify(report()) }))),
    ],
  ]);
  const servers: FrameServer[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(servers.map((server) => server.close(0)));
  };
  try {
    for (const { hostname, port } of listen) {
      servers.push(
        await serveFrames<Caller>({
          hostname,
          port,
          routes,
          maxBodyBytes: BODY_MAX,
          oversize: "einval",
          closeAfterEinval: true,
          networkTimeoutMs,
          log,
          mayAccept: (count) => count < CONNECTIONS_MAX,
          open: (connection) => (isAllowed(connection.remoteAddress) ? { connection } : null),
          closed() {},
        }),
      );
    }
  } catch (error) {
    await close();
    throw error;
  }
  return close;
}
