import assert from "node:assert/strict";
import { test } from "node:test";
import type { Answer } from "../src/protocol";
import type { TableData } from "../src/table/data";
import { type AskRows, NoRows, rowsFor } from "../src/table/rows";

const TOTAL = 1000;

function table(here: number, handle: string | null = "1.1"): TableData {
  const rows = Array.from({ length: here }, (_, index) => [index]);
  return { columns: [{ name: "n", type: "Integer", nulls: 0 }], rows, total: TOTAL, counted: true, handle };
}

/** A server that has the rows 0, 1, 2, …, at most `wide` of them an answer. */
function server(wide = 10_000): { ask: AskRows; asked: Record<string, unknown>[] } {
  const asked: Record<string, unknown>[] = [];
  const ask = async (query: Record<string, unknown>): Promise<Answer> => {
    asked.push(query);
    const all = Array.from({ length: TOTAL }, (_, index) => index);
    if (query.descending) all.reverse();
    const [offset, count] = [Number(query.offset), Number(query.count)];
    const numbers = all.slice(offset, offset + Math.min(count, wide));
    return { success: true, error: null, rows: numbers.map((n) => [n]), numbers, row_count: TOTAL };
  };
  return { ask, asked };
}

function changed(rows: { onChange: () => void }): Promise<void> {
  return new Promise((resolve) => (rows.onChange = resolve));
}

test("what is in sight is asked for, once", async () => {
  const { ask, asked } = server();
  const rows = rowsFor(table(10), ask);
  rows.need(0, 10);
  assert.equal(asked.length, 0);
  assert.equal(rows.row(500), null);
  const come = changed(rows);
  rows.need(500, 520);
  rows.need(500, 521);
  await come;
  assert.deepEqual(rows.row(500), { number: 500, cells: [500] });
  assert.equal(asked.length, 1);
});

test("sorting is the server's", async () => {
  const { ask } = server();
  const rows = rowsFor(table(10), ask);
  rows.arrange([{ column: 0, ascending: false }], new Map());
  assert.ok(rows.busy);
  await changed(rows);
  assert.deepEqual(rows.row(0), { number: 999, cells: [999] });
});

test("further keys, filters, values and statistics are asked for as the server takes them", async () => {
  const { ask, asked } = server();
  const rows = rowsFor(table(10), ask);
  const filters = new Map([[0, { text: "> 5", choice: { values: [1, null], isWithout: true } }]]);
  rows.arrange([{ column: 0, ascending: true }, { column: 1, ascending: false }], filters);
  await changed(rows);
  const filter = [{ column: 0, text: "> 5" }, { column: 0, without: [1, null] }];
  const { sort, descending, then_by, filters: sent } = asked[0]!;
  assert.deepEqual({ sort, descending, then_by, sent }, { sort: 0, descending: false, then_by: [{ column: 1, descending: true }], sent: filter });
  await rows.values(0, "x", 50);
  assert.deepEqual(asked[1], { type: "table_values", column: 0, search: "x", count: 50, filters: filter, table: "1.1" });
  await rows.statistics([0], { from: 10, to: 30, sumsOnly: true });
  const { columns, offset, length, sums_only } = asked[2]!;
  assert.deepEqual({ columns, offset, length, sums_only }, { columns: [0], offset: 10, length: 20, sums_only: true });
});

test("rows are read from a place on", async () => {
  const { ask } = server(300);
  const some = await rowsFor(table(10), ask).read(400, { from: 500 });
  assert.deepEqual([some.length, some[0]?.number, some.at(-1)?.number], [400, 500, 899]);
  const last = await rowsFor(table(10), ask).read(400, { from: 900 });
  assert.equal(last.length, 100);
});

test("all rows are read, however few an answer holds", async () => {
  const { ask, asked } = server(300);
  const read: number[] = [];
  const all = await rowsFor(table(10), ask).read(TOTAL, { progress: (n) => read.push(n) });
  assert.deepEqual([all.length, all.at(-1)?.number], [TOTAL, 999]);
  assert.deepEqual(read, [300, 600, 900, 1000]);
  assert.equal(asked.length, 4);
});

test("a failure is a sentence, and the rows that are here stay", async () => {
  const rows = rowsFor(table(10), async () => ({ success: false, error: "gone" }));
  rows.need(500, 501);
  await changed(rows);
  assert.equal(rows.problem, "gone");
  assert.deepEqual(rows.row(9), { number: 9, cells: [9] });
  await assert.rejects(rows.read(TOTAL), NoRows);
});

test("without a server only what is here can be shown", async () => {
  for (const rows of [rowsFor(table(10), null), rowsFor(table(10, null), server().ask)]) {
    assert.deepEqual([rows.count, rows.hidden], [10, TOTAL - 10]);
    assert.equal((await rows.read(TOTAL)).length, 10);
  }
});
