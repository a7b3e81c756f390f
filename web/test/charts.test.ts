import assert from "node:assert/strict";
import { test } from "node:test";
import { type ChartRequest, buildChart, cellTime } from "../src/charts/building";
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

const WORDS = { count: "Count", empty: "(empty)", others: "Others", aggregates: { sum: "sum", average: "average", median: "median", min: "min", max: "max" } };

function source(name: string, type: string, ...cells: (string | number | null)[]): ChartRequest["x"] {
  return { name, type, cells };
}

function request(x: ChartRequest["x"], y: ChartRequest["x"] | null, options: Partial<ChartRequest> = {}): ChartRequest {
  return { kind: "bar", title: "", x, y, second: null, by: null, aggregate: "sum", every: "auto", language: "en", words: WORDS, ...options };
}

test("dates are periods, all from the first to the last, in order", () => {
  const built = buildChart(request(source("d", "Date", "01.03.2025", "2025-01-01", null), source("v", "Integer", 1, 2, 3)));
  assert.deepEqual(built.chart.x.labels, ["Jan 2025", "Feb 2025", "Mar 2025"]);
  assert.deepEqual(built.chart.layers[0]!.series, [{ name: "", x: [0, 2], y: [2, 1] }]);
  assert.equal(built.skipped, 1);
  const months = buildChart(request(source("d", "String", "2025-12", "02.2026"), source("v", "Integer", 1, 2)));
  assert.deepEqual(months.chart.x.labels, ["Dec 2025", "Jan 2026", "Feb 2026"]);
  const years = buildChart(request(source("d", "Date", "2024-05-07", "2025-01-01"), null, { every: "year", kind: "line" }));
  assert.deepEqual(years.chart.layers[0]!.series[0]!.x, [timeOf("2024-01-01"), timeOf("2025-01-01")]);
  assert.equal(cellTime("2025-13"), null);
});

test("numbers ascend, months are as in a year, other texts as they come", () => {
  const labels = (type: string, ...cells: (string | number | null)[]): unknown => buildChart(request(source("x", type, ...cells), null)).chart.x.labels;
  assert.deepEqual(labels("Integer", 10, 9, null, 100), ["9", "10", "100", "(empty)"]);
  assert.deepEqual(labels("String", "март", "Январь", "фев."), ["Январь", "фев.", "март"]);
  assert.deepEqual(labels("String", "b", "a", "b"), ["b", "a"]);
});

test("rows come together by the function, money by its amount, gaps are told", () => {
  const x = source("x", "String", "a", "a", "b", "b");
  const money = source("m", "Currency", "$1", "$1,000.50", "-", null);
  const built = buildChart(request(x, money, { aggregate: "average" }));
  assert.deepEqual(built.chart.layers[0]!.series[0]!.y, [500.75]);
  assert.deepEqual([built.skipped, built.isGrouped, built.chart.y.title], [2, true, "m, average"]);
  const counted = buildChart(request(x, null));
  assert.deepEqual([counted.chart.layers[0]!.series[0]!.y, counted.chart.y.title], [[2, 2], "Count"]);
  const median = buildChart(request(x, source("v", "Integer", 1, 3, 7, 100), { aggregate: "median" }));
  assert.deepEqual(median.chart.layers[0]!.series[0]!.y, [2, 53.5]);
});

test("series come of a column's values, or of another column", () => {
  const x = source("x", "String", "a", "b", "a");
  const y = source("y", "Integer", 1, 2, 3);
  const split = buildChart(request(x, y, { by: source("c", "String", "p", "q", null) }));
  assert.deepEqual(split.chart.layers[0]!.series.map((each) => each.name), ["p", "q", "(empty)"]);
  const second = buildChart(request(x, y, { second: source("z", "Float", 0.5, 0.5, null) }));
  assert.deepEqual(second.chart.layers[0]!.series, [
    { name: "y", x: [0, 1], y: [4, 2] },
    { name: "z", x: [0, 1], y: [0.5, 0.5] },
  ]);
  const many = Array.from({ length: 50 }, (_, n) => String(n));
  const bounded = buildChart(request(source("x", "Integer", ...many.map(Number)), null, { by: source("c", "String", ...many) }));
  assert.equal(bounded.chart.layers[0]!.series.length, 20);
  assert.equal(bounded.chart.layers[0]!.series.at(-1)!.name, "Others");
});

test("what is shown of many categories, slices and points is told, and no peak is lost", () => {
  const many = Array.from({ length: 90 }, (_, n) => `c${n}`);
  const bars = buildChart(request(source("x", "String", ...many), null));
  assert.deepEqual(bars.part, { what: "categories", shown: 60, all: 90 });
  const pie = buildChart(request(source("x", "String", ...many), null, { kind: "pie" }));
  assert.deepEqual([pie.chart.x.labels!.length, pie.chart.x.labels!.at(-1), pie.chart.layers[0]!.series[0]!.y.at(-1)], [12, "Others", 79]);
  const numbers = Array.from({ length: 50_000 }, (_, n) => n);
  const line = buildChart(request(source("x", "Integer", ...numbers), source("y", "Integer", ...numbers.map((n) => (n === 31_234 ? 9 : 0))), { kind: "line" }));
  assert.ok(line.chart.layers[0]!.series[0]!.y.length <= 2000 && line.chart.layers[0]!.series[0]!.y.includes(9));
  const points = buildChart(request(source("x", "Integer", ...numbers), source("y", "Integer", ...numbers), { kind: "scatter" }));
  assert.ok(points.part!.shown <= 3000 && points.part!.all === 50_000);
});

test("a histogram counts every number once, also in series", () => {
  const y = source("y", "Integer", 1, 2, 3, 4, 100, null);
  const built = buildChart(request(y, y, { kind: "histogram", by: source("c", "String", "p", "q", "p", "q", "p", "p") }));
  const all = built.chart.layers[0]!.series.flatMap((each) => each.y).reduce<number>((sum, each) => sum + (each ?? 0), 0);
  assert.deepEqual([all, built.skipped], [5, 1]);
});
