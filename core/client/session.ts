// What the operations of one client share.

import type { Caller } from "./caller.ts";
import type { AddressBook } from "./endpoint.ts";
import type { Trackers } from "./trackers.ts";

export interface Session {
  readonly trackers: Trackers;
  readonly caller: Caller;
  readonly addresses: AddressBook;
}
