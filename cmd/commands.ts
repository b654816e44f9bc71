// The table of subcommands and of the C release's program names. Only declarations stand here: a command's code is
// imported when it runs, so that `fdfs upload` in a shell loop starts no more than it needs.

import type { CommandSpec, LegacyModule, OptionSpec } from "./command.ts";

/** Where the trackers are: every command that talks to a cluster takes these. */
const clusterOptions: readonly OptionSpec[] = [
  { flags: "--conf <file>", summary: "client.conf with tracker_server lines" },
  { flags: "--tracker <host:port>", summary: "A tracker; may be repeated", repeatable: true },
];
const json: OptionSpec = { flags: "--json", summary: "Print results as JSON" };
const parallel: OptionSpec = {
  flags: "--parallel <n>",
  summary: "Transfer n files at a time (default 4)",
  kind: "count",
};

const trackerSources = [
  "Trackers are taken from the first of: --conf FILE, --tracker HOST:PORT, the variable FDFS_TRACKERS (a list",
  "separated by commas or blanks), ./client.conf, /etc/fdfs/client.conf.",
] as const;

const serverOptions: readonly OptionSpec[] = [
  { flags: "--conf <file>", summary: "The server's configuration file" },
  { flags: "--daemon", summary: "Go into the background once the server serves" },
];

export const commands: readonly CommandSpec[] = [
  {
    name: "tracker",
    usage: "--conf FILE [start|stop|restart|status]",
    summary: "Run a tracker server",
    options: serverOptions,
    load: () => import("./tracker.ts"),
  },
  {
    name: "storage",
    usage: "--conf FILE [start|stop|restart|status]",
    summary: "Run a storage server",
    options: [
      ...serverOptions,
      { flags: "--rebuild-binlog", summary: "Of a stopped storage: write its binlog anew from the files it has" },
    ],
    load: () => import("./storage.ts"),
  },
  {
    name: "server",
    usage: "[DIR]",
    summary: "Run a tracker and a storage on loopback, without configuration",
    options: [
      { flags: "--host <address>", summary: "Loopback address to listen on (default 127.0.0.88)" },
      {
        flags: "--tracker-port <port>",
        summary: "Port of the tracker (default 22122; 0: any free one)",
        kind: "count",
      },
      {
        flags: "--storage-port <port>",
        summary: "Port of the storage (default 23000; 0: any free one)",
        kind: "count",
      },
      { flags: "--ready-file <file>", summary: "Write the tracker's address here once it serves" },
      { flags: "--verbose", summary: "Tell what happens on standard error" },
    ],
    load: () => import("./server.ts"),
  },
  {
    name: "upload",
    usage: "FILE... [options]",
    summary: "Store files; prints one file ID a line",
    options: [
      ...clusterOptions,
      { flags: "--group <name>", summary: "Store in this group" },
      { flags: "--ext <ext>", summary: "Extension of the ID, at most 6 characters (default: the file's own)" },
      { flags: "--meta <k=v>", summary: "Metadata of every file; may be repeated", repeatable: true },
      { flags: "--appender", summary: "Store as appender: the file can be appended to and modified" },
      { flags: "--slave-of <id>", summary: "Store as slave of this file; needs --prefix" },
      { flags: "--prefix <text>", summary: "What a slave's name has behind its master's, at most 16 characters" },
      parallel,
      json,
    ],
    details: [
      'FILE may be a pattern in quotes ("photos/**/*.jpg") or - for standard input.',
      "IDs come in the order of the files; a file that fails is reported, the others go on, and the exit status is 1.",
      "Each file goes over one connection: only appender files could be sent in parts, by changing them after their",
      "creation, and until these changes were copied other storages would hand out an incomplete file without an error.",
      ...trackerSources,
    ],
    load: () => import("./upload.ts"),
  },
  {
    name: "download",
    usage: "ID... [-o FILE|FOLDER|-] [options]",
    summary: "Fetch files",
    options: [
      ...clusterOptions,
      { flags: "-o, --output <path>", summary: "Target file; - is standard output; a folder for several IDs" },
      { flags: "--offset <bytes>", summary: "Start here", kind: "bytes" },
      { flags: "--length <bytes>", summary: "Fetch at most this much", kind: "bytes" },
      { flags: "--continue", summary: "Fetch only what a partial target file lacks" },
      { flags: "--parts <n>", summary: "Fetch a large file over n connections at a time (default 1)", kind: "count" },
      parallel,
      json,
    ],
    details: [
      "Without -o the file goes into the current folder under the last part of its ID. An existing file is replaced,",
      "as cp does, but only once the new one is complete.",
      "--parts cuts files of 32 MB and more into pieces of 16 MB and more, fetches them from all storages of the group",
      "that have the file, and checks the whole against the checksum in the ID. It pays where one connection or one",
      "storage is slower than the network here. Otherwise the tracker's choice of one storage is kept to, which may",
      "spare distant or busy ones. Appender files always come over one connection.",
      ...trackerSources,
    ],
    load: () => import("./download.ts"),
  },
  {
    name: "append",
    usage: "ID FILE",
    summary: "Append a file (or - for standard input) to an appender file",
    options: [...clusterOptions, json],
    load: () => import("./append.ts"),
  },
  {
    name: "modify",
    usage: "ID FILE [--offset BYTES]",
    summary: "Overwrite a part of an appender file",
    options: [...clusterOptions, { flags: "--offset <bytes>", summary: "First byte (default 0)", kind: "bytes" }, json],
    load: () => import("./modify.ts"),
  },
  {
    name: "truncate",
    usage: "ID [SIZE]",
    summary: "Cut an appender file to SIZE bytes (default 0)",
    options: [...clusterOptions, json],
    load: () => import("./truncate.ts"),
  },
  {
    name: "regenerate",
    usage: "ID",
    summary: "Turn an appender into a normal file; prints its new ID",
    options: [...clusterOptions, json],
    load: () => import("./regenerate.ts"),
  },
  {
    name: "delete",
    usage: "ID...",
    summary: "Delete files",
    options: [...clusterOptions, json],
    load: () => import("./delete.ts"),
  },
  {
    name: "info",
    usage: "ID...",
    summary: "Size, checksum, time and source of files",
    options: [
      ...clusterOptions,
      { flags: "--local", summary: "Only what the ID itself tells; asks no server" },
      { flags: "--skip-crc", summary: "Do not let the server compute a checksum" },
      json,
    ],
    load: () => import("./info.ts"),
  },
  {
    name: "meta",
    usage: "get ID | set ID [k=v...] [--merge]",
    summary: "Show or set a file's metadata",
    options: [
      ...clusterOptions,
      { flags: "--merge", summary: "Keep items not named (default: replace all; no item at all removes them)" },
      json,
    ],
    load: () => import("./meta.ts"),
  },
  {
    name: "monitor",
    usage: "[GROUP]",
    summary: "State of the cluster: groups and storages",
    options: [
      ...clusterOptions,
      { flags: "--watch [seconds]", summary: "Show again every so often (default 2)", kind: "optional-count" },
      json,
    ],
    details: [
      "As fdfs_monitor shows it, and below each storage what it says of its copying to every other (a C storage does",
      "not say). fdfs explain tells what is wrong and why.",
      ...trackerSources,
    ],
    load: () => import("./monitor.ts"),
  },
  {
    name: "explain",
    usage: "[GROUP|IP|IP:PORT|STORAGE_ID|FILE_ID]",
    summary: "Why the cluster, a server or a file is as it is, and what to do",
    options: [
      ...clusterOptions,
      { flags: "--verify", summary: "Of a file: fetch it from every server and compare the contents" },
      json,
    ],
    details: [
      "Asks every tracker and every storage itself, and says in sentences: without argument what is wrong in the whole",
      "cluster; of a server why it is not ACTIVE, what it owes the others and they owe it; of a file which servers have",
      "it, whether the copies are the same, and why one is missing. Servers that are away cost about three seconds.",
      "A C server does not tell how far it has copied: then the times that the trackers keep must do.",
      "Exit status: 0 in order (notices do not count), 1 a problem was found, 2 used wrongly.",
      ...trackerSources,
    ],
    load: () => import("./explain.ts"),
  },
  {
    name: "trunk",
    usage: "stat [GROUP] | check --conf FILE | repair --conf FILE [--yes]",
    summary: "Small files packed into trunk files: free space, consistency, repair",
    options: [
      { flags: "--conf <file>", summary: "storage.conf of a storage of this machine; of stat also a client.conf" },
      { flags: "--tracker <host:port>", summary: "Of stat: a tracker; may be repeated", repeatable: true },
      { flags: "--yes", summary: "Of repair: do not ask" },
      { flags: "--force", summary: "Of repair: also where another storage is the trunk server" },
      json,
    ],
    details: [
      "stat asks every storage what it knows: who hands out space and why not, how much is free, how far the copies of",
      "the trunk binlog are. With a storage.conf it tells what the files of that storage say, running or not.",
      "check reads all trunk files of one storage and compares them with its free space and its data binlog; it changes",
      "nothing and may run beside the storage. Exit status: 0 in order (notices do not count), 1 a problem was found,",
      "2 it could not be checked. repair corrects the free space of a storage that does not run, never its files.",
      ...trackerSources,
    ],
    load: () => import("./trunk.ts"),
  },
  {
    name: "bench",
    usage: "[options]",
    summary: "Put a load on a storage or tracker and measure it",
    options: [
      ...clusterOptions,
      { flags: "--storage <host:port>", summary: "The storage, without asking a tracker" },
      { flags: "--group <name>", summary: "Ask the tracker for a storage of this group" },
      {
        flags: "--operation <name>",
        summary: "upload (default), download, append, metadata, delete, query, query-fetch or mixed",
      },
      { flags: "--mix <list>", summary: "Operations by weight (default upload=1,download=4)" },
      { flags: "--size <bytes>", summary: "4K (default), a range 1K-64K, or by weight 4K:70,64K:25,1M:5" },
      { flags: "--connections <n>", summary: "Operations under way at a time (default 16)", kind: "count" },
      { flags: "--threads <n>", summary: "Threads the connections are spread over (default 1)", kind: "count" },
      { flags: "--fresh", summary: "A new connection for each operation" },
      { flags: "--rate <n>", summary: "Open loop: so many operations a second are due", kind: "count" },
      { flags: "--count <n>", summary: "End after so many operations", kind: "count" },
      { flags: "--duration <time>", summary: "End after this time (default 10s)" },
      { flags: "--warm-up <time|n>", summary: "Time or operations before counting starts (default 1s)" },
      { flags: "--timeout <time>", summary: "Give an operation up after this time (default 30s)" },
      { flags: "--files <n>", summary: "Files made for downloads and the like (default 1000)", kind: "count" },
      { flags: "--names <file>", summary: "Work on the file IDs listed here instead, one a line" },
      { flags: "--names-out <file>", summary: "Write the IDs of uploaded files here, and keep the files" },
      { flags: "--keep", summary: "Do not delete what was uploaded" },
      { flags: "--pid <pids>", summary: "Measure the CPU time of these processes of this host: 123 or 123,124" },
      { flags: "--seed <n>", summary: "Another order of sizes, files and operations (default 1)", kind: "count" },
      json,
    ],
    details: [
      "Closed loop: each connection starts an operation when its last one has ended. With --rate operations start when",
      "they are due, and one that had to wait for a free connection counts from when it was due.",
      "query asks a tracker where to store, query-fetch where to read a file.",
      "Ctrl-C shows what was measured so far. Files that were uploaded are deleted at the end.",
      ...trackerSources,
    ],
    load: () => import("./bench.ts"),
  },
  {
    name: "delete-storage",
    usage: "GROUP ID",
    summary: "Remove a storage that is offline from the cluster",
    options: [...clusterOptions, json],
    load: () => import("./delete-storage.ts"),
  },
  {
    name: "delete-group",
    usage: "GROUP",
    summary: "Remove an empty group from the cluster",
    options: [...clusterOptions, json],
    load: () => import("./delete-group.ts"),
  },
  {
    name: "conf",
    usage: "print|check|sample ...",
    summary: "Show, check and make configuration files",
    options: [],
    rawArguments: true,
    load: async () => {
      const { runConf } = await import("./conf.ts");
      return {
        run: (context) =>
          runConf([...context.args], {
            stdout: (text) => void context.stdout.write(text),
            stderr: (text) => void context.stderr.write(text),
          }),
      };
    },
  },
  {
    name: "debug",
    usage: "decode [HEX...]",
    summary: "Explain the bytes of protocol packets",
    options: [json],
    hidden: true,
    details: [
      "Reads hexadecimal text from the arguments or from standard input; blanks, line ends and < > do not matter.",
    ],
    load: () => import("./debug.ts"),
  },
];

/** Programs of the C release by the name they are installed under (http-config-tools.md §4). */
export const legacyNames: ReadonlyMap<string, () => Promise<LegacyModule>> = new Map<
  string,
  () => Promise<LegacyModule>
>([
  ["fdfs_trackerd", async () => (await import("./legacy/server-program.ts")).fdfsTrackerd],
  ["fdfs_storaged", async () => (await import("./legacy/server-program.ts")).fdfsStoraged],
  ["fdfs_upload_file", () => import("./legacy/upload-file.ts")],
  ["fdfs_upload_appender", () => import("./legacy/upload-appender.ts")],
  ["fdfs_append_file", () => import("./legacy/append-file.ts")],
  ["fdfs_download_file", () => import("./legacy/download-file.ts")],
  ["fdfs_delete_file", () => import("./legacy/delete-file.ts")],
  ["fdfs_file_info", () => import("./legacy/file-info.ts")],
  ["fdfs_regenerate_filename", () => import("./legacy/regenerate-filename.ts")],
  ["fdfs_crc32", () => import("./legacy/crc32.ts")],
  ["fdfs_monitor", () => import("./legacy/monitor.ts")],
  ["fdfs_tracker_stat", () => import("./legacy/tracker-stat.ts")],
  ["fdfs_storage_stat", () => import("./legacy/storage-stat.ts")],
  ["fdfs_volumn_stat", () => import("./legacy/volumn-stat.ts")],
  ["fdfs_test", async () => (await import("./legacy/client-test.ts")).fdfsTest],
  ["fdfs_test1", async () => (await import("./legacy/client-test.ts")).fdfsTest1],
  ["fdfs_appender_test", async () => (await import("./legacy/appender-test.ts")).appenderTest],
  ["fdfs_appender_test1", async () => (await import("./legacy/appender-test.ts")).appenderTest1],
]);
