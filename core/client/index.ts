// The client library's door: what programs that use FastDFS import.

export {
  type ClientOptions,
  createClient,
  type DownloadOptions,
  type FdfsClient,
  type StoreTarget,
  type UploadOptions,
} from "./client.ts";
export type { Content } from "./content.ts";
export { FdfsError } from "./errors.ts";
export type { FileInfo } from "./file-info.ts";
