import assert from "node:assert/strict";
import { test } from "node:test";
import lists from "../../tests/tables/browsing.json";
import cases from "../../tests/tables/statistics.json";
import type { Cell } from "../src/table/data";
import { columnStatistics, edges, matchingValues, together } from "../src/table/statistics";

/** Sums in another order differ in the last digits. */
function near(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(near);
  return typeof value === "number" ? Number(value.toPrecision(12)) : value;
}

test("statistics are those of the server", () => {
  for (const { type, cells, statistics } of cases) {
    const found: object = columnStatistics(cells as Cell[], 4, type);
    for (const [name, value] of Object.entries(statistics)) {
      assert.deepEqual(near((found as Record<string, unknown>)[name]), near(value), `${name} of ${JSON.stringify(cells)}`);
    }
  }
});

test("lists of values are those of the server", () => {
  for (const { type, cells, search, most, found, distinct } of lists.values) {
    assert.deepEqual(matchingValues(cells as Cell[], type, search, most), { values: found, distinct });
  }
});

test("bars of whole numbers begin and end at whole numbers", () => {
  assert.deepEqual(edges(1, 3, 3, true), [1, 2, 3, 4]);
  assert.equal(edges(0, 1e9, 1e9, false).length, 21);
});

test("columns are added up together", () => {
  const [a, b, c] = [[1, null, 3], ["x", "y", null], [-5, 0.5, null]].map((cells, at) => columnStatistics(cells, at, "Mixed", true));
  assert.deepEqual(together([a!, b!, c!]), { cells: 9, filled: 6, numbers: 4, sum: -0.5, min: -5, max: 3 });
  assert.deepEqual(together([b!]), { cells: 3, filled: 2, numbers: 0, sum: null, min: null, max: null });
});
