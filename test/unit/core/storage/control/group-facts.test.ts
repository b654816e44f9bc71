// Parameters, ids, addresses and changelog lines as trackers send them.

import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { storageDefaults } from "../../../../../conf/index.ts";
import { announcedPort, listenAddresses, localAddresses } from "../../../../../core/storage/control/addresses.ts";
import {
  movePortOfMarkFiles,
  parseChangelog,
  renameMarkFile,
  retireMarkFiles,
} from "../../../../../core/storage/control/changelog.ts";
import {
  findTrustedId,
  idOfAddress,
  readIdLines,
  sourceBytesOf,
} from "../../../../../core/storage/control/identity.ts";
import { parseTrackerParameters, reservedMbPerPath } from "../../../../../core/storage/control/parameters.ts";

const folder = mkdtempSync(join(tmpdir(), "fdfs-group-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("parameters", () => {
  test("the tracker's text", () => {
    const text =
      "use_storage_id=1\nid_type_in_filename=id\ntrust_storage_server_id=1\nresponse_ip_addr_size=16\n" +
      "storage_ip_changed_auto_adjust=1\nstore_path=2\nreserved_storage_space=20.00%\nuse_trunk_file=0\n";
    expect(parseTrackerParameters(text)).toEqual({
      useStorageId: true,
      idTypeInFilename: "id",
      trustStorageServerId: true,
      responseIpSize: 16,
      storageIpChangedAutoAdjust: true,
      storePath: 2,
      reservedStorageSpace: { kind: "ratio", ratio: 0.2 },
      trunk: null,
      storeSlaveFileUseLink: false,
      updateFailover: true,
    });
  });

  test("C's defaults where keys are missing; ids in names need ids", () => {
    const parameters = parseTrackerParameters("id_type_in_filename=id\n");
    expect(parameters.idTypeInFilename).toBe("ip");
    expect(parameters.responseIpSize).toBe(46);
    expect(parameters.storePath).toBe(0);
  });

  test("a reserved space that is none is named", () => {
    expect(() => parseTrackerParameters("reserved_storage_space=lots\n")).toThrow("'lots'");
  });

  test("megabytes are shared by the paths, a share counts for each", () => {
    expect(reservedMbPerPath({ kind: "mb", mb: 1024 }, 3, 500_000)).toBe(341);
    expect(reservedMbPerPath({ kind: "ratio", ratio: 0.2 }, 3, 500_000)).toBe(100_000);
  });
});

describe("identity", () => {
  // tracker.md §10 example 19.
  const entries = readIdLines(
    "100001 group1 127.0.0.61:23001\n100002 group1 127.0.0.61:23002 rw=read\n" +
      "100003 group1 10.1.2.3,127.0.0.62:23003 rw=write\n200001 group2 [fd00:1::22]:23001\n",
  );
  const facts = { groupName: "group1", port: 23003, serverId: "", addresses: ["127.0.0.62"] };

  test("own entry by group, port and one of the addresses", () => {
    expect(findTrustedId(entries, facts)).toBe("100003");
    expect(findTrustedId(entries, { ...facts, port: 23001 })).toBe(null);
    expect(findTrustedId(entries, { ...facts, groupName: "group2" })).toBe(null);
  });

  test("a configured id must be listed for the group", () => {
    expect(findTrustedId(entries, { ...facts, serverId: "100001" })).toBe("100001");
    expect(() => findTrustedId(entries, { ...facts, serverId: "9" })).toThrow("Cannot be storage 9");
    expect(() => findTrustedId(entries, { ...facts, serverId: "200001" })).toThrow("it belongs to group2");
  });

  test("without ids: the address, or its short code (tracker.md §4.1)", () => {
    expect(idOfAddress("127.0.0.72")).toBe("127.0.0.72");
    expect(idOfAddress("fd00:1::22")).toBe("tg3ARgAAAAA.");
  });

  test("source bytes of file names (storage.md §4.4)", () => {
    expect(sourceBytesOf("ip", "127.0.0.72", "127.0.0.72")).toEqual([0x7f, 0, 0, 0x48]);
    expect(sourceBytesOf("id", "100001", "127.0.0.72")).toEqual([0xa1, 0x86, 0x01, 0x00]);
  });
});

describe("addresses", () => {
  const listening = (overrides: Parameters<typeof storageDefaults>[0]): string[] =>
    listenAddresses(storageDefaults(overrides)).map(({ hostname, port }) => `${hostname} ${port}`);

  test("all, one, two, inner and outer", () => {
    expect(listening({})).toEqual(["0.0.0.0 23000"]);
    expect(listening({ addressFamily: "both" })).toEqual([":: 23000"]);
    expect(listening({ bindAddr: "10.0.0.1,fd00::1" })).toEqual(["10.0.0.1 23000", "fd00::1 23000"]);
    expect(listening({ innerBindAddr: "10.0.0.1", outerBindAddr: "8.8.4.4", innerPort: 1, outerPort: 2 })).toEqual([
      "10.0.0.1 1",
      "8.8.4.4 2",
    ]);
    expect(announcedPort(storageDefaults({ innerPort: 1, port: 5 }))).toBe(1);
  });

  test("client_bind decides where connections come from", () => {
    expect(localAddresses(storageDefaults({ bindAddr: "10.0.0.1, fd00::1" }))).toEqual(["10.0.0.1", "fd00::1"]);
    expect(localAddresses(storageDefaults({ bindAddr: "10.0.0.1", clientBind: false }))).toEqual([]);
    expect(localAddresses(storageDefaults({}))).toEqual([]);
  });
});

describe("changelog", () => {
  test("own group only; what is no line is told", () => {
    const bad: string[] = [];
    const text =
      "1795233229 group1 127.0.0.53 4 \n1795233230 group2 127.0.0.54 4 \n" +
      "1795233231 group1 127.0.0.55 3 127.0.0.56\n1795233232 group1 127.0.0.57 7 \nnonsense\n";
    expect(parseChangelog(text, "group1", (line) => bad.push(line))).toEqual([
      { kind: "deleted", id: "127.0.0.53" },
      { kind: "renamed", id: "127.0.0.55", newId: "127.0.0.56" },
    ]);
    expect(bad).toEqual(["1795233232 group1 127.0.0.57 7 ", "nonsense"]);
  });

  test("marks are put aside, renamed, moved to another port", () => {
    for (const name of ["127.0.0.5_23000.mark", "127.0.0.53_23000.mark", "100.mark", "1001.mark", "binlog.000"]) {
      writeFileSync(join(folder, name), "");
    }
    expect(retireMarkFiles(folder, "127.0.0.53", new Date(2026, 10, 21, 3, 57, 48))).toEqual(["127.0.0.53_23000.mark"]);
    expect(retireMarkFiles(folder, "100", new Date(2026, 10, 21, 3, 57, 48))).toEqual(["100.mark"]);
    renameMarkFile(folder, "127.0.0.5", "127.0.0.6", 23000);
    renameMarkFile(folder, "127.0.0.99", "127.0.0.98", 23000);
    movePortOfMarkFiles(folder, 23000, 24000);
    expect(readdirSync(folder).sort()).toEqual([
      "100.mark.20261121035748",
      "1001.mark",
      "127.0.0.53_23000.mark.20261121035748",
      "127.0.0.6_24000.mark",
      "binlog.000",
    ]);
  });
});
