/**
 * Good and bad frames for a tracker with one group of one ACTIVE storage (tracker.md sections 1, 2 and 4).
 * None of them changes the cluster.
 */
import { frame } from "./talk.ts";

export interface WireCase {
  readonly label: string;
  readonly bytes: Uint8Array;
  /** Compare the body too, not only its length. */
  readonly exact?: boolean;
}

/** `storageId` is the storage's address (no storage ids in use), `name` a file of it without the group. */
export function trackerCases(groupName: string, storageId: string, name: string): WireCase[] {
  const none = new Uint8Array(0);
  const group = text(groupName, 16);
  const other = text("nosuch", 16);
  const file = Buffer.from(name);
  const cases: WireCase[] = [];
  const add = (label: string, command: number, ...parts: Uint8Array[]): void => {
    cases.push({ label: `${command} ${label}`, bytes: frame(command, Buffer.concat(parts)) });
  };
  add("ACTIVE_TEST", 111);
  add("ACTIVE_TEST with a body", 111, Buffer.from("x"));
  for (const command of [101, 106]) {
    add("query store", command);
    add("query store with a body", command, group);
  }
  for (const command of [104, 107]) {
    add("query store in the group", command, group);
    add("query store in an unknown group", command, other);
    add("query store, group of 15 bytes", command, group.subarray(0, 15));
    add("query store, group of 17 bytes", command, group, Buffer.alloc(1));
    add("query store without a body", command);
  }
  for (const command of [102, 103, 105]) {
    add("query for a file", command, group, file);
    add("query in an unknown group", command, other, file);
    add("query with a name of 21 bytes", command, group, file.subarray(0, 21));
    add("query with a name of 22 bytes", command, group, file.subarray(0, 22));
    add("query with a name of 127 bytes", command, group, Buffer.alloc(127, "a"));
    add("query with a name of 128 bytes", command, group, Buffer.alloc(128, "a"));
    add("query with .. in the name", command, group, Buffer.from("M00/../../../../../../etc/passwd"));
    add("query without a name", command, group);
  }
  add("list one group", 90, group);
  add("list an unknown group", 90, other);
  add("list one group, short field", 90, group.subarray(0, 5));
  add("list groups", 91);
  add("list groups with a body", 91, group);
  add("list storages", 92, group);
  add("list storages of an unknown group", 92, other);
  add("list storages, short group", 92, group.subarray(0, 8));
  add("list one storage", 92, group, Buffer.from(storageId));
  add("list an unknown storage", 92, group, Buffer.from("127.9.9.9"));
  add("list storages, id of 15 bytes", 92, group, Buffer.alloc(15, "1"));
  add("list storages, id of 16 bytes", 92, group, Buffer.alloc(16, "1"));
  add("delete an unknown storage", 93, group, Buffer.from("127.9.9.9"));
  add("delete an ACTIVE storage", 93, group, Buffer.from(storageId));
  add("delete without an id", 93, group);
  add("delete in an unknown group", 93, other, Buffer.from(storageId));
  add("delete a group with members", 108, group);
  add("delete an unknown group", 108, other);
  add("delete a group, short field", 108, group.subarray(0, 3));
  add("set trunk server, trunk mode off", 94, group);
  add("get leader", 95);
  add("get leader with a body", 95, group);
  for (const command of [96, 97, 98]) {
    add("cluster statistics without a body", command);
    add("cluster statistics with a long body", command, Buffer.alloc(200, 1));
  }
  add("fetch storage ids, ids off", 69, Buffer.alloc(4));
  add("fetch storage ids without a body", 69);
  add("get server id", 70, group, Buffer.from(storageId));
  add("get server id, empty", 70);
  add("get storage status", 71, group, Buffer.from(storageId));
  add("get storage status of an unknown one", 71, group, Buffer.from("127.9.9.9"));
  add("get status without a body", 64);
  add("parameters with a body", 75, group);
  add("get my ip", 60);
  add("get my ip with a body", 60, group);
  add("get group name without a body", 109);
  for (const command of [59, 72, 73, 74, 83, 84, 85, 87, 89]) add("before joining", command);
  add("join with a short body", 81, group);
  add("response marker", 100);
  add("unknown command", 200);
  add("command 0", 0);
  cases.push(
    { label: "length -1", bytes: frame(101, none, { length: -1n }) },
    { label: "length 2^31", bytes: frame(101, none, { length: 2n ** 31n - 1n }) },
    { label: "length just above the package limit", bytes: frame(101, none, { length: 256n * 1024n }) },
    { label: "QUIT", bytes: frame(82, none) },
    { label: "half a header", bytes: frame(101, none).subarray(0, 5) },
    { label: "request with status 9", bytes: frame(111, none, { status: 9 }) },
  );
  return cases;
}

/** NUL-padded text field. */
export function text(value: string, size: number): Buffer {
  const bytes = Buffer.alloc(size);
  bytes.write(value);
  return bytes;
}
