/** Running programs: one at a time, with a clock, progress and a way to stop. */

import { Connection, ConnectionLost, type Listeners, Unfinished } from "./connection";
import { announce } from "./announce";
import { locale, t } from "./i18n";
import type { Log, RunCard, RunInfo } from "./log";
import type { SentRun } from "./session_ticket";
import { rollsBack } from "./settings";
import { type Answer, type Diagnostics, diagnosticsOf } from "./protocol";

export interface Progress {
  readonly path: string;
  readonly done: number;
  readonly total: number | null;
  /** A step on a large table is told in per cent, a file in bytes. */
  readonly isPercent: boolean;
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

  /** Runs a program; its answer, null where there is none. `place` puts its output beneath its block. */
  async run(info: RunInfo, place?: (element: HTMLElement) => void): Promise<Answer | null> {
    if (this.card) {
      announce(t("run.already"), true);
      return null;
    }
    if (this.connection.state.name !== "on") {
      announce(t("run.offline"), true);
      this.connection.retry();
      return null;
    }
    const card = place ? this.log.beginCell(info, place) : this.log.begin(info);
    const { position } = this.connection;
    const answer = this.connection.request(
      {
        type: "execute",
        code: info.code,
        stream: true,
        diagnostics: true,
        warnings: true,
        tables: true,
        keep_tables: true,
        charts: true,
        show_value: true,
        progress: true,
        locale: locale(),
        ...(rollsBack() ? { on_error: "rollback" } : {}),
      },
      this.listeners(card),
    );
    this.connection.remember({ ...info, sent: Date.now(), position });
    return this.follow(info, card, answer);
  }

  /** Draws the programs again that this page sent before it was loaded anew; one of them may still run. */
  resume(runs: readonly SentRun[]): void {
    for (const run of runs) {
      const card = this.log.begin(run, new Date(run.sent));
      const claimed = this.connection.claim(run.seq, this.listeners(card));
      // The output of a block is kept with the block.
      if (!claimed || (run.inCell && !claimed.running)) card.element.remove();
      else if (claimed.running) void this.follow(run, card, claimed.answer);
      else void this.finish(run, card, claimed.answer);
    }
  }

  private listeners(card: RunCard): Listeners {
    return {
      output: (text) => card.output(text),
      progress: (path, done, total, isPercent) => {
        this.progress = { path, done, total, isPercent };
        this.events.changed();
      },
    };
  }

  /** Waits for the end of the program that runs. */
  private async follow(info: RunInfo, card: RunCard, coming: Promise<Answer>): Promise<Answer | null> {
    this.card = card;
    this.events.changed();
    const answer = await this.finish(info, card, coming);
    this.events.changed();
    this.events.ended(info, answer, answer && !answer.success ? diagnosticsOf(answer) : null);
    return answer;
  }

  private async finish(info: RunInfo, card: RunCard, coming: Promise<Answer>): Promise<Answer | null> {
    const ask = this.connection.sameSession();
    let lost: "lost" | "unfinished" = "lost";
    const answer = await coming.catch((error: unknown) => {
      if (error instanceof Unfinished) lost = "unfinished";
      else if (!(error instanceof ConnectionLost)) throw error;
      return null;
    });
    const stopped = this.card === card && this.stopping;
    if (this.card === card) {
      this.card = null;
      this.stopping = false;
      this.progress = null;
    }
    if (answer) card.finish(answer, ask, stopped);
    else card.lost(lost, () => void this.run(info));
    return answer;
  }

  /** Ends the running program (without a connection: the wait for it); its card says so when the server has done it. */
  async cancel(): Promise<void> {
    if (!this.card || this.stopping) return;
    if (this.connection.state.name !== "on") {
      this.connection.giveUp();
      return;
    }
    this.stopping = true;
    this.events.changed();
    try {
      await this.connection.request({ type: "cancel", locale: locale() });
    } catch (error) {
      if (!(error instanceof ConnectionLost)) throw error;
      this.stopping = false;
      this.events.changed();
    }
  }
}
