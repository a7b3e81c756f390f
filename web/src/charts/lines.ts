/** Lines, areas and points along an axis of categories, numbers or times. */

import { type Child, svg } from "../dom";
import type { Scale } from "../table/scales";
import { type Drawn, dotsOf, pathOf } from "./bars";
import {
  type Plot,
  across,
  belowLabels,
  drawLevelTicks,
  drawNames,
  drawUprightTicks,
  plotFor,
  slots,
  upright,
  uprightTicks,
} from "./frame";
import { type Hit, nearestAcross, nearestPoint } from "./hits";
import { dateText, numberText, tickTexts } from "./language";
import type { ChartModel, Series, SeriesLayer } from "./model";
import { LABEL, type Paper, round, seriesColor } from "./paper";
import { type TimeScale, numberScale, timeScale } from "./ticks";

/** Points up to which a line has a dot at each. */
const MOST_DOTS = 60;
const REACH = 30;

const NOTHING: SeriesLayer = { mark: "line", series: [], isStacked: false, hasPoints: false, rightTitle: null };

export function drawLines(paper: Paper, chart: ChartModel, top: number): Drawn {
  const layer = chart.layers[0] ?? NOTHING;
  const stacked = layer.mark === "area" && layer.isStacked && layer.series.length > 1;
  const bands = stacked ? stackedBands(layer.series) : null;
  const values = bands ? bands.flatMap((band) => [...band.low, ...band.high]) : layer.series.flatMap(finiteOf);
  const wanted = Math.max(1, Math.min(7, Math.floor((paper.height - top - 90) / 40)));
  const scale = numberScale(values, wanted, layer.mark === "area");
  const ticks = uprightTicks(paper, scale);
  const { x } = chart;
  const labels = x.labels ? belowLabels(paper, x, paper.width - ticks.width - 40) : null;
  const names = { x: x.title, y: chart.y.title };
  const plot = plotFor(paper, top, names, { left: ticks.width, right: 14, below: labels?.height ?? LABEL + 14 });
  const level = x.labels ? null : levelScale(chart, layer, plot);
  const place = level ? inset(across(level, plot), plot) : slots(x.labels?.length ?? 0, plot.left, plot.right);
  const at = upright(scale, plot);
  const shapes = bands ? drawBands(paper, bands, place, at) : drawSeries(paper, layer, place, at, plot);
  const below = labels ? labels.draw(plot) : level ? drawLevelTicks(paper, plot, level, levelTexts(paper, chart, level)) : [];
  const hits = layer.mark === "point" ? pointHits(paper, chart, layer, place, at) : placeHits(paper, chart, layer, bands, place, at);
  return {
    shapes: [...drawUprightTicks(paper, plot, scale, ticks), ...shapes, ...below, ...drawNames(paper, plot, names)],
    hits: layer.mark === "point" ? nearestPoint(hits, REACH) : nearestAcross(hits, plot),
  };
}

function finiteOf(series: Series): number[] {
  return series.y.filter((value): value is number => value !== null);
}

/** Places across keep within the plot, also where numbers stand at its very edges. */
function inset(place: (value: number) => number, plot: Plot): (value: number) => number {
  return (value) => Math.min(plot.right, Math.max(plot.left, place(value)));
}

function levelScale(chart: ChartModel, layer: SeriesLayer, plot: Plot): Scale | TimeScale {
  const places = layer.series.flatMap((series) => [...series.x]);
  const width = plot.right - plot.left;
  if (!chart.x.isTime) return numberScale(places, Math.max(1, Math.floor(width / 90)), false);
  let [low, high] = [Infinity, -Infinity];
  for (const time of places) {
    low = Math.min(low, time);
    high = Math.max(high, time);
  }
  return low > high ? { min: 0, max: 1, ticks: [] } : timeScale(low, high, Math.floor(width / 90), chart.x.unit);
}

function levelTexts(paper: Paper, chart: ChartModel, level: Scale | TimeScale): string[] {
  if (!chart.x.isTime) return tickTexts(level.ticks, paper.language, paper.width < 480);
  const unit = "unit" in level ? level.unit : chart.x.unit;
  return level.ticks.map((time) => dateText(time, unit, paper.language));
}

function drawSeries(
  paper: Paper,
  layer: SeriesLayer,
  place: (value: number) => number,
  at: (value: number) => number,
  plot: Plot,
): Child[] {
  return layer.series.flatMap((series, number): Child[] => {
    const color = seriesColor(paper.theme, number);
    const points = series.x.map((x, index) => {
      const y = series.y[index] ?? null;
      return { x: place(x), y: y === null ? null : at(y) };
    });
    if (layer.mark === "point") return scattered(points, color);
    const isLonely = points.length <= MOST_DOTS && (layer.hasPoints || points.length <= 1 || hasLonely(points));
    const dots = isLonely || layer.hasPoints ? dotsOf(points.slice(0, 1000), color) : [];
    const floor = Math.min(plot.bottom, at(0));
    return [...(layer.mark === "area" ? filled(points, floor, color) : []), ...pathOf(points, color), ...dots];
  });
}

/** Whether a point stands between two gaps, where a line shows nothing. */
function hasLonely(points: readonly { y: number | null }[]): boolean {
  return points.some(({ y }, index) => y !== null && (points[index - 1]?.y ?? null) === null && (points[index + 1]?.y ?? null) === null);
}

function scattered(points: readonly { x: number; y: number | null }[], color: string): Child[] {
  const r = points.length > 500 ? 2 : 3.5;
  return points.flatMap(({ x, y }) =>
    y === null ? [] : [svg("circle", { class: "dot", cx: round(x), cy: round(y), r, fill: color, "fill-opacity": 0.65 })],
  );
}

/** The areas between a line and its floor, one for each part without gaps. */
function filled(points: readonly { x: number; y: number | null }[], floor: number, color: string): Child[] {
  const parts: { x: number; y: number }[][] = [[]];
  for (const { x, y } of points) {
    if (y === null) parts.push([]);
    else parts.at(-1)!.push({ x, y });
  }
  return parts.flatMap((part) => {
    const [first, last] = [part[0], part.at(-1)];
    if (!first || !last || part.length < 2) return [];
    const d = `M${round(first.x)} ${round(floor)}${part.map(({ x, y }) => `L${round(x)} ${round(y)}`).join("")}L${round(last.x)} ${round(floor)}Z`;
    return [svg("path", { class: "mark", d, fill: color, "fill-opacity": 0.3 })];
  });
}

interface Band {
  readonly x: readonly number[];
  readonly low: readonly number[];
  readonly high: readonly number[];
}

/** Series upon each other, at all places of any of them. */
function stackedBands(all: readonly Series[]): Band[] {
  const x = [...new Set(all.flatMap((series) => [...series.x]))].sort((a, b) => a - b);
  let low = x.map(() => 0);
  return all.map((series) => {
    const values = new Map(series.x.map((place, index) => [place, series.y[index] ?? 0]));
    const high = x.map((place, index) => low[index]! + (values.get(place) ?? 0));
    const band = { x, low, high };
    low = high;
    return band;
  });
}

function drawBands(paper: Paper, bands: readonly Band[], place: (value: number) => number, at: (value: number) => number): Child[] {
  return bands.map((band, number) => {
    const above = band.x.map((x, index) => `${round(place(x))} ${round(at(band.high[index]!))}`);
    const under = band.x.map((x, index) => `${round(place(x))} ${round(at(band.low[index]!))}`).reverse();
    return svg("path", { class: "mark", d: `M${[...above, ...under].join("L")}Z`, fill: seriesColor(paper.theme, number), "fill-opacity": 0.9 });
  });
}

function placeText(paper: Paper, chart: ChartModel, place: number): string {
  if (chart.x.labels) return chart.x.labels[place] ?? "";
  return chart.x.isTime ? dateText(place, chart.x.unit, paper.language) : numberText(place, paper.language);
}

/** One hit for each place across, with the values of all series there. */
function placeHits(
  paper: Paper,
  chart: ChartModel,
  layer: SeriesLayer,
  bands: readonly Band[] | null,
  place: (value: number) => number,
  at: (value: number) => number,
): Hit[] {
  const found = new Map<number, { rows: Hit["rows"][number][]; dots: Hit["dots"][number][] }>();
  layer.series.forEach((series, number) => {
    const color = seriesColor(paper.theme, number);
    const tops = bands ? new Map(bands[number]!.x.map((x, index) => [x, bands[number]!.high[index]!])) : null;
    series.x.forEach((x, index) => {
      const value = series.y[index] ?? null;
      if (value === null) return;
      const hit = found.get(x) ?? { rows: [], dots: [] };
      found.set(x, hit);
      hit.rows.push({ name: series.name || chart.y.title, color, value: numberText(value, paper.language) });
      hit.dots.push({ x: place(x), y: at(tops?.get(x) ?? value), color });
    });
  });
  return [...found]
    .sort(([a], [b]) => a - b)
    .map(([x, { rows, dots }]) => ({ x: place(x), y: Math.min(...dots.map((dot) => dot.y)), title: placeText(paper, chart, x), rows, dots }));
}

function pointHits(
  paper: Paper,
  chart: ChartModel,
  layer: SeriesLayer,
  place: (value: number) => number,
  at: (value: number) => number,
): Hit[] {
  return layer.series.flatMap((series, number) =>
    series.x.flatMap((x, index): Hit[] => {
      const value = series.y[index] ?? null;
      if (value === null) return [];
      const color = seriesColor(paper.theme, number);
      const dot = { x: place(x), y: at(value), color };
      const rows = [
        { name: chart.x.title, color: "none", value: placeText(paper, chart, x) },
        { name: chart.y.title, color: "none", value: numberText(value, paper.language) },
      ];
      return [{ ...dot, title: series.name, rows, dots: [dot] }];
    }),
  );
}
