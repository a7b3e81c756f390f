/** A chart of the columns of a table, made in the page. Follows the server's builder (chart reference, 1). Pure. */

import { type Cell, cellText, sortKey } from "../table/data";
import { histogram } from "../table/scales";
import { type Language, dateText, monthNumber } from "./language";
import { type ChartAxis, type ChartModel, NO_AXIS, type Series, type SeriesLayer, type TimeUnit, emptyChart } from "./model";
import { label, timeOf } from "./reading";

export type BuiltKind = "bar" | "stacked" | "line" | "area" | "histogram" | "scatter" | "pie";
export type Aggregate = "sum" | "average" | "median" | "min" | "max";
export type Every = "auto" | "day" | "month" | "quarter" | "year";

/** A column of the table. */
export interface Source {
  readonly name: string;
  /** The language's name of its type. */
  readonly type: string;
  readonly cells: readonly Cell[];
}

export interface ChartRequest {
  readonly kind: BuiltKind;
  readonly title: string;
  /** What stands across; of histograms nothing. */
  readonly x: Source;
  /** The numbers; null counts rows. */
  readonly y: Source | null;
  /** Other numbers, as a second series. */
  readonly second: Source | null;
  /** Whose values are series of their own. */
  readonly by: Source | null;
  readonly aggregate: Aggregate;
  readonly every: Every;
  readonly language: Language;
  readonly words: Words;
}

/** Words of the reader's language that a chart adds by itself. */
export interface Words {
  readonly count: string;
  readonly empty: string;
  readonly others: string;
  /** Of a function other than the sum. */
  readonly aggregates: Readonly<Record<Aggregate, string>>;
}

export interface Built {
  readonly chart: ChartModel;
  /** Rows without a number, or without a place across. */
  readonly skipped: number;
  /** Whether several rows came together at a place. */
  readonly isGrouped: boolean;
  /** How many categories or points are shown of how many; null where all are. */
  readonly part: { readonly what: "categories" | "points"; readonly shown: number; readonly all: number } | null;
}

const WIDTH = 900;
const MOST_BARS = 60;
const MOST_PERIODS = 1000;
const MOST_SERIES = 20;
const MOST_SLICES = 12;
const MOST_POINTS = 3000;
const MOST_LINE_POINTS = 2000;
const DAY = 86_400_000;
const MONTH = /^(?:\d{4}-(?:0[1-9]|1[0-2])|(?:0[1-9]|1[0-2])\.\d{4})$/;

/** A cell as a number: money by its amount; null where it is none. */
export function numberOf(cell: Cell | undefined, type: string): number | null {
  const value = type === "Currency" ? sortKey(cell, type) : cell;
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

/** A cell as a time: a date of either spelling, or a month (`2025-03`, `03.2025`). */
export function cellTime(cell: Cell | undefined): number | null {
  if (typeof cell !== "string") return null;
  if (MONTH.test(cell)) return timeOf(cell[2] === "." ? `${cell.slice(3)}-${cell.slice(0, 2)}-01` : `${cell}-01`);
  const dotted = /^(\d{2})\.(\d{2})\.(\d{4})(.*)$/.exec(cell);
  return timeOf(dotted ? `${dotted[3]}-${dotted[2]}-${dotted[1]}${dotted[4]}` : cell);
}

/** Whether a column has dates, or months. */
export function hasTimes(source: Pick<Source, "type" | "cells">): boolean {
  if (source.type === "Date") return true;
  let found = false;
  for (const cell of source.cells) {
    if (cell === null) continue;
    if (typeof cell !== "string" || !MONTH.test(cell)) return false;
    found = true;
  }
  return found;
}

/** The beginning of the period that a time belongs to. */
function beginning(time: number, every: Every): number {
  const at = new Date(time);
  const [year, month] = [at.getUTCFullYear(), at.getUTCMonth()];
  if (every === "year") return new Date(0).setUTCFullYear(year, 0, 1);
  if (every === "quarter") return new Date(0).setUTCFullYear(year, month - (month % 3), 1);
  if (every === "month") return new Date(0).setUTCFullYear(year, month, 1);
  return every === "day" ? Math.floor(time / DAY) * DAY : time;
}

const UNITS: Record<Every, TimeUnit> = {
  year: "year",
  quarter: "yearquarter",
  month: "yearmonth",
  day: "yearmonthdate",
  auto: "yearmonthdatehoursminutes",
};

/** The longest period that all times begin. */
function longestPeriod(times: readonly number[]): Every {
  if (times.length === 0) return "day";
  if (times.some((time) => time % DAY !== 0)) return "auto";
  const different = new Set(times);
  const months = new Set<number>();
  for (const time of different) {
    const at = new Date(time);
    if (at.getUTCDate() !== 1) return "day";
    months.add(at.getUTCMonth());
  }
  if (different.size > 1 && months.size === 1 && months.has(0)) return "year";
  if (months.size > 1 && [...months].every((month) => month % 3 === 0)) return "quarter";
  return "month";
}

function allBetween(first: number, last: number, every: Every): number[] {
  const months = { year: 12, quarter: 3, month: 1 }[every as "year" | "quarter" | "month"];
  const found: number[] = [];
  for (let time = first; time <= last && found.length <= MOST_PERIODS; ) {
    found.push(time);
    if (!months) {
      time += DAY;
      continue;
    }
    const at = new Date(time);
    time = new Date(0).setUTCFullYear(at.getUTCFullYear(), at.getUTCMonth() + months, 1);
  }
  return found;
}

/** The place of each row across; null where it has none. */
interface Places {
  readonly axis: ChartAxis;
  readonly of: readonly (number | null)[];
  /** How many categories there were. */
  readonly all: number;
}

/** An axis of numbers or times where the column has these. */
function continuous(request: ChartRequest): Places | null {
  const { x } = request;
  const title = label(x.name);
  if (hasTimes(x)) {
    const times = x.cells.map(cellTime);
    const every = request.every === "auto" ? longestPeriod(times.filter((time) => time !== null)) : request.every;
    const of = times.map((time) => (time === null ? null : beginning(time, every)));
    return { axis: { ...NO_AXIS, title, isTime: true, unit: UNITS[every] }, of, all: 0 };
  }
  if (!isNumbers(x)) return null;
  return { axis: { ...NO_AXIS, title }, of: x.cells.map((cell) => numberOf(cell, x.type)), all: 0 };
}

function isNumbers(source: Source): boolean {
  return source.type === "Integer" || source.type === "Float";
}

/** Periods where the column has dates, categories otherwise. */
function discrete(request: ChartRequest, most: number): Places {
  const { x, language, words } = request;
  const title = label(x.name);
  if (hasTimes(x)) {
    const times = x.cells.map(cellTime);
    const known = times.filter((time): time is number => time !== null);
    const every = request.every === "auto" ? longestPeriod(known) : request.every;
    const found = times.map((time) => (time === null ? null : beginning(time, every)));
    const different = [...new Set(found.filter((time) => time !== null))].sort((a, b) => a - b);
    const between = every === "auto" || different.length === 0 ? different : allBetween(different[0]!, different.at(-1)!, every);
    const order = (between.length > MOST_PERIODS ? different : between).slice(0, MOST_PERIODS);
    const places = new Map(order.map((time, place) => [time, place]));
    return {
      axis: { ...NO_AXIS, title, unit: UNITS[every], isDated: true, labels: order.map((time) => dateText(time, UNITS[every], language)) },
      of: found.map((time) => (time === null ? null : (places.get(time) ?? null))),
      all: Math.max(different.length, order.length),
    };
  }
  const texts = x.cells.map((cell) => (cell === null ? words.empty : cellText(cell)));
  const different = ordered(x, [...new Set(texts)], words.empty);
  const order = different.slice(0, most);
  const places = new Map(order.map((text, place) => [text, place]));
  return {
    axis: { ...NO_AXIS, title, labels: order.map((text) => label(text)) },
    of: texts.map((text) => places.get(text) ?? null),
    all: different.length,
  };
}

/** Numbers in ascending order, names of months as in a year, all else as it comes. */
function ordered(x: Source, texts: string[], empty: string): string[] {
  const rank = isNumbers(x) ? (text: string): number | null => Number(text) : monthNumber;
  const ranks = new Map(texts.map((text) => [text, text === empty ? Infinity : rank(text)]));
  if (texts.length < 2 || [...ranks.values()].some((each) => each === null)) return texts;
  return texts.sort((a, b) => Number(ranks.get(a)) - Number(ranks.get(b)) || 0);
}

/** The name of the series of each row; of those beyond the most, the word for others. */
function seriesOf(request: ChartRequest): (row: number) => string {
  const { by, words } = request;
  if (!by) return () => "";
  const names = by.cells.map((cell) => (cell === null ? words.empty : label(cellText(cell))));
  const kept = new Set([...new Set(names)].slice(0, MOST_SERIES - 1));
  const isTooMany = new Set(names).size > MOST_SERIES;
  return (row) => (isTooMany && !kept.has(names[row]!) ? words.others : names[row]!);
}

const FUNCTIONS: Record<Aggregate, (values: number[]) => number> = {
  sum: (values) => values.reduce((a, b) => a + b, 0),
  average: (values) => values.reduce((a, b) => a + b, 0) / values.length,
  median: (values) => {
    const sorted = values.sort((a, b) => a - b);
    const middle = sorted.length >> 1;
    return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
  },
  min: (values) => values.reduce((a, b) => Math.min(a, b)),
  max: (values) => values.reduce((a, b) => Math.max(a, b)),
};

/** Rows at one place come together. */
class Groups {
  readonly found = new Map<string, Map<number, number[]>>();
  skipped = 0;
  isGrouped = false;

  add(name: string, place: number | null, value: number | null): void {
    if (place === null || value === null) {
      this.skipped += 1;
      return;
    }
    let series = this.found.get(name);
    if (!series) this.found.set(name, (series = new Map<number, number[]>()));
    const values = series.get(place);
    if (!values) series.set(place, [value]);
    else {
      values.push(value);
      this.isGrouped = true;
    }
  }

  series(aggregate: Aggregate): Series[] {
    return [...this.found].map(([name, places]) => {
      const sorted = [...places].sort(([a], [b]) => a - b);
      return { name, x: sorted.map(([place]) => place), y: sorted.map(([, values]) => FUNCTIONS[aggregate](values)) };
    });
  }
}

function grouped(request: ChartRequest, places: Places): Groups {
  const groups = new Groups();
  const { y, second } = request;
  const name = seriesOf(request);
  places.of.forEach((place, row) => {
    if (place === null && places.axis.labels && places.all > places.axis.labels.length) return;
    if (!y) groups.add(name(row), place, 1);
    else groups.add(second ? label(y.name) : name(row), place, numberOf(y.cells[row], y.type));
    if (y && second) groups.add(label(second.name), place, numberOf(second.cells[row], second.type));
  });
  return groups;
}

function valueTitle(request: ChartRequest): string {
  const { y, second, aggregate, words } = request;
  if (!y) return words.count;
  const word = aggregate === "sum" || request.kind === "scatter" ? "" : words.aggregates[aggregate];
  return second ? word : [label(y.name), word].filter(Boolean).join(", ");
}

function layer(mark: SeriesLayer["mark"], series: readonly Series[], isStacked = false): SeriesLayer {
  return { mark, series, isStacked, hasPoints: false, rightTitle: null };
}

/** The chart that a request describes. */
export function buildChart(request: ChartRequest): Built {
  if (request.kind === "histogram") return builtHistogram(request);
  if (request.kind === "scatter") return scatter(request);
  const isLine = request.kind === "line" || request.kind === "area";
  const places = (isLine ? continuous(request) : null) ?? discrete(request, request.kind === "pie" || isLine ? MOST_PERIODS : MOST_BARS);
  const groups = grouped(request, places);
  const series = groups.series(request.y ? request.aggregate : "sum");
  const base = {
    ...emptyChart(request.kind),
    width: WIDTH,
    title: request.title,
    x: places.axis,
    y: { ...NO_AXIS, title: valueTitle(request) },
    legend: request.by ? label(request.by.name) : "",
  };
  const { labels } = places.axis;
  const isCut = labels !== null && places.all > labels.length;
  const result = { skipped: groups.skipped, isGrouped: groups.isGrouped && request.y !== null };
  const categories = isCut ? { what: "categories" as const, shown: labels.length, all: places.all } : null;
  if (request.kind === "pie") return { ...result, part: categories, chart: { ...base, ...slices(request, labels ?? [], series) } };
  if (!isLine) return { ...result, part: categories, chart: { ...base, layers: [layer("bar", series, request.kind === "stacked")] } };
  const isStacked = request.kind === "area" && series.length > 1;
  const thinned = isStacked ? series : series.map(extremes);
  const [shown, all] = [thinned, series].map((each) => each.reduce((sum, one) => sum + one.x.length, 0)) as [number, number];
  const part = shown < all ? { what: "points" as const, shown, all } : categories;
  return { ...result, part, chart: { ...base, layers: [layer(request.kind === "line" ? "line" : "area", thinned, isStacked)] } };
}

/** The largest slices, and one for all others. */
function slices(request: ChartRequest, labels: readonly string[], series: readonly Series[]): Pick<ChartModel, "x" | "layers"> {
  const [first] = series;
  const values = labels.map((text, place) => ({ text, value: first?.y[first.x.indexOf(place)] ?? 0 })).filter(({ value }) => value > 0);
  const sorted = values.sort((a, b) => b.value - a.value);
  const shown = sorted.length > MOST_SLICES ? sorted.slice(0, MOST_SLICES - 1) : sorted;
  const rest = sorted.slice(shown.length).reduce((sum, { value }) => sum + value, 0);
  const all = rest > 0 ? [...shown, { text: request.words.others, value: rest }] : shown;
  const found = { name: "", x: all.map((_, place) => place), y: all.map(({ value }) => value) };
  return { x: { ...NO_AXIS, title: label(request.x.name), labels: all.map(({ text }) => text) }, layers: [layer("arc", [found])] };
}

/** The lowest and highest point of every stretch, so that no peak is lost. */
function extremes(series: Series): Series {
  const count = series.x.length;
  if (count <= MOST_LINE_POINTS) return series;
  const stretches = MOST_LINE_POINTS / 2;
  const kept: number[] = [];
  for (let stretch = 0; stretch < stretches; stretch += 1) {
    const [from, to] = [Math.floor((stretch * count) / stretches), Math.floor(((stretch + 1) * count) / stretches)];
    let [low, high] = [from, from];
    for (let at = from; at < to; at += 1) {
      if (series.y[at]! < series.y[low]!) low = at;
      if (series.y[at]! > series.y[high]!) high = at;
    }
    kept.push(Math.min(low, high));
    if (low !== high) kept.push(Math.max(low, high));
  }
  return { name: series.name, x: kept.map((at) => series.x[at]!), y: kept.map((at) => series.y[at]!) };
}

function scatter(request: ChartRequest): Built {
  const { y, second } = request;
  const places = continuous(request);
  const all = new Map<string, { x: number[]; y: number[] }>();
  let [skipped, count] = [0, 0];
  const name = seriesOf(request);
  const add = (series: string, x: number | null, value: number | null): void => {
    if (x === null || value === null) {
      skipped += 1;
      return;
    }
    const points = all.get(series) ?? { x: [], y: [] };
    all.set(series, points);
    points.x.push(x);
    points.y.push(value);
    count += 1;
  };
  places?.of.forEach((x, row) => {
    if (!y) return;
    add(second ? label(y.name) : name(row), x, numberOf(y.cells[row], y.type));
    if (second) add(label(second.name), x, numberOf(second.cells[row], second.type));
  });
  const every = Math.max(1, Math.ceil(count / MOST_POINTS));
  const series = [...all].map(([each, points]): Series => {
    const isKept = (_: number, index: number): boolean => index % every === 0;
    return { name: each, x: points.x.filter(isKept), y: points.y.filter(isKept) };
  });
  const shown = series.reduce((sum, each) => sum + each.x.length, 0);
  const chart: ChartModel = {
    ...emptyChart("scatter"),
    width: WIDTH,
    title: request.title,
    x: places?.axis ?? NO_AXIS,
    y: { ...NO_AXIS, title: valueTitle(request) },
    legend: request.by ? label(request.by.name) : "",
    layers: [layer("point", series)],
  };
  return { chart, skipped, isGrouped: false, part: shown < count ? { what: "points", shown, all: count } : null };
}

function builtHistogram(request: ChartRequest): Built {
  const { y, words } = request;
  const name = seriesOf(request);
  const values = new Map<string, number[]>();
  let skipped = 0;
  y?.cells.forEach((cell, row) => {
    const value = numberOf(cell, y.type);
    if (value === null) skipped += 1;
    else {
      const found = values.get(name(row));
      if (found) found.push(value);
      else values.set(name(row), [value]);
    }
  });
  return { chart: binned(request, words, values), skipped, isGrouped: false, part: null };
}

function binned(request: ChartRequest, words: Words, values: ReadonlyMap<string, readonly number[]>): ChartModel {
  const all = histogram([...values.values()].flat(1));
  const bins = all.map(({ from, to }): [number, number] => [from, to]);
  const [first, width] = [bins[0]?.[0] ?? 0, (bins[0]?.[1] ?? 1) - (bins[0]?.[0] ?? 0)];
  const series = [...values].map(([name, found]): Series => {
    const y = bins.map(() => 0);
    for (const value of found) y[Math.min(y.length - 1, Math.max(0, Math.floor((value - first) / width + 1e-9)))]! += 1;
    return { name, x: bins.map((_, place) => place), y };
  });
  return {
    ...emptyChart("histogram"),
    width: WIDTH,
    title: request.title,
    x: { ...NO_AXIS, title: request.y ? label(request.y.name) : "" },
    y: { ...NO_AXIS, title: words.count },
    legend: request.by ? label(request.by.name) : "",
    layers: [layer("bar", series, true)],
    bins,
  };
}
