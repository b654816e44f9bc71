// Files read into settings: defaults from tracker.md §9.2, storage.md §8.2 and http-config-tools.md §2.1, what happens to
// values out of range, rules between keys, and the exact texts of errors and warnings.

import { describe, expect, test } from "bun:test";
import {
  ConfError,
  clientDefaults,
  duplicateIndexPlace,
  formatProblem,
  type Loaded,
  loadClientConf,
  loadStorageConf,
  loadTrackerConf,
  storageDefaults,
  trackerDefaults,
} from "../../../conf/index.ts";
import { ConfFolder } from "./temp-folder.ts";

/** Loads lines as a file; messages have the folder's name cut out. */
function load<Settings>(
  loader: (path: string) => Loaded<Settings>,
  ...lines: string[]
): { settings: Settings; warnings: string[]; notes: string[]; errors: string[] } {
  using folder = new ConfFolder();
  const path = folder.write("x.conf", lines);
  const short = (text: string): string => text.replaceAll(`${folder.path}/`, "");
  try {
    const { settings, warnings, notes } = loader(path);
    return { settings, warnings: warnings.map(formatProblem).map(short), notes: notes.map(short), errors: [] };
  } catch (error) {
    if (!(error instanceof ConfError)) throw error;
    return { settings: {} as Settings, warnings: [], notes: [], errors: short(error.message).split("\n") };
  }
}
const tracker = (...lines: string[]) => load(loadTrackerConf, "base_path = /b", ...lines);
const storage = (...lines: string[]) => load(loadStorageConf, "base_path = /b", "tracker_server = t:1", ...lines);
const client = (...lines: string[]) => load(loadClientConf, "tracker_server = t:1", ...lines);

describe("defaults", () => {
  test("of a tracker", () => {
    const { settings, warnings, notes } = tracker();
    expect([warnings, notes]).toEqual([[], []]);
    expect(settings).toMatchObject({
      port: 22122,
      bindAddr: "",
      addressFamily: "auto",
      responseIpAddrSize: "auto",
      connectTimeoutSeconds: 10,
      networkTimeoutSeconds: 60,
      maxConnections: 256,
      buffSizeBytes: 262144,
      storeLookup: 0,
      storeServer: 0,
      storePath: 0,
      downloadServer: 0,
      reservedStorageSpace: { kind: "mb", mb: 1024 },
      logLevel: "INFO",
      allowHosts: null,
      checkActiveIntervalSeconds: 100,
      storageIpChangedAutoAdjust: true,
      storageSyncFileMaxDelaySeconds: 86400,
      storageSyncFileMaxTimeSeconds: 300,
      useTrunkFile: false,
      slotMinSizeBytes: 256,
      slotMaxSizeBytes: 8388608,
      trunkFileSizeBytes: 67108864,
      trunkCreateFileTimeBaseSeconds: 7200,
      trunkCreateFileIntervalSeconds: 86400,
      trunkCompressBinlogTimeBaseSeconds: 10800,
      useStorageId: false,
      storageIds: [],
      idTypeInFilename: "ip",
      trustStorageServerId: true,
      connectionPoolMaxIdleSeconds: 3600,
      errorLog: {
        flushIntervalSeconds: 1,
        rotateEveryday: true,
        rotateAtSeconds: 0,
        rotateOnSizeBytes: 0,
        compressOld: false,
        compressDaysBefore: 1,
        keepDays: 15,
        deleteAtSeconds: 5400,
      },
    });
    expect(Object.isFrozen(settings) && Object.isFrozen(settings.errorLog)).toBe(true);
    expect(trackerDefaults({ basePath: "/b" })).toEqual(settings);
  });

  test("of a storage", () => {
    const { settings, warnings, notes } = storage();
    expect([warnings, notes]).toEqual([[], []]);
    expect(settings).toMatchObject({
      port: 23000,
      groupName: "",
      clientBind: true,
      connectTimeoutSeconds: 10,
      networkTimeoutSeconds: 30,
      heartBeatIntervalSeconds: 30,
      statReportIntervalSeconds: 300,
      buffSizeBytes: 262144,
      storePaths: [{ path: "/b", isReadOnly: false }],
      syncMinThreads: 1,
      syncMaxThreads: 4,
      syncWaitMsec: 100,
      syncIntervalMsec: 0,
      syncStartTimeSeconds: 0,
      syncEndTimeSeconds: 86340,
      writeMarkFileFreq: 500,
      subdirCountPerPath: 256,
      trackerServers: [{ hosts: ["t"], port: 1 }],
      fileDistributePathMode: 0,
      fileDistributeRotateCount: 100,
      syncStatFileIntervalSeconds: 60,
      uploadPriority: 10,
      checkFileDuplicate: false,
      checkStorePathMark: true,
      compressBinlogTimeSeconds: 5400,
      durability: "process",
      accessLog: { enabled: false, timePrecision: "ms", keepDays: 15 },
    });
    expect(settings.workThreads).toBeGreaterThan(0);
    const trackerServers = [{ hosts: ["t"], port: 1 }];
    expect(storageDefaults({ basePath: "/b", trackerServers })).toEqual(settings);
  });

  test("of a client", () => {
    const { settings } = client();
    expect(settings).toMatchObject({
      connectTimeoutSeconds: 10,
      networkTimeoutSeconds: 30,
      basePath: "/tmp",
      connectFirstBy: "tracker",
      useConnectionPool: false,
      connectionPoolMaxIdleSeconds: 3600,
      loadFdfsParametersFromTracker: false,
      antiStealCheckToken: false,
    });
    expect(clientDefaults([{ hosts: ["t"], port: 1 }])).toEqual(settings);
  });
});

describe("out of range", () => {
  const cases: [line: string, field: string, value: unknown, warning: string][] = [
    [
      "network_timeout =",
      "networkTimeoutSeconds",
      60,
      "not a whole number, read as 0 as C does, which is out of range: 60 is used; allowed: whole seconds, 1 or more",
    ],
    ["port = 0", "port", 22122, "out of range: 22122 is used; allowed: a whole number, 1 to 65535"],
    [
      "connect_timeout = -3",
      "connectTimeoutSeconds",
      10,
      "out of range: 10 is used; allowed: whole seconds, 1 or more",
    ],
    [
      "check_active_interval = 9x",
      "checkActiveIntervalSeconds",
      9,
      "not a whole number, read as 9 as C does; allowed: whole seconds, 1 or more",
    ],
    [
      "buff_size = 1K",
      "buffSizeBytes",
      8192,
      "out of range: 8KB is used; allowed: bytes, or a whole number with K, M, G or T, 8KB or more",
    ],
    [
      "buff_size = lots",
      "buffSizeBytes",
      262144,
      "not a size, 256KB is used; allowed: bytes, or a whole number with K, M, G or T, 8KB or more",
    ],
    [
      "trunk_file_size = 1M",
      "trunkFileSizeBytes",
      4194304,
      "out of range: 4MB is used; allowed: bytes, or a whole number with K, M, G or T, 4MB to 2147483647",
    ],
    ["store_server = 7", "storeServer", 0, "not a known mode, 0 is used; allowed: 0, 1, 2"],
    ["store_path = 1", "storePath", 0, "not a known mode, 0 is used; allowed: 0, 2"],
    [
      "use_trunk_file = maybe",
      "useTrunkFile",
      false,
      "neither yes nor no, read as false as C does; allowed: true, yes, on or 1; false, no, off or 0",
    ],
    [
      "log_level = loud",
      "logLevel",
      "INFO",
      "not a log level, info is used; allowed: emerg, alert, crit, error, warn, notice, info, debug",
    ],
    [
      "response_ip_addr_size = 16",
      "responseIpAddrSize",
      "IPv6",
      "not a known value, IPv6 is used; allowed: auto, IPv6",
    ],
    ["slot_min_size = 128K", "slotMinSizeBytes", 65536, "too large, 64KB is used"],
  ];
  for (const [line, field, value, warning] of cases) {
    test(`${line} is used as ${value}`, () => {
      const { settings, warnings, errors } = tracker(line);
      expect(errors).toEqual([]);
      expect((settings as unknown as Record<string, unknown>)[field]).toEqual(value);
      expect(warnings).toEqual([`x.conf:2: ${line}: ${warning}`]);
    });
  }

  const refused: [line: string, error: string][] = [
    ["store_lookup = 3", "not a known mode; allowed: 0, 1, 2"],
    ["accept_threads = 0", "out of range; allowed: a whole number, 1 or more"],
    ["connection_pool_max_idle_time = 0", "out of range; allowed: whole seconds, 1 or more"],
    ["slot_min_size = x", "not a size; allowed: bytes, or a whole number with K, M, G or T, 1 or more"],
    ["log_file_rotate_time = 25:00", "not a time of day; allowed: HH:MM or HH:MM:SS"],
    [
      "reserved_storage_space = 100%",
      "neither a size nor a percentage; allowed: a size, or a percentage between 0% and 100% (both excluded)",
    ],
    ["address_family = v4", "not a known value; allowed: auto, IPv4, IPv6, both"],
    [
      "bind_addr = nonsense",
      '"nonsense" is no IP address; allowed: an IPv4 address, an IPv6 address, or both separated by a comma; empty for all addresses',
    ],
    [
      "allow_hosts = 10.0.0.0/99",
      "not a network: write address/bits such as 192.168.5.64/26; allowed: *, an IP address, a host name, 192.168.5.64/26, 10.0.1.[1-15,20] or host[01-08].domain.com",
    ],
  ];
  for (const [line, error] of refused) {
    test(`${line} refuses the file`, () => expect(tracker(line).errors).toEqual([`x.conf:2: ${line}: ${error}`]));
  }
});

describe("all at once", () => {
  test("every error, with the missing keys", () => {
    expect(
      load(loadStorageConf, "group_name = a-b", "subdir_count_per_path = 257", "tracker_server = :1").errors,
    ).toEqual([
      "x.conf:1: group_name = a-b: not a group name; allowed: 1 to 16 characters of A-Z, a-z, 0-9",
      "x.conf: base_path: the key is missing; allowed: a path; write base_path = /var/lib/fdfs/storage",
      "x.conf:2: subdir_count_per_path = 257: out of range; allowed: a whole number, 1 to 256",
      "x.conf:3: tracker_server = :1: the address is empty; allowed: host:port, ip1,ip2:port or [IPv6]:port, port 22122 when left out",
    ]);
  });

  test("a missing tracker", () => {
    expect(load(loadClientConf).errors).toEqual([
      "x.conf: tracker_server: the key is missing; allowed: host:port, ip1,ip2:port or [IPv6]:port, port 22122 when left out; write tracker_server = 192.168.0.11:22122",
    ]);
  });
});

describe("rules between keys of a tracker", () => {
  test("store_lookup = 1 needs a group", () => {
    expect(tracker("store_lookup = 1").errors[0]).toStartWith(
      "x.conf: store_group: empty, and store_lookup = 1 needs it",
    );
    expect(tracker("store_lookup = 1", "store_group = g!").errors[0]).toStartWith(
      "x.conf:3: store_group = g!: not a group name",
    );
    expect(tracker("store_lookup = 1", "store_group = g").settings).toMatchObject({ storeLookup: 1, storeGroup: "g" });
  });

  test("sizes of trunk files depend on each other", () => {
    expect(tracker("trunk_file_size = 16M").settings.slotMaxSizeBytes).toBe(2 * 1024 ** 2);
    expect(tracker("slot_max_size = 60M").settings.slotMaxSizeBytes).toBe(32 * 1024 ** 2);
    expect(tracker("trunk_alloc_alignment_size = 512").settings.slotMinSizeBytes).toBe(512);
    expect(tracker("slot_max_size = 256").errors[0]).toStartWith(
      "x.conf:2: slot_max_size = 256: not larger than slot_min_size",
    );
    expect(tracker("use_trunk_file = 1").settings.storeServer).toBe(1);
  });

  test("IPv6 needs storage numbers in file names", () => {
    for (const line of ["address_family = IPv6", "address_family = both", "bind_addr = ::1"]) {
      expect(tracker(line).errors[0]).toContain("IPv6 needs storage numbers instead of addresses");
    }
    expect(tracker("bind_addr = 127.0.0.1,::1", "address_family = IPv4").errors).toEqual([]);
  });

  test("the table of storage numbers is beside the file, and its errors are the file's", () => {
    using folder = new ConfFolder();
    folder.write("etc/ids.conf", "1 g 10.0.0.1\n2 g");
    const path = folder.write(
      "etc/t.conf",
      "base_path=/b\nuse_storage_id=1\nstorage_ids_filename=ids.conf\nid_type_in_filename=ID",
    );
    expect(() => loadTrackerConf(path)).toThrow(`${folder.path}/etc/ids.conf:2: the address is missing`);
    folder.write("etc/ids.conf", "1 g 10.0.0.1");
    expect(loadTrackerConf(path).settings).toMatchObject({ storageIds: [{ id: "1" }], idTypeInFilename: "id" });
    expect(tracker("use_storage_id = on").errors[0]).toContain(
      "storage_ids_filename: needed because use_storage_id is on",
    );
  });
});

describe("rules between keys of a storage", () => {
  test("store paths are counted", () => {
    const { settings, warnings } = storage(
      "store_path_count = 2",
      "store_path1 = /d1/",
      "store_path1_readonly = true",
      "store_path0 = /d0",
      "store_path2 = /d2",
    );
    expect(settings.storePaths).toEqual([
      { path: "/d0", isReadOnly: false },
      { path: "/d1", isReadOnly: true },
    ]);
    expect(settings.syncMaxThreads).toBe(4);
    expect(warnings).toEqual(["x.conf:7: store_path2 = /d2: not used: store_path_count is 2"]);
    expect(storage("store_path_count = 3", "store_path1 = /d1").errors).toEqual([
      "x.conf: store_path2: the key is missing, and store_path_count is 3; write store_path2 = /path or lower store_path_count",
    ]);
  });

  test("what C refuses and we do not: stack, buffer, loopback tracker", () => {
    const { errors, warnings, notes } = storage(
      "thread_stack_size = 64KB",
      "buff_size = 64KB",
      "tracker_server = 127.0.0.1:22122",
    );
    expect(errors).toEqual([]);
    expect(warnings).toEqual([
      "x.conf:5: tracker_server = 127.0.0.1:22122: works here, but C storage servers refuse this address; give an address that all servers of the cluster can reach",
    ]);
    expect(notes).toHaveLength(2);
    expect(notes[0]).toStartWith("x.conf:3: thread_stack_size has no effect here: ");
    expect(notes[1]).toBe("x.conf:4: buff_size works here; C storage servers of 6.16 refuse less than 65546 bytes");
  });

  test("threads that copy", () => {
    expect(storage("sync_max_threads = auto").settings.syncMaxThreads).toBe(4);
    expect(storage("sync_min_threads = 8", "sync_max_threads = 4").settings.syncMaxThreads).toBe(8);
  });

  test("search for duplicates needs nothing but what its index needs", () => {
    const place = (...lines: string[]) => {
      const { settings, errors } = storage("check_file_duplicate = 1", ...lines);
      expect(errors).toEqual([]);
      return duplicateIndexPlace(settings);
    };
    const failures = (...lines: string[]) => storage("check_file_duplicate = 1", ...lines).errors.length;
    const fdht = ["group_count = 1", "group0 = h:11411", "group0 = 10.0.0.1", "group0 = h:11411"];
    const servers = [
      { hosts: ["10.0.0.1"], port: 24000 },
      { hosts: ["h"], port: 11411 },
    ];
    expect(duplicateIndexPlace(storage("redis_server = h").settings)).toBeNull();
    expect(place()).toEqual({ kind: "embedded" });
    expect(place("duplicate_index = embedded", ...fdht)).toEqual({ kind: "embedded" });
    expect(place(...fdht, "keep_alive = 1")).toEqual({ kind: "fastdht", groups: [servers], keepAlive: true });
    expect(failures("key_namespace =")).toBe(1);
    expect(failures("duplicate_index = fastdht")).toBe(1);
    expect(failures("group_count = 2", "group0 = h:1")).toBe(1);
    expect(failures("duplicate_index = redis")).toBe(1);
    expect(failures("duplicate_index = memcached")).toBe(1);
  });

  test("a Redis server with or without secrets", () => {
    const server = (text: string) => storage(`redis_server = ${text}`);
    const plain = { host: "10.0.0.1", port: 6379, user: "", password: "", database: 0 };
    expect(server("10.0.0.1").settings.redisServer).toEqual(plain);
    expect(server("10.0.0.1:7000").settings.redisServer).toEqual({ ...plain, port: 7000 });
    const secret = { ...plain, port: 7000, user: "u", password: "p@s:s", database: 3 };
    expect(server("redis://u:p%40s%3As@10.0.0.1:7000/3").settings.redisServer).toEqual(secret);
    expect(server("redis://:pw@[fe80::2]:7000").settings.redisServer).toMatchObject({
      host: "fe80::2",
      password: "pw",
    });
    for (const wrong of ["h:0", "redis://u@h", "h/x", "redis://:%@h", "h/70000"]) {
      expect(server(wrong).errors).toHaveLength(1);
    }
  });

  test("a group name that is there must not be empty", () => {
    expect(storage("group_name =").errors[0]).toStartWith("x.conf:3: group_name =: empty");
  });
});

describe("sections of logs", () => {
  test("a section's value, else the global one, else the default", () => {
    const { settings } = storage(
      "log_file_keep_days = 3",
      "[error-log]",
      "log_file_keep_days = 4",
      "[access-log]",
      "enabled = on",
    );
    expect([settings.errorLog.keepDays, settings.accessLog.keepDays]).toEqual([4, 3]);
    expect([settings.accessLog.enabled, settings.accessLog.compressDaysBefore]).toEqual([true, 1]);
  });

  test("enabled counts in its section only", () => {
    const { settings, warnings } = storage("enabled = true");
    expect(settings.accessLog.enabled).toBe(false);
    expect(warnings).toEqual(["x.conf:3: enabled = true: only has an effect in section [access-log]"]);
  });
});

describe("keys nobody knows", () => {
  const cases: [loader: typeof tracker | typeof storage | typeof client, line: string, warning: string][] = [
    [tracker, "conect_timeout = 1", "no key of tracker.conf, so it has no effect; did you mean connect_timeout?"],
    [tracker, "Port = 1", "no key of tracker.conf, so it has no effect; did you mean port?"],
    [tracker, "something_else_entirely = 1", "no key of tracker.conf, so it has no effect; remove the line"],
    [
      tracker,
      "http.server_port = 80",
      "a key of older FastDFS versions, without effect; the servers have no web server since FastDFS 4.05; remove the line",
    ],
    [
      tracker,
      "rotate_error_log = 1",
      "a key of older FastDFS versions, without effect; use log_file_rotate_everyday (in [error-log] for this log only)",
    ],
    [
      storage,
      "use_access_log = true",
      "a key of older FastDFS versions, without effect; write enabled = true into section [access-log]",
    ],
    [storage, "disk_rw_direct = false", "a key of older FastDFS versions, without effect; it is gone; remove the line"],
    [client, "heart_beat_interval = 1", "no key of client.conf, so it has no effect; remove the line"],
  ];
  for (const [loader, line, warning] of cases) {
    test(line, () =>
      expect(loader(line).warnings).toEqual([
        expect.stringMatching(new RegExp(`^x\\.conf:\\d: ${line.replaceAll(".", "\\.")}: `)),
      ]),
    );
    test(`${line} is explained`, () => expect(loader(line).warnings[0]).toEndWith(warning));
  }

  test("a key behind a section line is lost, and said to be", () => {
    const { settings, warnings } = tracker("[error-log]", "port = 5", "[other]", "x = 1");
    expect(settings.port).toBe(22122);
    expect(warnings).toEqual([
      "x.conf:3: port = 5: no key of section [error-log], so it has no effect; move it above the first section line",
      "x.conf:5: x = 1: no setting has a section [other], so it has no effect",
    ]);
  });

  test("keys of the Java client are known in client.conf", () => {
    const { warnings, notes } = client(
      "charset = UTF-8",
      "http.tracker_http_port = 8080",
      "connection_pool.enabled = true",
    );
    expect(warnings).toEqual([]);
    expect(notes).toHaveLength(3);
  });
});

test("allow_hosts: a star, an empty line, several lines", () => {
  expect(tracker("allow_hosts = 10.0.0.1", "allow_hosts = *").settings.allowHosts).toBeNull();
  expect(tracker("allow_hosts =").settings.allowHosts).toEqual({ addresses: [], cidrs: [], names: [] });
  expect(tracker("allow_hosts =").warnings[0]).toContain("nobody is allowed to connect");
  expect(tracker("allow_hosts = 10.0.0.[1-2]", "allow_hosts = n").settings.allowHosts).toEqual({
    addresses: ["10.0.0.1", "10.0.0.2"],
    cidrs: [],
    names: ["n"],
  });
});

test("connect_first_by takes every word that starts with last", () => {
  const values = ["last", "Last-Connected", "tracker"].map(
    (word) => client(`connect_first_by = ${word}`).settings.connectFirstBy,
  );
  expect(values).toEqual(["last", "last", "tracker"]);
});

test("a client that checks tokens needs their secret", () => {
  expect(client("http.anti_steal.check_token = 1").errors).toHaveLength(1);
});
