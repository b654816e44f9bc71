// What the argument of `fdfs explain` asks about, once the cluster is known: a group, servers, a tracker. File IDs are
// told apart before, by their slash. Pure.

import { addressOf, type GroupPicture, type Member, type Picture } from "./picture.ts";

export type Question =
  | { readonly kind: "cluster" }
  | { readonly kind: "group"; readonly group: GroupPicture }
  | { readonly kind: "servers"; readonly members: readonly Member[] }
  | { readonly kind: "tracker"; readonly address: string }
  | { readonly kind: "unknown"; readonly known: string };

/** A group's name before a storage id before an address. */
export function questionOf(word: string | null, picture: Picture): Question {
  if (word === null) return { kind: "cluster" };
  const group = picture.groups.find(({ stat }) => stat.groupName === word);
  if (group !== undefined) return { kind: "group", group };
  const all = picture.groups.flatMap(({ members }) => members);
  const byId = all.filter(({ info }) => info.id === word);
  const members = byId.length > 0 ? byId : all.filter(({ info }) => isAt(word, info.ipAddress, info.storagePort));
  if (members.length > 0) return { kind: "servers", members };
  const tracker = picture.facts.trackers.find((view) => isAt(word, view.tracker.host, view.tracker.port));
  if (tracker !== undefined) return { kind: "tracker", address: addressOf(tracker.tracker) };
  const names = [...picture.groups.map(({ stat }) => stat.groupName), ...all.map(({ name }) => name)];
  return { kind: "unknown", known: names.join(", ") };
}

/** `host`, `host:port` or `[v6]:port`. */
function isAt(word: string, host: string, port: number): boolean {
  return word === host || word === `[${host}]` || word === addressOf({ host, port });
}
