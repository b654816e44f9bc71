// TRUNK_STATUS: what the control thread last told of trunk files, as it stands.

import type { WholeRoute } from "../../net/frame-protocol.ts";
import { encodeResponse } from "../../wire/command.ts";
import { trunkStatus } from "../../wire/own-commands.ts";
import type { Session } from "../io/session.ts";

export const trunkStatusRoute: WholeRoute<Session> = {
  kind: "whole",
  handle(session, body) {
    trunkStatus.request.parse(body);
    const { text } = session.worker.scoreboard.notice("trunk-status");
    session.reply(encodeResponse(trunkStatus, { json: text }));
  },
};
