/**
 * A description that came from a server, as it is drawn (chart reference, 2). What is not as
 * the server's builder of charts would have it is a gap, never an error. Pure.
 */

import { isRecord } from "../storage";
import { type Language, dateText } from "./language";
import {
  type Box,
  type ChartAxis,
  type ChartModel,
  KINDS,
  NO_AXIS,
  type Series,
  type SeriesLayer,
  type TimeUnit,
  emptyChart,
} from "./model";

const MOST_ROWS = 10_000;
const MOST_CATEGORIES = 1000;
const MOST_SERIES = 50;
const LONGEST_LABEL = 100;
const LONGEST_TITLE = 200;
const UNITS: readonly string[] = ["year", "yearquarter", "yearmonth", "yearmonthdate", "yearmonthdatehoursminutes"];

type Fields = Record<string, unknown>;

interface Shown {
  readonly mark: Fields;
  readonly encoding: Fields;
  readonly rows: readonly Fields[];
}

/** A text on one line, without control characters and what turns the direction of text. */
export function label(value: unknown, longest = LONGEST_LABEL): string {
  if (typeof value !== "string") return "";
  const clean = value
    .slice(0, 4 * longest)
    .replace(/[\s\p{Cc}\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufff0-\uffff\ud800-\udfff]+/gu, " ")
    .trim();
  const points = Array.from(clean);
  return points.length > longest ? `${points.slice(0, longest - 1).join("").trimEnd()}…` : clean;
}

/** The chart; null where its kind is none that this page knows. */
export function readChart(description: unknown, language: Language): ChartModel | null {
  if (!isRecord(description)) return null;
  const meta = isRecord(description.usermeta) ? description.usermeta : {};
  const kind = KINDS.find((each) => each === meta.kind);
  if (!kind) return null;
  const empty: ChartModel = {
    ...emptyChart(kind),
    title: label(description.title, LONGEST_TITLE),
    width: within(description.width, 720),
    height: within(description.height, 400),
  };
  const layers = layersOf(description);
  const [first] = layers;
  if (!first) return empty;
  if (kind === "histogram") return readHistogram(empty, first);
  if (kind === "box") return readBoxes(empty, layers, language);
  if (kind === "heatmap") return readHeatmap(empty, first, language);
  return readSeries(empty, layers, language);
}

function within(value: unknown, otherwise: number): number {
  return typeof value === "number" && value >= 1 ? Math.min(4000, Math.max(160, Math.round(value))) : otherwise;
}

function layersOf(description: Fields): Shown[] {
  const own = rowsOf(description.data);
  const given = Array.isArray(description.layer) ? description.layer.filter(isRecord).slice(0, 10) : [description];
  return given.flatMap((layer): Shown[] =>
    isRecord(layer.mark) && isRecord(layer.encoding)
      ? [{ mark: layer.mark, encoding: layer.encoding, rows: layer.data === undefined ? own : rowsOf(layer.data) }]
      : [],
  );
}

function rowsOf(data: unknown): Fields[] {
  const values = isRecord(data) && Array.isArray(data.values) ? data.values : [];
  return values.slice(0, MOST_ROWS).filter(isRecord);
}

function channel(encoding: Fields, name: string): Fields {
  const found = encoding[name];
  return isRecord(found) ? found : {};
}

function titleOf(definition: Fields): string {
  return label(definition.title, LONGEST_TITLE);
}

function unitOf(definition: Fields, otherwise: TimeUnit): TimeUnit {
  return UNITS.includes(String(definition.timeUnit)) ? (definition.timeUnit as TimeUnit) : otherwise;
}

function numberIn(row: Fields, field: string): number | null {
  const value = row[field];
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

/** Milliseconds of a local time, counted as if it were that of Greenwich, so that no hour is missing or twice. */
export function timeOf(text: unknown): number | null {
  if (typeof text !== "string") return null;
  const parts = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d))?)?/.exec(text);
  if (!parts) return null;
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = parts.slice(1).map((part) => Number(part ?? 0));
  const at = new Date(Date.UTC(2000, month - 1, day, hour, minute, second));
  at.setUTCFullYear(year, month - 1, day);
  return at.getUTCMonth() === month - 1 ? at.getTime() : null;
}

/** The different values of a field, and where each stands. */
class Categories {
  private readonly places = new Map<string, number>();
  private readonly unit: TimeUnit | null;

  constructor(
    private readonly definition: Fields,
    private readonly language: Language,
  ) {
    const isDated = definition.type === "ordinal" && UNITS.includes(String(definition.timeUnit));
    this.unit = isDated ? (definition.timeUnit as TimeUnit) : null;
  }

  /** The number of a category, from 0; null where there are too many. */
  place(value: unknown): number | null {
    const text = typeof value === "string" ? value : "";
    const known = this.places.get(text);
    if (known !== undefined) return known;
    if (this.places.size >= MOST_CATEGORIES) return null;
    this.places.set(text, this.places.size);
    return this.places.size - 1;
  }

  get count(): number {
    return this.places.size;
  }

  axis(): ChartAxis {
    const texts = [...this.places.keys()];
    const title = titleOf(this.definition);
    const { unit, language } = this;
    const times = texts.map(timeOf);
    if (unit && !times.includes(null)) {
      return { ...NO_AXIS, title, unit, isDated: true, labels: times.map((time) => dateText(time ?? 0, unit, language)) };
    }
    return { ...NO_AXIS, title, labels: texts.map((text) => label(text)) };
  }
}

/** Everything that consists of points along two axes. */
function readSeries(empty: ChartModel, layers: readonly Shown[], language: Language): ChartModel {
  const { mark, encoding } = layers[0]!;
  const isRound = mark.type === "arc";
  const isLying = mark.type === "bar" && mark.orient === "horizontal";
  const place = channel(encoding, isRound ? "color" : isLying ? "y" : "x");
  const value = channel(encoding, isRound ? "theta" : isLying ? "x" : "y");
  const type = String(place.type);
  const categories = new Categories(place, language);
  const found = layers.map((layer, index) => readLayer(layer, categories, type, isLying, index > 0));
  const isScale = type === "quantitative" || type === "temporal";
  const x: ChartAxis = isScale
    ? { ...NO_AXIS, title: titleOf(place), isTime: type === "temporal", unit: unitOf(place, "yearmonthdatehoursminutes") }
    : categories.axis();
  const legend = isRound ? "" : titleOf(channel(encoding, "color"));
  return { ...empty, x, y: { ...NO_AXIS, title: titleOf(value) }, legend, layers: found };
}

const MARKS: readonly string[] = ["bar", "line", "area", "point", "arc"];

function readLayer(shown: Shown, categories: Categories, type: string, isLying: boolean, isRight: boolean): SeriesLayer {
  const { mark, encoding, rows } = shown;
  const value = channel(encoding, mark.type === "arc" ? "theta" : isLying ? "x" : "y");
  const all = new Map<string, { x: number[]; y: (number | null)[] }>();
  for (const row of rows) {
    const place = type === "quantitative" ? numberIn(row, "x") : type === "temporal" ? timeOf(row.x) : categories.place(row.x);
    if (place === null) continue;
    const name = label(row.series);
    let series = all.get(name);
    if (!series) {
      if (all.size >= MOST_SERIES) continue;
      all.set(name, (series = { x: [], y: [] }));
    }
    series.x.push(place);
    series.y.push(numberIn(row, "y"));
  }
  return {
    mark: (MARKS.includes(String(mark.type)) ? mark.type : "point") as SeriesLayer["mark"],
    series: [...all].map(([name, points]): Series => ({ name, ...points })),
    isStacked: value.stack === "zero",
    hasPoints: mark.point === true,
    rightTitle: isRight ? titleOf(value) : null,
  };
}

function readHistogram(empty: ChartModel, { encoding, rows }: Shown): ChartModel {
  const places = new Map<string, number>();
  const bins: [number, number][] = [];
  const counts = new Map<string, Map<number, number>>();
  for (const row of rows) {
    const [low, high, count] = ["x", "x2", "y"].map((field) => numberIn(row, field));
    if (low == null || high == null || count == null || low >= high) continue;
    const key = `${low} ${high}`;
    if (!places.has(key)) bins.push([low, high]);
    const place = places.get(key) ?? bins.length - 1;
    places.set(key, place);
    const name = label(row.series);
    if (!counts.has(name) && counts.size >= MOST_SERIES) continue;
    counts.set(name, (counts.get(name) ?? new Map<number, number>()).set(place, count));
  }
  const x = bins.map((_, index) => index);
  const series = [...counts].map(([name, found]): Series => ({ name, x, y: x.map((place) => found.get(place) ?? 0) }));
  return {
    ...empty,
    x: { ...NO_AXIS, title: titleOf(channel(encoding, "x")) },
    y: { ...NO_AXIS, title: titleOf(channel(encoding, "y")) },
    legend: titleOf(channel(encoding, "color")),
    layers: [{ mark: "bar", series, isStacked: true, hasPoints: false, rightTitle: null }],
    bins,
  };
}

function readBoxes(empty: ChartModel, layers: readonly Shown[], language: Language): ChartModel {
  const { encoding, rows } = layers[0]!;
  const categories = new Categories(channel(encoding, "x"), language);
  const boxes: (Box | null)[] = [];
  for (const row of rows) {
    const place = categories.place(row.x);
    const [low, q1, median, q3, high] = ["low", "q1", "median", "q3", "high"].map((field) => numberIn(row, field));
    if (place === null || low == null || q1 == null || median == null || q3 == null || high == null) continue;
    boxes[place] = { low, q1, median, q3, high };
  }
  const beyond = layers.slice(1).filter(({ mark }) => mark.type === "point");
  const found = beyond.map((layer) => readLayer(layer, categories, "nominal", false, false));
  return {
    ...empty,
    x: categories.axis(),
    y: { ...NO_AXIS, title: titleOf(channel(encoding, "y")) },
    layers: found,
    boxes: Array.from({ length: categories.count }, (_, place) => boxes[place] ?? null),
  };
}

function readHeatmap(empty: ChartModel, { encoding, rows }: Shown, language: Language): ChartModel {
  const across = new Categories(channel(encoding, "x"), language);
  const down = new Categories(channel(encoding, "y"), language);
  const found = new Map<string, number | null>();
  for (const row of rows) {
    const [x, y] = [across.place(row.x), down.place(row.y)];
    if (x !== null && y !== null) found.set(`${y} ${x}`, numberIn(row, "value"));
  }
  const columns = Array.from({ length: across.count }, (_, x) => x);
  const cells =
    across.count * down.count > 4 * MOST_ROWS
      ? []
      : Array.from({ length: down.count }, (_, y) => columns.map((x) => found.get(`${y} ${x}`) ?? null));
  return { ...empty, x: across.axis(), y: down.axis(), legend: titleOf(channel(encoding, "color")), cells };
}

