/** Runs the shared promise-API checks with the npm package `fastdfs-client`, unmodified, under Node. */
import FdfsClient from "fastdfs-client";
import { runPromiseClient } from "../driver-kit/promise-client.mjs";

await runPromiseClient(FdfsClient);
