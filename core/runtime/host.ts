// Which runtime this is and what the process can do about itself. Everything else asks here.

/** True in Bun, also in the compiled binary. */
export const isBun = typeof (globalThis as { Bun?: unknown }).Bun !== "undefined";

/** The runtime's name for version texts and log lines. */
export function runtimeName(): "bun" | "deno" | "node" {
  if (isBun) return "bun";
  return typeof (globalThis as { Deno?: unknown }).Deno !== "undefined" ? "deno" : "node";
}

/** Switches the process to another group and user (root only); names or numbers. */
export function setProcessUser(identity: { user?: string; group?: string }): void {
  // The group first: after setuid the right to change it is gone.
  if (identity.group !== undefined && identity.group !== "") {
    if (typeof process.setgid !== "function") throw new Error(`Cannot run as group ${identity.group} on this runtime`);
    process.setgid(identity.group);
    process.setgroups?.([identity.group]);
  }
  if (identity.user !== undefined && identity.user !== "") {
    if (typeof process.setuid !== "function") throw new Error(`Cannot run as user ${identity.user} on this runtime`);
    process.setuid(identity.user);
  }
}
