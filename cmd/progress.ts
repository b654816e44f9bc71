// Progress bars for long transfers, the only importer of cli-progress. A bar appears on a terminal only, and only for a
// transfer that has already taken a while; in a pipe nothing is ever drawn.

import type { CommandContext } from "./command.ts";
import { formatBytes } from "./render/units.ts";

/** A transfer that is over sooner shows no bar. */
const PATIENCE_MS = 1000;

/** Watches the bytes of one transfer. */
export interface TransferProgress {
  /** More bytes went over. */
  advance(bytes: number): void;
}

export interface Progress {
  /** `totalBytes` null: not known. */
  start(label: string, totalBytes: number | null): TransferProgress & { finish(): void };
  /** Takes every bar off the screen. */
  close(): void;
}

const silent: Progress = { start: () => ({ advance() {}, finish() {} }), close() {} };

/** Bars on stderr when a person watches and wants them. */
export function createProgress(context: CommandContext, wanted: boolean): Progress {
  return wanted && context.isTerminal ? visibleProgress() : silent;
}

function visibleProgress(): Progress {
  const started = Date.now();
  let done = 0;
  let total = 0;
  let active = 0;
  let finished = 0;
  let label = "";
  let bar: { update(value: number, payload: object): void; setTotal(total: number): void; stop(): void } | null = null;
  let opening = false;
  const rate = (): string => `${formatBytes(Math.round((done * 1000) / Math.max(1, Date.now() - started)))}/s`;
  const payload = (): object => ({
    label: active > 1 ? `${active} files, ${finished} done` : label,
    size: `${formatBytes(done)} of ${formatBytes(total)}`,
    rate: rate(),
  });
  const draw = (): void => {
    if (bar !== null) {
      bar.setTotal(Math.max(total, done, 1));
      bar.update(done, payload());
    } else if (!opening && Date.now() - started > PATIENCE_MS) {
      opening = true;
      // Loaded late: most transfers never need it.
      void import("cli-progress").then(({ default: cliProgress }) => {
        if (!opening) return;
        const format = "{bar} {percentage}% {size} {rate} {label}";
        const created = new cliProgress.SingleBar(
          { format, stream: process.stderr, clearOnComplete: true, hideCursor: true, barsize: 24, fps: 8 },
          cliProgress.Presets.shades_grey,
        );
        created.start(Math.max(total, 1), done, payload());
        bar = created;
      });
    }
  };
  return {
    start(name, totalBytes) {
      label = name;
      total += totalBytes ?? 0;
      active++;
      return {
        advance(bytes) {
          done += bytes;
          draw();
        },
        finish() {
          active--;
          finished++;
        },
      };
    },
    close() {
      opening = false;
      bar?.stop();
      bar = null;
    },
  };
}
