/** A chart as it is drawn: series of numbers along axes, with labels in the reader's language. */

export const KINDS = [
  "bar",
  "barh",
  "stacked",
  "line",
  "area",
  "scatter",
  "histogram",
  "box",
  "pie",
  "heatmap",
  "combined",
] as const;

export type ChartKind = (typeof KINDS)[number];

/** How exact dates are. */
export type TimeUnit = "year" | "yearquarter" | "yearmonth" | "yearmonthdate" | "yearmonthdatehoursminutes";

export interface ChartAxis {
  readonly title: string;
  /** Of categories and periods; null on an axis of numbers or times. */
  readonly labels: readonly string[] | null;
  /** Whether the labels are periods, of which some may go unnamed. */
  readonly isDated: boolean;
  /** Whether the numbers are times: milliseconds as `Date.UTC` counts them. */
  readonly isTime: boolean;
  readonly unit: TimeUnit;
}

/** Points of one colour; `x` are numbers, times, or numbers of categories from 0. */
export interface Series {
  readonly name: string;
  readonly x: readonly number[];
  /** Null is a gap. */
  readonly y: readonly (number | null)[];
}

export interface SeriesLayer {
  readonly mark: "bar" | "line" | "area" | "point" | "arc";
  readonly series: readonly Series[];
  readonly isStacked: boolean;
  readonly hasPoints: boolean;
  /** The name of its own axis on the right; null where it has none. */
  readonly rightTitle: string | null;
}

export interface Box {
  readonly low: number;
  readonly q1: number;
  readonly median: number;
  readonly q3: number;
  readonly high: number;
}

export interface ChartModel {
  readonly kind: ChartKind;
  readonly title: string;
  readonly width: number;
  readonly height: number;
  readonly x: ChartAxis;
  readonly y: ChartAxis;
  readonly legend: string;
  readonly layers: readonly SeriesLayer[];
  /** Limits of the bins of a histogram, whose counts are in the layer. */
  readonly bins: readonly (readonly [number, number])[];
  /** By category; null where one has no box. */
  readonly boxes: readonly (Box | null)[];
  /** Rows of a heat map by the categories of `y` and `x`. */
  readonly cells: readonly (readonly (number | null)[])[];
}

export const NO_AXIS: ChartAxis = { title: "", labels: null, isDated: false, isTime: false, unit: "yearmonthdate" };

/** A chart without anything in it, to begin with. */
export function emptyChart(kind: ChartKind): ChartModel {
  return { kind, title: "", width: 720, height: 400, x: NO_AXIS, y: NO_AXIS, legend: "", layers: [], bins: [], boxes: [], cells: [] };
}

/** The names of all series, in order; those without a name are left out. */
export function seriesNames(chart: ChartModel): string[] {
  const names = chart.layers.flatMap((layer) => layer.series.map((series) => series.name));
  return [...new Set(names)].filter((name) => name !== "");
}

/** The value of a series at each category. */
export function byCategory(series: Series, count: number): (number | null)[] {
  const found = new Array<number | null>(count).fill(null);
  series.x.forEach((place, index) => {
    if (place >= 0 && place < count) found[place] = series.y[index] ?? null;
  });
  return found;
}
