// System calls that no portable module offers, through Bun's FFI: sendfile, renameat2, the socket cork, handing a socket
// over, and cheaper forms of the calls that every download makes. Where FFI is missing (Deno, Node) `native()` answers null
// and callers take their portable way.

import { isBun } from "./host.ts";

export interface Native {
  /** sendfile(2): bytes sent, or a negative errno (-11: the socket is full). */
  sendFile(socketFd: number, fileFd: number, offset: number, length: number): number;
  /** renameat2(2) with RENAME_NOREPLACE: 0, or a negative errno (-17: the target exists). */
  renameNoReplace(from: string, to: string): number;
  /** send(2) with MSG_MORE | MSG_DONTWAIT | MSG_NOSIGNAL, so that a header leaves with the bytes behind it. */
  sendMore(socketFd: number, bytes: Uint8Array): number;
  /** open(2) for reading: the descriptor, or a negative errno. Half the price of the portable call. */
  openForReading(path: string): number;
  /** fstat(2): the size in bytes, -21 for a directory, or another negative errno. */
  sizeOf(fileFd: number): number;
  /** pread(2): bytes read, 0 at the end, or a negative errno. */
  readAt(fileFd: number, target: Uint8Array, start: number, length: number, position: number): number;
  /** lseek(2) with SEEK_DATA: where the next bytes are that are no hole, or a negative errno (-6: there are none). */
  seekData(fileFd: number, offset: number): number;
  /** close(2). */
  close(fd: number): void;
  /** recv(2) with MSG_DONTWAIT: bytes received, 0 after the peer's FIN, or a negative errno (-11: nothing is there). */
  receive(socketFd: number, target: Uint8Array, length: number): number;
  /** poll(2): waits until one of the sockets has something to read, or something has happened to it. */
  awaitReadable(socketFds: readonly number[], timeoutMs: number): void;
  /** sched_yield(2): other threads that wait for this processor have their turn. */
  yieldTurn(): void;
  /** setpriority(2) of the calling thread: 0 to 19, a greater one gives way to others. */
  setThreadNice(nice: number): void;
  /** A second descriptor of the same socket or open file, closed on exec; or a negative errno. */
  duplicate(fd: number): number;
  /** setsockopt(2) SO_LINGER off: closing does not reset. */
  closeSoftly(socketFd: number): void;
  /** setsockopt(2) TCP_QUICKACK: what has arrived is acknowledged now instead of up to 40 ms later. */
  acknowledge(socketFd: number): void;
}

const MSG_MORE_DONTWAIT_NOSIGNAL = 0x8000 | 0x40 | 0x4000;
const MSG_DONTWAIT = 0x40;
const SEEK_DATA = 3;
const PRIO_PROCESS = 0;
const POLLIN = 1;
const POLL_WORDS = 2;
const IPPROTO_TCP = 6;
const TCP_QUICKACK = 12;
const SOL_SOCKET = 1;
const SO_LINGER = 13;
const F_DUPFD_CLOEXEC = 1030;
const O_RDONLY_CLOEXEC = 0o2000000;
const STAT_BYTES = 256;
const STAT_MODE_AT = process.arch === "arm64" ? 16 : 24;
const STAT_SIZE_AT = 48;
const S_IFMT = 0o170000;
const S_IFDIR = 0o040000;
const EISDIR = 21;
const PATH_BYTES = 4096;
const ENAMETOOLONG = 36;
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
const SYS_FSTAT = process.arch === "arm64" ? 80 : 5;
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
      open: { args: [FFIType.ptr, FFIType.i32, FFIType.i32], returns: FFIType.i32 },
      pread: { args: [FFIType.i32, FFIType.ptr, FFIType.u64, FFIType.i64], returns: FFIType.i64_fast },
      lseek: { args: [FFIType.i32, FFIType.i64, FFIType.i32], returns: FFIType.i64_fast },
      close: { args: [FFIType.i32], returns: FFIType.i32 },
      recv: { args: [FFIType.i32, FFIType.ptr, FFIType.u64, FFIType.i32], returns: FFIType.i64_fast },
      poll: { args: [FFIType.ptr, FFIType.u64, FFIType.i32], returns: FFIType.i32 },
      setpriority: { args: [FFIType.i32, FFIType.i32, FFIType.i32], returns: FFIType.i32 },
      sched_yield: { args: [], returns: FFIType.i32 },
      fcntl: { args: [FFIType.i32, FFIType.i32, FFIType.i32], returns: FFIType.i32 },
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
  const pathCell = new Uint8Array(PATH_BYTES);
  const pathPointer = ptr(pathCell);
  const statCell = new DataView(new ArrayBuffer(STAT_BYTES));
  const statPointer = ptr(statCell);
  const lingerCell = new Int32Array(2);
  const lingerPointer = ptr(lingerCell);
  return {
    openForReading(path) {
      const { read: taken, written } = encoder.encodeInto(path, pathCell);
      if (taken < path.length || written === PATH_BYTES) return -ENAMETOOLONG;
      pathCell[written] = 0;
      const fd = symbols.open(pathPointer, O_RDONLY_CLOEXEC, 0);
      return fd < 0 ? -errno() : fd;
    },
    sizeOf(fileFd) {
      // By number: glibc has a symbol of this name only since 2.33.
      if (Number(symbols.syscall(SYS_FSTAT, fileFd, statPointer, 0, null, 0)) < 0) return -errno();
      if ((statCell.getUint32(STAT_MODE_AT, true) & S_IFMT) === S_IFDIR) return -EISDIR;
      return Number(statCell.getBigInt64(STAT_SIZE_AT, true));
    },
    readAt(fileFd, target, start, length, position) {
      const count = Number(symbols.pread(fileFd, ptr(target, start), length, position));
      return count < 0 ? -errno() : count;
    },
    seekData(fileFd, offset) {
      const found = Number(symbols.lseek(fileFd, offset, SEEK_DATA));
      return found < 0 ? -errno() : found;
    },
    close(fd) {
      symbols.close(fd);
    },
    receive(socketFd, target, length) {
      const count = Number(symbols.recv(socketFd, ptr(target), length, MSG_DONTWAIT));
      return count < 0 ? -errno() : count;
    },
    awaitReadable(socketFds, timeoutMs) {
      // struct pollfd: the descriptor, then events and revents in one word.
      const cells = new Int32Array(socketFds.length * POLL_WORDS);
      socketFds.forEach((fd, index) => {
        cells[index * POLL_WORDS] = fd;
        cells[index * POLL_WORDS + 1] = POLLIN;
      });
      symbols.poll(ptr(cells), socketFds.length, timeoutMs);
    },
    yieldTurn() {
      symbols.sched_yield();
    },
    setThreadNice(nice) {
      symbols.setpriority(PRIO_PROCESS, 0, nice);
    },
    duplicate(fd) {
      const copy = symbols.fcntl(fd, F_DUPFD_CLOEXEC, 0);
      return copy < 0 ? -errno() : copy;
    },
    closeSoftly(socketFd) {
      symbols.setsockopt(socketFd, SOL_SOCKET, SO_LINGER, lingerPointer, lingerCell.byteLength);
    },
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
