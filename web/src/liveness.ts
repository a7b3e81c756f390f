/**
 * Whether a connection that looks open still is. A laptop that slept or a network that changed leaves
 * a browser with a connection on which nothing will ever come, and it may take it a quarter of an
 * hour to say so; a page can send no pings. So a small question is asked where something is awaited
 * and nothing has come for a while, and where the page hears that it or the network was away.
 */

/** Milliseconds without a message, while one is awaited, until the server is asked. */
const QUIET = 6000;
/** What was sent after a longer silence has so long to be answered before the server is asked. */
const SOON = 1500;
/** How long the answer may take. */
const PATIENCE = 5000;
const MOST_PATIENCE = 160_000;
/** Characters in a millisecond that a slow line carries: what was sent before the question is in its way. */
const SLOW = 64;
/** A timer that comes so late tells that the page was suspended: what had arrived is still to be heard. */
const LATE = 2000;

export interface Watched {
  /** Sends the question. */
  ask: () => void;
  /** Is anything awaited? */
  waits: () => boolean;
  /** How much the browser has not sent yet. */
  unsent: () => number;
  /** The connection is dead; it is not watched any more. */
  dead: () => void;
}

export class Liveness {
  /**
   * How long the answer may take now. An answer that comes behind a large one on a slow line may take longer than
   * that: so it doubles each time that a connection is given up, until a question is answered.
   */
  patience = PATIENCE;

  private timer: ReturnType<typeof setTimeout> | undefined;
  private due = 0;
  private watching = false;
  private asked = false;
  private heardAt = 0;
  private sentSince = 0;
  private unsent = 0;

  constructor(private readonly watched: Watched) {}

  /** The connection is open. */
  begin(): void {
    this.stop();
    this.watching = true;
    this.heardAt = Date.now();
    this.sentSince = 0;
    if (this.watched.waits()) this.wakeIn(QUIET);
  }

  /** There is no connection. */
  stop(): void {
    this.watching = false;
    this.asked = false;
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  /** Something was sent that will be answered, so many characters. */
  sent(size: number): void {
    this.sentSince += size;
    if (this.watching && this.timer === undefined) this.wakeIn(Math.max(SOON, QUIET - this.silence));
  }

  /** Something has come. */
  heard(): void {
    this.heardAt = Date.now();
    this.sentSince = 0;
    if (!this.asked) return;
    this.asked = false;
    this.patience = PATIENCE;
  }

  /** The page or the network was away: ask now. */
  look(): void {
    if (this.watching && !this.asked && this.silence >= SOON) this.question();
  }

  /** How long nothing has come. A clock that was set back tells nothing. */
  private get silence(): number {
    const now = Date.now();
    this.heardAt = Math.min(this.heardAt, now);
    return now - this.heardAt;
  }

  private question(): void {
    this.asked = true;
    this.unsent = this.watched.unsent();
    this.wakeIn(this.patience + this.sentSince / SLOW);
    this.watched.ask();
  }

  private wakeIn(time: number): void {
    clearTimeout(this.timer);
    this.due = Date.now() + time;
    this.timer = setTimeout(() => this.wake(), time);
  }

  private wake(): void {
    this.timer = undefined;
    if (this.asked) this.unanswered();
    else if (this.watched.waits()) {
      const left = QUIET - this.silence;
      if (left > 0) this.wakeIn(left);
      else this.question();
    }
  }

  private unanswered(): void {
    const unsent = this.watched.unsent();
    if (Date.now() - this.due > LATE || unsent < this.unsent) {
      this.unsent = unsent;
      this.wakeIn(this.patience);
      return;
    }
    this.stop();
    this.patience = Math.min(this.patience * 2, MOST_PATIENCE);
    this.watched.dead();
  }
}
