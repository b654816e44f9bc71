// REGENERATE_APPENDER_FILENAME (storage.md §2.11): an appender becomes a normal file with a name of its own, in the same
// directory and with the same tail. Its metadata stays under the old name, as with C.

import { renameSync } from "node:fs";
import { tailOf } from "../../fileid/file-id.ts";
import { LOGIC_PATH_SIZE } from "../../fileid/logic-name.ts";
import { encodeBlock } from "../../fileid/packed-block.ts";
import type { WholeRoute } from "../../net/frame-protocol.ts";
import { encodeResponse } from "../../wire/command.ts";
import { Status } from "../../wire/status.ts";
import { regenerateAppenderFilename } from "../../wire/storage-client.ts";
import { formatRecord, Op } from "../binlog/record.ts";
import { flushDirectory, renameWithoutReplacing } from "../io/new-file.ts";
import type { Session } from "../io/session.ts";
import { locate } from "../io/store-paths.ts";
import { locateAppender } from "./appender-file.ts";
import { checksumOf } from "./checksum.ts";
import { noteDeleted, ownChange } from "./local-state.ts";
import { whileLockedAsync } from "./while-locked.ts";

const RANDOM_RANGE = 0x80_0000;

export const regenerateRoute: WholeRoute<Session> = {
  kind: "whole",
  handle(session, body, header) {
    session.begin("rename", header);
    const { fileName } = regenerateAppenderFilename.request.parse(body);
    session.fileName = fileName;
    const { worker } = session;
    const { path } = locateAppender(worker, fileName);
    whileLockedAsync(session, fileName, async () => {
      const { crc, size } = await checksumOf(path, () => !session.connection.isClosed);
      const timestamp = Math.floor(Date.now() / 1000);
      const random = Math.floor(Math.random() * RANDOM_RANGE);
      const block = encodeBlock(worker.config.sourceBytes, timestamp, "normal", size, crc, random);
      const newName = fileName.slice(0, LOGIC_PATH_SIZE) + block + tailOf(fileName);
      const target = locate(worker, newName).path;
      worker.commits.intend(Op.RENAME, newName, fileName);
      renameWithoutReplacing(path, target);
      flushDirectory(worker, target);
      noteDeleted(worker, fileName, ownChange(timestamp));
      session.fileName = `${fileName}=>${newName}`;
      const { groupName } = worker.config;
      const packet = encodeResponse(regenerateAppenderFilename, {
        groupName,
        fileName: newName,
      });
      return {
        record: formatRecord(timestamp, Op.RENAME, `${newName} ${fileName}`),
        waiter: {
          committed(status) {
            if (status === Status.OK) {
              session.reply(packet);
              return;
            }
            renameSync(target, path);
            session.fail(status);
          },
        },
      };
    });
  },
};
