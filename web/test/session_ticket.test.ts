import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { type SentRun, type SessionTicket, addRun, forgetTicket, keepPlace, keepTicket, keptTicket, placeTicket } from "../src/session_ticket";

const stored = new Map<string, string>();
let written = 0;
/** Characters for which there is room. */
let room = Infinity;

beforeEach(() => {
  stored.clear();
  written = 0;
  room = Infinity;
  globalThis.sessionStorage = {
    get length() {
      return stored.size;
    },
    key: (index: number) => [...stored.keys()][index] ?? null,
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, value: string) => {
      if (value.length > room) throw new DOMException("full", "QuotaExceededError");
      stored.set(key, value);
      written += value.length;
    },
    removeItem: (key: string) => void stored.delete(key),
    clear: () => stored.clear(),
  };
});

function begun(session = "aa"): SessionTicket {
  const ticket = { url: "ws://one", session, token: "t", seq: 0, seen: 0, position: 0, runs: [] };
  keepTicket(ticket);
  return ticket;
}

function sent(ticket: SessionTicket, code: string): SentRun {
  ticket.seq += 1;
  keepPlace(ticket);
  const run = { seq: ticket.seq, document: "d", title: "t", code, lines: null, sent: 1, position: ticket.position };
  addRun(ticket, run);
  return run;
}

test("what was kept is found again, for its own server only", () => {
  const ticket = begun();
  for (let number = 0; number < 12; number += 1) sent(ticket, `print(${number})`);
  ticket.seen = 11;
  ticket.position = 120;
  keepPlace(ticket);
  assert.deepEqual(keptTicket("ws://one"), ticket);
  assert.equal(keptTicket("ws://other"), null);
  forgetTicket();
  assert.deepEqual([keptTicket("ws://one"), stored.size], [null, 0]);
});

test("each program is written once, and a request writes its numbers only", () => {
  const ticket = begun();
  sent(ticket, "x".repeat(500_000));
  assert.ok(written < 501_000);
  written = 0;
  for (let number = 0; number < 10; number += 1) sent(ticket, "print(1)");
  assert.ok(written < 2000, `${written}`);
});

test("old programs make room for new ones", () => {
  const ticket = begun();
  for (let number = 0; number < 40; number += 1) sent(ticket, "y".repeat(50_000));
  assert.equal(ticket.runs.length, 16);
  sent(ticket, "y".repeat(900_000));
  assert.equal(ticket.runs.length, 2);
  assert.deepEqual(keptTicket("ws://one"), ticket);
  sent(ticket, "y".repeat(2_000_000));
  assert.deepEqual(keptTicket("ws://one"), ticket);
});

test("a session that begins leaves nothing of the one before", () => {
  sent(begun(), "print(1)");
  begun("bb");
  assert.deepEqual(keptTicket("ws://one")?.runs, []);
});

test("another tab's session has none of this one's programs or numbers", () => {
  const ticket = begun();
  sent(ticket, "print(1)");
  const putBack = placeTicket({ url: "ws://one", session: "bb", token: "u" });
  assert.deepEqual(keptTicket("ws://one"), { ...ticket, session: "bb", token: "u", seq: 0, runs: [] });
  putBack();
  assert.deepEqual(keptTicket("ws://one"), ticket);
});

test("storage that is full or damaged ends nothing", () => {
  const ticket = begun();
  room = 1000;
  sent(ticket, "z".repeat(2000));
  sent(ticket, "print(2)");
  assert.deepEqual(keptTicket("ws://one")?.runs.map((run) => run.seq), [2]);
  stored.set("datacode.session.place", "[1,");
  stored.set("datacode.session.run.aa.2", "{}");
  assert.deepEqual(keptTicket("ws://one"), { ...ticket, seq: 0, runs: [] });
});
