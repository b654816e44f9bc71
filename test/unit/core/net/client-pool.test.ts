// The pool against scripted servers: what is kept, what is probed, what is replaced. The number of connections a server
// accepted tells it all.

import { afterEach, expect, test } from "bun:test";
import { ConnectionPool, type PoolOptions } from "../../../../core/net/connection-pool.ts";
import { type FakeServer, type Reaction, response, startFakeServer, until } from "./client-fake-server.ts";

const PACKET = Buffer.from("00000000000000005b00", "hex");
const ACTIVE_TEST = "00000000000000006f00";
const QUIT = "00000000000000005200";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function fake(react: (request: Buffer, count: number) => Reaction = () => response()): Promise<FakeServer> {
  const server = await startFakeServer(react);
  closers.push(() => server.close());
  return server;
}

function makePool(options: Partial<PoolOptions> = {}): ConnectionPool {
  const pool = new ConnectionPool({
    connectTimeoutMs: 5000,
    networkTimeoutMs: 5000,
    maxIdleMs: 60_000,
    probeAfterMs: 60_000,
    ...options,
  });
  closers.unshift(() => pool.close());
  return pool;
}

async function use(pool: ConnectionPool, { host, port }: FakeServer): Promise<boolean> {
  const { connection, isFresh } = await pool.take(host, port);
  await connection.request(PACKET);
  pool.release(host, port, connection);
  return isFresh;
}

const hex = (server: FakeServer): string[] => server.requests.map((request) => request.toString("hex"));

test("a connection given back is used again", async () => {
  const server = await fake();
  const pool = makePool();
  expect(await use(pool, server)).toBe(true);
  expect(await use(pool, server)).toBe(false);
  expect(server.accepted).toBe(1);
});

test("the connection used last is taken first", async () => {
  const server = await fake();
  const pool = makePool();
  const one = await pool.take(server.host, server.port);
  const two = await pool.take(server.host, server.port);
  pool.release(server.host, server.port, one.connection);
  pool.release(server.host, server.port, two.connection);
  expect((await pool.take(server.host, server.port)).connection).toBe(two.connection);
});

test("servers do not share connections", async () => {
  const [one, two] = [await fake(), await fake()];
  const pool = makePool();
  await use(pool, one);
  await use(pool, two);
  expect([one.accepted, two.accepted]).toEqual([1, 1]);
});

test("a connection the server closed meanwhile is replaced", async () => {
  const server = await fake();
  const pool = makePool();
  const { connection } = await pool.take(server.host, server.port);
  pool.release(server.host, server.port, connection);
  await until(() => server.open === 1);
  server.drop();
  await until(() => !connection.isUsable);
  expect(await use(pool, server)).toBe(true);
});

test("one that has been idle is probed with ACTIVE_TEST before it is used", async () => {
  const server = await fake();
  const pool = makePool({ probeAfterMs: 0 });
  await use(pool, server);
  await use(pool, server);
  expect(server.accepted).toBe(1);
  expect(hex(server)).toEqual([PACKET.toString("hex"), ACTIVE_TEST, PACKET.toString("hex")]);
});

test("a probe without an answer costs all connections that were idle for longer, not the request", async () => {
  const server = await fake((request) => (request.toString("hex") === ACTIVE_TEST ? "silence" : response()));
  const pool = makePool({ probeAfterMs: 0, connectTimeoutMs: 50 });
  const taken = await Promise.all([1, 2, 3].map(() => pool.open(server.host, server.port)));
  for (const connection of taken) pool.release(server.host, server.port, connection);
  expect(await use(pool, server)).toBe(true);
  expect(hex(server).filter((request) => request === ACTIVE_TEST).length).toBe(1);
  await until(() => server.open === 1);
});

test("one that has been idle for too long is closed", async () => {
  const server = await fake();
  const pool = makePool({ maxIdleMs: -1 });
  await use(pool, server);
  expect(await use(pool, server)).toBe(true);
  await until(() => server.open === 0);
});

test("one with a request under way is not given to anyone else", async () => {
  const server = await fake();
  const pool = makePool();
  const { connection } = await pool.take(server.host, server.port);
  const answer = connection.request(PACKET).catch(() => {});
  pool.release(server.host, server.port, connection);
  await answer;
  expect((await pool.take(server.host, server.port)).isFresh).toBe(true);
});

test("closing says QUIT on idle connections and ends the others", async () => {
  const server = await fake((request) => (request[8] === 0x5b ? response() : "silence"));
  const pool = makePool();
  const busy = await pool.open(server.host, server.port);
  const stuck = busy.request(Buffer.from(ACTIVE_TEST, "hex")).catch((error: Error) => error);
  await use(pool, server);
  await until(() => server.requests.length === 2);
  pool.close();
  expect(await stuck).toBeInstanceOf(Error);
  await until(() => server.open === 0);
  expect(hex(server)).toContain(QUIT);
});

test("a connection that is made after closing is closed", async () => {
  const server = await fake();
  const pool = makePool();
  const late = pool.open(server.host, server.port);
  pool.close();
  expect((await late).isUsable).toBe(false);
  await until(() => server.open === 0);
});
