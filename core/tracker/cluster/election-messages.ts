// What the election says and hears, as plain data: it knows neither sockets nor frames. The shell that carries it is
// control/election-keeper.ts; a simulation can carry it as well.

import type { Standing } from "./standing.ts";

/**
 * A request to the tracker `to` (its name). Whoever carries it hands the answer to `Election.answered` under the same
 * `id`; an answer that never comes, comes late or comes twice does no harm.
 *
 * - `status`: GET_STATUS (64). `notify`, `commit`: NOTIFY_NEXT_LEADER (66), COMMIT_NEXT_LEADER (67) naming `leader`.
 * - `reselect`: NOTIFY_RESELECT_LEADER (68); its answer does not matter.
 * - `join`: opens the lasting connection to the leader and sends JOIN_LEADER (58) on it; `ping`: PING_LEADER (65) on it.
 */
export interface ElectionRequest {
  readonly kind: "status" | "notify" | "commit" | "reselect" | "join" | "ping";
  readonly id: number;
  readonly to: string;
  readonly leader: string;
}

/** `hangUp`: the lasting connection to the leader is not needed any more. */
export type ElectionAction = ElectionRequest | { readonly kind: "hangUp" };

/** `refused`: the tracker answered with a status other than 0. `silent`: not reached, or no answer. */
export type ElectionAnswer =
  | { readonly kind: "standing"; readonly standing: Standing }
  | { readonly kind: "done" }
  | { readonly kind: "refused"; readonly status: number }
  | { readonly kind: "silent" };

/** What other trackers and storages send; `leader` is the name of a tracker of the list. */
export type ElectionMessage =
  | { readonly kind: "notify" | "commit"; readonly leader: string }
  | { readonly kind: "reselect" };
