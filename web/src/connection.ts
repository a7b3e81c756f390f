/**
 * The connection to the server: one WebSocket, requests with ids, and coming back by itself to the
 * same session.
 *
 * Requests that change the session are numbered (`seq`): they outlive a broken connection, and their
 * output and answers come when the page is back. All others fail with `ConnectionLost` and are asked again.
 *
 * The browser tells a page nothing about why a connection failed, so the reasons here are
 * what can be known: whether it ever opened, and the code it was closed with.
 */

import { locale } from "./i18n";
import { Liveness } from "./liveness";
import { type Answer, asAnswer } from "./protocol";
import { type SentRun, type SessionTicket, addRun, forgetTicket, keepPlace, keepTicket, keptTicket, replayedFrom } from "./session_ticket";
import { isRecord } from "./storage";

export type Reason =
  | "refused" // never opened
  | "lost" // opened, then cut without a word
  | "silent" // open as far as the browser knows, but nothing comes any more
  | "stopped" // the server said that it stops
  | "idle" // the server closed it, as nothing was asked for long
  | "closed" // the server closed it
  | "tooBig" // a message was larger than the server takes
  | "pairing" // the server knows another pairing code
  | "token" // the server wants to know who comes, or knows no such
  | "taken" // another tab or computer has this session now
  | "badUrl" // not the address of a WebSocket
  | "insecure"; // a page served over HTTPS may not use ws://

export type State =
  | { readonly name: "off"; readonly reason: Reason | null; readonly detail: string }
  | { readonly name: "connecting" }
  | { readonly name: "on" }
  | { readonly name: "waiting"; readonly reason: Reason; readonly detail: string; readonly until: number };

/** The connection ended while a request waited for its answer. */
export class ConnectionLost extends Error {}

/** The server was ended while it carried out the request: what it did is not known. */
export class Unfinished extends Error {}

export interface Listeners {
  /** The request is on its way; by its id it can be cancelled. */
  sent?: (id: string) => void;
  output?: (text: string) => void;
  progress?: (path: string, done: number, total: number | null, isPercent: boolean) => void;
}

/** What is shown to a server that asks who comes: a token, a name and a password, a pairing code. */
export interface Credentials {
  readonly token: string;
  readonly login: string;
  readonly password: string;
  /** What a page opened from disk shows, as it has no site. */
  readonly pairing: string;
}

export const NOBODY: Credentials = { token: "", login: "", password: "", pairing: "" };

interface Pending extends Listeners {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
  /** What was sent; kept for numbered requests only, which may have to be sent again. */
  readonly message: Record<string, unknown> | null;
}

interface Claimed {
  readonly answer: Promise<Answer>;
  readonly running: boolean;
}

/** Requests that change a session. Every other is simply asked again by whoever wants to know. */
const NUMBERED: ReadonlySet<unknown> = new Set([
  "execute", "reset", "restore", "smb_connect", "smb_disconnect", "upload_file", "delete_file",
]);

const FIRST_WAIT = 1000;
const LONGEST_WAIT = 30_000;
const OPENING_TIME = 10_000;

export class Connection {
  /** Called after every change of `state`. */
  onState: (state: State) => void = () => {};
  state: State = { name: "off", reason: null, detail: "" };
  /** What the server said of itself and the session when the connection opened. */
  info: Record<string, unknown> = {};

  /** The session has the variables that it had when the page last had a connection, or was loaded. */
  resumed = false;
  /** Bytes of output that the server no longer had when the page came back. */
  outputLost = 0;

  private socket: WebSocket | null = null;
  private pending = new Map<string, Pending>();
  private numbered = new Map<number, Pending>();
  /** What came for numbered requests of this page before it was loaded anew; see `claim`. */
  private unclaimed: Map<number, Record<string, unknown>[]> | null = null;
  private ticket: SessionTicket | null = null;
  /** Which connection of the session this page's last one was; 0 where it has had none. */
  private epoch = 0;
  /** The page was loaded anew and has not heard yet what its session did meanwhile. */
  private loaded = false;
  private lastId = 0;
  private wait = FIRST_WAIT;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private url = "";
  /** Why there is no connection: what ended it, not what each new try comes to. */
  private cause: { reason: Reason; detail: string } | null = null;
  private credentials: Credentials = NOBODY;
  private paused = false;
  private readonly liveness = new Liveness({
    ask: () => this.ask(),
    waits: () => this.pending.size + this.numbered.size > 0,
    unsent: () => this.unsent,
    dead: () => this.silent(),
  });

  /** Connects to `url`, and goes on trying until `disconnect` is called. */
  connect(url: string, credentials: Credentials): void {
    this.drop();
    if (url !== this.url || !this.ticket) {
      if (this.url) this.abandon();
      this.ticket = keptTicket(url);
      this.loaded = this.ticket !== null;
    }
    this.url = url;
    this.credentials = credentials;
    this.wait = FIRST_WAIT;
    this.cause = null;
    this.open(false);
  }

  /** Closes the connection for good; the session is ended. */
  disconnect(): void {
    if (this.ticket && this.state.name === "on") this.socket?.send(JSON.stringify({ type: "detach" }));
    this.abandon();
    this.drop();
    this.become({ name: "off", reason: null, detail: "" });
  }

  /** Tries at once instead of waiting. */
  retry(): void {
    if (this.state.name === "waiting") {
      clearTimeout(this.timer);
      this.open(this.epoch > 0);
    }
  }

  /** The page is shown again, or the network has changed: is there still a connection? */
  look(): void {
    if (this.state.name === "on") this.liveness.look();
    else this.retry();
  }

  /** Takes the session back from where it is used now. */
  takeBack(): void {
    this.wait = FIRST_WAIT;
    this.cause = null;
    this.epoch = 0;
    this.open(true);
  }

  /** The page is left, perhaps for good: whoever comes next may have the session. */
  pause(): void {
    if (this.state.name === "off") return;
    this.paused = true;
    this.epoch = 0;
    clearTimeout(this.timer);
    const { socket } = this;
    this.forget();
    socket?.close(1000);
  }

  /** The page is shown again. */
  goOn(): void {
    if (!this.paused) return;
    this.paused = false;
    this.open(false);
  }

  /** Leaves the session to whoever has it, and begins a new one. */
  startAnew(): void {
    this.abandon();
    this.takeBack();
  }

  /** Bytes that were given to the browser and are not yet on their way. */
  get unsent(): number {
    return this.socket?.bufferedAmount ?? 0;
  }

  /** Bytes of output that have come from the session. */
  get position(): number {
    return this.ticket?.position ?? 0;
  }

  /** The server's. */
  get address(): string {
    return this.url;
  }

  /** Does the session wait while there is no connection? */
  get kept(): boolean {
    return this.ticket !== null;
  }

  /** The programs that this tab has sent, as long as the page could draw their cards again. */
  get runs(): readonly SentRun[] {
    return this.ticket?.runs ?? [];
  }

  /** Remembers the program that was sent last. */
  remember(run: Omit<SentRun, "seq">): void {
    if (!this.ticket) return;
    addRun(this.ticket, { ...run, seq: this.ticket.seq });
  }

  /**
   * Sends a request and waits for its answer. Rejects with `ConnectionLost` or `Unfinished`; a failure that
   * the server tells of is an answer like any other.
   */
  request(message: Record<string, unknown>, listeners: Listeners = {}): Promise<Answer> {
    const socket = this.socket;
    if (this.state.name !== "on" || !socket) return Promise.reject(new ConnectionLost());
    return this.send(socket, message, listeners);
  }

  /** A numbered request that this page sent before it was loaded anew; null if nothing is known of it. Ask in `onState`. */
  claim(seq: number, listeners: Listeners): Claimed | null {
    const messages = this.unclaimed?.get(seq);
    if (!messages) return null;
    this.unclaimed?.delete(seq);
    const answer = new Promise<Answer>((resolve, reject) => {
      this.numbered.set(seq, { ...listeners, resolve, reject, message: null });
    });
    for (const message of messages) this.deliver(message);
    return { answer, running: this.numbered.has(seq) };
  }

  /** A way to ask this session, and no later one: rejects once the session has ended. */
  sameSession(): (message: Record<string, unknown>) => Promise<Answer> {
    const { socket } = this;
    const session = this.ticket?.session;
    return (message) => {
      const same = session === undefined ? socket && socket === this.socket : session === this.ticket?.session;
      return same ? this.request({ ...message, locale: locale() }) : Promise.reject(new ConnectionLost());
    };
  }

  /** No request waits for an answer that an earlier connection was asked for. */
  giveUp(): void {
    const waiting = [...this.numbered.values()];
    this.numbered.clear();
    for (const pending of waiting) pending.reject(new ConnectionLost());
  }

  private send(socket: WebSocket, message: Record<string, unknown>, listeners: Listeners): Promise<Answer> {
    const { ticket } = this;
    if (ticket && NUMBERED.has(message.type)) {
      ticket.seq += 1;
      const { seq } = ticket;
      keepPlace(ticket);
      const numbered = { ...message, seq, seen: ticket.seen, id: `n${seq}` };
      listeners.sent?.(numbered.id);
      return new Promise((resolve, reject) => {
        this.numbered.set(seq, { ...listeners, resolve, reject, message: numbered });
        this.transmit(socket, numbered);
      });
    }
    this.lastId += 1;
    const id = `r${this.lastId}`;
    listeners.sent?.(id);
    return new Promise((resolve, reject) => {
      this.pending.set(id, { ...listeners, resolve, reject, message: null });
      this.transmit(socket, { ...message, id });
    });
  }

  private transmit(socket: WebSocket, message: Record<string, unknown>): void {
    const text = JSON.stringify(message);
    socket.send(text);
    this.liveness.sent(text.length);
  }

  /** Asks something that is answered at once, whatever else the server does. */
  private ask(): void {
    if (!this.socket) return;
    this.send(this.socket, { type: "info" }, {}).catch((error: unknown) => {
      if (!(error instanceof ConnectionLost)) throw error;
    });
  }

  /** On a slow line what was missed takes longer to come. */
  private get openingTime(): number {
    return Math.max(OPENING_TIME, this.liveness.patience);
  }

  private become(state: State): void {
    this.state = state;
    this.onState(state);
  }

  /**
   * `force`: whoever has the session now loses it. Without `epoch` the reader has asked for that;
   * with it only a connection of this page is meant, which the server may still believe in.
   */
  private open(force: boolean): void {
    this.become({ name: "connecting" });
    let socket: WebSocket;
    try {
      socket = new WebSocket(withPairing(this.url, this.credentials.pairing));
    } catch (error) {
      const insecure = error instanceof DOMException && error.name === "SecurityError";
      this.become({ name: "off", reason: insecure ? "insecure" : "badUrl", detail: "" });
      return;
    }
    this.socket = socket;
    let opened = false;
    const opening = setTimeout(() => socket.close(), this.openingTime);
    socket.onopen = () => {
      clearTimeout(opening);
      opened = true;
      void this.begin(socket, force);
    };
    socket.onmessage = (event) => {
      if (socket === this.socket && typeof event.data === "string") this.receive(event.data);
    };
    socket.onclose = (event) => {
      clearTimeout(opening);
      if (socket === this.socket) this.ended(opened, event);
    };
  }

  /** Shows the credentials, if there are any, goes on with the session, and asks who answers; then the connection is open. */
  private async begin(socket: WebSocket, force: boolean): Promise<void> {
    const waiting = setTimeout(() => socket.close(), this.openingTime);
    try {
      const { token, login, password } = this.credentials;
      if (token || login) {
        const shown = token ? { token } : { login, password };
        const answer = await this.send(socket, { type: "auth", ...shown, locale: locale() }, {});
        if (!answer.success) {
          this.drop();
          this.become({ name: "off", reason: "token", detail: answer.error ?? "" });
          return;
        }
      }
      if (!(await this.attach(socket, force))) return;
      const answer = await this.send(socket, { type: "info", pairing: true }, {});
      this.info = isRecord(answer.info) ? answer.info : {};
    } catch (error) {
      if (error instanceof ConnectionLost) return; // closed meanwhile; `ended` has said so
      throw error;
    } finally {
      clearTimeout(waiting);
    }
    if (socket !== this.socket) return;
    this.wait = FIRST_WAIT;
    this.cause = null;
    // Of a session that ends with its connection none is given up.
    if (this.ticket) this.liveness.begin();
    this.become({ name: "on" });
    this.unclaimed = null;
  }

  /** Goes on with the session of before, or begins one; false if that has ended the connection. */
  private async attach(socket: WebSocket, force: boolean): Promise<boolean> {
    this.resumed = false;
    this.outputLost = 0;
    if (this.ticket) {
      const { session, token } = this.ticket;
      const { seen, position } = this.loaded ? replayedFrom(this.ticket) : this.ticket;
      const { epoch } = this;
      const known = epoch ? { epoch } : {};
      const answer = await this.send(socket, { type: "attach", session, token, seen, position, force, ...known, locale: locale() }, {});
      if (answer.success) {
        this.resume(socket, answer);
        return true;
      }
      if (answer.code === "session_busy" || answer.code === "session_taken") {
        this.drop();
        this.giveUp();
        this.become({ name: "off", reason: "taken", detail: "" });
        return false;
      }
      this.abandon();
    }
    const answer = await this.send(socket, { type: "attach", locale: locale() }, {});
    // A server that does not know `attach` has sessions that end with their connection.
    if (answer.success && typeof answer.session === "string" && typeof answer.token === "string") {
      this.ticket = { url: this.url, session: answer.session, token: answer.token, seq: 0, seen: 0, position: 0, runs: [] };
      this.epoch = Number(answer.epoch) || 0;
      keepTicket(this.ticket);
    }
    return true;
  }

  /** What came while the page was away is delivered, and what never arrived is sent again. */
  private resume(socket: WebSocket, answer: Answer): void {
    const { ticket } = this;
    if (!ticket) return;
    this.resumed = true;
    this.epoch = Number(answer.epoch) || 0;
    this.outputLost = Number(answer.output_lost) || 0;
    const last = Number(answer.seq) || 0;
    const open = numbers(answer.pending);
    const unfinished = new Set(numbers(answer.unfinished));
    ticket.seq = Math.max(ticket.seq, last, ...open, ...unfinished);
    this.unclaimed = new Map(open.filter((seq) => !this.numbered.has(seq)).map((seq) => [seq, []]));
    for (const message of Array.isArray(answer.replay) ? answer.replay : []) {
      if (isRecord(message)) this.deliver(message);
    }
    for (const [seq, pending] of [...this.numbered].sort(([a], [b]) => a - b)) {
      if (open.includes(seq)) continue;
      if (seq > last && !unfinished.has(seq) && pending.message) {
        this.transmit(socket, pending.message);
        continue;
      }
      this.numbered.delete(seq);
      pending.reject(unfinished.has(seq) ? new Unfinished() : new ConnectionLost());
    }
    if (typeof answer.position === "number") ticket.position = answer.position;
    ticket.seen = Math.max(ticket.seen, last);
    this.loaded = false;
    keepPlace(ticket);
  }

  /** The session is no longer this page's. */
  private abandon(): void {
    this.ticket = null;
    this.epoch = 0;
    forgetTicket();
    this.giveUp();
  }

  private receive(data: string): void {
    this.liveness.heard();
    let message: unknown;
    try {
      message = JSON.parse(data);
    } catch {
      return; // not of this protocol
    }
    if (isRecord(message)) this.deliver(message);
  }

  private deliver(message: Record<string, unknown>): void {
    const id = typeof message.id === "string" ? message.id : "";
    // Pieces of output have a `seq` of their own: which request they belong to is in the id.
    const seq = id.startsWith("n") ? Number(id.slice(1)) : null;
    const pending = seq === null ? this.pending.get(id) : this.numbered.get(seq);
    const { ticket } = this;
    if (ticket && seq !== null && typeof message.position === "number") ticket.position = message.position;
    if (!pending) {
      if (seq !== null && this.unclaimed) this.unclaimed.set(seq, [...(this.unclaimed.get(seq) ?? []), message]);
      return;
    }
    if (message.type === "output" && typeof message.text === "string") {
      pending.output?.(message.text);
    } else if (message.type === "progress") {
      const total = typeof message.total === "number" ? message.total : null;
      pending.progress?.(String(message.path ?? ""), Number(message.done) || 0, total, message.unit === "percent");
    } else {
      const answer = asAnswer(message);
      if (!answer) return;
      if (seq === null) this.pending.delete(id);
      else {
        this.numbered.delete(seq);
        if (ticket) {
          ticket.seen = Math.max(ticket.seen, seq);
          keepPlace(ticket);
        }
      }
      pending.resolve(answer);
    }
  }

  private ended(opened: boolean, event: CloseEvent): void {
    this.forget();
    const reason = reasonOf(opened, event.code);
    if (reason === "token" || reason === "pairing" || reason === "taken") {
      if (reason === "taken") this.giveUp();
      this.become({ name: "off", reason, detail: event.reason });
      return;
    }
    if (!this.cause || opened) this.cause = { reason, detail: event.reason };
    this.tryLater(this.cause);
  }

  /** Nothing comes any more, and the browser does not know: the connection is made anew. */
  private silent(): void {
    const { socket } = this;
    this.forget();
    socket?.close(1000);
    this.cause = { reason: "silent", detail: "" };
    this.tryLater(this.cause);
  }

  private tryLater(cause: { reason: Reason; detail: string }): void {
    const wait = this.wait * (0.8 + Math.random() * 0.4);
    this.wait = Math.min(this.wait * 2, LONGEST_WAIT);
    this.timer = setTimeout(() => this.open(this.epoch > 0), wait);
    this.become({ name: "waiting", ...cause, until: Date.now() + wait });
  }

  /** Lets go of the socket; whoever waits for an answer hears that there will be none, unless the session keeps it. */
  private forget(): void {
    this.socket = null;
    this.liveness.stop();
    if (!this.ticket) this.giveUp();
    const waiting = [...this.pending.values()];
    this.pending.clear();
    for (const pending of waiting) pending.reject(new ConnectionLost());
  }

  private drop(): void {
    clearTimeout(this.timer);
    const socket = this.socket;
    this.forget();
    socket?.close(1000);
  }
}

function withPairing(url: string, code: string): string {
  return code ? `${url}${url.includes("?") ? "&" : "?"}pairing=${encodeURIComponent(code)}` : url;
}

function numbers(value: unknown): number[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === "number") : [];
}

function reasonOf(opened: boolean, code: number): Reason {
  if (code === 4401) return "token";
  if (code === 4403) return "pairing";
  if (code === 4410) return "taken";
  if (!opened) return "refused";
  if (code === 1001) return "stopped";
  if (code === 1009) return "tooBig";
  if (code === 4408) return "idle";
  return code === 1006 || code === 1005 ? "lost" : "closed";
}
