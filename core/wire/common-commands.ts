// Commands that trackers and storages share (tracker.md §1.2, storage.md §2.12).

import { command } from "./command.ts";
import { empty } from "./layout.ts";

/** Ends the connection; the only request without an answer. */
export const quit = command({ number: 82, name: "QUIT", request: empty, response: empty, answered: false });

/** Keep-alive probe. A body is EINVAL. */
export const activeTest = command({ number: 111, name: "ACTIVE_TEST", request: empty, response: empty });
