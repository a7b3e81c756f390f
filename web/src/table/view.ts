/** A table in the log: what it is, the grid, and what can be done with it. */

import { add, copyText, download, el, fill } from "../dom";
import { hinted, live, locale, number, say, t } from "../i18n";
import { type IconName, icon } from "../icons";
import { announce } from "../announce";
import type { Key } from "../texts";
import { makeChart } from "./chart";
import { type Cell, type Column, type TableData, toCsv } from "./data";
import { type Grid, makeGrid } from "./grid";
import { type KeptLayout, firstLayout, formatOf, keptLayout, restoredLayout, shownColumns } from "./layout";
import { makePivot } from "./pivot";
import { type Said, isChanged, viewProgram } from "./program";
import { type AskRows, NoRows, type Rows, rowsFor } from "./rows";
import { toRussianCsv, toTabs } from "./shown";
import { fitsSheet, toXlsx } from "./xlsx";

/** Cells that the page will hold to make a file of them. */
const MOST_CELLS = { csv: 5_000_000, xlsx: 2_000_000 };

/** What a table has of the program that showed it. */
export interface TableHost {
  /** The variable that was shown; null where it was no variable. */
  readonly variable: string | null;
  /** How its columns were laid out last, and a way to keep how they are now. */
  readonly layout: KeptLayout | null;
  readonly keep: (layout: KeptLayout | null) => void;
  /** Writes lines into the program and runs them; `make` is given a free name that begins with the letter. */
  readonly write: (title: string, letter: string, make: (target: string) => Said) => Promise<Said | null>;
}

/** The element for one table; `ask` gets more rows of one that the server keeps. */
export function tableView(table: TableData, ask: AskRows | null, host: TableHost | null = null): HTMLElement {
  const rows = rowsFor(table, ask);
  const place = el("div", { class: "chart-place" });
  const pivotPlace = el("div", { class: "chart-place" });
  let chart: ReturnType<typeof makeChart> | null = null;
  const found = el("span", { class: "table-found", attrs: { role: "status" } });
  const count = (): void => {
    const all = table.total - rows.hidden;
    const hidden = grid.layout.hidden.size;
    const parts = [
      rows.busy ? t("table.loading") : rows.count < all ? t("table.found", { n: number(rows.count) }) : "",
      hidden > 0 ? t("columns.hiddenCount", { n: number(hidden) }) : "",
    ];
    const text = parts.filter(Boolean).join(" · ");
    if (found.textContent !== text) fill(found, text);
  };
  const first = host?.layout ? restoredLayout(host.layout, table.columns) : firstLayout(table.columns.length);
  const filtering = hinted(toggle("filter", "table.filter", () => grid.toggleFilters()), "table.filterShow");
  const grid: Grid = makeGrid(table, rows, first, {
    changed: () => {
      count();
      chart?.draw();
    },
    laidOut: (layout) => {
      count();
      host?.keep(keptLayout(layout, table.columns));
    },
    filtering: (isShown) => filtering.setAttribute("aria-pressed", String(isShown)),
  });
  const title = live(el("span", { class: "table-title" }), (node) => {
    const params = { rows: number(table.total), columns: number(table.columns.length) };
    fill(node, icon("layout"), t("table.title", { ...params, n: table.total, m: table.columns.length }));
    if (rows.hidden > 0) add(node, el("span", { class: "table-part" }, t("table.part", { n: number(table.rows.length) })));
    add(node, found);
    count();
  });
  const charting = hinted(toggle("chart", "table.chart", () => {
    if (chart) {
      chart = null;
      fill(place);
      return false;
    }
    chart = makeChart(table, rows);
    fill(place, chart.element);
    return true;
  }), "table.chartShow");
  const telling = hinted(toggle("statistics", "statistics.show", () => grid.toggleStatistics()), "statistics.help");
  const choosing = action("columns", "columns.help", "columns.title", () => grid.openColumns(choosing.getBoundingClientRect()));
  const saving = new Saving(table, rows, grid, host?.variable ?? "table");
  const bar = el(
    "div",
    { class: "table-bar" },
    title,
    saving.element,
    el(
      "span",
      { class: "table-actions" },
      filtering,
      choosing,
      telling,
      charting,
      host ? pivoting(table, host, pivotPlace) : null,
      host ? action("program", "program.help", "program.write", () => void writeView(table, grid, host)) : null,
      action("copy", "table.copy", "table.copyShort", () => void saving.copy()),
      action("download", "table.csv", "table.csvShort", () => void saving.csv()),
      action("download", "table.xlsx", "table.xlsxShort", () => void saving.xlsx()),
    ),
  );
  return el("div", { class: "table-view" }, bar, pivotPlace, grid.element, place);
}

/** Why a program cannot say it, for the reader. */
function problemOf(said: Said): string {
  return "key" in said ? t(said.key, { name: said.name }) : "";
}

function pivoting(table: TableData, host: TableHost, place: HTMLElement): HTMLElement {
  const button = toggle("pivot", "pivot.title", () => {
    const { variable } = host;
    if (place.firstElementChild || variable === null) {
      fill(place);
      if (variable === null) announce(t("program.noName"), true);
      return false;
    }
    const title = t("program.pivot", { name: variable });
    fill(place, makePivot(table.columns, variable, problemOf, (make) => void host.write(title, "p", make)));
    return true;
  });
  return hinted(button, "pivot.help");
}

/** Writes what the reader did to the table as lines of the program. */
async function writeView(table: TableData, grid: Grid, host: TableHost): Promise<void> {
  const { variable } = host;
  const wanted = { columns: table.columns, sorting: grid.sorting, filters: grid.filters, layout: grid.layout };
  if (variable === null) return announce(t("program.noName"), true);
  if (!isChanged(wanted)) return announce(t("program.nothing"));
  const said = await host.write(t("program.view", { name: variable }), "v", (target) => viewProgram(variable, target, wanted, locale()));
  if (said && "key" in said) announce(problemOf(said), true);
}

function toggle(name: IconName, key: Key, change: () => boolean): HTMLButtonElement {
  const button = el(
    "button",
    { class: "small-button wordless", attrs: { type: "button", "aria-pressed": "false" } },
    icon(name),
    el("span", {}, say(key)),
  );
  button.addEventListener("click", () => button.setAttribute("aria-pressed", String(change())));
  return button;
}

function action(name: IconName, key: Key, short: Key, act: () => void): HTMLElement {
  const button = el(
    "button",
    { class: name === "download" ? "small-button" : "small-button wordless", attrs: { type: "button" }, on: { click: act } },
    icon(name),
    el("span", {}, say(short)),
  );
  return hinted(button, key);
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
    private readonly grid: Grid,
    private readonly name: string,
  ) {}

  /** The columns in sight, in their order. */
  private get shown(): number[] {
    return shownColumns(this.grid.layout);
  }

  private get columns(): Column[] {
    return this.shown.map((index) => this.table.columns[index]!);
  }

  async copy(): Promise<void> {
    const rows = await this.read(MOST_CELLS.csv);
    if (!rows) return;
    const done = await copyText(toTabs(this.columns, rows, locale()));
    announce(t(done ? "copied" : "copyFailed"), !done);
  }

  async csv(): Promise<void> {
    const rows = await this.read(MOST_CELLS.csv);
    if (!rows) return;
    // The mark makes spreadsheet programs read the letters right; our own reader drops it.
    const form = locale() === "ru" ? toRussianCsv : toCsv;
    const text = ["\ufeff", form(this.columns, rows)];
    download(`${this.name}.csv`, new Blob(text, { type: "text/csv;charset=utf-8" }));
  }

  async xlsx(): Promise<void> {
    const { columns } = this;
    if (!fitsSheet(columns.length, this.rows.count)) {
      announce(t("table.tooBig"), true);
      return;
    }
    const rows = await this.read(MOST_CELLS.xlsx);
    const formats = this.shown.map((index) => formatOf(this.grid.layout, index));
    if (rows) download(`${this.name}.xlsx`, await toXlsx(columns, rows, formats, locale()));
  }

  /** All rows; null, said why, where they cannot be had. */
  private async read(limit: number): Promise<(readonly Cell[])[] | null> {
    if (this.reading) return null;
    const columns = this.shown;
    const cells = this.rows.count * columns.length;
    if (cells > limit) {
      announce(t("table.tooMany", { cells: number(cells), limit: number(limit) }), true);
      return null;
    }
    this.reading = true;
    this.stopped = false;
    const all = this.rows.count;
    try {
      const rows = await this.rows.read(all, { columns, progress: (read) => this.progress(read, all) });
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
