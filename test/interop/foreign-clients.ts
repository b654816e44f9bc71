/**
 * The foreign client libraries under test: how each one's driver is prepared and run, and which of its calls
 * cannot work against any 6.16.1 server. What the drivers do is in the folder named after each client.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Cluster } from "./clusters/cluster.ts";
import { prepareJava } from "./java-toolchain.ts";
import { preparePython } from "./python-toolchain.ts";
import { driverVerdicts, type KnownDefects, runProgram, type Verdict } from "./verdict.ts";

/** A command line the driver's arguments are appended to, or the reason why there is none. */
export type Prepared = { readonly command: readonly string[] } | { readonly skip: string };

export interface ForeignClient {
  /** Folder under test/interop and name for `--only`. */
  readonly name: string;
  /** Row of the matrix. */
  readonly row: string;
  /** Lines tracker.conf needs for this client. */
  readonly trackerConf: string;
  readonly defects: KnownDefects;
  prepare(): Promise<Prepared>;
}

const HERE = import.meta.dirname;
/** Group and storage records of 6.12 and later are longer than what older clients know. */
const OLD_RECORDS: KnownDefects = {
  "list-groups": /byte array length: ?113 is invalid/,
  "list-storages": /byte array length: ?487 is invalid/,
};
const PYTHON_LISTS: KnownDefects = {
  "list-groups": /Response size is mismatch, except: 113, actul: 113/,
  "list-one-group": /unpack requires a buffer of 105 bytes/,
  "list-storages": /argument for 's' must be a bytes object/,
  "upload-with-metadata": /char format requires a bytes object/,
  "metadata-overwrite": /char format requires a bytes object/,
  "slave-upload": /argument for 's' must be a bytes object/,
};

export const npmClients: readonly ForeignClient[] = [
  npm("fdfs", "1.0.4", OLD_RECORDS),
  npm("fastdfs-client", "1.0.2", OLD_RECORDS),
  npm("fdfs-client", "0.5.4", { "file-info-high-crc": /strictly equal/ }),
];

export const otherClients: readonly ForeignClient[] = [
  {
    name: "java-csource",
    row: "Java net.oschina.zcx7878:fastdfs-client-java 1.27.0.0",
    trackerConf: "",
    defects: OLD_RECORDS,
    prepare: () => prepareJava("java-csource"),
  },
  {
    name: "java-tobato",
    row: "Java com.github.tobato:fastdfs-client 1.27.2",
    trackerConf: "",
    defects: { ...OLD_RECORDS, "appender-truncate": /Read timed out/ },
    prepare: () => prepareJava("java-tobato"),
  },
  {
    name: "python-fastdfs-client",
    row: "Python fastdfs-client 1.3.0",
    trackerConf: "response_ip_addr_size = IPv6",
    defects: {
      ...PYTHON_LISTS,
      "appender-append": /argument for 's' must be a bytes object/,
      "appender-modify": /argument for 's' must be a bytes object/,
      "appender-truncate": /argument for 's' must be a bytes object/,
    },
    prepare: () => preparePython("python-fastdfs-client"),
  },
  {
    name: "python-py3fdfs",
    row: "Python py3Fdfs 2.2.0",
    trackerConf: "",
    defects: { ...PYTHON_LISTS, "download-part": /file_offset/ },
    prepare: () => preparePython("python-py3fdfs"),
  },
];

function npm(name: string, version: string, defects: KnownDefects): ForeignClient {
  const command = ["node", join(HERE, `npm-${name}`, "conformance.mjs")];
  return {
    name: `npm-${name}`,
    row: `npm ${name} ${version}`,
    trackerConf: "",
    defects,
    prepare: async () => ({ command }),
  };
}

/** Runs a prepared driver against a cluster in a folder of its own. */
export async function runClient(
  client: ForeignClient,
  command: readonly string[],
  cluster: Cluster,
): Promise<Verdict[]> {
  const folder = mkdtempSync(join(tmpdir(), "fdfs-client-"));
  try {
    const target = [cluster.trackerHost, String(cluster.trackerPort), cluster.groupName, folder];
    return driverVerdicts(client.row, await runProgram([...command, ...target]), client.defects);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
