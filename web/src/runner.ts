/** Running programs: one at a time, with a clock, progress and a way to stop. */

import { Connection, ConnectionLost } from "./connection";
import { announce } from "./announce";
import { locale, t } from "./i18n";
import type { Log, RunCard, RunInfo } from "./log";
import { type Answer, type Diagnostics, diagnosticsOf } from "./protocol";

export interface Progress {
  readonly path: string;
  readonly done: number;
  readonly total: number | null;
}

export interface RunnerEvents {
  /** Something about the running program changed. */
  readonly changed: () => void;
  /** A run ended; `place` is where it failed. */
  readonly ended: (info: RunInfo, answer: Answer | null, place: Diagnostics | null) => void;
}

export class Runner {
  private card: RunCard | null = null;
  private stopping = false;
  progress: Progress | null = null;

  constructor(
    private readonly connection: Connection,
    private readonly log: Log,
    private readonly events: RunnerEvents,
  ) {}

  get running(): boolean {
    return this.card !== null;
  }

  get cancelling(): boolean {
    return this.stopping;
  }

  /** Milliseconds since the running program began. */
  get elapsed(): number {
    return this.card?.elapsed ?? 0;
  }

  async run(info: RunInfo): Promise<void> {
    if (this.card) {
      announce(t("run.already"), true);
      return;
    }
    if (this.connection.state.name !== "on") {
      announce(t("run.offline"), true);
      this.connection.retry();
      return;
    }
    const card = this.log.begin(info);
    this.card = card;
    this.events.changed();
    const ask = this.connection.sameSession();
    let answer: Answer | null = null;
    let stopped = false;
    try {
      answer = await this.connection.request(
        {
          type: "execute",
          code: info.code,
          stream: true,
          diagnostics: true,
          warnings: true,
          tables: true,
          keep_tables: true,
          progress: true,
          locale: locale(),
        },
        {
          output: (text) => card.output(text),
          progress: (path, done, total) => {
            this.progress = { path, done, total };
            this.events.changed();
          },
        },
      );
    } catch (error) {
      if (!(error instanceof ConnectionLost)) throw error;
    } finally {
      this.card = null;
      stopped = this.stopping;
      this.stopping = false;
      this.progress = null;
    }
    if (answer) card.finish(answer, ask, stopped);
    else card.lost();
    this.events.changed();
    this.events.ended(info, answer, answer && !answer.success ? diagnosticsOf(answer) : null);
  }

  /** Ends the running program; its card says so when the server has done it. */
  async cancel(): Promise<void> {
    if (!this.card || this.stopping) return;
    this.stopping = true;
    this.events.changed();
    try {
      await this.connection.request({ type: "cancel", locale: locale() });
    } catch (error) {
      if (!(error instanceof ConnectionLost)) throw error;
    }
  }
}
