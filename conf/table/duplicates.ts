// The keys of storage.conf that let equal files be stored once (trunk-dedup-recovery.md §2.1, §2.8). Rules between them are
// in duplicate-settings.ts.

import { fastdhtServers, redisServer } from "../duplicate-kinds.ts";
import { bool, choice, numbered, text } from "../kinds.ts";
import { integer } from "../number-kinds.ts";

/** Where the index of duplicates is kept, as the settings file says it. */
type DuplicateIndexWord = "auto" | "embedded" | "fastdht" | "redis";

const neverUsed = "storages never use it";

export const duplicateSettings = {
  checkFileDuplicate: bool({
    key: "check_file_duplicate",
    default: false,
    doc: "Store equal files once: each upload gets a link to the content, which goes with its last link. duplicate_index says who remembers the contents. While that cannot be asked, uploads are stored as usual.",
  }),
  duplicateIndex: choice<DuplicateIndexWord>({
    key: "duplicate_index",
    values: { auto: "auto", embedded: "embedded", fastdht: "fastdht", redis: "redis" },
    default: "auto",
    doc: "Who remembers contents. embedded: a file under base_path, for what is uploaded to this storage. fastdht: the servers of group_count and group0, group1 ..., as with C storages. redis: a Redis or Valkey server. auto: fastdht when group_count is given, else embedded. Storages that share an index need the same key_namespace, file_signature_method and, for the method hash, buff_size. C programs do not know this key.",
  }),
  fileSignatureMethod: choice<"hash" | "md5">({
    key: "file_signature_method",
    values: { hash: "hash", md5: "md5" },
    default: "hash",
    otherwise: "hash",
    since: "4.01",
    doc: "How equal files are found: four hashes of 32 bits, or MD5.",
  }),
  keyNamespace: text({
    key: "key_namespace",
    default: "FastDFS",
    doc: "Name under which the index keeps its entries. C storages require it with check_file_duplicate and use 64 bytes of it.",
  }),
  keepAlive: bool({ key: "keep_alive", default: false, doc: "Keep connections to FastDHT servers open." }),
  fdhtGroupCount: integer({
    key: "group_count",
    default: 0,
    min: 0,
    max: 10_000,
    outside: "fail",
    doc: "Number of FastDHT groups. It and the servers may come from a file: #include fdht_servers.conf.",
  }),
  fdhtServers: numbered(
    fastdhtServers({
      key: "group{N}",
      doc: "A FastDHT server of group N; once for each server.",
      example: "192.168.0.31:11411",
    }),
    /^group(\d{1,4})$/,
  ),
  redisServer: redisServer({
    key: "redis_server",
    doc: "The Redis or Valkey server of duplicate_index = redis. C programs do not know this key.",
    example: "redis://:password@192.168.0.41:6379/0",
  }),
  useProxy: bool({ key: "use_proxy", default: false, noMeaning: neverUsed, doc: "FastDHT proxy." }),
  proxyAddr: text({ key: "proxy_addr", noMeaning: neverUsed, doc: "Address of the FastDHT proxy." }),
  proxyPort: integer({ key: "proxy_port", default: 12200, noMeaning: neverUsed, doc: "Port of the FastDHT proxy." }),
} as const;
