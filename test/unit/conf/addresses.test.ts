// Server addresses, allow_hosts lines and storage_ids.conf: http-config-tools.md §1.6, tracker.md §6.7 and §9.1,
// storage.md §10.1.

import { describe, expect, test } from "bun:test";
import { expandAllowHosts, mergeAllowHosts } from "../../../conf/allow-hosts.ts";
import {
  ConfError,
  formatServerAddress,
  loadStorageIds,
  parseServerAddress,
  parseStorageIds,
} from "../../../conf/index.ts";
import { sortServerAddresses } from "../../../conf/server-address.ts";
import { ConfFolder } from "./temp-folder.ts";

describe("server addresses", () => {
  const good: [text: string, hosts: string[], port: number, printed?: string][] = [
    ["192.168.0.1:22123", ["192.168.0.1"], 22123],
    ["tracker.lan", ["tracker.lan"], 22122, "tracker.lan:22122"],
    ["10.0.0.1,8.8.8.8:22122", ["10.0.0.1", "8.8.8.8"], 22122],
    ["8.8.8.8,10.0.0.1:22122", ["10.0.0.1", "8.8.8.8"], 22122, "10.0.0.1,8.8.8.8:22122"],
    ["192.168.1.10,172.17.4.21:1", ["192.168.1.10", "172.17.4.21"], 1],
    ["[fd00::1]:22122", ["fd00::1"], 22122],
    ["[fd00::1]", ["fd00::1"], 22122, "[fd00::1]:22122"],
    ["[2001:db8::1,10.0.0.9]:7", ["10.0.0.9", "2001:db8::1"], 7, "[10.0.0.9,2001:db8::1]:7"],
    ["h1,h2:5", ["h1", "h2"], 5],
  ];
  for (const [text, hosts, port, printed = text] of good) {
    test(text, () => {
      const address = parseServerAddress(text, 22122);
      expect(address).toEqual({ hosts, port });
      if (typeof address !== "string") expect(formatServerAddress(address)).toBe(printed);
    });
  }

  const bad: [text: string, reason: string][] = [
    ["", "the address is empty"],
    [":22122", "the address is empty"],
    ["host:", 'the port "" is not a number from 1 to 65535'],
    ["host:0", 'the port "0" is not a number from 1 to 65535'],
    ["host:65536", 'the port "65536" is not a number from 1 to 65535'],
    ["host:12x", 'the port "12x" is not a number from 1 to 65535'],
    ["fd00::1:22122", "an IPv6 address must stand in brackets: [address]:port"],
    ["[fd00::1", "a bracketed address must read [address] or [address]:port"],
    ["a,b,c:1", "3 addresses of one server, at most 2 are possible"],
    ["a b:1", '"a b" is neither an IP address nor a host name'],
    ["http://h:1", "an IPv6 address must stand in brackets: [address]:port"],
  ];
  for (const [text, reason] of bad)
    test(`refuses ${JSON.stringify(text)}`, () => expect(parseServerAddress(text, 22122)).toBe(reason));

  test("two addresses of one class are refused", () => {
    for (const text of ["10.0.0.1,10.0.0.2:1", "8.8.8.8,9.9.9.9:1", "172.16.0.1,172.31.0.1:1"]) {
      expect(parseServerAddress(text, 1)).toStartWith("of the two addresses ");
    }
  });

  test("are sorted by number of addresses, address, port; duplicates are dropped", () => {
    const texts = ["b:1", "10.0.0.1,8.8.8.8:1", "a:2", "a:1", "b:1"];
    const addresses = texts.map((text) => parseServerAddress(text, 1)).filter((address) => typeof address !== "string");
    expect(sortServerAddresses(addresses).map(formatServerAddress)).toEqual([
      "a:1",
      "a:2",
      "b:1",
      "10.0.0.1,8.8.8.8:1",
    ]);
  });
});

describe("allow_hosts", () => {
  test("addresses, names, networks", () => {
    expect(expandAllowHosts("10.0.0.1")).toEqual({ addresses: ["10.0.0.1"], cidrs: [], names: [] });
    expect(expandAllowHosts("fd00::1").addresses).toEqual(["fd00::1"]);
    expect(expandAllowHosts("node.lan").names).toEqual(["node.lan"]);
    expect(expandAllowHosts("192.168.5.64/26").cidrs).toEqual([{ address: "192.168.5.64", bits: 26 }]);
    expect(expandAllowHosts("")).toEqual({ addresses: [], cidrs: [], names: [] });
  });

  test("ranges keep the width of their first number", () => {
    expect(expandAllowHosts("10.0.1.[1-3,20]").addresses).toEqual(["10.0.1.1", "10.0.1.2", "10.0.1.3", "10.0.1.20"]);
    expect(expandAllowHosts("host[08-10,20].x.com").names).toEqual([
      "host08.x.com",
      "host09.x.com",
      "host10.x.com",
      "host20.x.com",
    ]);
  });

  test("refuses what it cannot read", () => {
    for (const line of [
      "10.0.0.0/33",
      "10.0.0/8",
      "a/8",
      "10.0.1.[1-3",
      "h[a-b]",
      "h[3-1]",
      "h[1][2]",
      "h[0-99999999]",
      "a b",
    ]) {
      expect(() => expandAllowHosts(line)).toThrow();
    }
  });

  test("lines add up without duplicates", () => {
    const rules = mergeAllowHosts(["10.0.0.1", "10.0.0.[1-2]", "n", "n"].map(expandAllowHosts));
    expect(rules).toEqual({ addresses: ["10.0.0.1", "10.0.0.2"], cidrs: [], names: ["n"] });
  });
});

describe("storage_ids.conf", () => {
  test("columns, comments, ports and modes", () => {
    const text = [
      "# id group host",
      "100001   group1  192.168.0.196",
      "\t100002\tgroup1\t192.168.0.197:23001   rw=NONE  ",
      "",
      "3 g [fd00::1]:5 rw=readonly",
      "4 g 8.8.8.8,10.0.0.4 RW=write\r",
      "5 g host.lan rw=all",
    ];
    expect(parseStorageIds(text.join("\n"), "ids")).toEqual([
      { id: "100001", groupName: "group1", hosts: ["192.168.0.196"], port: 23000, rwMode: 6 },
      { id: "100002", groupName: "group1", hosts: ["192.168.0.197"], port: 23001, rwMode: 0 },
      { id: "3", groupName: "g", hosts: ["fd00::1"], port: 5, rwMode: 4 },
      { id: "4", groupName: "g", hosts: ["10.0.0.4", "8.8.8.8"], port: 23000, rwMode: 2 },
      { id: "5", groupName: "g", hosts: ["host.lan"], port: 23000, rwMode: 6 },
    ]);
  });

  test("every bad line is named", () => {
    const text = [
      "0 g h",
      "007 g h",
      "16777216 g h",
      "1 g-1 h",
      "2 g",
      "3 g h:0",
      "4 g h rx=1",
      "5 g h x",
      "6 g h9",
      "6 g h8",
      "7 g h8",
    ];
    let message = "";
    try {
      parseStorageIds(text.join("\n"), "ids.conf");
    } catch (error) {
      if (error instanceof ConfError) message = error.message;
    }
    const columns = "allowed: id group host[,host2][:port] [rw=mode]";
    expect(message.split("\n")).toEqual([
      'ids.conf:1: "0" is no storage id; allowed: 1 to 16777215 without leading zeros',
      'ids.conf:2: "007" is no storage id; allowed: 1 to 16777215 without leading zeros',
      'ids.conf:3: "16777216" is no storage id; allowed: 1 to 16777215 without leading zeros',
      'ids.conf:4: "g-1" is no group name; allowed: 1 to 16 characters of A-Z, a-z, 0-9',
      `ids.conf:5: the address is missing; ${columns}`,
      `ids.conf:6: the port "0" is not a number from 1 to 65535; ${columns}`,
      'ids.conf:7: "rx=1" is no option; allowed: rw=both, rw=read, rw=write, rw=none',
      'ids.conf:8: "x" is no option; allowed: rw=both, rw=read, rw=write, rw=none',
      "ids.conf:10: the id 6 is already on line 9",
      "ids.conf:11: the address h8:23000 is already on line 10",
    ]);
  });

  test("is read from a file", () => {
    using folder = new ConfFolder();
    expect(loadStorageIds(folder.write("ids", "1 g h"))).toHaveLength(1);
    expect(() => loadStorageIds(`${folder.path}/gone`)).toThrow(ConfError);
  });
});
