/**
 * What this tab of the browser keeps of its session, so that the page finds it again when it is loaded anew.
 *
 * It is in the tab's own storage, which ends with the tab: the token is a secret, and two tabs have two sessions.
 */

import { isNumber, isRecord, isString } from "./storage";

const KEY = "datacode.session";
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

/** Remembers a program that is being sent. */
export function addRun(ticket: SessionTicket, run: SentRun): void {
  const runs = [...ticket.runs, run].slice(-MOST_RUNS);
  let room = MOST_CHARACTERS;
  ticket.runs = runs.reverse().filter((each) => (room -= each.code.length) > 0).reverse();
}

/** The ticket of this tab for a server, or null. */
export function keptTicket(url: string): SessionTicket | null {
  try {
    const value: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
    return isTicket(value) && value.url === url ? value : null;
  } catch {
    return null; // storage is forbidden or damaged
  }
}

export function keepTicket(ticket: SessionTicket): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(ticket));
  } catch {
    // Storage is forbidden or full: the session holds until the page is closed or loaded anew.
  }
}

/** Another session's ticket, for a page that is opened now; what is given puts this tab's own back. */
export function placeTicket(ticket: SessionTicket): () => void {
  const own = sessionStorage.getItem(KEY);
  keepTicket(ticket);
  return () => {
    if (own === null) forgetTicket();
    else sessionStorage.setItem(KEY, own);
  };
}

export function forgetTicket(): void {
  try {
    sessionStorage.removeItem(KEY);
  } catch {
    // Storage is forbidden: nothing was kept.
  }
}

function isTicket(value: unknown): value is SessionTicket {
  if (!isRecord(value) || !Array.isArray(value.runs)) return false;
  const texts = [value.url, value.session, value.token];
  const counts = [value.seq, value.seen, value.position];
  return texts.every(isString) && counts.every(isNumber) && value.runs.every(isRun);
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
