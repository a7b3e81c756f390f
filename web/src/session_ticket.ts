/**
 * What this tab of the browser keeps of its session, so that the page finds it again when it is loaded anew.
 *
 * It is in the tab's own storage, which ends with the tab: the token is a secret, and two tabs have two sessions.
 * Storage is written while the page waits, so what changes with every request stands apart from what does not,
 * and each program is written once.
 */

import { isNumber, isRecord, isString } from "./storage";

/** The server, the session, the token. */
const KEY = "datacode.session";
/** Whose numbers they are, and `seq`, `seen`, `position`. */
const PLACE = "datacode.session.place";
/** One program: the session and its number follow. */
const RUN = "datacode.session.run.";
/** As many answers the server keeps for sure. */
const MOST_RUNS = 16;
const MOST_CHARACTERS = 1_000_000;

/** A program that this tab has sent: enough to draw its card again. */
export interface SentRun {
  readonly seq: number;
  readonly document: string;
  readonly title: string;
  readonly code: string;
  readonly lines: readonly [number, number] | null;
  readonly inCell?: boolean;
  /** Milliseconds since 1970. */
  readonly sent: number;
  /** Bytes of output that the session had streamed before it. */
  readonly position: number;
}

export interface SessionTicket {
  readonly url: string;
  readonly session: string;
  readonly token: string;
  /** The last number that was given to a request. */
  seq: number;
  /** The last request whose answer has come. */
  seen: number;
  /** Bytes of output that have come. */
  position: number;
  runs: readonly SentRun[];
}

/** From where a page that was loaded anew wants to hear again what came: all of the programs it draws again. */
export function replayedFrom(ticket: SessionTicket): { readonly seen: number; readonly position: number } {
  const open = ticket.runs.find((run) => run.seq > ticket.seen);
  return {
    seen: Math.min(ticket.seen, (ticket.runs[0]?.seq ?? Infinity) - 1),
    position: open?.position ?? ticket.position,
  };
}

/** Remembers a program that is being sent, in place of those for which there is no room any more. */
export function addRun(ticket: SessionTicket, run: SentRun): void {
  const runs = [...ticket.runs, run].slice(-MOST_RUNS);
  let room = MOST_CHARACTERS;
  const kept = runs.reverse().filter((each) => (room -= each.code.length) > 0).reverse();
  for (const each of ticket.runs) {
    if (!kept.includes(each)) remove(runKey(ticket, each.seq));
  }
  if (kept.includes(run)) write(runKey(ticket, run.seq), run);
  ticket.runs = kept;
}

/** The ticket of this tab for a server, or null. */
export function keptTicket(url: string): SessionTicket | null {
  const named = read(KEY);
  if (!isRecord(named) || named.url !== url || !isString(named.session) || !isString(named.token)) return null;
  const { session, token } = named;
  const place = read(PLACE);
  const mine = Array.isArray(place) && place[0] === session ? place.slice(1) : [];
  const [seq = 0, seen = 0, position = 0] = mine.every(isNumber) ? mine : [];
  const prefix = `${RUN}${session}.`;
  const runs = keys().filter((key) => key.startsWith(prefix)).map(read).filter(isRun);
  runs.sort((one, other) => one.seq - other.seq);
  return { url, session, token, seq, seen, position, runs };
}

/** A session begins. */
export function keepTicket(ticket: SessionTicket): void {
  forgetTicket();
  const { url, session, token } = ticket;
  write(KEY, { url, session, token });
  keepPlace(ticket);
}

/** Its numbers have changed. */
export function keepPlace({ session, seq, seen, position }: SessionTicket): void {
  write(PLACE, [session, seq, seen, position]);
}

/** Another session's, for a page that is opened now; what is given puts this tab's own back. */
export function placeTicket(ticket: Pick<SessionTicket, "url" | "session" | "token">): () => void {
  const own = sessionStorage.getItem(KEY);
  write(KEY, ticket);
  return () => {
    if (own === null) remove(KEY);
    else sessionStorage.setItem(KEY, own);
  };
}

export function forgetTicket(): void {
  for (const key of keys()) {
    if (key === KEY || key === PLACE || key.startsWith(RUN)) remove(key);
  }
}

function runKey(ticket: SessionTicket, seq: number): string {
  return `${RUN}${ticket.session}.${seq}`;
}

function keys(): string[] {
  try {
    return Array.from({ length: sessionStorage.length }, (_, index) => sessionStorage.key(index) ?? "");
  } catch {
    return []; // storage is forbidden
  }
}

function read(key: string): unknown {
  try {
    return JSON.parse(sessionStorage.getItem(key) ?? "null");
  } catch {
    return null; // storage is forbidden or damaged
  }
}

function write(key: string, value: unknown): void {
  try {
    sessionStorage.setItem(key, JSON.stringify(value));
  } catch {
    // Storage is forbidden or full: the session holds until the page is closed or loaded anew.
  }
}

function remove(key: string): void {
  try {
    sessionStorage.removeItem(key);
  } catch {
    // Storage is forbidden: nothing was kept.
  }
}

function isRun(value: unknown): value is SentRun {
  if (!isRecord(value)) return false;
  const { lines } = value;
  return (
    [value.document, value.title, value.code].every(isString) &&
    [value.seq, value.sent, value.position].every(isNumber) &&
    (lines === null || (Array.isArray(lines) && lines.length === 2 && lines.every(isNumber)))
  );
}
