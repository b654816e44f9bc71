// Keys that tracker.conf and storage.conf share, with the values both servers give them.

import { allowedHosts, bool, int, logLevel, size, text, word } from "../kind.ts";

const ABSOLUTE = { pattern: /^\//, allowed: "an absolute path" } as const;

/** Paths that end in a slash mean the same folder; C removes it too. */
export const serverKeys = {
  disabled: bool({ key: "disabled", default: false, doc: "true: the server refuses to start." }),
  bindAddr: text({
    key: "bind_addr",
    default: "",
    doc: "Address to listen on, or an IPv4 and an IPv6 one with a comma between; empty: all.",
  }),
  addressFamily: word({
    key: "address_family",
    default: "auto",
    words: { auto: "auto", ipv4: "IPv4", ipv6: "IPv6", both: "both" },
    since: "6.11",
    doc: "IPv4, IPv6, both, or auto: what the host has. IPv6 needs storage ids.",
  }),
  connectTimeoutSeconds: int({ key: "connect_timeout", default: 10, min: 1, doc: "Seconds to wait for a connection." }),
  useIoUring: bool({
    key: "use_io_uring",
    default: false,
    doc: "io_uring.",
    without: "the runtime chooses how it waits for sockets",
  }),
  useSendZc: bool({
    key: "use_send_zc",
    default: true,
    doc: "Zero-copy send with io_uring.",
    without: "files leave through sendfile",
  }),
  tcpQuickAck: bool({ key: "tcp_quick_ack", default: true, doc: "TCP_QUICKACK.", without: "left to the kernel" }),
  basePath: text({
    key: "base_path",
    default: "",
    required: true,
    ...ABSOLUTE,
    doc: "Folder of the server's own data and logs.",
    sample: "/opt/fastdfs",
  }),
  maxConnections: int({ key: "max_connections", default: 256, min: 1, doc: "Connections that may be open at a time." }),
  acceptThreads: int({
    key: "accept_threads",
    default: 1,
    min: 1,
    outside: "fail",
    doc: "Accepting threads.",
    without: "every worker accepts its own connections",
  }),
  threadStackSizeBytes: size({
    key: "thread_stack_size",
    default: 512 * 1024,
    doc: "Stack of a thread.",
    without: "the runtime manages its stacks",
  }),
  logLevel: logLevel({
    key: "log_level",
    default: "INFO",
    doc: "emerg, alert, crit, error, warn, notice, info, debug.",
  }),
  runByGroup: text({
    key: "run_by_group",
    default: "",
    doc: "Group to run as once the ports are bound; empty: unchanged.",
  }),
  runByUser: text({
    key: "run_by_user",
    default: "",
    doc: "User to run as once the ports are bound; empty: unchanged.",
  }),
  allowHosts: allowedHosts({
    key: "allow_hosts",
    doc: "Who may connect: *, an address, a name, address/bits, or a range such as 10.0.1.[1-15,20]. May be repeated. Peers must be listed too.",
    sample: "*",
  }),
  useConnectionPool: bool({
    key: "use_connection_pool",
    default: false,
    since: "4.05",
    doc: "Keep outgoing connections.",
    without: "they are always kept",
  }),
  connectionPoolMaxIdleSeconds: int({
    key: "connection_pool_max_idle_time",
    default: 3600,
    min: 1,
    outside: "fail",
    since: "4.05",
    doc: "Seconds an outgoing connection is kept idle.",
  }),
};
