/** Boxes: quartiles, whiskers, and what lies beyond. */

import { type Child, svg } from "../dom";
import type { Drawn } from "./bars";
import { belowLabels, drawNames, drawUprightTicks, plotFor, slots, upright, uprightTicks } from "./frame";
import { type Hit, inAreas } from "./hits";
import { numberText } from "./language";
import type { Box, ChartModel } from "./model";
import { type Paper, lineBetween, round, seriesColor } from "./paper";
import { numberScale } from "./ticks";

/** What the five numbers of a box are called. */
export interface BoxNames {
  readonly high: string;
  readonly q3: string;
  readonly median: string;
  readonly q1: string;
  readonly low: string;
  readonly beyond: string;
}

export function drawBoxes(paper: Paper, chart: ChartModel, top: number, names: BoxNames): Drawn {
  const { boxes } = chart;
  const beyond = beyondOf(chart);
  const values = [...boxes.flatMap((box) => (box ? [box.low, box.high] : [])), ...beyond.flat()];
  const scale = numberScale(values, Math.max(1, Math.min(7, Math.floor((paper.height - top - 90) / 40))), false);
  const ticks = uprightTicks(paper, scale);
  const labels = belowLabels(paper, chart.x, paper.width - ticks.width - 40);
  const titles = { x: chart.x.title, y: chart.y.title };
  const plot = plotFor(paper, top, titles, { left: ticks.width, right: 12, below: labels.height });
  const at = upright(scale, plot);
  const middle = slots(boxes.length, plot.left, plot.right);
  const room = (plot.right - plot.left) / Math.max(1, boxes.length);
  const width = Math.min(90, room * 0.55);
  const shapes = boxes.flatMap((box, place) => (box ? drawBox(paper, box, middle(place), width, at) : []));
  const color = seriesColor(paper.theme, 0);
  const dots = beyond.flatMap((found, place) =>
    found.map((value) => svg("circle", { class: "dot", cx: round(middle(place)), cy: round(at(value)), r: 2.2, fill: color })),
  );
  const hits = boxes.map((box, place): Hit => {
    const rows = box
      ? (["high", "q3", "median", "q1", "low"] as const).map((name) => ({ color: "none", name: names[name], value: numberText(box[name], paper.language) }))
      : [];
    const count = beyond[place]?.length ?? 0;
    if (count > 0) rows.push({ color: "none", name: names.beyond, value: numberText(count, paper.language) });
    return { x: middle(place), y: box ? at(box.high) : plot.bottom, title: chart.x.labels?.[place] ?? "", rows, dots: [] };
  });
  const areas = boxes.map((_, place) => ({ left: plot.left + place * room, right: plot.left + (place + 1) * room, top: plot.top, bottom: plot.bottom }));
  return {
    shapes: [...drawUprightTicks(paper, plot, scale, ticks), ...shapes, ...dots, ...labels.draw(plot), ...drawNames(paper, plot, titles)],
    hits: inAreas(hits, areas),
  };
}

/** The numbers beyond the whiskers, by category. */
function beyondOf(chart: ChartModel): number[][] {
  const found: number[][] = chart.boxes.map(() => []);
  for (const layer of chart.layers) {
    for (const series of layer.series) {
      series.x.forEach((place, index) => {
        const value = series.y[index] ?? null;
        if (value !== null) found[place]?.push(value);
      });
    }
  }
  return found;
}

function drawBox(paper: Paper, box: Box, x: number, width: number, at: (value: number) => number): Child[] {
  const [color, middle] = [seriesColor(paper.theme, 0), seriesColor(paper.theme, 2)];
  const [left, right] = [x - width / 2, x + width / 2];
  return [
    lineBetween(color, x, at(box.low), x, at(box.q1)),
    lineBetween(color, x, at(box.q3), x, at(box.high)),
    lineBetween(color, x - width / 4, at(box.low), x + width / 4, at(box.low)),
    lineBetween(color, x - width / 4, at(box.high), x + width / 4, at(box.high)),
    svg("rect", {
      class: "mark",
      x: round(left),
      y: round(at(box.q3)),
      width: round(width),
      height: round(Math.max(0.5, at(box.q1) - at(box.q3))),
      fill: color,
      "fill-opacity": 0.3,
      stroke: color,
    }),
    lineBetween(middle, left, at(box.median), right, at(box.median), 2),
  ];
}
