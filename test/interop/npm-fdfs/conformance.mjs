/** Runs the shared promise-API checks with the npm package `fdfs`, unmodified, under Node. */
import FdfsClient from "fdfs";
import { runPromiseClient } from "../driver-kit/promise-client.mjs";

await runPromiseClient(FdfsClient);
