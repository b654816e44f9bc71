// The client library's door: what programs that use FastDFS import.

export { type ClientOptions, createClient, type FdfsClient } from "./client.ts";
export type { Content } from "./content.ts";
export type { DownloadOptions } from "./download.ts";
export type { Endpoint } from "./endpoint.ts";
export { FdfsError } from "./errors.ts";
export type { FileInfo } from "./file-info.ts";
export type { StoreTarget } from "./locate.ts";
export type { ContentAnswer, FileAnswer, ReplicationAnswer, TrunkAnswer } from "./probe.ts";
export type { GroupView, TrackerView } from "./tracker-views.ts";
export type { UploadOptions } from "./upload.ts";
