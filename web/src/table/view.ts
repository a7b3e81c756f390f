/** A table in the log: what it is, the grid, and what can be done with it. */

import { add, copyText, download, el, fill } from "../dom";
import { live, locale, named, number, say, t } from "../i18n";
import { type IconName, icon } from "../icons";
import { announce } from "../announce";
import type { Key } from "../texts";
import { makeChart } from "./chart";
import { type Cell, type TableData, toCsv } from "./data";
import { makeGrid } from "./grid";
import { type AskRows, NoRows, type Rows, rowsFor } from "./rows";
import { toRussianCsv, toTabs } from "./shown";
import { fitsSheet, toXlsx } from "./xlsx";

/** Cells that the page will hold to make a file of them. */
const MOST_CELLS = { csv: 5_000_000, xlsx: 2_000_000 };

/** The element for one table; `ask` gets more rows of one that the server keeps, files are called `name`. */
export function tableView(table: TableData, ask: AskRows | null, name = "table"): HTMLElement {
  const rows = rowsFor(table, ask);
  const place = el("div", { class: "chart-place" });
  let chart: ReturnType<typeof makeChart> | null = null;
  const found = el("span", { class: "table-found", attrs: { role: "status" } });
  const count = (): void => {
    const all = table.total - rows.hidden;
    const text = rows.busy ? t("table.loading") : rows.count < all ? t("table.found", { n: number(rows.count) }) : "";
    if (found.textContent !== text) fill(found, text);
  };
  const grid = makeGrid(table, rows, () => {
    count();
    chart?.draw();
  });
  const title = live(el("span", { class: "table-title" }), (node) => {
    const params = { rows: number(table.total), columns: number(table.columns.length) };
    fill(node, icon("layout"), t("table.title", { ...params, n: table.total, m: table.columns.length }));
    if (rows.hidden > 0) add(node, el("span", { class: "table-part" }, t("table.part", { n: number(table.rows.length) })));
    add(node, found);
    count();
  });
  const charting = toggle("chart", "table.chart", () => {
    if (chart) {
      chart = null;
      fill(place);
      return false;
    }
    chart = makeChart(table, rows);
    fill(place, chart.element);
    return true;
  });
  const saving = new Saving(table, rows, name);
  const bar = el(
    "div",
    { class: "table-bar" },
    title,
    saving.element,
    el(
      "span",
      { class: "table-actions" },
      toggle("filter", "table.filter", () => grid.toggleFilters()),
      charting,
      action("copy", "table.copy", "table.copyShort", () => void saving.copy()),
      action("download", "table.csv", "table.csvShort", () => void saving.csv()),
      action("download", "table.xlsx", "table.xlsxShort", () => void saving.xlsx()),
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

/** The reader wants no more of it. */
class Stopped extends Error {}

/** Files of all rows that the filters let through, read from the server where they are not here. */
class Saving {
  /** How far the reading is, and a way to stop it. */
  readonly element = el("span", { class: "table-reading" });
  private reading = false;
  private stopped = false;

  constructor(
    private readonly table: TableData,
    private readonly rows: Rows,
    private readonly name: string,
  ) {}

  async copy(): Promise<void> {
    const rows = await this.read(MOST_CELLS.csv);
    if (!rows) return;
    const done = await copyText(toTabs(this.table.columns, rows, locale()));
    announce(t(done ? "copied" : "copyFailed"), !done);
  }

  async csv(): Promise<void> {
    const rows = await this.read(MOST_CELLS.csv);
    if (!rows) return;
    // The mark makes spreadsheet programs read the letters right; our own reader drops it.
    const form = locale() === "ru" ? toRussianCsv : toCsv;
    const text = ["\ufeff", form(this.table.columns, rows)];
    download(`${this.name}.csv`, new Blob(text, { type: "text/csv;charset=utf-8" }));
  }

  async xlsx(): Promise<void> {
    if (!fitsSheet(this.table.columns.length, this.rows.count)) {
      announce(t("table.tooBig"), true);
      return;
    }
    const rows = await this.read(MOST_CELLS.xlsx);
    if (rows) download(`${this.name}.xlsx`, await toXlsx(this.table.columns, rows));
  }

  /** All rows; null, said why, where they cannot be had. */
  private async read(limit: number): Promise<(readonly Cell[])[] | null> {
    if (this.reading) return null;
    const cells = this.rows.count * this.table.columns.length;
    if (cells > limit) {
      announce(t("table.tooMany", { cells: number(cells), limit: number(limit) }), true);
      return null;
    }
    this.reading = true;
    this.stopped = false;
    const all = this.rows.count;
    try {
      const rows = await this.rows.read(all, { progress: (read) => this.progress(read, all) });
      return rows.map((row) => row.cells);
    } catch (error) {
      if (error instanceof Stopped) announce(t("table.stopped"));
      else if (error instanceof NoRows) announce(error.message, true);
      else throw error;
      return null;
    } finally {
      this.reading = false;
      fill(this.element);
    }
  }

  private progress(read: number, all: number): void {
    if (this.stopped) throw new Stopped();
    if (read >= all) return;
    const percent = Math.floor((100 * read) / all);
    const text = t("table.reading", { percent });
    const shown = this.element.querySelector("span");
    if (shown) {
      fill(shown, text);
      return;
    }
    const stop = el(
      "button",
      { class: "text-button", attrs: { type: "button" }, on: { click: () => (this.stopped = true) } },
      t("table.stop"),
    );
    fill(this.element, el("span", {}, text), stop);
  }
}
