// CREATE_LINK (storage.md §2.13): another storage, or a client, wants a second name for a file that is here.

import { checkExtension } from "../../fileid/file-id.ts";
import type { WholeRoute } from "../../net/frame-protocol.ts";
import { encodeResponse } from "../../wire/command.ts";
import { LOGIC_NAME_LIMIT } from "../../wire/limits.ts";
import { ProtocolError } from "../../wire/protocol-error.ts";
import { Status } from "../../wire/status.ts";
import { createLink } from "../../wire/storage-client.ts";
import { signatureToHex } from "../duplicates/debt-lines.ts";
import type { Duplicates } from "../duplicates/duplicates.ts";
import { ClientCompletion, countTried, type OperationCounters, type Session } from "../io/session.ts";
import { checkGroup } from "../io/store-paths.ts";
import { Counter } from "../scoreboard/counters.ts";
import { type CountedLink, makeCountedLink } from "./counted-link.ts";
import { type LinkWish, makeLink } from "./make-link.ts";
import { requireIndex } from "./open-duplicates.ts";

const SUM_MAX = 256;
const SIGNATURE_LIMIT = 64;
const counters: OperationCounters = {
  total: Counter.totalCreateLinkCount,
  success: Counter.successCreateLinkCount,
};

export const createLinkRoute: WholeRoute<Session> = {
  kind: "whole",
  handle(session, body) {
    const { groupName, prefix, fileExt, masterName, sourceName, signature } = createLink.request.parse(body);
    const { worker } = session;
    checkGroup(worker, groupName);
    checkExtension(fileExt);
    const lengths = [masterName.length, sourceName.length, signature.length];
    if (
      masterName.length >= LOGIC_NAME_LIMIT ||
      sourceName.length >= LOGIC_NAME_LIMIT ||
      signature.length === 0 ||
      signature.length >= SIGNATURE_LIMIT ||
      lengths.reduce((sum, length) => sum + length, 0) > SUM_MAX
    ) {
      throw new ProtocolError(`Cannot link with lengths ${lengths.join(", ")}`);
    }
    const { duplicates } = worker;
    if (duplicates !== null) {
      // Its deletion would not be counted.
      if (masterName !== "") throw new ProtocolError("Cannot count a link with the name of a slave");
      requireIndex(duplicates);
      const wish = { sourceName, masterName, prefix, ext: fileExt };
      void linkCounted(session, duplicates, signature, wish).catch((error: unknown) => session.failWith(error));
      return;
    }
    makeLink(session, { sourceName, masterName, prefix, ext: fileExt }, (made) => {
      if (made instanceof Error) {
        session.failWith(made);
        return;
      }
      countTried(worker, counters);
      const packet = encodeResponse(createLink, { groupName, fileName: made.name });
      worker.commits.push(made.record, new ClientCompletion(session, counters, 0, packet, made.undo));
    });
  },
};

/** With check_file_duplicate here, too: the content's count includes the link, or there is none. C only logs a failure. */
function linkCounted(session: Session, duplicates: Duplicates, signature: Uint8Array, wish: LinkWish): Promise<void> {
  return duplicates.whileAlone(signatureToHex(signature), async () => {
    const made = await makeCountedLink(session, duplicates, signature, wish);
    countTried(session.worker, counters);
    if (made === "missing") throw new ProtocolError(`Cannot find ${wish.sourceName}`, Status.ENOENT);
    await committed(session, made);
  });
}

function committed(session: Session, { name, record, recorded, undo }: CountedLink): Promise<void> {
  const { worker } = session;
  const packet = encodeResponse(createLink, { groupName: worker.config.groupName, fileName: name });
  const completion = new ClientCompletion(session, counters, 0, packet, undo);
  return new Promise((resolve) => {
    worker.commits.push(record, {
      committed(status) {
        if (status === Status.OK) recorded();
        completion.committed(status);
        resolve();
      },
    });
  });
}
