/** Charts of a table's rows: the choice of kind and columns, and the figure of what is chosen. */

import { type Aggregate, type Built, type BuiltKind, type ChartRequest, type Every, type Source, buildChart, hasTimes } from "../charts/building";
import { makeFigure } from "../charts/figure";
import type { Language } from "../charts/language";
import { el, fill, freshId } from "../dom";
import { live, named, number, say, t } from "../i18n";
import type { Key } from "../texts";
import { type Cell, type TableData, isNumeric } from "./data";
import { NoRows, type Rows } from "./rows";

const KINDS: readonly BuiltKind[] = ["bar", "line", "histogram", "scatter", "stacked", "area", "pie"];
const AGGREGATES: readonly Aggregate[] = ["sum", "average", "median", "min", "max"];
const PERIODS: readonly Every[] = ["auto", "day", "month", "quarter", "year"];

/** As a column: the number of the row, the number of rows, none. */
const ROW_NUMBER = -1;
const ROW_COUNT = -2;
const NONE = -3;
/** Rows that a chart is drawn from; of a longer table it says that it shows the first ones. */
const MOST_ROWS = 200_000;

interface Choice {
  kind: BuiltKind;
  title: string;
  x: number;
  y: number;
  /** Other numbers, or a column whose values are series. */
  series: number;
  aggregate: Aggregate;
  every: Every;
}

/** The rows that the chosen columns were read from. */
interface Found {
  readonly sources: ReadonlyMap<number, Source>;
  /** How many rows were read, and how many there are. */
  readonly read: number;
  readonly all: number;
}

/** A chart with its choice of kind and columns, of the rows that the grid shows. */
export function makeChart(table: TableData, rows: Rows): { element: HTMLElement; draw: () => void } {
  const choice = firstChoice(table);
  const columns = new Columns(table, rows);
  const note = el("p", { class: "chart-note", attrs: { role: "status" } });
  let found: Found | null = null;
  let isSeen = false;
  const figure = makeFigure((language) => {
    if (!found) return null;
    const built = buildChart(requestOf(table, choice, found, language));
    fill(note, notesOf(built, found));
    return built.chart;
  });
  const show = (isKnown: boolean): void => {
    figure.element.hidden = !isKnown;
    if (isKnown) figure.draw();
  };
  const draw = (): void => {
    const waiting = setTimeout(() => fill(note, t("table.loading")), 400);
    void columns.of(choice).then((answer) => {
      clearTimeout(waiting);
      if (answer === null) return;
      // A picture of other rows or columns than those chosen would be wrong without a word.
      found = answer instanceof NoRows ? null : answer;
      controls.fit(found);
      show(found !== null);
      if (answer instanceof NoRows) fill(note, answer.message);
      if (!isSeen) element.scrollIntoView({ block: "nearest" });
      isSeen = true;
    });
  };
  const controls = makeControls(table, choice, draw);
  const element = el("div", { class: "chart" }, controls.element, figure.element, note);
  figure.element.hidden = true;
  draw();
  return { element, draw };
}

function firstChoice(table: TableData): Choice {
  const numeric = numbersOf(table);
  const labels = table.columns.flatMap((column, index) => (isNumeric(column) ? [] : [index]));
  const dated = table.columns.findIndex((column) => column.type === "Date");
  const x = dated >= 0 ? dated : (labels.find((index) => !numeric.includes(index)) ?? labels[0] ?? (numeric.length > 1 ? numeric[0]! : ROW_NUMBER));
  const y = numeric.find((index) => index !== x && index > 0) ?? numeric.find((index) => index !== x) ?? ROW_COUNT;
  return { kind: "bar", title: "", x, y, series: NONE, aggregate: "sum", every: "auto" };
}

/** Columns of numbers and of money. */
function numbersOf(table: TableData): number[] {
  return table.columns.flatMap((column, index) => (isNumeric(column) || column.type === "Currency" ? [index] : []));
}

function nameOf(table: TableData, index: number): string {
  if (index === ROW_NUMBER) return t("chart.row");
  if (index === ROW_COUNT) return t("chart.rowCount");
  if (index === NONE) return t("chart.none");
  return table.columns[index]?.name || `#${index + 1}`;
}

function requestOf(table: TableData, choice: Choice, found: Found, language: Language): ChartRequest {
  const { kind } = choice;
  const source = (index: number): Source | null => found.sources.get(index) ?? null;
  const x: Source = choice.x === ROW_NUMBER ? rowNumbers(found.read) : (source(choice.x) ?? rowNumbers(found.read));
  const series = kind === "pie" ? null : source(choice.series);
  const isSecond = series !== null && numbersOf(table).includes(choice.series) && kind !== "histogram";
  return {
    kind,
    title: choice.title,
    x,
    y: source(choice.y),
    second: isSecond ? series : null,
    by: isSecond ? null : series,
    aggregate: choice.aggregate,
    every: choice.every,
    language,
    words: {
      count: t("chart.counts"),
      empty: t("chart.emptyCell"),
      others: t("chart.others"),
      aggregates: {
        sum: t("chart.sum"),
        average: t("chart.average"),
        median: t("chart.median"),
        min: t("chart.min"),
        max: t("chart.max"),
      },
    },
  };
}

function rowNumbers(count: number): Source {
  return { name: t("chart.row"), type: "Integer", cells: Array.from({ length: count }, (_, row) => row + 1) };
}

function notesOf({ skipped, isGrouped, part }: Built, { read, all }: Found): string {
  const notes = [
    read < all ? t("chart.sample", { n: number(read), all: number(all) }) : "",
    isGrouped ? t("chart.grouped") : "",
    part?.what === "categories" ? t("chart.firstBars", { n: number(part.shown), all: number(part.all) }) : "",
    part?.what === "points" ? t("chart.thinned", { n: number(part.shown), all: number(part.all) }) : "",
    skipped > 0 ? t("chart.skipped", { n: skipped }) : "",
  ];
  return notes.filter(Boolean).join(" ");
}

/** The cells of the chosen columns, read once for as long as the rows and the choice stay. */
class Columns {
  private key = "";
  private last: Promise<Found | NoRows> | null = null;

  constructor(
    private readonly table: TableData,
    private readonly rows: Rows,
  ) {}

  /** The columns; null where the choice or the rows have become others meanwhile. */
  async of(choice: Choice): Promise<Found | NoRows | null> {
    if (this.rows.busy) return null;
    const wanted = [...new Set([choice.x, choice.y, choice.series])].filter((index) => index >= 0);
    const key = `${this.rows.version} ${wanted.join(" ")}`;
    if (key !== this.key || !this.last) {
      this.key = key;
      this.last = this.read(wanted);
    }
    const found = await this.last;
    if (key !== this.key) return null;
    if (found instanceof NoRows) this.last = null;
    return found;
  }

  private async read(wanted: readonly number[]): Promise<Found | NoRows> {
    try {
      const rows = await this.rows.read(MOST_ROWS, { columns: wanted });
      const sources = wanted.map((index, place): [number, Source] => {
        const cells = rows.map((row): Cell => row.cells[place] ?? null);
        return [index, { name: nameOf(this.table, index), type: this.table.columns[index]?.type ?? "", cells }];
      });
      return { sources: new Map(sources), read: rows.length, all: this.rows.count + this.rows.hidden };
    } catch (error) {
      if (error instanceof NoRows) return error;
      throw error;
    }
  }
}

interface Controls {
  readonly element: HTMLElement;
  /** Offers what the chosen kind of chart and columns can show. */
  readonly fit: (found: Found | null) => void;
}

function makeControls(table: TableData, choice: Choice, draw: () => void): Controls {
  const numeric = numbersOf(table);
  const all = table.columns.map((_, index) => index);
  const changed = (): void => {
    fit(null);
    draw();
  };
  const across = choiceOf("chart.x", () => choice.x, (value) => (choice.x = value), changed);
  const up = choiceOf("chart.y", () => choice.y, (value) => (choice.y = value), changed);
  const series = choiceOf("chart.series", () => choice.series, (value) => (choice.series = value), changed);
  const aggregate = choiceOf("chart.aggregate", () => AGGREGATES.indexOf(choice.aggregate), (value) => (choice.aggregate = AGGREGATES[value]!), changed);
  const every = choiceOf("chart.every", () => PERIODS.indexOf(choice.every), (value) => (choice.every = PERIODS[value]!), changed);
  let isDated = false;
  const fit = (found: Found | null): void => {
    const { kind } = choice;
    const source = found?.sources.get(choice.x);
    if (found) isDated = source !== undefined && hasTimes(source);
    const isPoints = kind === "scatter";
    const places = isPoints ? all.filter((index) => numeric.includes(index) || table.columns[index]!.type === "Date") : all;
    const measures = isPoints || kind === "histogram" ? numeric : [...numeric, ROW_COUNT];
    if (choice.x >= 0 && !places.includes(choice.x)) choice.x = places.find((index) => index !== choice.y) ?? ROW_NUMBER;
    if (!measures.includes(choice.y)) choice.y = measures[0] ?? ROW_COUNT;
    across.offer([...places, ROW_NUMBER], (index) => nameOf(table, index));
    up.offer(measures, (index) => nameOf(table, index));
    series.offer([NONE, ...all.filter((index) => index !== choice.y && index !== choice.x)], (index) => nameOf(table, index));
    if (choice.series === choice.x || choice.series === choice.y) choice.series = NONE;
    aggregate.offer(AGGREGATES.map((_, index) => index), (index) => t(`chart.${AGGREGATES[index]!}`));
    every.offer(PERIODS.map((_, index) => index), (index) => t(`chart.every.${PERIODS[index]!}`));
    across.element.hidden = kind === "histogram";
    up.element.hidden = measures.length === 0;
    series.element.hidden = kind === "pie";
    aggregate.element.hidden = isPoints || kind === "histogram" || choice.y === ROW_COUNT;
    every.element.hidden = !isDated || isPoints || kind === "histogram";
  };
  const title = named(el("input", { class: "chart-title", attrs: { type: "text", maxlength: 200 } }), "chart.title");
  live(title, () => title.setAttribute("placeholder", t("chart.title")));
  title.addEventListener("input", () => {
    choice.title = title.value.trim();
    draw();
  });
  const axes = el("span", { class: "chart-axes" }, across.element, up.element, aggregate.element, every.element, series.element, title);
  live(axes, () => fit(null));
  return { element: el("div", { class: "chart-bar" }, kindButtons(choice, changed), axes), fit };
}

function kindButtons(choice: Choice, changed: () => void): HTMLElement {
  const group = named(el("div", { class: "segmented", attrs: { role: "group" } }), "chart.kind");
  const buttons = KINDS.map((kind) => {
    const button = el("button", { attrs: { type: "button", "aria-pressed": String(kind === choice.kind) } }, say(`chart.kind.${kind}`));
    button.addEventListener("click", () => {
      choice.kind = kind;
      for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
      changed();
    });
    return button;
  });
  group.append(...buttons);
  return group;
}

interface ChoiceOf {
  readonly element: HTMLElement;
  readonly offer: (options: readonly number[], name: (option: number) => string) => void;
}

function choiceOf(key: Key, get: () => number, set: (value: number) => void, changed: () => void): ChoiceOf {
  const id = freshId("axis");
  const select = el("select", { id });
  select.addEventListener("change", () => {
    set(Number(select.value));
    changed();
  });
  return {
    element: el("span", { class: "chart-axis" }, el("label", { attrs: { for: id } }, say(key)), select),
    offer: (options, name) => {
      fill(select, ...options.map((option) => el("option", { attrs: { value: option } }, name(option))));
      select.value = String(get());
    },
  };
}
