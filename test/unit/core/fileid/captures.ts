// File IDs that C FastDFS 6.16.1 made, with what was known of each file (storage.md §4.10, trunk-dedup-recovery.md §1.4).
// The blocks are written as the document shows them: source | timestamp | size word | CRC.

import type { FileSource } from "../../../../core/fileid/packed-block.ts";

export interface CapturedName {
  title: string;
  id: string;
  block: string;
  kind: "normal" | "appender" | "slave";
  source: FileSource;
  timestamp: number;
  size: number;
  crc32: number;
  /** The random bits of the block, and the tail. */
  random: number;
  ext: string;
}

const server: FileSource = { kind: "ipv4", address: "127.0.0.72" };

export const capturedNames: readonly CapturedName[] = [
  {
    title: "14 bytes, ext txt",
    id: "group1/M00/00/00/fwAASGsBFO6AamkEAAAADg4Qul0613.txt",
    block: "7f000048 6b0114ee 806a69040000000e 0e10ba5d",
    kind: "normal",
    source: server,
    timestamp: 1795233006,
    size: 14,
    crc32: 235977309,
    random: 0x6a6904,
    ext: "txt",
  },
  {
    title: "empty file, ext bin",
    id: "group1/M01/00/00/fwAASGsBFO6AZiUrAAAAAAAAAAA553.bin",
    block: "7f000048 6b0114ee 8066252b00000000 00000000",
    kind: "normal",
    source: server,
    timestamp: 1795233006,
    size: 0,
    crc32: 0,
    random: 0x66252b,
    ext: "bin",
  },
  {
    title: "100000 bytes, ext jpg",
    id: "group1/M00/00/00/fwAASGsBFO6AY5NwAAGGoAWKn9c627.jpg",
    block: "7f000048 6b0114ee 80639370000186a0 058a9fd7",
    kind: "normal",
    source: server,
    timestamp: 1795233006,
    size: 100000,
    crc32: 92970967,
    random: 0x639370,
    ext: "jpg",
  },
  {
    title: "no extension",
    id: "group1/M01/00/01/fwAASGsBFO6Ab0DmAAAADE95MY44227629",
    block: "7f000048 6b0114ee 806f40e60000000c 4f79318e",
    kind: "normal",
    source: server,
    timestamp: 1795233006,
    size: 12,
    crc32: 0x4f79318e,
    random: 0x6f40e6,
    ext: "",
  },
  {
    title: "a dash in the block",
    id: "group1/M00/00/01/fwAASGsBFO-AJIVMAAAAB1a5DeY6963191",
    block: "7f000048 6b0114ef 8024854c00000007 56b90de6",
    kind: "normal",
    source: server,
    timestamp: 1795233007,
    size: 7,
    crc32: 0x56b90de6,
    random: 0x24854c,
    ext: "",
  },
  {
    title: "appender",
    id: "group1/M01/00/01/fwAASGsBFO-EH_KyAAAAAA4Qul0186.txt",
    block: "7f000048 6b0114ef 841ff2b200000000 0e10ba5d",
    kind: "appender",
    source: server,
    timestamp: 1795233007,
    size: 0,
    crc32: 0x0e10ba5d,
    random: 0x1ff2b2,
    ext: "txt",
  },
  {
    title: "slave",
    id: "group1/M00/00/02/fwAASGsBFUGAfoSXAAAADg4Qul0701_big.png",
    block: "7f000048 6b011541 807e84970000000e 0e10ba5d",
    kind: "slave",
    source: server,
    timestamp: 0x6b011541,
    size: 14,
    crc32: 0x0e10ba5d,
    random: 0x7e8497,
    ext: "png",
  },
  {
    title: "regenerated from an appender",
    id: "group1/M01/00/03/fwAASGsBFUCAdkCUAAAACqaEx8Y618.log",
    block: "7f000048 6b011540 807640940000000a a684c7c6",
    kind: "normal",
    source: server,
    timestamp: 0x6b011540,
    size: 10,
    crc32: 0xa684c7c6,
    random: 0x764094,
    ext: "log",
  },
  {
    title: "storage id",
    id: "group1/M00/00/00/oYYBAGsBFtOAHSu1AAAACGe1SJA201.txt",
    block: "a1860100 6b0116d3 801d2bb500000008 67b54890",
    kind: "normal",
    source: { kind: "id", id: 100001 },
    timestamp: 0x6b0116d3,
    size: 8,
    crc32: 0x67b54890,
    random: 0x1d2bb5,
    ext: "txt",
  },
  {
    title: "extension of two parts, no random digit",
    id: "group1/M01/01/01/fwAASGsBFU6ARKXVAAAAAzUkQcI.tar.gz",
    block: "7f000048 6b01154e 8044a5d500000003 352441c2",
    kind: "normal",
    source: server,
    timestamp: 0x6b01154e,
    size: 3,
    crc32: 0x352441c2,
    random: 0x44a5d5,
    ext: "tar.gz",
  },
];

/** Names of files inside trunk files: `[logic name, size word, trunk file id, offset, allocated size]`. */
export const capturedTrunkNames: readonly [string, string, number, number, number][] = [
  ["M00/00/00/fwAAPWsBFRiIMjkaAAAADKgn6qgAAAAAQAAAAAAAAEA962.txt", "8832391a0000000c", 1, 0, 256],
  ["M01/00/00/fwAAPWsBFRiIUp1KAAAAAAAAAAAAAAAAgAAAAAAAAEA402.bin", "88529d4a00000000", 2, 0, 256],
  ["M00/00/00/fwAAPWsBFRiIYvpCAAAAAdzZZ78AAAAAQAAAQAAAAEA443.bin", "8862fa4200000001", 1, 256, 256],
  ["M00/00/00/fwAAPWsBFRiISs5LAAAA6GGPSVYAAAAAQAAAgAAAAEA457.bin", "884ace4b000000e8", 1, 512, 256],
  ["M01/00/00/fwAAPWsBFRiIf1_aAAAA6QYtJZAAAAAAgAAAgAAAAIA090.bin", "887f5fda000000e9", 2, 512, 512],
  ["M00/00/00/fwAAPWsBFRiIF0CSAAAD6J4fVYsAAAAAQAAAwAAAAQA491.bin", "88174092000003e8", 1, 768, 1024],
];
