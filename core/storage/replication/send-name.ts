// Brings changes of names to a peer: SYNC_DELETE_FILE, SYNC_RENAME_FILE, SYNC_CREATE_LINK (storage.md §3.3, §3.6, §3.7).

import { replicationStatus } from "../../wire/own-commands.ts";
import { Status } from "../../wire/status.ts";
import { syncCreateLink, syncDeleteFile, syncRenameFile } from "../../wire/storage-sync.ts";
import type { BinlogRecord } from "../binlog/record.ts";
import type { StoredName } from "../io/store-paths.ts";
import { factsOf, linkTarget, type StoredFacts } from "../io/stored-facts.ts";
import { slotPlaceOf } from "../trunk/slot-place.ts";
import { type Delivery, located, NOTHING_TO_SEND, standing } from "./delivery.ts";
import { sendCopy } from "./send-copy.ts";

/** A deletion; skipped when the name is in use again here. 2: the peer never had it. */
export async function sendDeletion(delivery: Delivery, { name, timestamp }: BinlogRecord): Promise<number> {
  if (standing(delivery, name) !== null) return NOTHING_TO_SEND;
  return deleteAtPeer(delivery, name, timestamp);
}

/**
 * A regenerated appender. Changes of the old file that were not sent before it went are lost to the peer, so only a peer that
 * checks what it renames is asked to do so (ours does); any other gets the file. The old name must not stay behind there.
 */
export async function sendRename(delivery: Delivery, record: BinlogRecord): Promise<number> {
  const { name: newName, otherName: oldName, timestamp } = record;
  const facts = standing(delivery, newName);
  const isThere = facts !== null;
  if (isThere && (await isOneOfOurs(delivery))) {
    const { groupName } = delivery;
    const status = await delivery.link.ask(syncRenameFile, { timestamp, groupName, newName, oldName });
    if (status !== Status.ENOENT && status !== Status.EEXIST) return status;
  }
  // Where it is there already, this brings nothing.
  const copied = isThere ? await sendCopy(delivery, withTimeOf(record, facts), newName, "create") : Status.OK;
  if (copied !== Status.OK) return copied;
  return standing(delivery, oldName) === null ? deleteAtPeer(delivery, oldName, timestamp) : Status.OK;
}

/** A rename leaves the file's time as it is. */
function withTimeOf(record: BinlogRecord, { modifiedAt }: StoredFacts): BinlogRecord {
  return { ...record, timestamp: modifiedAt };
}

/**
 * A link. A C peer gets the file's content under the link's name: its own records of links stop its replication. Only a link
 * inside a trunk file has room for nothing but the name of what it points to, and goes as C sends it.
 */
export async function sendLink(delivery: Delivery, record: BinlogRecord): Promise<number> {
  const { name: linkName, timestamp } = record;
  const stored = located(delivery, linkName);
  const facts = stored === null ? null : factsOf(delivery.disks, stored);
  if (stored === null || facts?.kind !== "link") return NOTHING_TO_SEND;
  const sourceName = record.otherName === "" ? targetOf(delivery, stored, facts) : record.otherName;
  const isSlot = slotPlaceOf(stored) !== null;
  if (sourceName === null || !(isSlot || (await isOneOfOurs(delivery)))) {
    return sendCopy(delivery, record, linkName, "create");
  }
  const { groupName } = delivery;
  const status = await delivery.link.ask(syncCreateLink, { timestamp, groupName, linkName, sourceName });
  return status === Status.ENOENT || status === Status.EEXIST ? Status.OK : status;
}

async function deleteAtPeer({ link, groupName }: Delivery, fileName: string, timestamp: number): Promise<number> {
  const status = await link.ask(syncDeleteFile, { timestamp, groupName, fileName });
  return status === Status.ENOENT ? Status.OK : status;
}

/** The logic name that a link of this storage points to, on the same store path; null when it points elsewhere. */
function targetOf({ disks }: Delivery, stored: StoredName, facts: StoredFacts): string | null {
  const target = linkTarget(disks, stored, facts);
  return target?.storePathIndex === stored.storePathIndex ? target.name : null;
}

async function isOneOfOurs({ link, traits }: Delivery): Promise<boolean> {
  traits.isOneOfOurs ??= (await link.ask(replicationStatus, {})) === Status.OK;
  return traits.isOneOfOurs;
}
