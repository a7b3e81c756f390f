/** A table in the log: what it is, the grid, and what can be done with it. */

import { add, copyText, download, el, fill } from "../dom";
import { live, named, say, t } from "../i18n";
import { type IconName, icon } from "../icons";
import { announce } from "../announce";
import type { Key } from "../texts";
import { makeChart } from "./chart";
import { type TableData, toCsv } from "./data";
import { makeGrid } from "./grid";
import { fitsSheet, toXlsx } from "./xlsx";

/** The element for one table that a program showed. */
export function tableView(table: TableData): HTMLElement {
  const grid = makeGrid(table);
  const place = el("div", { class: "chart-place" });
  let chart: ReturnType<typeof makeChart> | null = null;
  const found = el("span", { class: "table-found", attrs: { role: "status" } });
  const count = (): void => {
    const shown = grid.shown().length;
    fill(found, shown < table.rows.length ? t("table.found", { n: shown }) : null);
  };
  const title = live(el("span", { class: "table-title" }), (node) => {
    fill(node, icon("layout"), t("table.title", { rows: table.total, columns: table.columns.length }));
    if (table.rows.length < table.total) {
      add(node, el("span", { class: "table-part" }, t("table.part", { n: table.rows.length })));
    }
    add(node, found);
    count();
  });
  const filtering = toggle("filter", "table.filter", () => {
    const on = grid.toggleFilters();
    count();
    chart?.draw();
    return on;
  });
  const charting = toggle("chart", "table.chart", () => {
    if (chart) {
      chart = null;
      fill(place);
      return false;
    }
    chart = makeChart(table, grid.shown);
    fill(place, chart.element);
    return true;
  });
  grid.element.addEventListener("input", () => {
    count();
    chart?.draw();
  });
  const bar = el(
    "div",
    { class: "table-bar" },
    title,
    el(
      "span",
      { class: "table-actions" },
      filtering,
      charting,
      action("copy", "table.copy", "table.copyShort", () => copyCsv(table, grid.shown())),
      action("download", "table.csv", "table.csvShort", () => saveCsv(table, grid.shown())),
      action("download", "table.xlsx", "table.xlsxShort", () => saveXlsx(table, grid.shown())),
    ),
  );
  return el("div", { class: "table-view" }, bar, grid.element, place);
}

function toggle(name: IconName, key: Key, change: () => boolean): HTMLElement {
  const button = el(
    "button",
    { class: "small-button", attrs: { type: "button", "aria-pressed": "false" } },
    icon(name),
    el("span", {}, say(key)),
  );
  button.addEventListener("click", () => button.setAttribute("aria-pressed", String(change())));
  return button;
}

function action(name: IconName, key: Key, short: Key, act: () => void): HTMLElement {
  const button = el(
    "button",
    { class: "small-button", attrs: { type: "button" }, on: { click: act } },
    icon(name),
    el("span", {}, say(short)),
  );
  return named(button, key);
}

function copyCsv(table: TableData, rows: readonly number[]): void {
  void copyText(toCsv(table, rows)).then((done) => announce(t(done ? "copied" : "copyFailed"), !done));
}

function saveCsv(table: TableData, rows: readonly number[]): void {
  // The mark makes spreadsheet programs read the letters right; our own reader drops it.
  download("table.csv", new Blob(["\ufeff", toCsv(table, rows)], { type: "text/csv;charset=utf-8" }));
}

function saveXlsx(table: TableData, rows: readonly number[]): void {
  if (!fitsSheet(table, rows.length)) {
    announce(t("table.tooBig"), true);
    return;
  }
  void toXlsx(table, rows).then((file) => download("table.xlsx", file));
}
