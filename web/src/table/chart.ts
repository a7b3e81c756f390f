/** Bar, line, histogram and scatter charts of a table's rows, drawn as SVG. */

import { type Child, download, el, fill, freshId, svg } from "../dom";
import { live, locale, named, number, say, t } from "../i18n";
import { icon } from "../icons";
import type { Key } from "../texts";
import { type Cell, type TableData, cellText, isNumeric, sortKey, compareCells } from "./data";
import { NoRows, type Row, type Rows } from "./rows";
import { type Scale, histogram, niceScale, sumBy, thin } from "./scales";

type ChartKind = "bar" | "line" | "histogram" | "scatter";

const KINDS: readonly ChartKind[] = ["bar", "line", "histogram", "scatter"];
const NAMES: Record<ChartKind, Key> = {
  bar: "chart.bar",
  line: "chart.line",
  histogram: "chart.histogram",
  scatter: "chart.scatter",
};

const NARROWEST = 320;
const WIDEST = 900;
const HEIGHT = 320;
const PLOT = { left: 64, right: 16, top: 16, bottom: 56 };
const MOST_BARS = 60;
/** As a column: the number of the row. */
const ROW_NUMBER = -1;
const MOST_POINTS = 3000;
/** Rows that a chart is drawn from; of a longer table it says that it shows the first ones. */
const MOST_ROWS = 200_000;

interface Choice {
  kind: ChartKind;
  x: number;
  y: number;
}

interface Point {
  readonly x: number;
  readonly y: number;
  readonly label: string;
}

/** A chart with its choice of kind and columns, of the rows that the grid shows. */
export function makeChart(table: TableData, rows: Rows): { element: HTMLElement; draw: () => void } {
  const numeric = table.columns.flatMap((column, index) => (isNumeric(column) ? [index] : []));
  const labels = table.columns.flatMap((column, index) => (isNumeric(column) ? [] : [index]));
  const y = numeric.find((index) => index !== labels[0] && index > 0) ?? numeric[0] ?? 0;
  const choice: Choice = { kind: "bar", x: labels[0] ?? (y === 0 ? 0 : numeric[0]) ?? 0, y };
  const picture = el("div", { class: "chart-picture" });
  const note = el("p", { class: "chart-note" });
  const pairs = new Pairs(rows);
  let isSeen = false;
  const draw = (): void => {
    if (numeric.length === 0) {
      fill(picture, el("p", { class: "chart-none" }, t("chart.noNumbers")));
      return;
    }
    const waiting = setTimeout(() => fill(note, t("table.loading")), 400);
    void pairs.of(choice).then((found) => {
      clearTimeout(waiting);
      if (found instanceof NoRows) fill(note, found.message);
      else if (found) drawChart(table, found, choice, picture, note);
      if (!isSeen) element.scrollIntoView({ block: "nearest" });
      isSeen = true;
    });
  };
  const selects = columnSelects(table, choice, numeric, draw);
  const buttons = kindButtons(choice, () => {
    selects.fit();
    draw();
  });
  const saving = named(
    el("button", { class: "icon-button", attrs: { type: "button" }, on: { click: () => saveSvg(picture) } }, icon("download")),
    "chart.save",
  );
  const element = el(
    "div",
    { class: "chart" },
    el("div", { class: "chart-bar" }, buttons, selects.element, saving),
    picture,
    note,
  );
  live(picture, draw);
  let drawnFor = 0;
  new ResizeObserver(() => {
    if (widthOf(picture) === drawnFor) return;
    drawnFor = widthOf(picture);
    draw();
  }).observe(picture);
  return { element, draw };
}

function kindButtons(choice: Choice, draw: () => void): HTMLElement {
  const group = named(el("div", { class: "segmented", attrs: { role: "group" } }), "chart.kind");
  const buttons = KINDS.map((kind) => {
    const button = el("button", { attrs: { type: "button", "aria-pressed": String(kind === choice.kind) } }, say(NAMES[kind]));
    button.addEventListener("click", () => {
      choice.kind = kind;
      for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
      draw();
    });
    return button;
  });
  group.append(...buttons);
  return group;
}

/** How wide the chart is drawn, so that its letters keep their size. */
function widthOf(picture: HTMLElement): number {
  return Math.min(WIDEST, Math.max(NARROWEST, picture.clientWidth || WIDEST));
}

interface Selects {
  readonly element: HTMLElement;
  /** Offers what the chosen kind of chart can show. */
  readonly fit: () => void;
}

function columnSelects(table: TableData, choice: Choice, numeric: readonly number[], draw: () => void): Selects {
  const all = table.columns.map((_, index) => index);
  const across = axisSelect("chart.x", choice, "x", draw);
  const up = axisSelect("chart.y", choice, "y", draw);
  const name = (index: number): string =>
    index === ROW_NUMBER ? t("chart.row") : table.columns[index]?.name || `#${index + 1}`;
  const fit = (): void => {
    const options = choice.kind === "scatter" ? [...numeric, ROW_NUMBER] : [...all, ROW_NUMBER];
    if (!options.includes(choice.x)) choice.x = numeric.find((index) => index !== choice.y) ?? ROW_NUMBER;
    across.offer(options, name);
    up.offer(numeric, name);
    across.element.hidden = choice.kind === "histogram";
  };
  const element = el("span", { class: "chart-axes" }, across.element, up.element);
  live(element, fit);
  return { element, fit };
}

interface AxisSelect {
  readonly element: HTMLElement;
  readonly offer: (options: readonly number[], name: (index: number) => string) => void;
}

function axisSelect(key: Key, choice: Choice, axis: "x" | "y", draw: () => void): AxisSelect {
  const id = freshId("axis");
  const select = el("select", { id });
  select.addEventListener("change", () => {
    choice[axis] = Number(select.value);
    draw();
  });
  return {
    element: el("span", { class: "chart-axis" }, el("label", { attrs: { for: id } }, say(key)), select),
    offer: (options, name) => {
      fill(select, ...options.map((index) => el("option", { attrs: { value: index } }, name(index))));
      select.value = String(choice[axis]);
    },
  };
}

interface Found {
  readonly pairs: readonly [Cell, Cell][];
  /** How many rows there are in all. */
  readonly all: number;
}

/** The cells of the chosen columns, read once for as long as the rows and the choice stay. */
class Pairs {
  private key = "";
  private last: Promise<Found | NoRows> | null = null;

  constructor(private readonly rows: Rows) {}

  /** The pairs; null where the choice or the rows have become others meanwhile. */
  async of(choice: Choice): Promise<Found | NoRows | null> {
    if (this.rows.busy) return null;
    const key = `${this.rows.version} ${choice.x} ${choice.y}`;
    if (key !== this.key || !this.last) {
      this.key = key;
      this.last = this.read(choice.x, choice.y);
    }
    const found = await this.last;
    if (key !== this.key) return null;
    if (found instanceof NoRows) this.last = null;
    return found;
  }

  private async read(x: number, y: number): Promise<Found | NoRows> {
    const columns = [...new Set([x, y])].filter((column) => column !== ROW_NUMBER);
    const [acrossAt, upAt] = [columns.indexOf(x), columns.indexOf(y)];
    const all = this.rows.count + this.rows.hidden;
    try {
      const rows = await this.rows.read(MOST_ROWS, { columns });
      const pairs = rows.map((row: Row): [Cell, Cell] => [
        x === ROW_NUMBER ? row.number + 1 : (row.cells[acrossAt] ?? null),
        row.cells[upAt] ?? null,
      ]);
      return { pairs, all };
    } catch (error) {
      if (error instanceof NoRows) return error;
      throw error;
    }
  }
}

function drawChart(
  table: TableData,
  { pairs, all }: Found,
  choice: Choice,
  picture: HTMLElement,
  note: HTMLElement,
): void {
  const usable = pairs.filter(
    (pair): pair is [Cell, number] => typeof pair[1] === "number" && Number.isFinite(pair[1]),
  );
  const width = widthOf(picture);
  const drawn = DRAWERS[choice.kind](usable, width, table.columns[choice.x]?.type ?? "");
  const kind = t(NAMES[choice.kind]);
  const label = t("chart.label", {
    kind,
    x: choice.kind === "histogram" ? t("chart.counts") : (table.columns[choice.x]?.name ?? t("chart.row")),
    y: table.columns[choice.y]?.name ?? "",
    n: usable.length,
  });
  fill(
    picture,
    svg("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, role: "img", "aria-label": label, class: `chart-svg ${choice.kind}` }, ...drawn.shapes),
  );
  const left = pairs.length - usable.length;
  const sample = pairs.length < all ? t("chart.sample", { n: number(pairs.length), all: number(all) }) : "";
  const notes = [sample, drawn.note, left > 0 ? t("chart.skipped", { n: left }) : ""].filter(Boolean);
  fill(note, notes.join(" "));
}

interface Drawn {
  readonly shapes: Child[];
  readonly note: string;
}

/** `type` is the type of the column across. */
type Drawer = (pairs: readonly [Cell, number][], width: number, type: string) => Drawn;

const DRAWERS: Record<ChartKind, Drawer> = {
  bar: drawBars,
  line: drawLine,
  histogram: drawHistogram,
  scatter: drawScatter,
};

function drawBars(pairs: readonly [Cell, number][], width: number): Drawn {
  const all = pairs.map(([x, y]): [string, number] => [cellText(x), y]);
  const summed = sumBy(all);
  const shown = summed.slice(0, MOST_BARS);
  const scale = scaleOf(shown.map(([, value]) => value), true);
  const place = toPlot(scale);
  const slot = plotWidth(width) / Math.max(1, shown.length);
  const bars = shown.map(([label, value], index) => {
    const top = Math.min(place(value), place(0));
    return svg(
      "rect",
      {
        class: "chart-bar-shape",
        x: round(PLOT.left + index * slot + slot * 0.14),
        y: round(top),
        width: round(Math.max(1, slot * 0.72)),
        height: round(Math.max(0.5, Math.abs(place(value) - place(0)))),
        rx: slot > 12 ? 2 : 0,
      },
      svg("title", {}, `${label}: ${format(value)}`),
    );
  });
  const notes = [
    summed.length < all.length ? t("chart.summed") : "",
    shown.length < summed.length ? t("chart.firstBars", { n: shown.length, all: summed.length }) : "",
  ];
  const names = shown.map(([label]) => label);
  return { shapes: [...yAxis(scale, width), ...slotLabels(names, width), ...bars], note: notes.filter(Boolean).join(" ") };
}

function drawLine(pairs: readonly [Cell, number][], width: number, type: string): Drawn {
  const ordered = type === "Date" || type === "Integer" || type === "Float";
  let list = [...pairs];
  if (ordered) {
    const keyed = list.map((pair) => ({ pair, key: sortKey(pair[0], type) }));
    list = keyed.sort((a, b) => compareCells(a.key, b.key)).map(({ pair }) => pair);
  }
  const summed = sumBy(list.map(([x, y]): [string, number] => [cellText(x), y]));
  const shown = thin(summed, MOST_POINTS);
  const scale = scaleOf(shown.map(([, value]) => value), false);
  const place = toPlot(scale);
  const slot = plotWidth(width) / Math.max(1, shown.length);
  const at = (index: number): number => PLOT.left + (index + 0.5) * slot;
  const path = shown.map(([, value], index) => `${index ? "L" : "M"}${round(at(index))} ${round(place(value))}`);
  const marks =
    shown.length <= 80
      ? shown.map(([label, value], index) =>
          svg("circle", { class: "chart-mark", cx: round(at(index)), cy: round(place(value)), r: 3.5 }, svg("title", {}, `${label}: ${format(value)}`)),
        )
      : [];
  const notes = [summed.length < list.length ? t("chart.summed") : "", thinned(shown.length, summed.length)];
  return {
    shapes: [
      ...yAxis(scale, width),
      ...slotLabels(shown.map(([label]) => label), width),
      svg("path", { class: "chart-line-shape", d: path.join("") }),
      ...marks,
    ],
    note: notes.filter(Boolean).join(" "),
  };
}

function drawHistogram(pairs: readonly [Cell, number][], width: number): Drawn {
  const bins = histogram(pairs.map(([, value]) => value));
  const counts = scaleOf(bins.map((bin) => bin.count), true);
  const values: Scale = {
    min: bins[0]?.from ?? 0,
    max: bins.at(-1)?.to ?? 1,
    ticks: bins.length ? [...bins.map((bin) => bin.from), bins.at(-1)!.to] : [],
  };
  const place = toPlot(counts);
  const across = toPlotX(values, width);
  const shapes = bins.map((bin) =>
    svg(
      "rect",
      {
        class: "chart-bar-shape",
        x: round(across(bin.from) + 0.5),
        y: round(place(bin.count)),
        width: round(Math.max(1, across(bin.to) - across(bin.from) - 1)),
        height: round(Math.max(0, place(0) - place(bin.count))),
      },
      svg("title", {}, `${format(bin.from)} – ${format(bin.to)}: ${bin.count}`),
    ),
  );
  return { shapes: [...yAxis(counts, width), ...xAxis(values, width), ...shapes], note: "" };
}

function drawScatter(pairs: readonly [Cell, number][], width: number): Drawn {
  const points = pairs.flatMap(([x, y]): Point[] =>
    typeof x === "number" && Number.isFinite(x) ? [{ x, y, label: `${format(x)}; ${format(y)}` }] : [],
  );
  if (points.length === 0) return { shapes: [textAt(width / 2, HEIGHT / 2, t("chart.twoNumbers"), "middle")], note: "" };
  const shown = thin(points, MOST_POINTS);
  const across = scaleOf(shown.map((point) => point.x), false, 8);
  const up = scaleOf(shown.map((point) => point.y), false);
  const [placeX, placeY] = [toPlotX(across, width), toPlot(up)];
  const marks = shown.map((point) =>
    svg("circle", { class: "chart-dot", cx: round(placeX(point.x)), cy: round(placeY(point.y)), r: 3.5 }, svg("title", {}, point.label)),
  );
  return { shapes: [...yAxis(up, width), ...xAxis(across, width), ...marks], note: thinned(shown.length, points.length) };
}

function thinned(shown: number, all: number): string {
  return shown < all ? t("chart.thinned", { n: shown, all }) : "";
}

function scaleOf(values: readonly number[], zero: boolean, wanted = 5): Scale {
  if (values.length === 0) return niceScale(0, 1, wanted, zero);
  return niceScale(
    values.reduce((a, b) => Math.min(a, b)),
    values.reduce((a, b) => Math.max(a, b)),
    wanted,
    zero,
  );
}

function plotWidth(width: number): number {
  return width - PLOT.left - PLOT.right;
}

function toPlot(scale: Scale): (value: number) => number {
  const height = HEIGHT - PLOT.top - PLOT.bottom;
  return (value) => PLOT.top + height * (1 - (value - scale.min) / (scale.max - scale.min || 1));
}

function toPlotX(scale: Scale, width: number): (value: number) => number {
  return (value) => PLOT.left + plotWidth(width) * ((value - scale.min) / (scale.max - scale.min || 1));
}

function yAxis(scale: Scale, width: number): Child[] {
  const place = toPlot(scale);
  return scale.ticks.flatMap((tick) => [
    svg("line", {
      class: tick === 0 ? "chart-zero" : "chart-gridline",
      x1: PLOT.left,
      x2: width - PLOT.right,
      y1: round(place(tick)),
      y2: round(place(tick)),
    }),
    textAt(PLOT.left - 8, place(tick) + 4, format(tick), "end"),
  ]);
}

function xAxis(scale: Scale, width: number): Child[] {
  const place = toPlotX(scale, width);
  const every = Math.ceil((scale.ticks.length * 56) / plotWidth(width));
  return scale.ticks.flatMap((tick, index) =>
    index % every ? [] : [textAt(place(tick), HEIGHT - PLOT.bottom + 18, format(tick), "middle")],
  );
}

/** Labels under slots of equal width: as many as fit, slanted when they are long. */
function slotLabels(labels: readonly string[], width: number): Child[] {
  const slot = plotWidth(width) / Math.max(1, labels.length);
  const longest = labels.reduce((most, label) => Math.max(most, label.length), 1);
  const slanted = longest * 6.5 > slot - 4;
  const every = Math.ceil((slanted ? 15 : 1) / slot);
  return labels.flatMap((label, index) => {
    if (index % every) return [];
    const short = label.length > 14 ? `${label.slice(0, 13)}…` : label;
    const x = PLOT.left + (index + 0.5) * slot;
    const y = HEIGHT - PLOT.bottom + (slanted ? 12 : 18);
    const text = textAt(x, y, short, slanted ? "end" : "middle");
    if (slanted) text.setAttribute("transform", `rotate(-35 ${round(x)} ${round(y)})`);
    return [text];
  });
}

function textAt(x: number, y: number, text: string, anchor: string): SVGElement {
  return svg("text", { class: "chart-text", x: round(x), y: round(y), "text-anchor": anchor }, text);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function format(value: number): string {
  const big = Math.abs(value) >= 100_000;
  return new Intl.NumberFormat(locale(), big ? { notation: "compact", maximumFractionDigits: 2 } : { maximumSignificantDigits: 6 }).format(value);
}

/** The picture as a file of its own, with the colours of the page written into it. */
function saveSvg(picture: HTMLElement): void {
  const shown = picture.querySelector("svg");
  if (!shown) return;
  const copy = shown.cloneNode(true) as SVGElement;
  const originals = shown.querySelectorAll<SVGElement>("*");
  copy.querySelectorAll<SVGElement>("*").forEach((element, index) => {
    const style = getComputedStyle(originals[index]!);
    for (const name of ["fill", "stroke", "stroke-width", "font-size", "font-family", "opacity"]) {
      element.setAttribute(name, style.getPropertyValue(name));
    }
  });
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("width", String(widthOf(picture)));
  copy.setAttribute("height", String(HEIGHT));
  const text = new XMLSerializer().serializeToString(copy);
  download("chart.svg", new Blob([text], { type: "image/svg+xml" }));
}
