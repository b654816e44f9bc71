// Status bytes of response headers: Linux errno numbers, hard-coded because the platform's own numbering must never
// leak onto the wire (storage.md §1.1, tracker.md §1.6). This file owns their names and one sentence for each.

/** Linux errno numbers used as protocol status. */
export const Status = {
  OK: 0,
  EPERM: 1,
  ENOENT: 2,
  EINTR: 4,
  EIO: 5,
  EAGAIN: 11,
  ENOMEM: 12,
  EACCES: 13,
  EFAULT: 14,
  EBUSY: 16,
  EEXIST: 17,
  ENOTDIR: 20,
  EISDIR: 21,
  EINVAL: 22,
  ENFILE: 23,
  EMFILE: 24,
  EFBIG: 27,
  ENOSPC: 28,
  EROFS: 30,
  EPIPE: 32,
  ENAMETOOLONG: 36,
  ENONET: 64,
  EOPNOTSUPP: 95,
  ECONNRESET: 104,
  ENOTCONN: 107,
  ETIMEDOUT: 110,
  ECONNREFUSED: 111,
  EHOSTUNREACH: 113,
  EALREADY: 114,
  EDQUOT: 122,
} as const;

/** The texts of glibc's strerror: old scripts grep for them in the output of the C tools. */
const texts: Readonly<Record<number, string>> = {
  0: "Success",
  1: "Operation not permitted",
  2: "No such file or directory",
  4: "Interrupted system call",
  5: "Input/output error",
  11: "Resource temporarily unavailable",
  12: "Cannot allocate memory",
  13: "Permission denied",
  14: "Bad address",
  16: "Device or resource busy",
  17: "File exists",
  20: "Not a directory",
  21: "Is a directory",
  22: "Invalid argument",
  23: "Too many open files in system",
  24: "Too many open files",
  27: "File too large",
  28: "No space left on device",
  30: "Read-only file system",
  32: "Broken pipe",
  36: "File name too long",
  64: "Machine is not on the network",
  95: "Operation not supported",
  104: "Connection reset by peer",
  107: "Transport endpoint is not connected",
  110: "Connection timed out",
  111: "Connection refused",
  113: "No route to host",
  114: "Operation already in progress",
  122: "Disk quota exceeded",
};

const namesByNumber = new Map<number, string>(Object.entries(Status).map(([name, number]) => [number, name]));

/** The errno's name, e.g. 2 -> "ENOENT"; "errno 77" for one without a name here. */
export function statusName(status: number): string {
  return namesByNumber.get(status) ?? `errno ${status}`;
}

/** The errno's sentence as glibc prints it. */
export function statusText(status: number): string {
  return texts[status] ?? `Unknown error ${status}`;
}

/** The status for a system error of `node:fs`/`node:net` by its `code` ("ENOSPC" -> 28); EIO for anything unknown. */
export function statusOfError(error: unknown): number {
  if (error !== null && typeof error === "object") {
    if ("status" in error && typeof error.status === "number") return error.status;
    if ("code" in error && typeof error.code === "string" && error.code in Status) {
      return Status[error.code as keyof typeof Status];
    }
  }
  return Status.EIO;
}
