// The one error of this room: a name, group, prefix or extension that FastDFS's grammar refuses.

/** `status` is EINVAL, what a storage answers to such a name (storage.md §1.2). */
export class FileNameError extends Error {
  override readonly name = "FileNameError";
  readonly status = 22;
}
