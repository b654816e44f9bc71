// System calls that no portable module offers, through Bun's FFI: sendfile, renameat2 and the socket cork. Where FFI is
// missing (Deno, Node) `native()` answers null and callers take their portable way.

import { isBun } from "./host.ts";

export interface Native {
  /** sendfile(2): bytes sent, or a negative errno (-11: the socket is full). */
  sendFile(socketFd: number, fileFd: number, offset: number, length: number): number;
  /** renameat2(2) with RENAME_NOREPLACE: 0, or a negative errno (-17: the target exists). */
  renameNoReplace(from: string, to: string): number;
  /** send(2) with MSG_MORE | MSG_DONTWAIT | MSG_NOSIGNAL, so that a header leaves with the bytes behind it. */
  sendMore(socketFd: number, bytes: Uint8Array): number;
  /** setsockopt(2) TCP_QUICKACK: what has arrived is acknowledged now instead of up to 40 ms later. */
  acknowledge(socketFd: number): void;
}

const MSG_MORE_DONTWAIT_NOSIGNAL = 0x8000 | 0x40 | 0x4000;
const IPPROTO_TCP = 6;
const TCP_QUICKACK = 12;
const AT_FDCWD = -100;
const RENAME_NOREPLACE = 1;

let loaded: Native | null | undefined;

/** The native calls of this process, or null. The first call loads the C library; later ones are free. */
export async function loadNative(): Promise<Native | null> {
  if (loaded !== undefined) return loaded;
  loaded = isBun ? await open() : null;
  return loaded;
}

/** What `loadNative` found; null before it was called. */
export function native(): Native | null {
  return loaded ?? null;
}

// linux syscall numbers: renameat2 came to glibc only with 2.28, to the kernel with 3.15.
const SYS_RENAMEAT2 = process.arch === "arm64" ? 276 : 316;

async function open(): Promise<Native | null> {
  const { dlopen, FFIType, ptr, read } = await import("bun:ffi");
  const load = (name: string) =>
    dlopen(name, {
      sendfile: { args: [FFIType.i32, FFIType.i32, FFIType.ptr, FFIType.u64], returns: FFIType.i64_fast },
      syscall: {
        args: [FFIType.i64, FFIType.i32, FFIType.ptr, FFIType.i32, FFIType.ptr, FFIType.u32],
        returns: FFIType.i64_fast,
      },
      send: { args: [FFIType.i32, FFIType.ptr, FFIType.u64, FFIType.i32], returns: FFIType.i64_fast },
      setsockopt: {
        args: [FFIType.i32, FFIType.i32, FFIType.i32, FFIType.ptr, FFIType.u32],
        returns: FFIType.i32,
      },
      __errno_location: { args: [], returns: FFIType.ptr },
    }).symbols;
  let library: ReturnType<typeof load> | undefined;
  // glibc, then musl under its two usual names.
  for (const name of ["libc.so.6", "libc.so", `libc.musl-${process.arch === "arm64" ? "aarch64" : "x86_64"}.so.1`]) {
    try {
      library = load(name);
      break;
    } catch {
      // The next name; without any, callers take the portable way.
    }
  }
  if (library === undefined) return null;
  const symbols = library;
  const errno = (): number => {
    const location = symbols.__errno_location();
    return location === null ? 5 : read.i32(location, 0);
  };
  const offsetCell = new BigInt64Array(1);
  const offsetPointer = ptr(offsetCell);
  const oneCell = new Int32Array([1]);
  const onePointer = ptr(oneCell);
  const encoder = new TextEncoder();
  return {
    sendFile(socketFd, fileFd, offset, length) {
      offsetCell[0] = BigInt(offset);
      const sent = Number(symbols.sendfile(socketFd, fileFd, offsetPointer, length));
      return sent < 0 ? -errno() : sent;
    },
    renameNoReplace(from, to) {
      const source = encoder.encode(`${from}\0`);
      const target = encoder.encode(`${to}\0`);
      const result = Number(
        symbols.syscall(SYS_RENAMEAT2, AT_FDCWD, ptr(source), AT_FDCWD, ptr(target), RENAME_NOREPLACE),
      );
      return result < 0 ? -errno() : 0;
    },
    sendMore(socketFd, bytes) {
      if (bytes.length === 0) return 0;
      const sent = Number(symbols.send(socketFd, ptr(bytes), bytes.length, MSG_MORE_DONTWAIT_NOSIGNAL));
      return sent < 0 ? -errno() : sent;
    },
    acknowledge(socketFd) {
      symbols.setsockopt(socketFd, IPPROTO_TCP, TCP_QUICKACK, onePointer, oneCell.byteLength);
    },
  };
}
