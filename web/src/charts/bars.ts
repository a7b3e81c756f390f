/** Bars beside and upon each other, standing and lying, lines over them, and histograms. */

import { type Child, svg } from "../dom";
import type { Scale } from "../table/scales";
import {
  type Plot,
  belowLabels,
  besideLabels,
  drawBesideLabels,
  drawLevelTicks,
  drawNames,
  drawUprightTicks,
  plotFor,
  slots,
  across,
  upright,
  uprightTicks,
} from "./frame";
import { type Hit, type HitRow, type Hits, inAreas } from "./hits";
import { numberText, tickTexts } from "./language";
import { type ChartModel, type SeriesLayer, byCategory } from "./model";
import { LABEL, type Paper, lineBetween, round, seriesColor } from "./paper";
import { numberScale } from "./ticks";

export interface Drawn {
  readonly shapes: Child[];
  readonly hits: Hits;
}

/** A bar along the axis of numbers, in the slot of its category. */
interface Bar {
  readonly category: number;
  readonly series: number;
  readonly from: number;
  readonly to: number;
  /** Where in its slot it begins and ends: from 0 to 1. */
  readonly begin: number;
  readonly end: number;
}

function barsOf(layer: SeriesLayer | undefined, count: number): Bar[] {
  const bars: Bar[] = [];
  const [up, down] = [new Array<number>(count).fill(0), new Array<number>(count).fill(0)];
  const series = layer?.series ?? [];
  const width = 0.8 / (layer?.isStacked ? 1 : Math.max(1, series.length));
  series.forEach((one, number) => {
    const begin = layer?.isStacked ? 0.1 : 0.1 + number * width;
    byCategory(one, count).forEach((value, category) => {
      if (value === null) return;
      const sums = value < 0 ? down : up;
      const from = layer?.isStacked ? sums[category]! : 0;
      if (layer?.isStacked) sums[category]! += value;
      bars.push({ category, series: number, from, to: from + value, begin, end: begin + width * 0.94 });
    });
  });
  return bars;
}

function ticksWanted(pixels: number, each: number): number {
  return Math.max(1, Math.min(7, Math.floor(pixels / each)));
}

export function drawBars(paper: Paper, chart: ChartModel, top: number): Drawn {
  const count = chart.x.labels?.length ?? 0;
  const bars = barsOf(chart.layers[0], count);
  const values = bars.flatMap((bar) => [bar.from, bar.to]);
  return chart.kind === "barh" ? lying(paper, chart, top, bars, values) : standing(paper, chart, top, bars, values);
}

function standing(paper: Paper, chart: ChartModel, top: number, bars: readonly Bar[], values: readonly number[]): Drawn {
  const count = chart.x.labels?.length ?? 0;
  const lines = chart.layers.slice(1);
  const wanted = ticksWanted(paper.height - top - 90, 40);
  const scale = numberScale(values, wanted, true);
  const over = numberScale(lines.flatMap(finite), wanted, false);
  const [ticks, overTicks] = [uprightTicks(paper, scale), uprightTicks(paper, over)];
  const right = lines.length > 0 ? overTicks.width + 10 : 0;
  const labels = belowLabels(paper, chart.x, paper.width - ticks.width - right - 30);
  const rightTitle = lines[0]?.rightTitle;
  const names = { x: chart.x.title, y: chart.y.title, ...(rightTitle ? { right: rightTitle } : {}) };
  const plot = plotFor(paper, top, names, { left: ticks.width, right, below: labels.height });
  const at = upright(scale, plot);
  const room = (plot.right - plot.left) / Math.max(1, count);
  const shapes = bars.map((bar) => {
    const [high, low] = [Math.min(at(bar.from), at(bar.to)), Math.max(at(bar.from), at(bar.to))];
    const x = plot.left + (bar.category + bar.begin) * room;
    return rectangle(paper, bar.series, x, high, (bar.end - bar.begin) * room, low - high);
  });
  const first = chart.layers[0]?.series.length ?? 0;
  const middle = slots(count, plot.left, plot.right);
  const drawnLines = lines.flatMap((layer) => linesOver(paper, layer, first, count, middle, upright(over, plot)));
  return {
    shapes: [
      ...drawUprightTicks(paper, plot, scale, ticks),
      ...(lines.length > 0 ? drawUprightTicks(paper, plot, over, overTicks, true) : []),
      ...shapes,
      ...drawnLines,
      ...labels.draw(plot),
      ...drawNames(paper, plot, names),
    ],
    hits: categoryHits(paper, chart, (place) => ({ x: middle(place), y: topOf(bars, place, at, plot) }), (place) => ({
      left: plot.left + place * room,
      right: plot.left + (place + 1) * room,
      top: plot.top,
      bottom: plot.bottom,
    })),
  };
}

function topOf(bars: readonly Bar[], category: number, at: (value: number) => number, plot: Plot): number {
  const highest = bars.filter((bar) => bar.category === category).map((bar) => at(Math.max(bar.from, bar.to)));
  return Math.min(plot.bottom, ...highest);
}

function finite(layer: SeriesLayer): number[] {
  return layer.series.flatMap((series) => series.y.filter((value): value is number => value !== null));
}

function rectangle(paper: Paper, series: number, x: number, y: number, width: number, height: number): SVGElement {
  return svg("rect", {
    class: "mark",
    x: round(x),
    y: round(y),
    width: round(Math.max(0.5, width)),
    height: round(Math.max(height, 0.5)),
    rx: width > 12 && height > 4 ? 2 : null,
    fill: seriesColor(paper.theme, series),
  });
}

function linesOver(
  paper: Paper,
  layer: SeriesLayer,
  first: number,
  count: number,
  middle: (place: number) => number,
  at: (value: number) => number,
): Child[] {
  return layer.series.flatMap((series, number) => {
    const color = seriesColor(paper.theme, first + number);
    const points = byCategory(series, count).map((value, place) => ({ x: middle(place), y: value === null ? null : at(value) }));
    return [...pathOf(points, color), ...dotsOf(points, color)];
  });
}

/** A line through points with gaps. */
export function pathOf(points: readonly { x: number; y: number | null }[], color: string): Child[] {
  let isOpen = false;
  const steps = points.map(({ x, y }) => {
    const step = y === null ? "" : `${isOpen ? "L" : "M"}${round(x)} ${round(y)}`;
    isOpen = y !== null;
    return step;
  });
  const d = steps.join("");
  if (!d) return [];
  return [svg("path", { class: "mark", d, fill: "none", stroke: color, "stroke-width": 2, "stroke-linejoin": "round", "stroke-linecap": "round" })];
}

export function dotsOf(points: readonly { x: number; y: number | null }[], color: string): Child[] {
  return points.flatMap(({ x, y }) => (y === null ? [] : [svg("circle", { class: "dot", cx: round(x), cy: round(y), r: 3, fill: color })]));
}

/** One hit for each category, with the values of all series. */
function categoryHits(
  paper: Paper,
  chart: ChartModel,
  place: (category: number) => { x: number; y: number },
  area: (category: number) => Plot,
): Hits {
  const labels = chart.x.labels ?? [];
  const columns: { name: string; color: string; values: (number | null)[] }[] = [];
  chart.layers.forEach((layer) => {
    for (const series of layer.series) {
      const color = seriesColor(paper.theme, columns.length);
      columns.push({ name: series.name || layer.rightTitle || chart.y.title, color, values: byCategory(series, labels.length) });
    }
  });
  const all = labels.map((title, category): Hit => {
    const rows = columns.flatMap(({ name, color, values }): HitRow[] => {
      const value = values[category] ?? null;
      return value === null ? [] : [{ name, color, value: numberText(value, paper.language) }];
    });
    return { ...place(category), title, rows, dots: [] };
  });
  return inAreas(all, labels.map((_, category) => area(category)));
}

function lying(paper: Paper, chart: ChartModel, top: number, bars: readonly Bar[], values: readonly number[]): Drawn {
  const labels = chart.x.labels ?? [];
  const beside = besideLabels(paper, labels);
  const scale = numberScale(values, ticksWanted(paper.width - beside.width - 40, 80), true);
  const names = { x: chart.y.title, y: chart.x.title };
  const texts = tickTexts(scale.ticks, paper.language, paper.width < 480);
  const plot = plotFor(paper, top, names, { left: beside.width, right: 12, below: LABEL + 12 });
  const at = across(scale, plot);
  const room = (plot.bottom - plot.top) / Math.max(1, labels.length);
  const grid = scale.ticks.map((tick) =>
    lineBetween(tick === 0 ? paper.theme.axis : paper.theme.grid, at(tick), plot.top, at(tick), plot.bottom),
  );
  const shapes = bars.map((bar) => {
    const [left, right] = [Math.min(at(bar.from), at(bar.to)), Math.max(at(bar.from), at(bar.to))];
    const y = plot.top + (bar.category + bar.begin) * room;
    return rectangle(paper, bar.series, left, y, right - left, (bar.end - bar.begin) * room);
  });
  const middle = slots(labels.length, plot.top, plot.bottom);
  const end = (category: number): number =>
    Math.max(plot.left, ...bars.filter((bar) => bar.category === category).map((bar) => at(Math.max(bar.from, bar.to))));
  return {
    shapes: [
      ...grid,
      ...shapes,
      ...drawLevelTicks(paper, plot, scale, texts),
      ...drawBesideLabels(paper, plot, beside.texts),
      ...drawNames(paper, plot, names),
    ],
    hits: categoryHits(paper, chart, (place) => ({ x: end(place), y: middle(place) }), (place) => ({
      left: plot.left,
      right: plot.right,
      top: plot.top + place * room,
      bottom: plot.top + (place + 1) * room,
    })),
  };
}

export function drawHistogram(paper: Paper, chart: ChartModel, top: number): Drawn {
  const { bins } = chart;
  const bars = barsOf(chart.layers[0], bins.length);
  const scale = numberScale(bars.flatMap((bar) => [bar.from, bar.to]), ticksWanted(paper.height - top - 90, 40), true, true);
  const ticks = uprightTicks(paper, scale);
  const names = { x: chart.x.title, y: chart.y.title };
  const plot = plotFor(paper, top, names, { left: ticks.width, right: 14, below: LABEL + 12 });
  const level = binScale(bins, ticksWanted(plot.right - plot.left, 80));
  const [at, place] = [upright(scale, plot), across(level, plot)];
  const shapes = bars.map((bar) => {
    const [from, to] = bins[bar.category]!;
    const [high, low] = [Math.min(at(bar.from), at(bar.to)), Math.max(at(bar.from), at(bar.to))];
    return rectangle(paper, bar.series, place(from) + 0.5, high, place(to) - place(from) - 1, low - high);
  });
  const labels = bins.map(([from, to]) => `${numberText(from, paper.language)} – ${numberText(to, paper.language)}`);
  const named = { ...chart, x: { ...chart.x, labels } };
  return {
    shapes: [
      ...drawUprightTicks(paper, plot, scale, ticks),
      ...shapes,
      ...drawLevelTicks(paper, plot, level, tickTexts(level.ticks, paper.language, paper.width < 480)),
      ...drawNames(paper, plot, names),
    ],
    hits: categoryHits(
      paper,
      named,
      (bin) => ({ x: (place(bins[bin]![0]) + place(bins[bin]![1])) / 2, y: topOf(bars, bin, at, plot) }),
      (bin) => ({ left: place(bins[bin]![0]), right: place(bins[bin]![1]), top: plot.top, bottom: plot.bottom }),
    ),
  };
}

/** From the lowest limit to the highest; ticks at round numbers in between. */
function binScale(bins: ChartModel["bins"], wanted: number): Scale {
  const limits = bins.flat();
  const scale = numberScale(limits, wanted, false);
  if (limits.length === 0) return scale;
  const [min, max] = [Math.min(...limits), Math.max(...limits)];
  return { min, max, ticks: scale.ticks.filter((tick) => tick >= min && tick <= max) };
}
