// Hosts as network namespaces on one bridge: every server has an address of its own, and the way between two of them can be
// cut and given back. Needs root and the `ip` program.

import { spawnSync } from "node:child_process";
import type { Host } from "./cluster.ts";
import type { Server } from "./server.ts";

const made = new Set<Network>();
process.on("exit", () => {
  for (const network of made) network.remove();
});

/** Runs `ip`; null: it worked, otherwise what it said. */
function ip(...args: readonly string[]): string | null {
  const { error, status, stderr } = spawnSync("ip", args, { encoding: "utf8" });
  if (error !== undefined) return `ip cannot be run: ${error.message}`;
  return status === 0 ? null : `ip ${args.join(" ")}: ${stderr.trim()}`;
}

/** Why hosts cannot be namespaces here, or null when they can. */
export function whyNoNamespaces(): string | null {
  try {
    Network.build(1).remove();
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

export class Network {
  readonly hosts: Host[] = [];
  readonly #bridge = `fdb${process.pid}`;
  readonly #subnet = `10.${200 + (process.pid % 50)}.${process.pid % 251}`;
  readonly #names = new Map<string, string>();

  private constructor() {
    made.add(this);
  }

  /** Throws with the reason when the system does not allow it; leaves nothing then. */
  static build(count: number): Network {
    const network = new Network();
    try {
      network.#run("link", "add", network.#bridge, "type", "bridge");
      network.#run("addr", "add", `${network.#subnet}.1/24`, "dev", network.#bridge);
      network.#run("link", "set", network.#bridge, "up");
      for (let index = 0; index < count; index++) network.#addHost(index);
      return network;
    } catch (error) {
      network.remove();
      throw error;
    }
  }

  /** What one sends to the other is lost: it can neither ask nor answer. */
  cut(one: Server, other: Server): void {
    this.#run("-n", this.#nameOf(one), "route", "add", "blackhole", `${other.host}/32`);
  }

  heal(one: Server, other: Server): void {
    this.#run("-n", this.#nameOf(one), "route", "del", "blackhole", `${other.host}/32`);
  }

  /** Removes all of it; what is not there is no failure. */
  remove(): void {
    for (const name of this.#names.values()) ip("netns", "del", name);
    ip("link", "del", this.#bridge);
    made.delete(this);
  }

  #addHost(index: number): void {
    const name = `fdfs${process.pid}h${index}`;
    const [outer, inner] = [`fdo${process.pid}x${index}`, `fdi${process.pid}x${index}`];
    const address = `${this.#subnet}.${index + 10}`;
    this.#run("netns", "add", name);
    this.#names.set(address, name);
    this.#run("link", "add", outer, "type", "veth", "peer", "name", inner);
    this.#run("link", "set", inner, "netns", name);
    this.#run("link", "set", outer, "master", this.#bridge);
    this.#run("link", "set", outer, "up");
    this.#run("-n", name, "addr", "add", `${address}/24`, "dev", inner);
    this.#run("-n", name, "link", "set", inner, "up");
    this.#run("-n", name, "link", "set", "lo", "up");
    this.hosts.push({ address, prefix: ["ip", "netns", "exec", name] });
  }

  #nameOf(server: Server): string {
    const name = this.#names.get(server.host);
    if (name === undefined) throw new Error(`${server.label} is on no host of this network`);
    return name;
  }

  #run(...args: readonly string[]): void {
    const failure = ip(...args);
    if (failure !== null) throw new Error(failure);
  }
}
