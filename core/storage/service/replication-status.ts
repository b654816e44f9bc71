// REPLICATION_STATUS: what the control thread last told of replication, as it stands.

import type { WholeRoute } from "../../net/frame-protocol.ts";
import { encodeResponse } from "../../wire/command.ts";
import { replicationStatus } from "../../wire/own-commands.ts";
import type { Session } from "../io/session.ts";

export const replicationStatusRoute: WholeRoute<Session> = {
  kind: "whole",
  handle(session, body) {
    replicationStatus.request.parse(body);
    const { text } = session.worker.scoreboard.notice("replication");
    session.reply(encodeResponse(replicationStatus, { json: text }));
  },
};
