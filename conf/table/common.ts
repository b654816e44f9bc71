// Keys that tracker.conf and storage.conf share with the same meaning, in libserverframe's order (C: sf_load_config_ex).

import { allowHosts, bindAddresses } from "../address-kinds.ts";
import { bool, choice, logLevel, path, text } from "../kinds.ts";
import { integer, seconds, size } from "../number-kinds.ts";

const notByThreads = "connections are served by event loops, not by threads with stacks and queues of their own";

/** Group names go into file IDs and paths (C: fdfs_validate_group_name). */
export const groupNameAllowed = "1 to 16 characters of A-Z, a-z, 0-9";
export function checkGroupName(name: string): string | null {
  return /^[A-Za-z0-9]{1,16}$/.test(name) ? null : name === "" ? "empty" : "not a group name";
}

const portFacts = { min: 1, max: 65535 } as const;

export const disabled = bool({
  key: "disabled",
  default: false,
  doc: "true: refuse to start with this file.",
});

/** Where a server listens. */
export const listenSettings = (defaultPort: number) =>
  ({
    bindAddr: bindAddresses({
      key: "bind_addr",
      doc: "Listen on this address: one IPv4, one IPv6, or both separated by a comma. Empty: all addresses.",
      example: "",
    }),
    port: integer({ key: "port", default: defaultPort, ...portFacts, doc: "Port of the server." }),
    innerBindAddr: bindAddresses({
      key: "inner_bind_addr",
      doc: "Address of the internal network to listen on. With this key or outer_bind_addr, bind_addr is not read.",
    }),
    outerBindAddr: bindAddresses({ key: "outer_bind_addr", doc: "Address of the external network to listen on." }),
    innerPort: integer({
      key: "inner_port",
      default: 0,
      defaultText: "that of port",
      example: String(defaultPort),
      ...portFacts,
      doc: "Port on the internal network. With this key or outer_port, port is not read.",
    }),
    outerPort: integer({
      key: "outer_port",
      default: 0,
      defaultText: "that of port",
      example: String(defaultPort),
      ...portFacts,
      doc: "Port on the external network.",
    }),
    addressFamily: choice<"auto" | "IPv4" | "IPv6" | "both">({
      key: "address_family",
      values: { auto: "auto", IPv4: "IPv4", IPv6: "IPv6", both: "both" },
      default: "auto",
      since: "6.11",
      doc: "Address family of the service. auto: that of bind_addr, else IPv4. IPv6 needs use_storage_id = true and id_type_in_filename = id on the tracker.",
    }),
  }) as const;

export const connectTimeoutSeconds = seconds({
  key: "connect_timeout",
  default: 10,
  min: 1,
  doc: "Longest wait for a connection to another server. Two seconds are enough in a local network.",
});

export const networkTimeoutSeconds = (value: number) =>
  seconds({
    key: "network_timeout",
    default: value,
    min: 1,
    doc: "Longest wait for a connected peer to send or take something.",
  });

export const basePath = path({
  key: "base_path",
  required: true,
  doc: "Folder of the server's own data and logs. Created when it is missing.",
});

/** Keys of threads, buffers and sockets. */
export const engineSettings = {
  useIoUring: bool({
    key: "use_io_uring",
    default: false,
    noMeaning: "the event loop of the runtime is used",
    doc: "Use io_uring for network I/O.",
  }),
  useSendZc: bool({
    key: "use_send_zc",
    default: true,
    noMeaning: "it belongs to use_io_uring",
    doc: "Send with zero copy when io_uring is in use.",
  }),
  tcpQuickAck: bool({
    key: "tcp_quick_ack",
    default: true,
    noMeaning: "it is always on where a request arrives in parts",
    doc: "Acknowledge received packets without delay.",
  }),
  maxConnections: integer({
    key: "max_connections",
    default: 256,
    min: 1,
    doc: "Most connections served at the same time.",
  }),
  acceptThreads: integer({
    key: "accept_threads",
    default: 1,
    min: 1,
    outside: "fail",
    since: "4.07",
    noMeaning: notByThreads,
    doc: "Threads that accept connections.",
  }),
  threadStackSizeBytes: size({
    key: "thread_stack_size",
    default: 256 * 1024,
    min: 64 * 1024,
    outside: "clamp",
    noMeaning: notByThreads,
    doc: "Stack of a thread. C storage servers of 6.16 refuse less than 320KB and also a file without the key; here it may have any value or be left out.",
  }),
} as const;

export const identitySettings = {
  logLevel: logLevel({
    key: "log_level",
    doc: "Least severe messages that go to the error log: emerg, alert, crit, error, warn, notice, info or debug.",
  }),
  runByGroup: text({
    key: "run_by_group",
    doc: "Unix group to run as. Empty: that of the user who starts the server.",
    example: "",
  }),
  runByUser: text({
    key: "run_by_user",
    doc: "Unix user to run as. Empty: the user who starts the server.",
    example: "",
  }),
  allowHosts: allowHosts({
    key: "allow_hosts",
    doc: "Who may connect; may be repeated. * is everybody; else an IP address, a host name, a network such as 192.168.5.64/26, or a range such as 10.0.1.[1-15,20]. The other servers of the cluster must be among them.",
  }),
} as const;

export const poolSettings = {
  useConnectionPool: bool({
    key: "use_connection_pool",
    default: false,
    since: "4.05",
    doc: "Keep connections to other servers open for the next request.",
  }),
  connectionPoolMaxIdleSeconds: seconds({
    key: "connection_pool_max_idle_time",
    default: 3600,
    min: 1,
    outside: "fail",
    since: "4.05",
    doc: "Close a kept connection that was idle for longer than this.",
  }),
} as const;
