import assert from "node:assert/strict";
import { test } from "node:test";
import { dateText, monthNumber, numberText, tickTexts } from "../src/charts/language";
import { label, readChart, timeOf } from "../src/charts/reading";
import { numberScale, timeScale } from "../src/charts/ticks";
import { pieces } from "../src/output";

const day = (text: string): number => timeOf(text)!;

function bars(values: unknown[], extra: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    title: "Продажи",
    width: 720,
    height: 400,
    data: { values },
    mark: { type: "bar", tooltip: true },
    encoding: {
      x: { field: "x", type: "ordinal", title: "Месяц", timeUnit: "yearmonth" },
      y: { field: "y", type: "quantitative", title: "Сумма", stack: null },
      color: { field: "series", title: "Город" },
    },
    usermeta: { kind: "bar", language: "ru", rows: 3 },
    ...extra,
  };
}

test("a description is read with periods in the reader's language, series and gaps", () => {
  const values = [
    { x: "2026-01-01T00:00:00", y: 8, series: "Томск" },
    { x: "2026-02-01T00:00:00", y: null, series: "Томск" },
    { x: "2026-02-01T00:00:00", y: 3, series: "Омск" },
  ];
  const chart = readChart(bars(values), "ru")!;
  assert.deepEqual(chart.x.labels, ["янв 2026", "фев 2026"]);
  assert.deepEqual(readChart(bars(values), "en")!.x.labels, ["Jan 2026", "Feb 2026"]);
  assert.deepEqual(chart.layers[0]!.series, [
    { name: "Томск", x: [0, 1], y: [8, null] },
    { name: "Омск", x: [1], y: [3] },
  ]);
  assert.equal(chart.legend, "Город");
});

test("what is no description is none, and damaged parts are gaps", () => {
  for (const damaged of [null, 5, "x", [], {}, { usermeta: { kind: "radar" } }]) assert.equal(readChart(damaged, "en"), null);
  const meta = { usermeta: { kind: "bar" } };
  assert.deepEqual(readChart(meta, "en")!.layers, []);
  assert.deepEqual(readChart({ ...meta, mark: 1, encoding: [], data: { values: "no" } }, "en")!.layers, []);
  const chart = readChart(bars([5, null, { x: 7, y: "many" }, { x: "not a date", y: 1e999 }, { x: "b", y: 2 }]), "en")!;
  assert.deepEqual(chart.layers[0]!.series[0]!.y, [null, null, 2]);
  assert.deepEqual(chart.x.labels, ["", "not a date", "b"]);
});

test("a description of many categories and series is bounded", () => {
  const many = Array.from({ length: 20_000 }, (_, n) => ({ x: `c${n}`, y: n, series: `s${n % 300}` }));
  const chart = readChart(bars(many), "en")!;
  assert.equal(chart.x.labels!.length, 1000);
  assert.equal(chart.layers[0]!.series.length, 50);
  assert.equal(readChart(bars([], { width: 1e9, height: -4 }), "en")!.width, 4000);
});

test("boxes, bins and cells are read", () => {
  const box = { x: "a", low: 1, q1: 2, median: 3, q3: 4, high: 5 };
  const encoding = { x: { field: "x", type: "nominal" }, y: { field: "y" } };
  const layer = [
    { mark: { type: "rule" }, encoding },
    { mark: { type: "point" }, encoding, data: { values: [{ x: "a", y: 99 }] } },
  ];
  const boxes = readChart({ layer, data: { values: [box, { x: "b", low: 1 }] }, usermeta: { kind: "box" } }, "en")!;
  assert.deepEqual(boxes.boxes, [{ low: 1, q1: 2, median: 3, q3: 4, high: 5 }, null]);
  assert.deepEqual(boxes.layers[0]!.series[0]!.y, [99]);
  const bins = [{ x: 0, x2: 10, y: 3 }, { x: 10, x2: 20, y: 1 }, { x: 20, x2: 20, y: 1 }];
  assert.deepEqual(readChart({ ...bars(bins), usermeta: { kind: "histogram" } }, "en")!.bins, [[0, 10], [10, 20]]);
  const heat = [{ x: "a", y: "p", value: 1 }, { x: "b", y: "q", value: 2 }];
  assert.deepEqual(readChart({ ...bars(heat), usermeta: { kind: "heatmap" } }, "en")!.cells, [[1, null], [null, 2]]);
});

test("labels are on one line and of bounded length", () => {
  assert.equal(label("a\n b\u202e\u0007c"), "a b c");
  assert.equal(Array.from(label("😀".repeat(300))).length, 100);
  assert.equal(label(5), "");
});

test("times are local, whatever the reader's time zone", () => {
  assert.equal(dateText(day("2026-03-29T02:30:00"), "yearmonthdatehoursminutes", "ru"), "29.03.2026 02:30");
  assert.equal(dateText(day("0099-12-31"), "yearmonthdate", "en"), "0099-12-31");
  assert.equal(dateText(day("2026-04-01"), "yearquarter", "ru"), "2 кв. 2026");
  assert.equal(timeOf("2026-13-01"), null);
});

test("months are known by their names in both languages", () => {
  assert.deepEqual(["Январь", "марта", "сент.", "Dec", "may"].map(monthNumber), [0, 2, 8, 11, 4]);
  assert.equal(monthNumber("Томск"), null);
});

test("numbers are written for the reader", () => {
  assert.equal(numberText(1234567.5, "ru"), "1\u00a0234\u00a0567,5");
  assert.equal(numberText(1234567.5, "en"), "1,234,567.5");
  assert.deepEqual(tickTexts([0, 0.25, 0.5], "en", false), ["0.00", "0.25", "0.50"]);
  assert.deepEqual(tickTexts([0, 1e6, 2e6], "en", true), ["0", "1M", "2M"]);
});

test("times have ticks at beginnings of periods, never finer than the data", () => {
  const year = timeScale(day("2025-01-01"), day("2025-12-01"), 6, "yearmonth");
  assert.deepEqual(year.ticks.map((tick) => dateText(tick, year.unit, "en")), ["Jan 2025", "Apr 2025", "Jul 2025", "Oct 2025"]);
  const months = timeScale(day("2025-11-01"), day("2026-02-01"), 3, "yearmonth");
  assert.ok(months.ticks.length >= 2);
  const years = timeScale(day("2000-01-01"), day("2025-01-01"), 6, "year");
  assert.deepEqual(years.ticks.map((tick) => dateText(tick, years.unit, "en")), ["2000", "2005", "2010", "2015", "2020", "2025"]);
  const two = timeScale(day("2024-01-01"), day("2025-01-01"), 6, "year");
  assert.deepEqual([two.unit, two.ticks.length], ["year", 2]);
  const weeks = timeScale(day("2026-01-01"), day("2026-02-01"), 6, "yearmonthdate");
  assert.deepEqual(weeks.ticks.map((tick) => new Date(tick).getUTCDay()), weeks.ticks.map(() => 1));
  assert.equal(timeScale(day("1000-01-01"), day("9999-01-01"), 5, "yearmonthdate").ticks.length > 1, true);
});

test("counts have whole ticks", () => {
  assert.ok(numberScale([0, 1], 5, true, true).ticks.every(Number.isInteger));
  assert.ok(numberScale([0, 3], 5, true, true).ticks.every(Number.isInteger));
});

test("charts stand at their places in the output, counted in characters", () => {
  const table = { columns: [{ name: "a", type: "Integer", nulls: 0 }], rows: [[1]], total: 1, counted: true, handle: null };
  const frame = "┌───┐\n│ a │\n├───┤\n│ 1 │\n└───┘\n";
  const found = pieces(`😀\n${frame}end\n`, [table], [{ chart: "second", at: 2 + frame.length }, { chart: "first", at: 2 }]);
  assert.deepEqual(
    found.map((piece) => (piece.kind === "text" ? piece.text : piece.kind === "chart" ? piece.chart : "table")),
    ["😀\n", "first", "table", "second", "end\n"],
  );
  assert.deepEqual(pieces("", [], [{ chart: 1, at: 99 }]), [{ kind: "chart", chart: 1 }]);
});
