// One storage of this machine by its storage.conf: where its files are, whether it runs, whose word its free space is, and
// what its trackers say of slots.

import { resolve } from "node:path";
import { formatProblem, loadStorageConf, type StorageSettings } from "../../conf/index.ts";
import { createClient, type TrunkAnswer } from "../../core/client/index.ts";
import type { AuditProgress } from "../../core/storage/trunk/audit/look.ts";
import { type KnownOwner, mapOwnerOf, ownAddresses } from "../../core/storage/trunk/audit/map-owner.ts";
import type { TrunkReport } from "../../core/wire/own-commands.ts";
import { type CommandContext, UsageError } from "../command.ts";
import { textOption } from "../options.ts";
import { runningPid } from "../pid-file.ts";
import { createProgress } from "../progress.ts";
import { storageKind } from "../server-kinds.ts";
import { pidFileOf } from "../server-process.ts";

const ASK_TIMEOUT_MS = 2000;
/** What storages take when no tracker tells (trunk-dedup-recovery.md §1.1). */
const DEFAULT_SLOT_MIN = 256;

export interface StoragePlace extends KnownOwner {
  /** As the file says. */
  readonly conf: string;
  readonly settings: StorageSettings;
  readonly storePaths: readonly string[];
  /** Why it is known to run; null: it does not. */
  readonly running: string | null;
  /** Of a running storage of ours. */
  readonly report: TrunkReport | null;
  /** A C storage runs. */
  readonly isC: boolean;
  readonly slotMinSize: number;
  /** False: no tracker answered, `slotMinSize` is the storages' default. */
  readonly isSlotMinTold: boolean;
}

/** Throws ConfError for a file that cannot be used. Doubtful lines of it are told unless `isAgain`. */
export async function findPlace(context: CommandContext, isAgain = false): Promise<StoragePlace> {
  const { options, cwd, stderr, isTerminal } = context;
  const given = textOption(options, "conf");
  if (given === undefined)
    throw new UsageError("Option --conf is missing: it names the storage.conf of a storage here");
  const conf = resolve(cwd, given);
  const { settings, warnings } = loadStorageConf(conf);
  if (isTerminal && !isAgain) for (const warning of warnings) await stderr.write(`${formatProblem(warning)}\n`);
  const pid = runningPid(pidFileOf(storageKind, settings), [storageKind.program]);
  const { host, answer, slotMin, word } = await askServers(settings);
  const report = answer.kind === "report" ? answer.report : null;
  const answers = answer.kind === "failed" ? null : `it answers at ${host}:${settings.port}`;
  const known = wordOf(report) ?? word ?? mapOwnerOf(settings.basePath);
  return {
    ...{ conf, settings, report, ...known },
    storePaths: settings.storePaths.map(({ path }) => path),
    running: pid === null ? answers : `its process has the number ${pid}`,
    isC: answer.kind === "silent",
    slotMinSize: slotMin ?? DEFAULT_SLOT_MIN,
    isSlotMinTold: slotMin !== null,
  };
}

/** Whose word the map is, by the storage itself; null when it does not know either. */
function wordOf(report: TrunkReport | null): KnownOwner | null {
  if (report === null || report.role === "none") return null;
  return { owner: report.role === "other" ? "elsewhere" : "here", server: report.server };
}

interface Answers {
  readonly host: string;
  readonly answer: TrunkAnswer;
  readonly slotMin: number | null;
  /** Whose word the map is, by a tracker; null when none answers, or none knows a trunk server. */
  readonly word: KnownOwner | null;
}

async function askServers(settings: StorageSettings): Promise<Answers> {
  const hosts = settings.bindAddr.split(",").flatMap((part) => (part.trim() === "" ? [] : [part.trim()]));
  const host = hosts[0] ?? "127.0.0.1";
  const own = new Set([...hosts, ...ownAddresses(settings.basePath)]);
  const client = createClient({
    trackers: settings.trackerServers,
    connectTimeoutMs: ASK_TIMEOUT_MS,
    networkTimeoutMs: ASK_TIMEOUT_MS,
  });
  try {
    const [answer, slotMin, word] = await Promise.all([
      client.storageTrunk({ host, port: settings.port }),
      client.parameters().then(slotMinOf, () => null),
      client.listStorages(settings.groupName).then(
        (storages): KnownOwner | null => {
          const server = storages.find(({ isTrunkServer }) => isTrunkServer);
          if (server === undefined) return null;
          const isHere = server.storagePort === settings.port && own.has(server.ipAddress);
          return { owner: isHere ? "here" : "elsewhere", server: server.id };
        },
        () => null,
      ),
    ]);
    return { host, answer, slotMin, word };
  } finally {
    await client.close();
  }
}

/** As storages read it. */
function slotMinOf(parameters: ReadonlyMap<string, string>): number | null {
  const number = (key: string): number => Number.parseInt(parameters.get(key) ?? "", 10) || 0;
  const slotMin = Math.max(number("slot_min_size") || DEFAULT_SLOT_MIN, number("trunk_alloc_alignment_size"));
  return parameters.has("slot_min_size") ? slotMin : null;
}

/** Bars on a terminal while trunk files are read. `close` takes them away. */
export function auditProgress(context: CommandContext): AuditProgress & { close(): void } {
  const progress = createProgress(context, true);
  let advance = (_bytes: number): void => {};
  return {
    start(bytes) {
      const transfer = progress.start("trunk files", bytes);
      advance = (count) => transfer.advance(count);
    },
    advance: (bytes) => advance(bytes),
    close: () => progress.close(),
  };
}
