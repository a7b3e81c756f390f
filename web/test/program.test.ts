import assert from "node:assert/strict";
import { test } from "node:test";
import cases from "../../tests/tables/grid_programs.json";
import { type Column } from "../src/table/data";
import type { ColumnFilter } from "../src/table/filters";
import { firstLayout, moved, withHidden } from "../src/table/layout";
import { type Pivot, canTotal, isChanged, pivotProgram, viewProgram } from "../src/table/program";

const columns: Column[] = cases.columns;
const layout = firstLayout(columns.length);

interface Case {
  column: number;
  text?: string;
  values?: (string | number | boolean | null)[];
  without?: (string | number | boolean | null)[];
  line?: string;
}

function filterOf({ text = "", values, without }: Case): ColumnFilter {
  const choice = values ? { values, isWithout: false } : without ? { values: without, isWithout: true } : null;
  return { text, choice };
}

function said(found: ReturnType<typeof viewProgram>): readonly string[] {
  assert.ok("lines" in found, JSON.stringify(found));
  return found.lines;
}

test("filters are written as conditions", () => {
  for (const each of cases.filters as Case[]) {
    const filters = new Map([[each.column, filterOf(each)]]);
    const lines = said(viewProgram("t", "v", { columns, sorting: [], filters, layout }, "ru"));
    assert.deepEqual(lines, [each.line, "v"], JSON.stringify(each));
  }
});

test("what a program would do otherwise is not written", () => {
  for (const each of cases.refused as Case[]) {
    const filters = new Map([[each.column, filterOf(each)]]);
    assert.ok("key" in viewProgram("t", "v", { columns, sorting: [], filters, layout }, "ru"), JSON.stringify(each));
  }
  const twice = [columns[0]!, columns[0]!];
  const sorting = [{ column: 0, ascending: true }];
  assert.ok("key" in viewProgram("t", "v", { columns: twice, sorting, filters: new Map(), layout: firstLayout(2) }, "ru"));
});

test("filters, keys and columns together", () => {
  const filters = new Map([
    [1, { text: "> 5", choice: null }],
    [0, { text: "а", choice: { values: ["Томск"], isWithout: true } }],
  ]);
  const sorting = [{ column: 0, ascending: true }, { column: 1, ascending: false }];
  const wanted = { columns, sorting, filters, layout: moved(withHidden(layout, 4, true), 2, 0) };
  assert.ok(isChanged(wanted) && !isChanged({ ...wanted, sorting: [], filters: new Map(), layout }));
  assert.deepEqual(said(viewProgram("продажи", "v", wanted, "ru")), [
    "v = table_query(продажи, \"`сумма, ₽` > 5 and `город` not in ['Томск'] and (`город` is not null and contains(lower(str(`город`)), 'а'))\")",
    'v = table_sort(v, ["город", "сумма, ₽"], [true, false], locale="ru")',
    'v = table_select(v, ["день", "город", "сумма, ₽", "code"])',
    "v",
  ]);
  assert.deepEqual(said(viewProgram("t", "v", { columns, sorting: [{ column: 1, ascending: false }], filters: new Map(), layout }, "en")), ['v = table_sort(t, "сумма, ₽", false)', "v"]);
});

test("pivots", () => {
  const pivot: Pivot = { rows: [0], across: 3, values: [1], func: "sum", totals: false };
  const lines = (given: Partial<Pivot>, language = "en"): readonly string[] => said(pivotProgram("t", "p", columns, { ...pivot, ...given }, language));
  assert.deepEqual(lines({}), ['p = table_pivot(t, "город", "code", "сумма, ₽")', "p"]);
  assert.deepEqual(lines({ rows: [0, 2], func: "average", totals: true }, "ru"), ['p = table_pivot(t, ["город", "день"], "code", "сумма, ₽", "average", totals="Итого")', "p"]);
  assert.deepEqual(lines({ across: null, values: [0, 1], func: "count" }), ['p = table_group(t, "город", {"город / count": ["город", "count"], "сумма, ₽": ["сумма, ₽", "count"]})', "p"]);
  assert.deepEqual(lines({ across: null, totals: true }, "ru"), [
    'p = table_group(t, "город", {"сумма, ₽": ["сумма, ₽", "sum"]})',
    'p = table_total(p, ["сумма, ₽"], label="Итого")',
    "p",
  ]);
  assert.ok(!canTotal({ ...pivot, across: null, func: "average" }) && canTotal({ ...pivot, func: "average" }));
});
