/** The statistics of a column: a small histogram for its head, and all of it in a panel. */

import { el, svg } from "../dom";
import { locale, number, t } from "../i18n";
import { type Cell, type Column, isNumeric } from "./data";
import { AUTO, type Format, formattedCell } from "./formats";
import type { ColumnStatistics } from "./statistics";

interface Piece {
  readonly name: string;
  readonly count: number;
}

/** A cell as a list of values says it. */
export function valueText(value: Cell, column: Column, format: Format = AUTO): string {
  if (value === null) return t("values.null");
  return value === "" ? t("values.emptyText") : formattedCell(value, column, format, locale());
}

function barsOf(found: ColumnStatistics, column: Column): Piece[] {
  // Amounts of money are numbers here, and their column holds texts.
  const kind = { ...column, type: typeof found.bars[0]?.[0] === "number" ? "Float" : column.type };
  if (found.bars.length > 0) {
    return found.bars.map(([from, to, count]) => {
      const [low, high] = [formattedCell(rounded(from), kind, AUTO, locale()), formattedCell(rounded(to), kind, AUTO, locale())];
      return { name: low === high ? `${low}: ${number(count)}` : t("statistics.bar", { from: low, to: high, n: number(count) }), count };
    });
  }
  return found.top.map(([value, count]) => ({ name: `${valueText(value, column).slice(0, 100)}: ${number(count)}`, count }));
}

function rounded(value: number | string): number | string {
  return typeof value === "number" ? Number(value.toPrecision(6)) : value;
}

/** Bars from the bottom, as wide as there is room; each tells its numbers under the pointer. */
export function smallHistogram(found: ColumnStatistics, column: Column, width: number, height: number): SVGElement {
  const bars = barsOf(found, column);
  const most = Math.max(1, ...bars.map(({ count }) => count));
  const step = width / Math.max(1, bars.length);
  const drawn = bars.map(({ name, count }, place) => {
    const tall = count > 0 ? Math.max(1.5, (count / most) * (height - 1)) : 0;
    const gap = step > 4 ? 1 : 0;
    const whole = svg("rect", { class: "bar-ground", x: place * step, y: 0, width: step, height }, svg("title", {}, name));
    const bar = svg("rect", { class: "bar", x: place * step + gap / 2, y: height - tall, width: Math.max(0.5, Math.min(step - gap, 40)), height: tall }, svg("title", {}, name));
    return [whole, bar];
  });
  const [from, to] = [found.min, found.max].map((end) => valueText(end, { ...column, type: typeof end === "number" ? "Float" : column.type }).slice(0, 60));
  const label = t("statistics.bars", { from: from ?? "", to: to ?? "" });
  return svg("svg", { class: "histogram-small", viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": label, preserveAspectRatio: "none" }, ...drawn.flat());
}

/** All that is known of a column. */
export function statisticsView(found: ColumnStatistics, column: Column, format: Format, filtered: number | null): HTMLElement {
  const numbers: Column = { ...column, type: isNumeric(column) ? column.type : "Float" };
  const shown = (value: Cell): string =>
    typeof value === "number" ? formattedCell(format.kind === "auto" ? rounded12(value) : value, numbers, format, locale()) : valueText(value, column, format).slice(0, 80);
  const share = (count: number): string => (found.rows > 0 ? ` · ${number((100 * count) / found.rows, count > 0 && count < found.rows ? 1 : 0)}\u00a0%` : "");
  const facts: [string, string][] = [[t("statistics.rows"), number(found.rows)]];
  facts.push([t("statistics.nulls"), `${number(found.nulls)}${share(found.nulls)}`]);
  if (found.distinct !== null) facts.push([t("statistics.distinct"), `${found.sampled === null ? "" : "≥\u00a0"}${number(found.distinct)}`]);
  if (found.min !== null) facts.push([t("statistics.min"), shown(found.min)], [t("statistics.max"), shown(found.max)]);
  if (found.numbers > 0) {
    const more: [string, number | null][] = [
      [t("statistics.mean"), found.mean],
      [t("statistics.median"), found.median],
      [t("statistics.deviation"), found.deviation],
      [t("statistics.sum"), found.sum],
    ];
    for (const [name, value] of more) if (value !== null) facts.push([name, shown(value)]);
  }
  const list = el("dl", { class: "statistics-facts" }, ...facts.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]));
  const most = Math.max(1, ...found.top.map(([, count]) => count));
  const top = el(
    "ul",
    { class: "statistics-top" },
    ...found.top.map(([value, count]) => {
      const bar = el("span", { class: "statistics-share", attrs: { "aria-hidden": "true" } });
      bar.style.width = `${(100 * count) / most}%`;
      const text = typeof value === "number" ? shown(value) : valueText(value, column, format);
      return el("li", {}, bar, el("span", { class: "statistics-value", attrs: { title: text.slice(0, 300) } }, text), el("span", { class: "statistics-count" }, `${number(count)}${share(count)}`));
    }),
  );
  return el(
    "div",
    { class: "statistics" },
    filtered === null ? null : el("p", { class: "grid-note" }, t("statistics.filtered", { n: number(filtered) })),
    found.bars.length > 1 ? smallHistogram(found, column, 300, 70) : null,
    found.bars.length > 1 ? el("p", { class: "statistics-ends", attrs: { "aria-hidden": "true" } }, el("span", {}, shown(found.bars[0]![0])), el("span", {}, shown(found.bars.at(-1)![1]))) : null,
    list,
    found.top.length > 0 ? el("h3", {}, t("statistics.top")) : null,
    found.top.length > 0 ? top : null,
    found.sampled === null ? null : el("p", { class: "grid-note" }, t("statistics.sampled", { n: number(found.sampled) })),
  );
}

function rounded12(value: number): number {
  return Number(value.toPrecision(8));
}
