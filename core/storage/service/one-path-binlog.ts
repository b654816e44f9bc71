// FETCH_ONE_PATH_BINLOG and LIST_STORED_FILES: what a storage that lost a store path needs to know of ours. The binlog is
// read from its first file on, a piece at a time; nothing is kept afterwards.

import { type Dirent, lstatSync, readdirSync, readlinkSync, statSync } from "node:fs";
import { hex2, parseLogicName } from "../../fileid/logic-name.ts";
import type { WholeRoute } from "../../net/frame-protocol.ts";
import { listStoredFiles } from "../../wire/own-commands.ts";
import { ProtocolError } from "../../wire/protocol-error.ts";
import { fetchOnePathBinlog } from "../../wire/storage-sync.ts";
import { binlogFolder } from "../binlog/binlog-files.ts";
import { BinlogReader } from "../binlog/binlog-reader.ts";
import { formatRecord, Op } from "../binlog/record.ts";
import type { Session } from "../io/session.ts";
import { checkGroup } from "../io/store-paths.ts";
import type { WorkerContext } from "../io/worker-context.ts";
import { lineForRecovery, type PathQuestion, type StoredThing } from "../recovery/one-path-records.ts";
import { replyWithLines } from "./open-answer.ts";

/** Files that are looked at before others have their turn. */
const FILES_A_PIECE = 500;
const DATA = "/data/";

export const onePathBinlogRoute: WholeRoute<Session> = {
  kind: "whole",
  handle(session, body, header) {
    session.begin("fetch_one_path_binlog", header);
    const { groupName, storePathIndex } = fetchOnePathBinlog.request.parse(body);
    checkPath(session.worker, groupName, storePathIndex);
    const question: PathQuestion = { storePathIndex, storePathCount: session.worker.config.storePaths.length };
    replyWithLines(session, binlogLines(session.worker, question));
  },
};

export const storedFilesRoute: WholeRoute<Session> = {
  kind: "whole",
  handle(session, body, header) {
    session.begin("list_stored_files", header);
    const { groupName, storePathIndex } = listStoredFiles.request.parse(body);
    checkPath(session.worker, groupName, storePathIndex);
    replyWithLines(session, storedLines(session.worker, storePathIndex));
  },
};

function checkPath(worker: WorkerContext, groupName: string, storePathIndex: number): void {
  checkGroup(worker, groupName);
  const { length } = worker.config.storePaths;
  if (storePathIndex >= length) throw new ProtocolError(`Cannot use store path ${storePathIndex}: there are ${length}`);
}

async function* binlogLines(worker: WorkerContext, question: PathQuestion): AsyncGenerator<string> {
  const { config, scoreboard } = worker;
  const folder = `${config.storePaths[question.storePathIndex]!.path}${DATA}`;
  const look = (truePath: string): StoredThing | null => lookAt(worker, folder + truePath);
  const reader = new BinlogReader(binlogFolder(config.basePath), { index: 0, offset: 0 }, () => scoreboard.binlogIndex);
  try {
    for (let lines = await reader.read(); lines.length > 0; lines = await reader.read()) {
      let text = "";
      for (const { record } of lines) {
        if (typeof record !== "string") text += lineForRecovery(record, question, look) ?? "";
      }
      yield text;
    }
  } finally {
    reader.close();
  }
}

async function* storedLines(worker: WorkerContext, storePathIndex: number): AsyncGenerator<string> {
  const { config } = worker;
  for (let high = 0; high < config.subdirCountPerPath; high++) {
    for (let low = 0; low < config.subdirCountPerPath; low++) {
      const directories = `${hex2(high)}/${hex2(low)}/`;
      const folder = `${config.storePaths[storePathIndex]!.path}${DATA}${directories}`;
      const names = namesIn(folder);
      for (let start = 0; start < names.length; start += FILES_A_PIECE) {
        let text = "";
        for (const name of names.slice(start, start + FILES_A_PIECE)) {
          text += storedLine(worker, `M${hex2(storePathIndex)}/${directories}${name}`, folder + name);
        }
        yield text;
      }
    }
    yield "";
  }
}

function storedLine(worker: WorkerContext, name: string, path: string): string {
  // What a crash left of a recovery here is nobody's file.
  if (name.endsWith(".recovery.tmp") || !isUsable(worker, name)) return "";
  const found = lookAt(worker, path);
  if (found === null) return "";
  if (found.kind === "file") return formatRecord(found.modifiedAt, Op.CREATE, `${name} ${found.size}`);
  return found.target === null ? "" : formatRecord(0, Op.LINK, `${name} ${found.target}`);
}

function isUsable({ config }: WorkerContext, name: string): boolean {
  try {
    parseLogicName(name, config.storePaths.length);
    return true;
  } catch {
    return false;
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry: Dirent) => !entry.isDirectory())
      .map(({ name }) => name);
  } catch {
    return [];
  }
}

function lookAt({ config }: WorkerContext, path: string): StoredThing | null {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return null;
  if (stat.isFile()) return { kind: "file", size: stat.size, modifiedAt: Math.floor(stat.mtimeMs / 1000) };
  if (!stat.isSymbolicLink()) return null;
  const target = readlinkSync(path);
  const index = config.storePaths.findIndex(({ path: root }) => target.startsWith(root + DATA));
  if (index < 0 || statSync(target, { throwIfNoEntry: false }) === undefined) return { kind: "link", target: null };
  const truePath = target.slice(config.storePaths[index]!.path.length + DATA.length);
  return { kind: "link", target: `M${hex2(index)}/${truePath}` };
}
