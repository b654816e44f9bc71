// The floor server as a process of the benchmark: started in a fresh folder, ended by its pid.

import { until } from "../../cluster/support/waiting.ts";
import { freePort, takeAddress } from "../../interop/clusters/addresses.ts";
import { startServer } from "../../interop/clusters/server-process.ts";
import { freshFolder } from "../folders.ts";

const START_TIMEOUT_MS = 60_000;

export class Floor {
  readonly address: string;
  readonly pid: number;
  readonly stop: () => Promise<void>;

  private constructor(address: string, pid: number, stop: () => Promise<void>) {
    this.address = address;
    this.pid = pid;
    this.stop = stop;
  }

  static async start(groupName: string): Promise<Floor> {
    const folder = freshFolder("floor");
    const host = takeAddress();
    const port = await freePort([host]);
    const program = new URL("./main.ts", import.meta.url).pathname;
    const server = startServer([process.execPath, program, host, String(port), groupName, folder], `${folder}.out`);
    await until("the floor server", START_TIMEOUT_MS, () => {
      if (server.ended() !== null) throw new Error(`The floor server ended: ${server.ended()}: ${server.output()}`);
      return server.output().includes("listening") ? null : "it makes its directories";
    });
    return new Floor(`${host}:${port}`, server.pid, () => server.stop());
  }
}
