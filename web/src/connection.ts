/**
 * The connection to the server: one WebSocket, requests with ids, and coming back by itself.
 *
 * The browser tells a page nothing about why a connection failed, so the reasons here are
 * what can be known: whether it ever opened, and the code it was closed with.
 */

import { locale } from "./i18n";
import { type Answer, asAnswer } from "./protocol";
import { isRecord } from "./storage";

export type Reason =
  | "refused" // never opened
  | "lost" // opened, then cut without a word
  | "stopped" // the server said that it stops
  | "idle" // the server closed it, as nothing was asked for long
  | "closed" // the server closed it
  | "tooBig" // a message was larger than the server takes
  | "pairing" // the server knows another pairing code
  | "token" // the server wants to know who comes, or knows no such
  | "badUrl" // not the address of a WebSocket
  | "insecure"; // a page served over HTTPS may not use ws://

export type State =
  | { readonly name: "off"; readonly reason: Reason | null; readonly detail: string }
  | { readonly name: "connecting" }
  | { readonly name: "on" }
  | { readonly name: "waiting"; readonly reason: Reason; readonly detail: string; readonly until: number };

/** The connection ended while a request waited for its answer. */
export class ConnectionLost extends Error {}

export interface Listeners {
  output?: (text: string) => void;
  progress?: (path: string, done: number, total: number | null) => void;
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
}

const FIRST_WAIT = 1000;
const LONGEST_WAIT = 30_000;
const OPENING_TIME = 10_000;

export class Connection {
  /** Called after every change of `state`. */
  onState: (state: State) => void = () => {};
  state: State = { name: "off", reason: null, detail: "" };
  /** What the server said of itself and the session when the connection opened. */
  info: Record<string, unknown> = {};

  private socket: WebSocket | null = null;
  private pending = new Map<string, Pending>();
  private lastId = 0;
  private wait = FIRST_WAIT;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private url = "";
  /** Why there is no connection: what ended it, not what each new try comes to. */
  private cause: { reason: Reason; detail: string } | null = null;
  private credentials: Credentials = NOBODY;

  /** Connects to `url`, and goes on trying until `disconnect` is called. */
  connect(url: string, credentials: Credentials): void {
    this.drop();
    this.url = url;
    this.credentials = credentials;
    this.wait = FIRST_WAIT;
    this.cause = null;
    this.open();
  }

  /** Closes the connection for good. */
  disconnect(): void {
    this.drop();
    this.become({ name: "off", reason: null, detail: "" });
  }

  /** Tries at once instead of waiting. */
  retry(): void {
    if (this.state.name === "waiting") {
      clearTimeout(this.timer);
      this.open();
    }
  }

  /** Bytes that were given to the browser and are not yet on their way. */
  get unsent(): number {
    return this.socket?.bufferedAmount ?? 0;
  }

  /**
   * Sends a request and waits for its answer. Rejects with `ConnectionLost`; a failure that
   * the server tells of is an answer like any other.
   */
  request(message: Record<string, unknown>, listeners: Listeners = {}): Promise<Answer> {
    const socket = this.socket;
    if (this.state.name !== "on" || !socket) return Promise.reject(new ConnectionLost());
    return this.send(socket, message, listeners);
  }

  /** A way to ask this session, and no later one: rejects once the connection has ended. */
  sameSession(): (message: Record<string, unknown>) => Promise<Answer> {
    const { socket } = this;
    return (message) =>
      socket && socket === this.socket ? this.request({ ...message, locale: locale() }) : Promise.reject(new ConnectionLost());
  }

  private send(socket: WebSocket, message: Record<string, unknown>, listeners: Listeners): Promise<Answer> {
    this.lastId += 1;
    const id = `r${this.lastId}`;
    return new Promise((resolve, reject) => {
      this.pending.set(id, { ...listeners, resolve, reject });
      socket.send(JSON.stringify({ ...message, id }));
    });
  }

  private become(state: State): void {
    this.state = state;
    this.onState(state);
  }

  private open(): void {
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
    const opening = setTimeout(() => socket.close(), OPENING_TIME);
    socket.onopen = () => {
      clearTimeout(opening);
      opened = true;
      void this.begin(socket);
    };
    socket.onmessage = (event) => {
      if (socket === this.socket && typeof event.data === "string") this.receive(event.data);
    };
    socket.onclose = (event) => {
      clearTimeout(opening);
      if (socket === this.socket) this.ended(opened, event);
    };
  }

  /** Shows the credentials, if there are any, and asks who answers; then the connection is open. */
  private async begin(socket: WebSocket): Promise<void> {
    const waiting = setTimeout(() => socket.close(), OPENING_TIME);
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
    this.become({ name: "on" });
  }

  private receive(data: string): void {
    let message: unknown;
    try {
      message = JSON.parse(data);
    } catch {
      return; // not of this protocol
    }
    if (!isRecord(message)) return;
    const id = typeof message.id === "string" ? message.id : "";
    const pending = this.pending.get(id);
    if (!pending) return;
    if (message.type === "output" && typeof message.text === "string") {
      pending.output?.(message.text);
    } else if (message.type === "progress") {
      const total = typeof message.total === "number" ? message.total : null;
      pending.progress?.(String(message.path ?? ""), Number(message.done) || 0, total);
    } else {
      const answer = asAnswer(message);
      if (!answer) return;
      this.pending.delete(id);
      pending.resolve(answer);
    }
  }

  private ended(opened: boolean, event: CloseEvent): void {
    this.forget();
    const reason = reasonOf(opened, event.code);
    if (reason === "token" || reason === "pairing") {
      this.become({ name: "off", reason, detail: event.reason });
      return;
    }
    const wait = this.wait * (0.8 + Math.random() * 0.4);
    this.wait = Math.min(this.wait * 2, LONGEST_WAIT);
    this.timer = setTimeout(() => this.open(), wait);
    if (!this.cause || opened) this.cause = { reason, detail: event.reason };
    this.become({ name: "waiting", ...this.cause, until: Date.now() + wait });
  }

  /** Lets go of the socket; whoever waits for an answer hears that there will be none. */
  private forget(): void {
    this.socket = null;
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

function reasonOf(opened: boolean, code: number): Reason {
  if (code === 4401) return "token";
  if (code === 4403) return "pairing";
  if (!opened) return "refused";
  if (code === 1001) return "stopped";
  if (code === 1009) return "tooBig";
  if (code === 4408) return "idle";
  return code === 1006 || code === 1005 ? "lost" : "closed";
}
