// The group as the control thread last told of it, read again only when it has changed. One a worker.

import type { Scoreboard } from "../scoreboard/scoreboard.ts";
import { type GroupView, readGroupView } from "./read-through-plan.ts";

export class GroupWatch {
  readonly #scoreboard: Scoreboard;
  #view: GroupView | null = null;
  #generation = 0;

  constructor(scoreboard: Scoreboard) {
    this.#scoreboard = scoreboard;
  }

  /** Null: nothing was told yet. */
  get view(): GroupView | null {
    if (this.#scoreboard.noticeGeneration("members") !== this.#generation) {
      const { generation, text } = this.#scoreboard.notice("members");
      this.#view = readGroupView(text);
      this.#generation = generation;
    }
    return this.#view;
  }
}
