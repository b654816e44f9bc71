// From options to a client of the cluster, and back to a closed one: the frame every cluster command runs in.

import { createClient, type FdfsClient } from "../core/client/index.ts";
import type { CommandContext } from "./command.ts";
import { findTrackers } from "./trackers.ts";

const NO_LIMITS = { connectMs: Number.POSITIVE_INFINITY, networkMs: Number.POSITIVE_INFINITY };

/**
 * Opens a client for the trackers the context names, closes it whatever happens. `limits` shorten the
 * configured timeouts.
 */
export async function withClient<T>(
  context: CommandContext,
  use: (client: FdfsClient) => Promise<T>,
  limits: { readonly connectMs: number; readonly networkMs: number } = NO_LIMITS,
): Promise<T> {
  const { settings, warnings } = await findTrackers(context);
  // Not in a cron job's mail: fdfs conf check tells them too.
  if (context.isTerminal) for (const warning of warnings) await context.stderr.write(`${warning}\n`);
  const client = createClient({
    trackers: settings.trackerServers,
    connectTimeoutMs: Math.min(limits.connectMs, settings.connectTimeoutSeconds * 1000),
    networkTimeoutMs: Math.min(limits.networkMs, settings.networkTimeoutSeconds * 1000),
    storageIds: settings.loadFdfsParametersFromTracker ? "tracker" : settings.storageIds,
    connectFirstBy: settings.connectFirstBy,
  });
  // Ctrl-C must not wait for a server that says nothing: whatever is under way fails at once and cleans up.
  const cut = (): void => void client.close();
  context.signal.addEventListener("abort", cut, { once: true });
  try {
    return await use(client);
  } catch (error) {
    context.signal.throwIfAborted();
    throw error;
  } finally {
    context.signal.removeEventListener("abort", cut);
    await client.close();
  }
}
