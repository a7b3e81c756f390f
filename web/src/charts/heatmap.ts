/** Cells whose colours are numbers. */

import { type Child, svg } from "../dom";
import type { Drawn } from "./bars";
import { EDGE, belowLabels, besideLabels, drawBesideLabels, drawNames, plotFor } from "./frame";
import { type Area, type Hit, inAreas } from "./hits";
import { numberText } from "./language";
import type { ChartModel } from "./model";
import { LABEL, type Paper, fitted, round, textAt } from "./paper";

/** Cells with their number written in them, where it fits. */
const MOST_WRITTEN = 200;
const SHADES = 6;

export function drawHeatmap(paper: Paper, chart: ChartModel, top: number): Drawn {
  const known = chart.cells.flat().filter((value): value is number => value !== null);
  const least = known.reduce((a, b) => Math.min(a, b), Infinity);
  const most = known.reduce((a, b) => Math.max(a, b), -Infinity);
  const share = (value: number): number => (most > least ? (value - least) / (most - least) : 1);
  const scale = known.length > 0 ? drawShades(paper, chart.legend, least, most, top) : { shapes: [], bottom: top };
  const beside = besideLabels(paper, chart.y.labels ?? []);
  const names = { x: chart.x.title, y: chart.y.title };
  const labels = belowLabels(paper, chart.x, paper.width - beside.width - 40);
  const plot = plotFor(paper, scale.bottom, names, { left: beside.width, right: 12, below: labels.height });
  const [rows, columns] = [chart.cells.length, chart.cells[0]?.length ?? 0];
  const [width, height] = [(plot.right - plot.left) / Math.max(1, columns), (plot.bottom - plot.top) / Math.max(1, rows)];
  const shapes: Child[] = [];
  const [hits, areas]: [Hit[], Area[]] = [[], []];
  chart.cells.forEach((cells, row) => {
    cells.forEach((value, column) => {
      if (value === null) return;
      const [x, y] = [plot.left + column * width, plot.top + row * height];
      shapes.push(cell(paper, x, y, width, height, share(value)));
      if (known.length <= MOST_WRITTEN) shapes.push(...written(paper, x, y, width, height, value, share(value)));
      const title = `${chart.y.labels?.[row] ?? ""}, ${chart.x.labels?.[column] ?? ""}`;
      const name = chart.legend;
      hits.push({ x: x + width / 2, y: y + height / 2, title, rows: [{ color: shade(paper, share(value)), name, value: numberText(value, paper.language) }], dots: [] });
      areas.push({ left: x, right: x + width, top: y, bottom: y + height });
    });
  });
  return {
    shapes: [...scale.shapes, ...shapes, ...labels.draw(plot), ...drawBesideLabels(paper, plot, beside.texts), ...drawNames(paper, plot, names)],
    hits: inAreas(hits, areas),
  };
}

/** The colour of a share from 0 to 1. */
function shade(paper: Paper, share: number): string {
  const [low, high] = paper.theme.heat;
  if (!low.startsWith("#")) return `color-mix(in srgb, ${high} ${Math.round(share * 100)}%, ${low})`;
  const part = (color: string, at: number): number => Number.parseInt(color.slice(at, at + 2), 16);
  const mixed = [1, 3, 5].map((at) => Math.round(part(low, at) + (part(high, at) - part(low, at)) * share));
  return `#${mixed.map((value) => value.toString(16).padStart(2, "0")).join("")}`;
}

function cell(paper: Paper, x: number, y: number, width: number, height: number, share: number): SVGElement {
  const gap = Math.min(width, height) > 8 ? 1 : 0;
  return svg("rect", {
    class: "mark",
    x: round(x),
    y: round(y),
    width: round(Math.max(0.5, width - gap)),
    height: round(Math.max(0.5, height - gap)),
    fill: shade(paper, share),
  });
}

function written(paper: Paper, x: number, y: number, width: number, height: number, value: number, share: number): Child[] {
  const text = numberText(Number(value.toPrecision(4)), paper.language);
  if (paper.measure(text) > width - 4 || height < LABEL + 3) return [];
  const fill = paper.theme.onHeat[share > 0.5 ? 1 : 0];
  return [textAt(paper.theme, x + width / 2, y + height / 2 + 4, text, { anchor: "middle", fill })];
}

/** The scale of colours: what it measures, the least, the shades, the greatest. */
function drawShades(paper: Paper, legend: string, least: number, most: number, top: number): { shapes: Child[]; bottom: number } {
  const { theme, measure, language } = paper;
  const shapes: Child[] = [];
  let x = EDGE;
  const put = (text: string, bold: boolean): void => {
    shapes.push(textAt(theme, x, top + 12, text, { bold }));
    x += measure(text, { bold }) + 8;
  };
  const name = legend && fitted(legend, paper.width * 0.4, measure, { bold: true });
  if (name) put(name, true);
  put(numberText(Number(least.toPrecision(4)), language), false);
  if (most > least) {
    for (let step = 0; step < SHADES; step += 1) {
      shapes.push(svg("rect", { x: round(x), y: top + 2, width: 16, height: 11, fill: shade(paper, step / (SHADES - 1)) }));
      x += 16;
    }
    x += 8;
    put(numberText(Number(most.toPrecision(4)), language), false);
  }
  return { shapes, bottom: top + 24 };
}
