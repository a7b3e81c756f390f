/** Slices of a whole. */

import { type Child, svg } from "../dom";
import type { Drawn } from "./bars";
import { EDGE } from "./frame";
import type { Hit, Hits } from "./hits";
import { numberText, percentText } from "./language";
import { type ChartModel, byCategory } from "./model";
import { LABEL, type Paper, fitted, round, seriesColor, textAt } from "./paper";

interface Slice {
  readonly label: string;
  readonly value: number;
  readonly color: string;
  /** In turns from the top, clockwise: from 0 to 1. */
  readonly from: number;
  readonly to: number;
}

interface Disc {
  readonly x: number;
  readonly y: number;
  readonly radius: number;
}

const LINE = 18;

export function drawPie(paper: Paper, chart: ChartModel, top: number): Drawn {
  const slices = slicesOf(paper, chart);
  const isNarrow = paper.width < 480;
  const entries = slices.map((slice) => ({ ...slice, text: `${slice.label}: ${numberText(slice.value, paper.language)}` }));
  const widest = Math.max(0, ...entries.map(({ text }) => paper.measure(text))) + 18;
  const listWidth = Math.min(isNarrow ? paper.width - 2 * EDGE : paper.width * 0.45, Math.max(widest, paper.measure(chart.y.title, { bold: true })));
  const rows = Math.min(entries.length, Math.max(1, Math.floor((paper.height - top - EDGE) / LINE) - (isNarrow ? Math.ceil((paper.height - top) / LINE / 2) : 1)));
  const listHeight = (rows + (chart.y.title ? 1 : 0)) * LINE;
  const width = isNarrow ? paper.width : paper.width - listWidth - 2 * EDGE;
  const bottom = isNarrow ? paper.height - listHeight - 2 * EDGE : paper.height - EDGE;
  const disc = { x: width / 2, y: (top + bottom) / 2, radius: Math.max(20, Math.min(width / 2 - EDGE, (bottom - top) / 2 - 2)) };
  const left = isNarrow ? EDGE : width + EDGE;
  let y = isNarrow ? bottom + EDGE + 4 : Math.max(top + 8, disc.y - listHeight / 2 + 8);
  const list: Child[] = [];
  if (chart.y.title) {
    list.push(textAt(paper.theme, left, y, fitted(chart.y.title, listWidth, paper.measure, { bold: true }), { bold: true }));
    y += LINE;
  }
  entries.slice(0, rows).forEach(({ text, color }, index) => {
    const more = index === rows - 1 && entries.length > rows ? ` (+${entries.length - rows})` : "";
    const shown = fitted(text, listWidth - 16 - paper.measure(more), paper.measure) + more;
    list.push(
      svg("rect", { x: round(left), y: round(y - 9), width: 10, height: 10, rx: 2, fill: color }),
      textAt(paper.theme, left + 15, y, shown),
    );
    y += LINE;
  });
  return { shapes: [...slices.flatMap((slice) => drawSlice(paper, slice, disc)), ...list], hits: hitsOf(paper, slices, disc) };
}

function slicesOf(paper: Paper, chart: ChartModel): Slice[] {
  const labels = chart.x.labels ?? [];
  const series = chart.layers[0]?.series[0];
  const values = series ? byCategory(series, labels.length).map((value) => Math.max(0, value ?? 0)) : [];
  const total = values.reduce((sum, value) => sum + value, 0);
  let at = 0;
  return values.flatMap((value, index): Slice[] => {
    if (!(value > 0)) return [];
    const from = at;
    at += value / total;
    return [{ label: labels[index] ?? "", value, color: seriesColor(paper.theme, index), from, to: at }];
  });
}

function onDisc(disc: Disc, turn: number, radius: number): { x: number; y: number } {
  return { x: disc.x + radius * Math.sin(2 * Math.PI * turn), y: disc.y - radius * Math.cos(2 * Math.PI * turn) };
}

function drawSlice(paper: Paper, slice: Slice, disc: Disc): Child[] {
  const { theme } = paper;
  const part = slice.to - slice.from;
  const edge = { class: "mark", fill: slice.color, stroke: theme.surface, "stroke-width": 1.5 };
  const [begin, end] = [onDisc(disc, slice.from, disc.radius), onDisc(disc, slice.to, disc.radius)];
  const shape =
    part > 0.9999
      ? svg("circle", { ...edge, cx: round(disc.x), cy: round(disc.y), r: round(disc.radius) })
      : svg("path", {
          ...edge,
          d: `M${round(disc.x)} ${round(disc.y)}L${round(begin.x)} ${round(begin.y)}A${round(disc.radius)} ${round(disc.radius)} 0 ${part > 0.5 ? 1 : 0} 1 ${round(end.x)} ${round(end.y)}Z`,
        });
  const text = percentText(part, paper.language);
  const middle = onDisc(disc, (slice.from + slice.to) / 2, part > 0.9999 ? 0 : disc.radius * 0.72);
  const room = 2 * Math.PI * disc.radius * 0.72 * part;
  if (part < 0.04 || room < paper.measure(text, { bold: true }) + 4) return [shape];
  // Dark letters with a light edge can be read on all colours.
  const label = textAt(theme, middle.x, middle.y + LABEL / 3, text, { anchor: "middle", bold: true, fill: "#10161b" });
  label.setAttribute("stroke", "#ffffff");
  label.setAttribute("stroke-width", "2.5");
  label.setAttribute("stroke-opacity", "0.8");
  label.setAttribute("paint-order", "stroke");
  return [shape, label];
}

function hitsOf(paper: Paper, slices: readonly Slice[], disc: Disc): Hits {
  const all = slices.map((slice): Hit => {
    const middle = onDisc(disc, (slice.from + slice.to) / 2, disc.radius * 0.6);
    const value = `${numberText(slice.value, paper.language)} (${percentText(slice.to - slice.from, paper.language)})`;
    return { ...middle, title: slice.label, rows: [{ color: slice.color, name: "", value }], dots: [] };
  });
  const find = (x: number, y: number): number | null => {
    if (Math.hypot(x - disc.x, y - disc.y) > disc.radius) return null;
    const turn = (Math.atan2(x - disc.x, disc.y - y) / (2 * Math.PI) + 1) % 1;
    const found = slices.findIndex((slice) => turn >= slice.from && turn <= slice.to);
    return found < 0 ? null : found;
  };
  return { all, find };
}
