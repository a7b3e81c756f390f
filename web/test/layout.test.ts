import assert from "node:assert/strict";
import { test } from "node:test";
import { type Format, formattedCell, isFormat, workbookCode } from "../src/table/formats";
import { firstLayout, formatOf, isKeptLayout, keptLayout, moved, restoredLayout, shownColumns, withFormat, withFrozen, withHidden, withWidth } from "../src/table/layout";
import { Selection, cellsIn } from "../src/table/selection";

const columns = ["a", "b", "c", "d"].map((name) => ({ name, type: "Float", nulls: 0 }));

test("columns are moved among those in sight", () => {
  const hidden = withHidden(firstLayout(4), 1, true);
  assert.deepEqual(shownColumns(hidden), [0, 2, 3]);
  assert.deepEqual(shownColumns(moved(hidden, 3, 0)), [3, 0, 2]);
  assert.deepEqual(moved(hidden, 0, 1).order, [1, 2, 0, 3]);
  assert.deepEqual(shownColumns(moved(hidden, 0, 2)), [2, 3, 0]);
  assert.deepEqual(shownColumns(withHidden(moved(hidden, 0, 2), 1, false)).length, 4);
});

test("one column stays, and hiding a frozen one leaves the others frozen", () => {
  let layout = withFrozen(firstLayout(2), 2);
  layout = withHidden(layout, 0, true);
  assert.equal(layout.frozen, 1);
  assert.deepEqual(shownColumns(withHidden(layout, 1, true)), [1]);
});

test("a layout is kept by names, for the columns that are still there", () => {
  let layout = withWidth(withFormat(withFrozen(moved(firstLayout(4), 3, 0), 1), 1, { kind: "percent", decimals: 1, grouped: false }), 2, 200);
  layout = withHidden(layout, 0, true);
  const kept = JSON.parse(JSON.stringify(keptLayout(layout, columns))) as unknown;
  assert.ok(isKeptLayout(kept));
  const again = restoredLayout(kept, columns);
  assert.deepEqual([again.order, [...again.hidden], again.frozen, again.widths.get(2)], [[3, 0, 1, 2], [0], 1, 200]);
  assert.equal(formatOf(again, 1).kind, "percent");
  const other = restoredLayout(kept, [{ name: "new", type: "String", nulls: 0 }, columns[3]!]);
  assert.deepEqual([other.order, [...other.hidden]], [[1, 0], []]);
  assert.equal(keptLayout(firstLayout(4), columns), null);
  assert.ok(!isKeptLayout({ columns: [{}], frozen: 0 }) && !isKeptLayout(null));
});

test("numbers in the formats of both languages", () => {
  const number = (decimals: number, grouped: boolean): Format => ({ kind: "number", decimals, grouped });
  const float = columns[0]!;
  assert.equal(formattedCell(1234.5, float, number(2, true), "ru"), "1\u00a0234,50");
  assert.equal(formattedCell(1234.5, float, number(0, false), "en"), "1235");
  assert.equal(formattedCell(-0.001, float, number(1, true), "en"), "0.0");
  assert.equal(formattedCell(0.125, float, { kind: "percent", decimals: 1, grouped: true }, "ru"), "12,5\u00a0%");
  assert.equal(formattedCell(0.125, float, { kind: "percent", decimals: 1, grouped: true }, "en"), "12.5%");
  assert.equal(formattedCell(0.1 + 0.2, float, { kind: "plain" }, "en"), "0.30000000000000004");
  assert.equal(formattedCell(null, float, number(2, true), "en"), "null");
  assert.equal(formattedCell("text", float, number(2, true), "en"), "text");
});

test("dates by their pictures", () => {
  const date = { name: "d", type: "Date", nulls: 0 };
  const shown = (cell: string, picture: string, language: "ru" | "en" = "ru"): string => formattedCell(cell, date, { kind: "date", picture } as Format, language);
  assert.equal(shown("2024-01-31", "dmy"), "31.01.2024");
  assert.equal(shown("31.01.2024", "iso"), "2024-01-31");
  assert.equal(shown("2024-01-31T10:30:00", "dmyShort"), "31.01.24 10:30:00");
  assert.equal(shown("2024-01-31", "mdy", "en"), "01/31/2024");
  assert.equal(shown("2024-01-31", "long"), "31 января 2024");
  assert.equal(shown("2024-01-31", "month", "en"), "January 2024");
  assert.equal(shown("2024-02-31", "dmy", "en"), "2024-02-31");
});

test("formats that are stored are looked at", () => {
  assert.ok(isFormat({ kind: "number", decimals: 2, grouped: true }) && isFormat({ kind: "date", picture: "iso" }));
  for (const bad of [null, {}, { kind: "number", decimals: 99, grouped: true }, { kind: "date", picture: "x" }, { kind: "percent", decimals: 1 }]) assert.ok(!isFormat(bad));
  assert.equal(workbookCode({ kind: "number", decimals: 2, grouped: true }), "#,##0.00");
  assert.equal(workbookCode({ kind: "auto" }), null);
});

test("a selection is a rectangle, or whole rows and columns", () => {
  const selection = new Selection();
  selection.move({ row: 3, column: 2 });
  selection.move({ row: 1, column: 0 }, true);
  assert.deepEqual(selection.rectangle(10, 4), { top: 1, bottom: 3, left: 0, right: 2 });
  selection.select("rows");
  assert.deepEqual(selection.rectangle(10, 4), { top: 1, bottom: 3, left: 0, right: 3 });
  selection.move({ row: 5, column: 1 });
  selection.select("columns");
  selection.move({ row: 5, column: 2 }, true);
  assert.deepEqual(selection.rectangle(10, 4), { top: 0, bottom: 9, left: 1, right: 2 });
  selection.select("all");
  assert.equal(cellsIn(selection.rectangle(10, 4)!), 40);
  selection.move({ row: -1, column: 0 });
  assert.equal(selection.rectangle(10, 4), null);
  assert.equal(selection.rectangle(0, 4), null);
});
