// The registry of every command by number: for the packet printer and for the test that holds the table of the protocol
// documents against ours.

import type { Command } from "./command.ts";
import * as common from "./common-commands.ts";
import * as own from "./own-commands.ts";
import * as storageClient from "./storage-client.ts";
import * as storageSync from "./storage-sync.ts";
import * as trackerCluster from "./tracker-cluster.ts";
import * as trackerList from "./tracker-list.ts";
import * as trackerLookup from "./tracker-lookup.ts";
import * as trackerQuery from "./tracker-query.ts";
import * as trackerReport from "./tracker-report.ts";

export type AnyCommand = Command<unknown, unknown>;

const isCommand = (value: unknown): value is AnyCommand =>
  typeof value === "object" && value !== null && "number" in value && "request" in value;

/** Every declared command by its number. */
export const commandsByNumber: ReadonlyMap<number, AnyCommand> = new Map(
  [common, own, storageClient, storageSync, trackerCluster, trackerList, trackerLookup, trackerQuery, trackerReport]
    .flatMap((family): unknown[] => Object.values(family))
    .filter(isCommand)
    .map((declaration) => [declaration.number, declaration]),
);
