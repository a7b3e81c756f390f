/** The line beneath a grid that adds up what is selected. */

import { el, fill } from "../dom";
import { locale, number, t } from "../i18n";
import type { Cell, Column } from "./data";
import { AUTO, formattedCell } from "./formats";
import { type Layout, formatOf } from "./layout";
import { NoRows, type Rows } from "./rows";
import { type Rectangle, cellsIn } from "./selection";
import { type ColumnStatistics, type Sums, columnStatistics, together } from "./statistics";

/** Milliseconds until a selection is taken as made. */
const SETTLED = 120;
/** So many cells are added up in the page, where it has them; all others by the server. */
const MOST_HERE = 200_000;

export interface Selectable {
  readonly shown: readonly number[];
  readonly columns: readonly Column[];
  readonly layout: Layout;
}

export class SumsLine {
  readonly element = el("div", { class: "grid-sums", attrs: { role: "status" } });
  private known = "";
  private turn = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly rows: Rows,
    private readonly of: () => Selectable,
  ) {
    this.element.hidden = true;
  }

  /** Adds up these cells; null for none. */
  show(rectangle: Rectangle | null): void {
    const key = rectangle ? JSON.stringify([rectangle, this.rows.version, this.of().shown, locale()]) : "";
    if (key === this.known) return;
    this.known = key;
    this.turn += 1;
    clearTimeout(this.timer);
    if (!rectangle) {
      this.element.hidden = true;
      fill(this.element);
      return;
    }
    this.timer = setTimeout(() => void this.add(rectangle, this.turn), SETTLED);
  }

  private async add(rectangle: Rectangle, turn: number): Promise<void> {
    const { shown, columns, layout } = this.of();
    const wanted = shown.slice(rectangle.left, rectangle.right + 1);
    let found: ColumnStatistics[];
    try {
      const { top: from, bottom } = rectangle;
      found = this.here(rectangle, wanted, columns) ?? (await this.rows.statistics(wanted, { from, to: bottom + 1, sumsOnly: true }));
    } catch (error) {
      if (!(error instanceof NoRows)) throw error;
      if (turn === this.turn) this.say([[t("sums.label"), error.message]]);
      return;
    }
    if (turn !== this.turn) return;
    const only = wanted.length === 1 ? wanted[0]! : null;
    const format = only === null ? AUTO : formatOf(layout, only);
    const written = (value: number): string => formattedCell(format.kind === "auto" ? Number(value.toPrecision(12)) : value, { name: "", type: "Float", nulls: 0 }, format, locale());
    this.say(facts(together(found), cellsIn(rectangle), written));
  }

  /** The statistics of cells that the page has; null where some are not here. */
  private here(rectangle: Rectangle, wanted: readonly number[], columns: readonly Column[]): ColumnStatistics[] | null {
    if (cellsIn(rectangle) > MOST_HERE) return null;
    const found: (readonly Cell[])[] = [];
    for (let position = rectangle.top; position <= rectangle.bottom; position += 1) {
      const row = this.rows.row(position);
      if (!row) return null;
      found.push(row.cells);
    }
    return wanted.map((column) => columnStatistics(found.map((cells) => cells[column] ?? null), column, columns[column]?.type ?? "", true));
  }

  private say(pairs: readonly (readonly [string, string])[]): void {
    this.element.hidden = false;
    fill(this.element, ...pairs.map(([name, value]) => el("span", { class: "grid-sum" }, el("span", { class: "grid-sum-name" }, `${name}: `), el("b", {}, value))));
  }
}

function facts(sums: Sums, cells: number, written: (value: number) => string): [string, string][] {
  const said: [string, string][] = [[t("sums.cells"), number(cells)]];
  if (sums.filled < cells) said.push([t("sums.filled"), number(sums.filled)]);
  const add = (name: string, value: number | null): void => {
    if (value !== null) said.push([name, written(value)]);
  };
  add(t("sums.sum"), sums.sum);
  add(t("sums.mean"), sums.sum === null ? null : sums.sum / sums.numbers);
  add(t("sums.min"), sums.min);
  add(t("sums.max"), sums.max);
  return said;
}
