// The declarations against bytes captured from C FastDFS: every captured packet decodes to the values that the documents
// name and encodes back to the same bytes; the table of command numbers is complete; record sizes are C's.

import { describe, expect, test } from "bun:test";
import { decodeResponse, encodeRequest } from "../../../../core/wire/command.ts";
import { commandsByNumber } from "../../../../core/wire/commands.ts";
import { decodeHeader } from "../../../../core/wire/header.ts";
import { ProtocolError } from "../../../../core/wire/protocol-error.ts";
import { storageStat } from "../../../../core/wire/storage-stat.ts";
import {
  groupStat,
  storageClusterStat,
  storageInfo,
  trackerStat,
  volumeStat,
} from "../../../../core/wire/tracker-list.ts";
import { storageBrief, storageJoin } from "../../../../core/wire/tracker-report.ts";
import { captures } from "./captures.ts";

const bytesOf = (hex: string): Buffer => Buffer.from(hex, "hex");

/** Splits a captured request into its declared part and the content behind it. */
function parseRequest(hex: string): { number: number; value: unknown; content: Buffer; encoded: Uint8Array } {
  const packet = bytesOf(hex);
  const header = decodeHeader(packet);
  const command = commandsByNumber.get(header.command)!;
  const body = packet.subarray(10);
  for (let size = body.length; size >= 0; size--) {
    try {
      const value = command.request.parse(body.subarray(0, size));
      const content = body.subarray(size);
      if (content.length > 0 && !command.requestStream) break;
      const encoded = encodeRequest(command, value, { streamLength: content.length, status: header.status });
      return { number: header.command, value, content, encoded };
    } catch (error) {
      if (!(error instanceof ProtocolError) || !command.requestStream) throw error;
    }
  }
  throw new Error(`no layout of ${command.name} fits`);
}

/** Group fields of C storages carry garbage behind their NUL (storage.md §1.2): the place and length of it. */
const garbage: Record<string, [at: number, size: number]> = {
  "storage.md §11.17": [0x25, 9],
  "storage.md §11.18": [0x25, 9],
  "storage.md §11.19": [0x2d, 9],
  "storage.md §11.20": [0x2d, 9],
  "storage.md §11.21": [0x2d, 9],
};

describe("captured requests", () => {
  for (const capture of captures) {
    test(`${capture.source} ${capture.title}`, () => {
      const { content, encoded } = parseRequest(capture.request);
      const expected = bytesOf(capture.request);
      const spot = garbage[capture.source];
      if (spot !== undefined) expected.fill(0, spot[0], spot[0] + spot[1]);
      expect(Buffer.concat([encoded, content]).toString("hex")).toBe(expected.toString("hex"));
    });
  }
});

describe("captured responses", () => {
  for (const capture of captures) {
    if (capture.response === undefined) continue;
    test(`${capture.source} ${capture.title}`, () => {
      const packet = bytesOf(capture.response!);
      const header = decodeHeader(packet);
      expect(header.command).toBe(100);
      expect(header.bodyLength).toBe(packet.length - 10);
      const command = commandsByNumber.get(decodeHeader(bytesOf(capture.request)).command)!;
      if (header.status !== 0 || command.responseStream) return;
      const body = packet.subarray(10);
      const ipSize = command.response.ipSizeOf(body.length)!;
      const value = decodeResponse(command, body);
      expect(Buffer.from(command.response.format(value, ipSize)).toString("hex")).toBe(body.toString("hex"));
    });
  }
});

describe("decoded values", () => {
  const find = (source: string, nth = 0) => captures.filter((capture) => capture.source === source)[nth]!;
  const request = (source: string, nth = 0) => parseRequest(find(source, nth).request);
  const response = (source: string, nth = 0): unknown => {
    const capture = find(source, nth);
    const command = commandsByNumber.get(decodeHeader(bytesOf(capture.request)).command)!;
    return decodeResponse(command, bytesOf(capture.response!).subarray(10));
  };

  test("upload: path -1, size, extension, content", () => {
    const { value, content } = request("storage.md §11.1");
    expect(value).toEqual({ storePathIndex: -1, fileSize: 14, fileExt: "txt" });
    expect(content.toString()).toBe("hello fastdfs\n");
    expect(response("storage.md §11.1")).toEqual({
      groupName: "group1",
      fileName: "M00/00/02/fwAASGsBFQ2AHKZAAAAADg4Qul0577.txt",
    });
  });

  test("append, modify, truncate", () => {
    const fileName = "M01/00/02/fwAASGsBFQ2EcdpcAAAAAKaEx8Y219.log";
    expect(request("storage.md §11.3").value).toEqual({ byteCount: 5, fileName });
    expect(request("storage.md §11.4").value).toEqual({ offset: 2, byteCount: 3, fileName });
    expect(request("storage.md §11.5").value).toEqual({ newSize: 8, fileName });
  });

  test("metadata", () => {
    const { value } = request("storage.md §11.7") as { value: { flag: number; metadata: Uint8Array } };
    expect(value.flag).toBe(0x4f);
    expect(Buffer.from(value.metadata).toString()).toBe("width\x021024\x01height\x02768\x01a\x02b");
  });

  test("file info: the CRC is unsigned although the wire extends its sign", () => {
    expect(response("storage.md §11.11")).toEqual({
      fileSize: 10,
      modificationTime: 0x6b011541,
      crc32: 0xa684c7c6,
      sourceIp: "127.0.0.72",
    });
  });

  test("slave upload", () => {
    expect(request("storage.md §11.12").value).toEqual({
      fileSize: 6,
      prefix: "_big",
      fileExt: "png",
      masterName: "M00/00/02/fwAASGsBFUGAfoSXAAAADg4Qul0701.txt",
    });
  });

  test("replication: the group ends at its NUL whatever follows", () => {
    expect(request("storage.md §11.17").value).toEqual({
      fileSize: 8,
      timestamp: 0x6b0115dc,
      groupName: "group1",
      fileName: "M00/01/03/fwAASGsBFdyAC9uUAAAACMoDPuQ106.txt",
    });
    expect(request("storage.md §11.21").value).toMatchObject({ oldSize: 15, newSize: 8, groupName: "group1" });
    expect(request("storage.md §11.22").value).toMatchObject({
      newName: "M01/01/03/fwAASGsBFeeAIwZiAAAACIyU-RU080.log",
      oldName: "M01/01/03/fwAASGsBFeCEMIQ8AAAAAKaEx8Y080.log",
    });
  });

  test("store queries in both IP sizes", () => {
    expect(response("tracker.md §10.2")).toEqual({
      groupName: "group1",
      ipAddress: "127.0.0.52",
      port: 22301,
      storePathIndex: 0,
    });
    expect(response("tracker.md §10.3")).toEqual({
      groupName: "group1",
      ipAddress: "127.0.0.61",
      port: 23001,
      storePathIndex: 0,
    });
    expect(response("tracker.md §10.4")).toEqual({
      groupName: "group1",
      servers: [
        { ipAddress: "127.0.0.52", port: 22301 },
        { ipAddress: "127.0.0.53", port: 22301 },
      ],
      storePathIndex: 0,
    });
  });

  test("group list", () => {
    expect(response("tracker.md §10.6")).toEqual({
      groups: [
        {
          groupName: "group1",
          totalMb: 516038,
          freeMb: 132306,
          reservedMb: 10,
          trunkFreeMb: 0,
          storageCount: 2,
          storagePort: 22301,
          readableServerCount: 2,
          writableServerCount: 2,
          currentWriteServer: 0,
          storePathCount: 2,
          subdirCountPerPath: 2,
          currentTrunkFileId: -1,
        },
      ],
    });
  });

  test("join", () => {
    expect(request("tracker.md §10.8").value).toEqual({
      groupName: "group1",
      storagePort: 22301,
      storePathCount: 2,
      subdirCountPerPath: 2,
      uploadPriority: 10,
      joinTime: 0x6b011531,
      upTime: 0x6b011531,
      version: "6.16.1",
      initFlag: true,
      status: -1,
      storageId: "",
      currentTrackerIp: "127.0.0.51",
      trackerCount: 2,
      trackerLines: "127.0.0.51:22201\n127.0.0.54:22201\n",
    });
  });

  test("beat answer: leader and two members", () => {
    expect(response("tracker.md §10.10")).toEqual({
      flags: 5,
      briefs: [
        { status: 0, port: 22201, id: "127.0.0.54", ipAddress: "127.0.0.54" },
        { status: 7, port: 22301, id: "127.0.0.52", ipAddress: "127.0.0.52" },
        { status: 1, port: 22301, id: "127.0.0.53", ipAddress: "127.0.0.53" },
      ],
    });
  });

  test("trunk allocation", () => {
    expect(response("trunk-dedup-recovery.md §1.10", 0)).toEqual({
      storePathIndex: 0,
      subPathHigh: 0,
      subPathLow: 0,
      trunkFileId: 1,
      offset: 67328,
      size: 768,
    });
  });
});

describe("the table of commands", () => {
  test("holds every number of tracker.md §1.7 and storage.md §1.3, ours, and no other", () => {
    const numbers = [
      ...[
        9, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37,
        38, 40,
      ],
      ...[
        58, 59, 60, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70, 71, 72, 73, 74, 75, 76, 77, 78, 79, 81, 82, 83, 84, 85, 86,
        87,
      ],
      ...[88, 89, 90, 91, 92, 93, 94, 95, 96, 97, 98, 101, 102, 103, 104, 105, 106, 107, 108, 109, 111],
      // Ours: REPLICATION_STATUS, LIST_STORED_FILES, RECOVERY_STATUS, TRUNK_STATUS.
      ...[200, 201, 202, 203],
    ];
    expect([...commandsByNumber.keys()].sort((a, b) => a - b)).toEqual(numbers);
  });

  test("record sizes are C's", () => {
    expect(
      [storageBrief, storageStat, groupStat, trackerStat, storageClusterStat, volumeStat].map((record) =>
        record.size(16),
      ),
    ).toEqual([67, 348, 113, 90, 106, 59]);
    expect([storageInfo.size(16), storageInfo.size(46)]).toEqual([487, 517]);
    expect(storageJoin.response.size(16)).toBe(17);
  });
});
