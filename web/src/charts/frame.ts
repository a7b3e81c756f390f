/** What stands around a plot: title, names of axes, legend, labels. Everything is measured, so that nothing is cut or lies upon another. */

import { type Child, svg } from "../dom";
import type { Scale } from "../table/scales";
import { tickTexts } from "./language";
import type { ChartAxis } from "./model";
import { LABEL, NAME, type Paper, TITLE, fitted, lineBetween, round, seriesColor, textAt, wrapped } from "./paper";

/** The rectangle in which marks are. */
export interface Plot {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

export const EDGE = 10;
const LINE = 16;
/** The part of a picture that labels may take at most. */
const MOST_BESIDE = 0.4;
const MOST_BELOW = 0.35;
const SWATCH = 10;

/** The title at the top, in two lines at most; what is below begins at `bottom`. */
export function drawTitle(paper: Paper, title: string): { shapes: Child[]; bottom: number } {
  if (!title) return { shapes: [], bottom: EDGE };
  const lettering = { size: TITLE, bold: true };
  const lines = wrapped(title, paper.width - 2 * EDGE, paper.measure, lettering);
  const shapes = lines.map((line, index) =>
    textAt(paper.theme, EDGE, EDGE + 14 + index * 19, line, { ...lettering, fill: paper.theme.text }),
  );
  return { shapes, bottom: EDGE + lines.length * 19 + 6 };
}

export interface LegendEntry {
  readonly name: string;
  readonly color: string;
}

/** Names of series with their colours, in rows from `top`; as many as have room, and how many more there are. */
export function drawLegend(paper: Paper, title: string, entries: readonly LegendEntry[], top: number): { shapes: Child[]; bottom: number } {
  if (entries.length === 0) return { shapes: [], bottom: top };
  const { theme, measure } = paper;
  const [right, mostRows] = [paper.width - EDGE, Math.max(1, Math.floor(paper.height / 90))];
  const shapes: Child[] = [];
  let [x, row] = [EDGE, 0];
  const y = (): number => top + row * (LINE + 2) + 12;
  if (title) {
    const name = fitted(`${title}:`, (right - EDGE) * 0.4, measure, { bold: true });
    shapes.push(textAt(theme, x, y(), name, { bold: true }));
    x += measure(name, { bold: true }) + 10;
  }
  for (const [index, entry] of entries.entries()) {
    const name = fitted(entry.name, Math.min(220, right - EDGE - SWATCH - 5), measure);
    const width = SWATCH + 5 + measure(name) + 14;
    const isLast = index === entries.length - 1;
    const more = `+${entries.length - index}`;
    const room = right - (row === mostRows - 1 && !isLast ? measure(more) + 8 : 0);
    if (x > EDGE && x + width - 14 > room) {
      if (row + 1 >= mostRows) {
        shapes.push(textAt(theme, x, y(), more));
        break;
      }
      row += 1;
      x = EDGE;
    }
    shapes.push(
      svg("rect", { x: round(x), y: round(y() - 9), width: SWATCH, height: SWATCH, rx: 2, fill: entry.color }),
      textAt(theme, x + SWATCH + 5, y(), name),
    );
    x += width;
  }
  return { shapes, bottom: top + (row + 1) * (LINE + 2) + 6 };
}

/** The colours of series by their names; none where there is one series without a name. */
export function legendOf(paper: Paper, names: readonly string[]): LegendEntry[] {
  return names.map((name, index) => ({ name, color: seriesColor(paper.theme, index) }));
}

/** Labels of numbers on an upright axis, and how much room they take. */
export interface UprightTicks {
  readonly texts: readonly string[];
  readonly width: number;
}

export function uprightTicks(paper: Paper, scale: Scale): UprightTicks {
  const widest = (texts: readonly string[]): number => Math.max(0, ...texts.map((text) => paper.measure(text)));
  let texts = tickTexts(scale.ticks, paper.language, false);
  if (widest(texts) > paper.width * 0.16) texts = tickTexts(scale.ticks, paper.language, true);
  return { texts, width: widest(texts) };
}

/** Lines across the plot with their numbers beside it. */
export function drawUprightTicks(paper: Paper, plot: Plot, scale: Scale, ticks: UprightTicks, isRight = false): Child[] {
  const { theme } = paper;
  const at = upright(scale, plot);
  return scale.ticks.flatMap((tick, index) => {
    const y = at(tick);
    const text = isRight
      ? textAt(theme, plot.right + 7, y + 4, ticks.texts[index] ?? "")
      : textAt(theme, plot.left - 7, y + 4, ticks.texts[index] ?? "", { anchor: "end" });
    return isRight ? [text] : [lineBetween(tick === 0 ? theme.axis : theme.grid, plot.left, y, plot.right, y), text];
  });
}

/** From a number to its height. */
export function upright(scale: Scale, plot: Plot): (value: number) => number {
  const span = scale.max - scale.min || 1;
  return (value) => plot.bottom - ((value - scale.min) / span) * (plot.bottom - plot.top);
}

/** From a number to its place across. */
export function across(scale: Scale, plot: Plot): (value: number) => number {
  const span = scale.max - scale.min || 1;
  return (value) => plot.left + ((value - scale.min) / span) * (plot.right - plot.left);
}

/** The middle of a category. */
export function slots(count: number, from: number, to: number): (place: number) => number {
  const room = (to - from) / Math.max(1, count);
  return (place) => from + (place + 0.5) * room;
}

/** How labels of categories stand below a plot. */
export interface BelowLabels {
  readonly height: number;
  readonly draw: (plot: Plot) => Child[];
}

/** Labels below a plot of about `width` pixels: level where they fit, else some of them, or turned and shortened. */
export function belowLabels(paper: Paper, axis: ChartAxis, width: number): BelowLabels {
  const labels = axis.labels ?? [];
  const { theme, measure } = paper;
  const room = width / Math.max(1, labels.length);
  const widest = Math.max(0, ...labels.map((label) => measure(label)));
  const gap = 8;
  if (widest + gap <= room || (axis.isDated && widest <= Math.min(120, width))) {
    const step = Math.max(1, Math.ceil((widest + gap) / room));
    const draw = (plot: Plot): Child[] => {
      const at = slots(labels.length, plot.left, plot.right);
      return labels.flatMap((label, index) => {
        if (index % step) return [];
        const half = measure(label) / 2;
        const x = Math.min(Math.max(at(index), half + 2), paper.width - half - 2);
        return [textAt(theme, x, plot.bottom + 17, label, { anchor: "middle" })];
      });
    };
    return { height: LINE + 8, draw };
  }
  const step = Math.max(1, Math.ceil(15 / room));
  const isSteep = room * step < 24;
  const angle = isSteep ? 90 : 40;
  const slope = Math.sin((angle * Math.PI) / 180);
  const most = (paper.height * MOST_BELOW) / slope;
  const shown = labels.map((label) => fitted(label, most, measure));
  const longest = Math.max(0, ...shown.map((label) => measure(label)));
  const draw = (plot: Plot): Child[] => {
    const at = slots(labels.length, plot.left, plot.right);
    return shown.flatMap((label, index) => {
      if (index % step) return [];
      // A turned label must not leave the picture at its left end.
      const text = isSteep ? label : fitted(label, (at(index) - 4) / Math.cos((angle * Math.PI) / 180), measure);
      return [textAt(theme, at(index) + (isSteep ? 4 : 3), plot.bottom + 12, text, { anchor: "end", turn: -angle })];
    });
  };
  return { height: longest * slope + LINE, draw };
}

/** Labels of numbers or times below a plot: as many as fit. */
export function drawLevelTicks(paper: Paper, plot: Plot, scale: Scale, texts: readonly string[]): Child[] {
  const { theme, measure } = paper;
  const at = across(scale, plot);
  let free = -Infinity;
  return scale.ticks.flatMap((tick, index) => {
    const text = texts[index] ?? "";
    const half = measure(text) / 2;
    const x = Math.min(Math.max(at(tick), half + 2), paper.width - half - 2);
    if (x - half < free) return [];
    free = x + half + 10;
    return [
      lineBetween(theme.axis, at(tick), plot.bottom, at(tick), plot.bottom + 4),
      textAt(theme, x, plot.bottom + 18, text, { anchor: "middle" }),
    ];
  });
}

export interface AxisNames {
  readonly x: string;
  readonly y: string;
  readonly right?: string;
}

/** The names of upright axes above the plot, that of the level one below it. */
export function drawNames(paper: Paper, plot: Plot, names: AxisNames): Child[] {
  const { theme, measure } = paper;
  const lettering = { size: NAME, fill: theme.text };
  const half = (paper.width - 2 * EDGE) * (names.right ? 0.48 : 1);
  const shapes: Child[] = [];
  if (names.y) shapes.push(textAt(theme, EDGE, plot.top - 14, fitted(names.y, half, measure, lettering), lettering));
  if (names.right) {
    const text = fitted(names.right, half, measure, lettering);
    shapes.push(textAt(theme, paper.width - EDGE, plot.top - 14, text, { ...lettering, anchor: "end" }));
  }
  if (names.x) {
    const text = fitted(names.x, paper.width - 2 * EDGE, measure, lettering);
    const room = measure(text, lettering) / 2 + EDGE;
    const middle = Math.min(Math.max((plot.left + plot.right) / 2, room), paper.width - room);
    shapes.push(textAt(theme, middle, paper.height - EDGE, text, { ...lettering, anchor: "middle" }));
  }
  return shapes;
}

/** Where a plot may be: below `top`, above the name of its level axis, between labels of given sizes. */
export function plotFor(paper: Paper, top: number, names: AxisNames, labels: { left: number; right: number; below: number }): Plot {
  const above = names.y || names.right ? NAME + 16 : 8;
  const under = labels.below + (names.x ? NAME + 12 : 4);
  const bottom = paper.height - under - 4;
  return {
    left: EDGE + labels.left + 7,
    right: paper.width - EDGE - labels.right,
    top: Math.min(top + above, bottom - 40),
    bottom,
  };
}

/** The room that labels of categories beside a plot take. */
export function besideLabels(paper: Paper, labels: readonly string[]): { texts: string[]; width: number } {
  const most = paper.width * MOST_BESIDE;
  const texts = labels.map((label) => fitted(label, most, paper.measure));
  return { texts, width: Math.max(0, ...texts.map((text) => paper.measure(text))) };
}

/** Labels beside a plot: as many as do not lie upon each other. */
export function drawBesideLabels(paper: Paper, plot: Plot, texts: readonly string[]): Child[] {
  const at = slots(texts.length, plot.top, plot.bottom);
  const step = Math.max(1, Math.ceil((LABEL + 3) / ((plot.bottom - plot.top) / Math.max(1, texts.length))));
  return texts.flatMap((text, index) =>
    index % step ? [] : [textAt(paper.theme, plot.left - 7, at(index) + 4, text, { anchor: "end" })],
  );
}

