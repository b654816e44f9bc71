// A cluster as it is found out, in plain records: a tracker, two servers of group1, and what each says.

import { decodeId, type FileFacts, type Replica } from "../../../../cmd/explain/file-facts.ts";
import type { Finding } from "../../../../cmd/explain/finding.ts";
import { type Member, memberKey, type Pace, type Picture, pictureOf } from "../../../../cmd/explain/picture.ts";
import type { FileAnswer, ReplicationAnswer, TrackerView } from "../../../../core/client/index.ts";
import type { PeerReport } from "../../../../core/wire/own-commands.ts";
import type { StorageInfo } from "../../../../core/wire/tracker-list.ts";
import { group, storage } from "../render/fixtures.ts";

export const NOW = 1_795_252_800;
/** storage.md §4.10: created by 127.0.0.72, 14 bytes. */
export const ID = "group1/M00/00/02/fwAASGsBFUGAfoSXAAAADg4Qul0701.txt";
export const A = "127.0.0.72";
export const B = "127.0.0.73";

export const tracker = (
  host: string,
  storages: readonly StorageInfo[],
  changes: Partial<TrackerView> = {},
): TrackerView => ({
  tracker: { host, port: 22122 },
  failure: null,
  isLeader: host === "10.0.0.1",
  leader: "10.0.0.1:22122",
  runningTimeSeconds: 300,
  groups: [{ group: group(), storages }],
  ...changes,
});

export const down = (host: string): TrackerView =>
  tracker(host, [], {
    failure: "connection refused",
    isLeader: false,
    leader: null,
    runningTimeSeconds: null,
    groups: [],
  });

export const server = (
  id: string,
  changes: Partial<StorageInfo> = {},
  stat: Partial<StorageInfo["stat"]> = {},
): StorageInfo => storage({ id, ipAddress: id, ...changes }, { lastHeartBeatTime: NOW - 5, ...stat });

export const peer = (id: string, changes: Partial<PeerReport> = {}): PeerReport => ({
  id,
  ipAddress: id,
  port: 23801,
  status: 7,
  state: "idle",
  reason: "",
  behindBytes: 0,
  behindSeconds: 0,
  lagP50Ms: 3,
  lagP99Ms: 12,
  copiedRecords: 10,
  copiedBytes: 1000,
  setAsideRecords: 0,
  setAsideFile: "/data/sync/peer.aside",
  lastError: "",
  lastErrorTime: 0,
  isFilling: false,
  binlogIndex: 0,
  binlogOffset: 100,
  ...changes,
});

export const report = (storageId: string, ...peers: PeerReport[]): ReplicationAnswer => ({
  kind: "report",
  report: { storageId, groupName: "group1", binlogIndex: 0, binlogSize: 100, peers },
});

export const silent: ReplicationAnswer = { kind: "silent" };
export const refused: ReplicationAnswer = { kind: "failed", reason: "connection refused" };

export interface Told {
  readonly trackers?: readonly TrackerView[];
  readonly storages?: readonly StorageInfo[];
  readonly answers?: Readonly<Record<string, ReplicationAnswer>>;
  readonly paces?: ReadonlyMap<string, Pace>;
}

/** Two servers that are well unless something else is told. */
export function picture(told: Told = {}): Picture {
  const storages = told.storages ?? [server(A), server(B)];
  const answers = told.answers ?? { [A]: report(A, peer(B)), [B]: report(B, peer(A)) };
  return pictureOf({
    now: NOW,
    trackers: told.trackers ?? [tracker("10.0.0.1", storages)],
    answers: new Map(Object.entries(answers).map(([id, answer]) => [memberKey("group1", id), answer])),
    paces: told.paces ?? new Map(),
  });
}

export function member(of: Picture, id: string): Member {
  return of.groups.flatMap(({ members }) => members).find(({ info }) => info.id === id)!;
}

export const here = (changes: Partial<Extract<FileAnswer, { kind: "present" }>> = {}): FileAnswer => ({
  kind: "present",
  size: 14,
  crc32: 0x0e10ba5d,
  modifiedAt: NOW - 100,
  ...changes,
});
export const absent: FileAnswer = { kind: "absent" };

/** What each server said of a file. */
export function fileFacts(
  of: Picture,
  files: Readonly<Record<string, FileAnswer>>,
  contents: Readonly<Record<string, Replica["content"]>> = {},
  id = ID,
): FileFacts {
  const replicas = Object.entries(files).map(([name, file]) => ({
    member: member(of, name),
    file,
    content: contents[name] ?? null,
  }));
  return { decoded: decodeId(id), replicas, readers: null };
}

/** One finding as a line: severity, then what, why and what to do. */
export const line = ({ severity, what, why, remedy }: Finding): string => [severity, what, why, remedy].join(" | ");
