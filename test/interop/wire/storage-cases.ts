/**
 * Good and bad frames for a storage, in the order they depend on each other (storage.md sections 1 and 2).
 * The caller has uploaded the files they name; names differ between servers, so answers are compared, not requests.
 */
import { frame } from "./talk.ts";
import { text, type WireCase } from "./tracker-cases.ts";

/** Files every storage under comparison has got before; names without the group. */
export interface KnownFiles {
  /** Normal file of 1500 bytes, extension txt, metadata a=1 and b=2. */
  readonly normal: string;
  /** Normal file of 10 bytes without metadata. */
  readonly bare: string;
  readonly empty: string;
  /** Appender of 1000 bytes. */
  readonly appender: string;
  /** Slave of `normal` with prefix _big and extension jpg, 20 bytes. */
  readonly slave: string;
}

export function storageCases(groupName: string, files: KnownFiles): WireCase[] {
  const cases: WireCase[] = [];
  const add = (label: string, command: number, ...parts: Uint8Array[]): void => {
    cases.push({ label: `${command} ${label}`, bytes: frame(command, Buffer.concat(parts)) });
  };
  const exact = (label: string, command: number, ...parts: Uint8Array[]): void => {
    cases.push({ label: `${command} ${label}`, bytes: frame(command, Buffer.concat(parts)), exact: true });
  };
  const group = text(groupName, 16);
  const gone = `${files.normal.slice(0, 12)}${files.normal.slice(12).replace(/^./, "_")}`;
  uploadCases(add);
  slaveCases(add, files);
  appenderCases(add, files);
  metadataCases(add, exact, group, files, gone);

  exact("download whole", 14, n64(0), n64(0), group, Buffer.from(files.normal));
  exact("download a part", 14, n64(100), n64(300), group, Buffer.from(files.normal));
  exact("download more than there is", 14, n64(1000), n64(5000), group, Buffer.from(files.normal));
  exact("download of the metadata file", 14, n64(0), n64(0), group, Buffer.from(`${files.normal}-m`));
  add("download at the end", 14, n64(1500), n64(0), group, Buffer.from(files.normal));
  add("download behind the end", 14, n64(5000), n64(0), group, Buffer.from(files.normal));
  add("download, negative offset", 14, n64(-5), n64(0), group, Buffer.from(files.normal));
  add("download, negative count", 14, n64(0), n64(-5), group, Buffer.from(files.normal));
  add("download of an empty file", 14, n64(0), n64(0), group, Buffer.from(files.empty));
  add("download, body too short", 14, n64(0), n64(0), group);
  for (const [command, head] of [
    [12, []],
    [14, [n64(0), n64(0)]],
    [15, []],
    [22, []],
  ] as const) {
    const named = (label: string, name: string, owner: Uint8Array = group): void =>
      add(label, command, ...head, owner, Buffer.from(name));
    named("missing file", gone);
    named("another group", files.normal, text("group2", 16));
    named("group of 16 characters", files.normal, Buffer.alloc(16, "g"));
    named("path index out of range", files.normal.replace("M00", "M07"));
    named("path index not hexadecimal", files.normal.replace("M00", "MZZ"));
    named(".. in the name", "M00/../../../../etc/passwd");
    named("lower-case folder", files.normal.replace(/^M00\/..\/../, "M00/0a/0b"));
    named("one slash too many", files.normal.replace("M00/00/00/", "M00/00/00/x/"));
    named("short name", "M00/00/00");
    named("folder that does not exist", files.normal.replace(/^M00\/..\/../, "M00/F0/F1"));
    named("name with NUL", `${files.normal.slice(0, 30)}\0${files.normal.slice(31)}`);
    named("name of 200 bytes", `M00/00/00/${"a".repeat(190)}`);
    add("no name", command, ...head, group);
    add("no body", command);
  }
  add("info of a slave", 22, group, Buffer.from(files.slave));
  add("info of an appender", 22, group, Buffer.from(files.appender));
  cases.push({
    label: "22 missing file, silent flag",
    bytes: frame(22, Buffer.concat([group, Buffer.from(gone)]), { status: 2 }),
  });
  add("delete the slave", 12, group, Buffer.from(files.slave));
  add("delete the slave again", 12, group, Buffer.from(files.slave));
  add("ACTIVE_TEST", 111);
  add("ACTIVE_TEST with a body", 111, Buffer.from("x"));
  // 200 is ours: one storage of ours asks another how far it has copied.
  for (const command of [0, 10, 39, 41, 100, 101, 199, 222]) add("unknown command", command);
  for (const command of [27, 28, 29, 31]) add("trunk command without the role", command);
  add("path binlog, index out of range", 26, group, Buffer.from([9]));
  add("path binlog, short", 26, group);
  const none = new Uint8Array(0);
  cases.push(
    { label: "length -1", bytes: frame(11, none, { length: -1n }) },
    { label: "QUIT", bytes: frame(82, none) },
    { label: "half a header", bytes: frame(111, none).subarray(0, 5) },
    { label: "download frame of 2^40 bytes", bytes: frame(14, Buffer.alloc(60), { length: 2n ** 40n }) },
  );
  return cases;
}

type Add = (label: string, command: number, ...parts: Uint8Array[]) => void;

function uploadCases(add: Add): void {
  const content = Buffer.from("0123456789");
  for (const command of [11, 23]) {
    const upload = (label: string, path: number, size: number, extension: Uint8Array, body: Uint8Array): void =>
      add(label, command, Buffer.from([path]), n64(size), extension, body);
    const txt = text("txt", 6);
    upload("upload", 0, 10, txt, content);
    upload("upload, server chooses the path", 255, 10, txt, content);
    upload("upload of nothing", 0, 0, txt, new Uint8Array(0));
    upload("upload, no extension", 0, 10, text("", 6), content);
    upload("upload, extension of 6", 0, 10, text("tar.gz", 6), content);
    upload("upload, path 9", 9, 10, txt, content);
    upload("upload, path -2", 254, 10, txt, content);
    upload("upload, size too small", 0, 9, txt, content);
    upload("upload, size too large", 0, 11, txt, content);
    upload("upload, negative size", 0, -1, txt, content);
    upload("upload, huge size", 0, 2 ** 52, txt, content);
    upload("upload, slash in the extension", 0, 10, text("a/b", 6), content);
    upload("upload, blank in the extension", 0, 10, text("a b", 6), content);
    upload("upload, extension not ASCII", 0, 10, Buffer.from([0xc3, 0xa9, 0, 0, 0, 0]), content);
    add("upload, head cut", command, Buffer.from([0]), n64(10));
    add("upload, no body", command);
  }
}

function slaveCases(add: Add, files: KnownFiles): void {
  const slave = (
    label: string,
    master: string,
    prefix: string,
    extension: string,
    size = 4,
    length = master.length,
  ): void =>
    add(
      label,
      21,
      n64(length),
      n64(size),
      text(prefix, 16),
      text(extension, 6),
      Buffer.from(master),
      Buffer.from("data"),
    );
  slave("slave", files.normal, "_s1", "txt");
  slave("slave that exists", files.normal, "_s1", "txt");
  slave("slave without an extension", files.normal, "_s2", "");
  slave("slave with another extension", files.normal, "_s3", "png");
  slave("slave of an appender", files.appender, "_s4", "txt");
  slave("slave of a slave", files.slave, "_s5", "txt");
  slave("slave of a missing master", files.normal.replace(/.{5}\.txt$/, "00000.txt"), "_s6", "txt");
  slave("slave, empty prefix", files.normal, "", "txt");
  slave("slave, prefix -m without an extension", files.normal, "-m", "");
  slave("slave, prefix -m with an extension", files.normal, "-m", "txt");
  slave("slave, slash in the prefix", files.normal, "/x", "txt");
  slave("slave, prefix of 16", files.normal, "_234567890123456", "txt");
  slave("slave, size wrong", files.normal, "_s7", "txt", 5);
  slave("slave, name length 10", files.normal, "_s8", "txt", 4, 10);
  slave("slave, name length 128", files.normal, "_s9", "txt", 4, 128);
  slave("slave, negative name length", files.normal, "_s10", "txt", 4, -1);
}

function appenderCases(add: Add, files: KnownFiles): void {
  const append = (label: string, name: string, size: number, body: string, length = name.length): void =>
    add(label, 24, n64(length), n64(size), Buffer.from(name), Buffer.from(body));
  append("append", files.appender, 4, "more");
  append("append of nothing", files.appender, 0, "");
  append("append to a normal file", files.bare, 4, "more");
  append("append to a missing file", files.appender.replace(/.{5}\.log$/, "00000.log"), 4, "more");
  append("append, size wrong", files.appender, 5, "more");
  append("append, negative size", files.appender, -1, "more");
  append("append, name length 20", files.appender, 4, "more", 20);
  append("append, path 7", files.appender.replace("M00", "M07"), 4, "more");
  const modify = (label: string, name: string, at: number, size: number, body: string): void =>
    add(label, 34, n64(name.length), n64(at), n64(size), Buffer.from(name), Buffer.from(body));
  modify("modify", files.appender, 10, 4, "more");
  modify("modify of nothing", files.appender, 10, 0, "");
  modify("modify at the end", files.appender, 1004, 4, "more");
  modify("modify behind the end", files.appender, 5000, 4, "more");
  modify("modify, negative offset", files.appender, -1, 4, "more");
  modify("modify of a normal file", files.bare, 0, 4, "more");
  const truncate = (label: string, name: string, size: number): void =>
    add(label, 36, n64(name.length), n64(size), Buffer.from(name));
  truncate("truncate to the same size", files.appender, 1008);
  truncate("truncate", files.appender, 500);
  truncate("truncate to more", files.appender, 2000);
  truncate("truncate, negative", files.appender, -1);
  truncate("truncate of a normal file", files.bare, 5);
  truncate("truncate of a missing file", files.appender.replace(/.{5}\.log$/, "00000.log"), 5);
  add("regenerate a normal file", 38, Buffer.from(files.bare));
  add("regenerate a missing file", 38, Buffer.from(files.appender.replace(/.{5}\.log$/, "00000.log")));
  add("regenerate, short name", 38, Buffer.from("M00/00/00/abc"));
}

function metadataCases(add: Add, exact: Add, group: Uint8Array, files: KnownFiles, gone: string): void {
  exact("get metadata", 15, group, Buffer.from(files.normal));
  add("get metadata, none", 15, group, Buffer.from(files.bare));
  const set = (label: string, name: string, flag: string, packed: string, size = packed.length): void => {
    const head = [n64(name.length), n64(size), Buffer.from(flag), group];
    add(label, 13, ...head, Buffer.from(name), Buffer.from(packed, "latin1"));
  };
  const after = (label: string): void => exact(`get metadata after ${label}`, 15, group, Buffer.from(files.normal));
  set("set metadata", files.normal, "O", "z\x021\x01a\x022");
  after("set");
  set("merge metadata", files.normal, "M", "m\x023\x01a\x029");
  after("merge");
  set("merge nothing", files.normal, "M", "");
  after("merging nothing");
  set("set metadata, empty value", files.normal, "O", "k\x02");
  after("an empty value");
  set("set metadata, flag X", files.normal, "X", "a\x021");
  set("set metadata, length wrong", files.normal, "O", "a\x021", 4);
  set("set metadata, negative length", files.normal, "O", "a\x021", -1);
  set("set metadata of a missing file", gone, "O", "a\x021");
  set("set nothing", files.normal, "O", "");
  after("setting nothing");
  set("set nothing again", files.normal, "O", "");
  set("merge into nothing", files.normal, "M", "b\x022\x01a\x021");
  after("merging into nothing");
}

function n64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(value));
  return bytes;
}
