import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { Liveness } from "../src/liveness";

let asked = 0;
let dead = 0;
let waits = false;
let unsent = 0;
let liveness: Liveness;
/** The clock on the wall, which timers do not follow where the computer sleeps. */
let clock = 0;

beforeEach(() => {
  clock = 1_000_000;
  mock.timers.enable({ apis: ["setTimeout"] });
  mock.method(Date, "now", () => clock);
  asked = dead = unsent = 0;
  waits = false;
  liveness = new Liveness({
    ask: () => {
      asked += 1;
      liveness.sent(20);
    },
    waits: () => waits,
    unsent: () => unsent,
    dead: () => (dead += 1),
  });
  liveness.begin();
});

afterEach(() => {
  mock.timers.reset();
  mock.restoreAll();
});

function send(size = 50): void {
  waits = true;
  liveness.sent(size);
}

function pass(seconds: number): void {
  for (let step = 0; step < seconds * 10; step += 1) {
    clock += 100;
    mock.timers.tick(100);
  }
}

test("where nothing is awaited nothing is asked", () => {
  pass(1000);
  assert.deepEqual([asked, dead], [0, 0]);
});

test("what is answered in time is enough", () => {
  for (let round = 0; round < 20; round += 1) {
    send();
    pass(1);
    liveness.heard();
    waits = false;
    pass(30);
  }
  assert.deepEqual([asked, dead], [0, 0]);
});

test("a long program is asked about, and goes on as long as there are answers", () => {
  send();
  for (let round = 0; round < 100; round += 1) {
    pass(6.5);
    liveness.heard();
  }
  assert.equal(dead, 0);
  assert.ok(asked > 50);
});

test("no answer: the connection is dead, and is told so once", () => {
  send();
  pass(12);
  assert.deepEqual([asked, dead], [1, 1]);
  pass(100);
  assert.deepEqual([asked, dead], [1, 1]);
});

test("what is sent after a long silence is asked about soon", () => {
  pass(600);
  send();
  pass(1);
  assert.equal(asked, 0);
  pass(1);
  assert.equal(asked, 1);
  pass(5);
  assert.equal(dead, 1);
});

test("a page that is shown again asks at once, also where nothing is awaited", () => {
  liveness.look();
  assert.equal(asked, 0);
  pass(60);
  liveness.look();
  liveness.look();
  assert.equal(asked, 1);
  pass(6);
  assert.equal(dead, 1);
  liveness.look();
  assert.equal(asked, 1);
});

test("a page that was suspended hears first what had arrived", () => {
  send();
  pass(7);
  assert.equal(asked, 1);
  clock += 3_600_000;
  pass(4.5);
  assert.equal(dead, 0);
  liveness.heard();
  waits = false;
  pass(30);
  assert.equal(dead, 0);
});

test("a page that was suspended gives a connection up that stays silent", () => {
  send();
  pass(7);
  clock += 3_600_000;
  pass(12);
  assert.deepEqual([asked, dead], [1, 1]);
});

test("an upload on a slow line is waited for", () => {
  unsent = 5_000_000;
  send(unsent);
  for (let second = 0; second < 100; second += 1) {
    pass(1);
    unsent -= 50_000;
  }
  assert.equal(dead, 0);
  unsent = 0;
  pass(200);
  assert.equal(dead, 1);
});

test("each time that a connection is given up the next one has longer, until it answers", () => {
  const times = [];
  for (let round = 0; round < 8; round += 1) {
    times.push(liveness.patience);
    liveness.begin();
    send();
    pass(200);
    assert.equal(dead, round + 1);
  }
  assert.deepEqual(times, [5000, 10_000, 20_000, 40_000, 80_000, 160_000, 160_000, 160_000]);
  liveness.begin();
  send();
  pass(7);
  liveness.heard();
  assert.equal(liveness.patience, 5000);
});

test("a clock that is set back does not stop the watch", () => {
  send();
  clock -= 3_600_000;
  pass(18);
  assert.equal(dead, 1);
});
