// The kinds of settings that name servers of an index of duplicates: FastDHT's, and Redis's with password and database.

import { formatServerAddress, parseServerAddress, type ServerAddress, sortServerAddresses } from "./server-address.ts";
import type { Setting, SettingFacts } from "./setting.ts";

const DEFAULT_FASTDHT_PORT = 24000;
const DEFAULT_REDIS_PORT = 6379;
const DATABASE_MAX = 65_535;

/** A Redis or Valkey server. */
export interface RedisAddress {
  readonly host: string;
  readonly port: number;
  /** Empty: the default user. */
  readonly user: string;
  /** Empty: none is sent. */
  readonly password: string;
  readonly database: number;
}

/** The servers of one FastDHT group. */
export function fastdhtServers(facts: SettingFacts): Setting<readonly ServerAddress[]> {
  const allowed = `host:port, port ${DEFAULT_FASTDHT_PORT} when left out`;
  return {
    ...facts,
    kind: "server address",
    allowed,
    repeats: true,
    required: false,
    missing: () => [],
    format: (value) => value.map(formatServerAddress),
    parse(values, reporter) {
      const addresses: ServerAddress[] = [];
      for (const value of values) {
        const address = parseServerAddress(value.text, DEFAULT_FASTDHT_PORT);
        const problem = typeof address === "string" ? address : address.hosts.length > 1 ? "two addresses" : null;
        if (problem !== null) {
          reporter.fail(value, problem, { allowed });
          continue;
        }
        const server = address as ServerAddress;
        addresses.push(server);
        if (["127.0.0.1", "::1"].includes(server.hosts[0]!)) {
          reporter.warn(value, "works here, but C storage servers refuse this address", {
            remedy: "give an address that all servers of the cluster can reach",
          });
        }
      }
      return sortServerAddresses(addresses);
    },
  };
}

/** `redis_server`; null: not given. */
export function redisServer(facts: SettingFacts): Setting<RedisAddress | null> {
  const allowed = "host:port or redis://[user]:password@host:port/database, port 6379 and database 0 when left out";
  return {
    ...facts,
    kind: "server address",
    allowed,
    repeats: false,
    required: false,
    missing: () => null,
    format: (value) => (value === null ? [] : [formatRedisAddress(value)]),
    parse(values, reporter) {
      const value = values.at(-1)!;
      if (value.text === "") return null;
      const address = parseRedisAddress(value.text);
      if (typeof address !== "string") return address;
      reporter.fail(value, address, { allowed });
      return null;
    },
  };
}

/** A sentence that tells what is wrong when the text is no address. */
function parseRedisAddress(text: string): RedisAddress | string {
  const match = /^(?:redis:\/\/)?(?:([^:@/]*)(?::([^@]*))?@)?([^@/]+)(?:\/(\d*))?$/.exec(text);
  if (match === null) return "no address of a Redis server";
  const server = parseServerAddress(match[3]!, DEFAULT_REDIS_PORT);
  if (typeof server === "string") return server;
  if (server.hosts.length > 1) return "two addresses";
  const database = Number(match[4] ?? "0");
  if (database > DATABASE_MAX) return `the database ${database} is beyond ${DATABASE_MAX}`;
  let user: string;
  let password: string;
  try {
    user = decodeURIComponent(match[1] ?? "");
    password = decodeURIComponent(match[2] ?? "");
  } catch {
    return "a % in user or password must begin %XX; write %25 for it";
  }
  if (user !== "" && password === "") return "a user without a password; write redis://:password@host:port";
  return { host: server.hosts[0]!, port: server.port, user, password, database };
}

function formatRedisAddress({ host, port, user, password, database }: RedisAddress): string {
  const secret = password === "" ? "" : `${encodeURIComponent(user)}:${encodeURIComponent(password)}@`;
  return `redis://${secret}${formatServerAddress({ hosts: [host], port })}/${database}`;
}
