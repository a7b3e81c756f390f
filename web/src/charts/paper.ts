/** What charts are drawn with: colours, letters, and how wide texts are. */

import { svg } from "../dom";
import type { Language } from "./language";

/** Colours and letters of a picture. All go into attributes, since the page's policy allows no styles in elements. */
export interface Theme {
  readonly text: string;
  readonly muted: string;
  readonly grid: string;
  readonly axis: string;
  /** What lies behind marks; also the lines between slices. */
  readonly surface: string;
  readonly series: readonly string[];
  /** From the least to the greatest cell of a heat map, and the texts on either. */
  readonly heat: readonly [string, string];
  readonly onHeat: readonly [string, string];
  readonly font: string;
}

const PLACES = Array.from({ length: 10 }, (_, index) => index);

/** The page's own colours, which follow its appearance. */
export const PAGE_THEME: Theme = {
  text: "var(--text)",
  muted: "var(--muted)",
  grid: "var(--border)",
  axis: "var(--border-strong)",
  surface: "var(--surface)",
  series: PLACES.map((index) => `var(--series-${index})`),
  heat: ["var(--heat-low)", "var(--heat-high)"],
  onHeat: ["var(--on-heat-low)", "var(--on-heat-high)"],
  font: "var(--sans)",
};

/** Colours for files: dark letters on white, as in the server's own pictures. */
export const FILE_THEME: Theme = {
  text: "#1b252d",
  muted: "#555555",
  grid: "#e4e4e4",
  axis: "#888888",
  surface: "#ffffff",
  series: ["#4269d0", "#efb118", "#ff725c", "#6cc5b0", "#3ca951", "#ff8ab7", "#a463f2", "#97bbf5", "#9c6b4e", "#9498a0"],
  heat: ["#e3ecf8", "#1b4f9c"],
  onHeat: ["#1b252d", "#ffffff"],
  font: "'DejaVu Sans', Verdana, Arial, sans-serif",
};

export interface Lettering {
  readonly size?: number;
  readonly bold?: boolean;
}

/** How wide a text is, in pixels. */
export type Measure = (text: string, lettering?: Lettering) => number;

let context: CanvasRenderingContext2D | null = null;

/** Measures texts in the letters of a theme. */
export function measureIn(theme: Theme): Measure {
  const font = theme === PAGE_THEME ? getComputedStyle(document.body).fontFamily : theme.font;
  return (text, { size = LABEL, bold = false } = {}) => {
    context ??= document.createElement("canvas").getContext("2d");
    if (!context) return text.length * size * 0.6;
    context.font = `${bold ? "bold " : ""}${size}px ${font}`;
    return context.measureText(text).width;
  };
}

/** Sizes of letters in pixels. */
export const LABEL = 11.5;
export const NAME = 12.5;
export const TITLE = 15;

/** What a picture is drawn for. */
export interface Paper {
  readonly theme: Theme;
  readonly measure: Measure;
  readonly language: Language;
  readonly width: number;
  readonly height: number;
}

export function seriesColor(theme: Theme, index: number): string {
  return theme.series[index % theme.series.length]!;
}

/** The text, shortened to a width. */
export function fitted(text: string, width: number, measure: Measure, lettering: Lettering = {}): string {
  if (measure(text, lettering) <= width) return text;
  const points = Array.from(text);
  let [least, most] = [0, points.length];
  while (least < most) {
    const middle = Math.ceil((least + most) / 2);
    if (measure(`${points.slice(0, middle).join("")}…`, lettering) <= width) least = middle;
    else most = middle - 1;
  }
  return `${points.slice(0, least).join("").trimEnd()}…`;
}

/** The text in at most two lines. */
export function wrapped(text: string, width: number, measure: Measure, lettering: Lettering): string[] {
  if (measure(text, lettering) <= width) return [text];
  const words = text.split(" ");
  let count = words.length;
  while (count > 1 && measure(words.slice(0, count).join(" "), lettering) > width) count -= 1;
  const [first, rest] = [words.slice(0, count).join(" "), words.slice(count).join(" ")];
  return [first, rest].filter(Boolean).map((line) => fitted(line, width, measure, lettering));
}

export function round(value: number): number {
  return Math.round(value * 10) / 10;
}

export interface TextPlace extends Lettering {
  readonly anchor?: "start" | "middle" | "end";
  readonly fill?: string;
  /** Degrees, around the place itself. */
  readonly turn?: number;
}

/** A text whose baseline is at a place. */
export function textAt(theme: Theme, x: number, y: number, text: string, place: TextPlace = {}): SVGElement {
  const { anchor = "start", fill = theme.muted, size = LABEL, bold = false, turn = 0 } = place;
  return svg(
    "text",
    {
      x: round(x),
      y: round(y),
      fill,
      "font-size": size,
      "font-weight": bold ? "bold" : null,
      "text-anchor": anchor === "start" ? null : anchor,
      transform: turn ? `rotate(${turn} ${round(x)} ${round(y)})` : null,
    },
    text,
  );
}

export function lineBetween(stroke: string, x1: number, y1: number, x2: number, y2: number, width = 1): SVGElement {
  return svg("line", { stroke, "stroke-width": width, x1: round(x1), y1: round(y1), x2: round(x2), y2: round(y2) });
}
