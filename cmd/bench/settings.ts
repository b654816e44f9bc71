// The options of `fdfs bench` as a load: which operations, how large, how many, for how long. It checks what the user
// wrote; addresses are target.ts's, files are files.ts's.

import { type Extent, type LoadPlan, type OperationKind, operationKinds } from "../../core/bench/plan.ts";
import type { SizePart } from "../../core/bench/sizes.ts";
import { type CommandContext, UsageError } from "../command.ts";
import { isSet, numberOption, textOption } from "../options.ts";
import { parseDuration, parseMix, parsePids, parseSizes } from "./values.ts";

const DEFAULT_SIZE = "4K";
const DEFAULT_CONNECTIONS = 16;
const DEFAULT_FILES = 1000;
/** Deletions use files up: more of them when nobody says how long they shall last. */
const DEFAULT_DELETED_FILES = 10_000;
const DEFAULT_SECONDS = 10;
const DEFAULT_WARM_UP_SECONDS = 1;
const DEFAULT_TIMEOUT_SECONDS = 30;
const DEFAULT_MIX = "upload=1,download=4";
/** Each costs a file descriptor and a port. */
const MAX_CONNECTIONS = 60_000;
const MAX_THREADS = 64;
const MAX_COUNT = 2_000_000_000;

/** A load without what is found out later: where it goes, and the files it works on. */
type LoadSettings = Omit<LoadPlan, "target" | "storePathIndex" | "files" | "appenders">;

export interface BenchSettings {
  readonly load: LoadSettings;
  /** The load goes to a tracker. */
  readonly asksTracker: boolean;
  /** How many files are made for the load where it needs some. */
  readonly files: number;
  /** Files that were made stay. */
  readonly keep: boolean;
  readonly namesFile: string | undefined;
  readonly namesOutFile: string | undefined;
}

export function readSettings({ args, options }: CommandContext): BenchSettings {
  if (args.length > 0) throw new UsageError(`bench takes options only, found "${args[0]}"`);
  const mix = readMix(options);
  const asksTracker = mix.every(({ kind }) => isQuery(kind));
  if (!asksTracker && mix.some(({ kind }) => isQuery(kind))) {
    throw new UsageError("Option --mix asks a tracker and a storage at once: run two programs for that");
  }
  const has = (kind: OperationKind): boolean => mix.some((entry) => entry.kind === kind);
  if (mix.length > 1 && has("delete") && !has("upload")) {
    throw new UsageError("Option --mix has delete without upload: it deletes files that the same load uploads");
  }
  const isDeletion = mix.length === 1 && has("delete");
  const extent = readExtent(options);
  const warmUp = readWarmUp(options, isDeletion);
  const connections = limited(options, "connections", DEFAULT_CONNECTIONS, MAX_CONNECTIONS);
  const threads = limited(options, "threads", 1, MAX_THREADS);
  if (threads > connections) {
    throw new UsageError(`Option --threads has the value ${threads}, allowed is at most one for each connection`);
  }
  const namesOutFile = textOption(options, "namesOut");
  // Names of files that are gone are of no use.
  const keep = isSet(options, "keep") || namesOutFile !== undefined;
  const ratePerSecond = numberOption(options, "rate") ?? null;
  if (ratePerSecond === 0) throw new UsageError("Option --rate has the value 0, allowed is 1 or more");
  return {
    load: {
      mix,
      uploadsAppenders: false,
      sizes: readSizes(options),
      groupName: textOption(options, "group") ?? null,
      connections,
      threads,
      fresh: isSet(options, "fresh"),
      ratePerSecond,
      warmUp,
      extent,
      timeoutMs: duration(options, "timeout", DEFAULT_TIMEOUT_SECONDS) * 1000,
      seed: numberOption(options, "seed") ?? 1,
      keepsNames: has("upload") && (!keep || namesOutFile !== undefined),
      pids: readPids(options),
    },
    asksTracker,
    files: limited(options, "files", isDeletion ? filesToDelete(warmUp, extent) : DEFAULT_FILES, MAX_COUNT),
    keep,
    namesFile: textOption(options, "names"),
    namesOutFile,
  };
}

type Options = CommandContext["options"];

const isQuery = (kind: OperationKind): boolean => kind === "query" || kind === "query-fetch";

function readMix(options: Options): LoadPlan["mix"] {
  const mix = textOption(options, "mix");
  const operation = textOption(options, "operation") ?? (mix === undefined ? "upload" : "mixed");
  if (operation === "mixed") return wrapped("mix", () => parseMix(mix ?? DEFAULT_MIX));
  if (mix !== undefined) throw new UsageError(`Option --mix goes with --operation mixed, not with ${operation}`);
  const kind = operationKinds.find((name) => name === operation);
  if (kind !== undefined) return [{ kind, weight: 1 }];
  throw new UsageError(
    `Option --operation has the value "${operation}", allowed are ${operationKinds.join(", ")} and mixed`,
  );
}

function readSizes(options: Options): readonly SizePart[] {
  return wrapped("size", () => parseSizes(textOption(options, "size") ?? DEFAULT_SIZE));
}

function readPids(options: Options): readonly number[] {
  const text = textOption(options, "pid");
  return text === undefined ? [] : wrapped("pid", () => parsePids(text));
}

function readExtent(options: Options): Extent {
  const count = options["count"] === undefined ? null : limited(options, "count", 1, MAX_COUNT);
  if (count === null) return { seconds: duration(options, "duration", DEFAULT_SECONDS) };
  if (isSet(options, "duration")) throw new UsageError("Options --count and --duration exclude each other");
  return { operations: count };
}

function readWarmUp(options: Options, isDeletion: boolean): Extent {
  const text = textOption(options, "warmUp");
  if (text === undefined) return isDeletion ? { operations: 0 } : { seconds: DEFAULT_WARM_UP_SECONDS };
  if (/^\d{1,9}$/.test(text)) return { operations: Number(text) };
  return { seconds: wrapped("warm-up", () => parseDuration(text)) };
}

function filesToDelete(warmUp: Extent, extent: Extent): number {
  return "operations" in warmUp && "operations" in extent
    ? warmUp.operations + extent.operations
    : DEFAULT_DELETED_FILES;
}

/** A `count` option from 1 to `greatest`. */
function limited(options: Options, name: string, fallback: number, greatest: number): number {
  const value = numberOption(options, name) ?? fallback;
  if (value >= 1 && value <= greatest) return value;
  throw new UsageError(`Option --${name} has the value ${value}, allowed is 1 to ${greatest}`);
}

function duration(options: Options, name: string, fallbackSeconds: number): number {
  const text = textOption(options, name);
  if (text === undefined) return fallbackSeconds;
  const seconds = wrapped(name, () => parseDuration(text));
  if (seconds === 0) throw new UsageError(`Option --${name} has the value "${text}", allowed is more than nothing`);
  return seconds;
}

/** Says which option a value that cannot be read belongs to. */
function wrapped<T>(name: string, parse: () => T | string): T {
  const value = parse();
  if (typeof value === "string") throw new UsageError(`Option --${name} ${value}`);
  return value;
}
