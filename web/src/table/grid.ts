/**
 * A table as a grid: only the rows and columns in sight exist as elements, so that size does
 * not matter. Sorting by the header, filters below it, arrows move the active cell; columns are
 * moved, hidden, frozen and formatted, and what is selected is added up.
 */

import { copyText, el, fill, freshId } from "../dom";
import { announce } from "../announce";
import { live, locale, number, t } from "../i18n";
import { icon } from "../icons";
import { type Anchor, type MenuItem, openMenu, openPopover } from "../popover";
import { columnList } from "./column_list";
import { type Cell, type Column, type SortKey, type TableData, cellText, isNumeric } from "./data";
import { type Choice, type ColumnFilter, NO_FILTER, withFilter } from "./filters";
import { formatForm } from "./format_form";
import { formatKinds, formattedCell } from "./formats";
import { headCell } from "./grid_head";
import { type Layout, formatOf, moved, shownColumns, withFormat, withFrozen, withHidden, withWidth } from "./layout";
import { typeName } from "./names";
import { NoRows, type Rows } from "./rows";
import { type Rectangle, Selection, cellsIn, contains } from "./selection";
import { toTabs } from "./shown";
import { SumsLine } from "./sums_line";
import type { ColumnStatistics } from "./statistics";
import { smallHistogram, statisticsView } from "./statistics_view";
import { valueList } from "./value_list";

const ROW_HEIGHT = 28;
const HEAD_HEIGHT = 46;
const FILTER_HEIGHT = 32;
const STATISTICS_HEIGHT = 58;
const NUMBER_WIDTH = 24;
const MARGIN_ROWS = 8;
const NARROWEST = 72;
const WIDEST = 340;
// Browsers stop counting pixels somewhere above this; beyond it the scroll position is scaled.
const TALLEST = 12_000_000;
/** Frozen columns leave at least this share of the view to the others. */
const MOST_FROZEN = 0.6;
/** Columns whose statistics are asked for at once, and cells that are copied. */
const STATISTICS_AT_ONCE = 30;
const MOST_COPIED = 5_000_000;
const MOST_KEYS = 8;

export interface GridEvents {
  /** There are other rows than before, or the same ones after a wait. */
  readonly changed: () => void;
  /** The columns are laid out otherwise. */
  readonly laidOut: (layout: Layout) => void;
  /** The filters are shown, or not any more. */
  readonly filtering: (isShown: boolean) => void;
}

export interface Grid {
  readonly element: HTMLElement;
  readonly toggleFilters: () => boolean;
  readonly toggleStatistics: () => boolean;
  readonly openColumns: (anchor: Anchor) => void;
  readonly sorting: readonly SortKey[];
  readonly filters: ReadonlyMap<number, ColumnFilter>;
  readonly layout: Layout;
}

let ruler: CanvasRenderingContext2D | null = null;

function textWidth(text: string, bold: boolean): number {
  ruler ??= document.createElement("canvas").getContext("2d");
  if (!ruler) return text.length * 7.5;
  ruler.font = `${bold ? "600 " : ""}13px ${getComputedStyle(document.body).fontFamily}`;
  return ruler.measureText(text.slice(0, 80)).width;
}

function nullsText(table: TableData, column: Column): string {
  if (column.nulls === 0) return "";
  return t(table.counted ? "table.nulls" : "table.nullsPart", { n: number(column.nulls) });
}

function measured(table: TableData, index: number, layout: Layout): number {
  const column = table.columns[index]!;
  let width = textWidth(column.name, true) + 78;
  const type = `${typeName(column.type)} · ${nullsText(table, column)}`;
  width = Math.max(width, textWidth(type, false) * 0.9 + 42);
  const format = formatOf(layout, index);
  for (const row of table.rows.slice(0, 200)) {
    width = Math.max(width, textWidth(formattedCell(row[index], column, format, locale()), false) + 24);
  }
  return Math.round(Math.min(Math.max(width, NARROWEST), WIDEST));
}

export function makeGrid(table: TableData, rows: Rows, layout: Layout, events: GridEvents): Grid {
  return new GridView(table, rows, layout, events);
}

class GridView implements Grid {
  readonly element: HTMLElement;
  private readonly view: HTMLElement;
  private readonly head: HTMLElement;
  private readonly body: HTMLElement;
  private readonly summary: HTMLElement;
  private readonly mark = el("div", { class: "grid-drop", attrs: { "aria-hidden": "true" } });
  private readonly sums: SumsLine;
  private readonly id = freshId("grid");
  private readonly inputs = new Map<number, HTMLInputElement>();
  private readonly natural = new Map<number, number>();
  private readonly gutter: number;
  private readonly selection = new Selection();
  sorting: readonly SortKey[] = [];
  filters: Map<number, ColumnFilter> = new Map();
  /** The columns in sight, in order, and where each begins; one more for the end of the last. */
  private shown: number[] = [];
  private starts: number[] = [0];
  private filtering = false;
  private telling = false;
  private told = new Map<number, ColumnStatistics>();
  private toldVersion = -1;
  private asking = false;
  private waiting = false;
  private drawnHead = "";

  constructor(
    private readonly table: TableData,
    private readonly rows: Rows,
    public layout: Layout,
    private readonly events: GridEvents,
  ) {
    this.gutter = NUMBER_WIDTH + number(Math.max(rows.count, 1)).length * 8;
    this.head = el("div", { class: "grid-head", attrs: { role: "row", "aria-rowindex": 1 } });
    this.body = el("div", { class: "grid-body", attrs: { role: "rowgroup" }, on: { pointerdown: (event) => this.press(event) } });
    this.summary = el("div", { class: "grid-none", attrs: { role: "status" } });
    this.sums = new SumsLine(rows, () => ({ shown: this.shown, columns: table.columns, layout: this.layout }));
    this.mark.hidden = true;
    this.view = el(
      "div",
      {
        class: "grid",
        id: this.id,
        attrs: { role: "grid", tabindex: 0, "aria-multiselectable": "true" },
        on: {
          scroll: () => this.later(),
          keydown: (event) => this.key(event),
          focus: () => this.markSelection(),
          contextmenu: (event) => this.context(event),
        },
      },
      el("div", { class: "grid-headgroup", attrs: { role: "rowgroup" } }, this.head, this.mark),
      this.summary,
      this.body,
    );
    this.element = el("div", { class: "grid-frame" }, this.view, this.sums.element);
    new ResizeObserver(() => this.layOut()).observe(this.view);
    live(this.view, () => {
      this.view.setAttribute("aria-label", t("table.label", { rows: table.total, columns: table.columns.length }));
      this.natural.clear();
      this.placeColumns();
      this.layOut();
    });
    rows.onChange = () => {
      this.selection.fit(this.rows.count, this.shown.length);
      this.layOut();
      events.changed();
    };
  }

  toggleFilters = (): boolean => {
    this.showFilters(!this.filtering);
    if (this.filtering) this.inputs.get(this.shown[this.range().first] ?? 0)?.focus();
    return this.filtering;
  };

  toggleStatistics = (): boolean => {
    this.telling = !this.telling;
    this.layOut();
    return this.telling;
  };

  openColumns = (anchor: Anchor): void => {
    openPopover(anchor, columnList(this.table.columns, this.layout, (layout) => this.arrangeColumns(layout)), t("columns.title"));
  };

  private showFilters(isShown: boolean): void {
    this.filtering = isShown;
    if (!isShown && this.filters.size > 0) {
      this.filters = new Map();
      this.inputs.clear();
      this.arrange();
    }
    this.layOut();
    this.events.filtering(isShown);
  }

  // --- Columns ---------------------------------------------------------------------------------

  private arrangeColumns(layout: Layout): void {
    this.layout = layout;
    this.placeColumns();
    this.selection.fit(this.rows.count, this.shown.length);
    this.layOut();
    this.events.laidOut(layout);
  }

  private placeColumns(): void {
    this.shown = shownColumns(this.layout);
    this.starts = [0];
    for (const column of this.shown) this.starts.push(this.starts.at(-1)! + this.widthOf(column));
    this.view.setAttribute("aria-colcount", String(this.shown.length));
    this.drawnHead = "";
  }

  private widthOf(column: number): number {
    const chosen = this.layout.widths.get(column);
    if (chosen !== undefined) return chosen;
    let width = this.natural.get(column);
    if (width === undefined) this.natural.set(column, (width = measured(this.table, column, this.layout)));
    return width;
  }

  /** How many columns stay in place: none where they would leave no room for the others. */
  private get frozen(): number {
    const { frozen } = this.layout;
    const room = (this.view.clientWidth - this.gutter) * MOST_FROZEN;
    return (this.starts[frozen] ?? 0) <= Math.max(room, 80) ? Math.min(frozen, this.shown.length) : 0;
  }

  private move(place: number, target: number): void {
    const column = this.shown[place];
    if (column === undefined || target < 0 || target >= this.shown.length) return;
    this.arrangeColumns(moved(this.layout, column, target));
    this.selection.move({ row: -1, column: target });
    this.reveal();
    this.markSelection();
  }

  /** Before which column something lies that is dragged to a point of the screen. */
  private placeAt(x: number): number {
    const within = x - this.view.getBoundingClientRect().left - this.gutter;
    const still = this.starts[this.frozen] ?? 0;
    const at = within < still ? within : within + this.view.scrollLeft;
    let place = 0;
    while (place < this.shown.length && (this.starts[place]! + this.starts[place + 1]!) / 2 < at) place += 1;
    return place;
  }

  private drag(_place: number, x: number): void {
    const { left, right } = this.view.getBoundingClientRect();
    if (x < left + 30) this.view.scrollLeft -= 20;
    else if (x > right - 30) this.view.scrollLeft += 20;
    const to = this.placeAt(x);
    const offset = to < this.frozen || (to === this.frozen && to > 0) ? this.view.scrollLeft : 0;
    this.mark.style.left = `${this.gutter + this.starts[to]! + offset - 1}px`;
    this.mark.style.height = `${this.headHeight()}px`;
    this.mark.hidden = false;
  }

  private drop(place: number, x: number | null): void {
    this.mark.hidden = true;
    if (x === null) return;
    const to = this.placeAt(x);
    const target = to > place ? to - 1 : to;
    if (target !== place) this.move(place, target);
  }

  // --- Menus -----------------------------------------------------------------------------------

  private context(event: MouseEvent): void {
    const head = (event.target as Element).closest?.(".grid-column");
    if (!head && event.target !== this.view) return;
    event.preventDefault();
    const place = head ? Number(head.id.slice(`${this.id}-h-`.length)) : this.selection.active.column;
    this.openMenu(place, (head ?? this.headOf(place) ?? this.view).getBoundingClientRect());
  }

  private headOf(place: number): HTMLElement | null {
    return document.getElementById(`${this.id}-h-${place}`);
  }

  private openMenu(place: number, anchor: Anchor): void {
    const index = this.shown[place];
    const column = index === undefined ? undefined : this.table.columns[index];
    if (index === undefined || !column) return;
    this.selection.move({ row: -1, column: place });
    this.view.focus({ preventScroll: true });
    this.markSelection();
    const sorted = this.sorting.find((key) => key.column === index);
    const isFurther = this.sorting.length > 0 && !(sorted && this.sorting.length === 1);
    const open = (content: HTMLElement, name: string): (() => void) => openPopover(anchor, content, name);
    const items: MenuItem[] = [
      { name: t("grid.sortUp"), icon: "sortUp", act: () => this.sort([{ column: index, ascending: true }]) },
      { name: t("grid.sortDown"), icon: "sortDown", act: () => this.sort([{ column: index, ascending: false }]) },
    ];
    if (isFurther) {
      items.push(
        { name: t("grid.sortThenUp"), icon: "sortUp", act: () => this.sortThen(index, true) },
        { name: t("grid.sortThenDown"), icon: "sortDown", act: () => this.sortThen(index, false) },
      );
    }
    if (sorted) items.push({ name: t("grid.unsort"), icon: "close", act: () => this.sort(this.sorting.filter((key) => key.column !== index)) });
    items.push({ name: t("grid.chooseValues"), icon: "filter", startsGroup: true, act: () => this.openValues(place, anchor) });
    if (this.filters.has(index)) items.push({ name: t("grid.clearFilter"), icon: "close", act: () => this.clearFilter(index) });
    if (formatKinds(column).length > 0) {
      items.push({
        name: t("grid.format"),
        icon: "edit",
        startsGroup: true,
        act: () => {
          const close = open(this.formatForm(index, column, () => close()), t("format.title", { name: column.name }));
        },
      });
    }
    items.push(
      { name: t("grid.statistics"), icon: "statistics", startsGroup: formatKinds(column).length === 0, act: () => void this.openStatistics(index, column, anchor) },
      { name: t("grid.freeze"), icon: "pin", startsGroup: true, isDisabled: this.layout.frozen === place + 1, act: () => this.arrangeColumns(withFrozen(this.layout, place + 1)) },
    );
    if (this.layout.frozen > 0) items.push({ name: t("grid.unfreeze"), icon: "close", act: () => this.arrangeColumns(withFrozen(this.layout, 0)) });
    items.push(
      { name: t("grid.moveLeft"), keys: "Ctrl+Shift+←", isDisabled: place === 0, act: () => this.move(place, place - 1) },
      { name: t("grid.moveRight"), keys: "Ctrl+Shift+→", isDisabled: place === this.shown.length - 1, act: () => this.move(place, place + 1) },
      { name: t("grid.fit"), act: () => this.arrangeColumns(withWidth(this.layout, index, null)) },
      { name: t("grid.select"), keys: "Ctrl+Space", act: () => this.selectColumn(place) },
      { name: t("grid.hide"), icon: "eye", isDisabled: this.shown.length === 1, act: () => this.arrangeColumns(withHidden(this.layout, index, true)) },
    );
    openMenu(anchor, items, t("grid.menu", { name: column.name }));
  }

  private openValues(place: number, anchor: Anchor): void {
    const index = this.shown[place]!;
    const column = this.table.columns[index]!;
    const filter = this.filters.get(index) ?? NO_FILTER;
    const apply = (choice: Choice | null): void => {
      close();
      this.filters = withFilter(this.filters, index, { ...filter, choice });
      if (!this.filtering && choice) this.showFilters(true);
      this.arrange();
    };
    const close = openPopover(anchor, valueList(this.rows, column, index, formatOf(this.layout, index), filter.choice, apply), t("values.title", { name: column.name }));
  }

  private clearFilter(index: number): void {
    this.filters = withFilter(this.filters, index, NO_FILTER);
    this.inputs.delete(index);
    this.drawnHead = "";
    this.arrange();
  }

  private formatForm(index: number, column: Column, done: () => void): HTMLElement {
    const sample = this.table.rows.map((row) => row[index] ?? null).find((cell) => cell !== null) ?? null;
    const change = (format: Parameters<typeof withFormat>[2]): void => {
      this.natural.delete(index);
      this.arrangeColumns(withFormat(this.layout, index, format));
    };
    return formatForm(column, formatOf(this.layout, index), sample, change, done);
  }

  private async openStatistics(index: number, column: Column, anchor: Anchor): Promise<void> {
    const place = el("div", { class: "statistics-place", attrs: { tabindex: -1, autofocus: true } }, t("values.loading"));
    const name = t("statistics.title", { name: column.name });
    openPopover(anchor, el("div", {}, el("h2", { class: "popover-title" }, name), place), name);
    try {
      const [found] = await this.rows.statistics([index]);
      const filtered = this.filters.size > 0 ? this.rows.count : null;
      if (found) fill(place, statisticsView(found, column, formatOf(this.layout, index), filtered));
    } catch (error) {
      if (!(error instanceof NoRows)) throw error;
      fill(place, el("p", { class: "run-message" }, error.message));
    }
  }

  // --- Sizes -----------------------------------------------------------------------------------

  private later(): void {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      this.render();
    });
  }

  /** Sets the sizes that depend on how many rows there are, then draws. */
  private layOut(): void {
    const width = this.gutter + (this.starts.at(-1) ?? 0);
    this.body.style.width = `${width}px`;
    this.head.style.width = `${width}px`;
    this.head.style.height = `${this.headHeight()}px`;
    this.body.style.height = `${this.contentHeight()}px`;
    // Room for the bar that scrolls sideways, where there will be one.
    const bar = width > this.view.clientWidth ? 16 : 1;
    const wanted = this.headHeight() + Math.min(this.rows.count, 12) * ROW_HEIGHT + bar;
    this.view.style.height = `${Math.max(wanted, this.filtering ? 160 : this.headHeight() + 50)}px`;
    this.view.setAttribute("aria-rowcount", String(this.rows.count + 1));
    this.render();
  }

  private headHeight(): number {
    return HEAD_HEIGHT + (this.filtering ? FILTER_HEIGHT : 0) + (this.telling ? STATISTICS_HEIGHT : 0);
  }

  private contentHeight(): number {
    return Math.min(this.rows.count * ROW_HEIGHT, TALLEST);
  }

  /** Rows before the first visible one, as a fraction where heights are scaled. */
  private firstRow(): number {
    const full = this.rows.count * ROW_HEIGHT;
    if (full <= TALLEST) return this.view.scrollTop / ROW_HEIGHT;
    const room = Math.max(1, TALLEST - this.viewHeight());
    return (this.view.scrollTop / room) * (this.rows.count - this.viewHeight() / ROW_HEIGHT);
  }

  private viewHeight(): number {
    return Math.max(ROW_HEIGHT, this.view.clientHeight - this.headHeight());
  }

  /** The places of the columns in sight behind the frozen ones, from `first` to before `end`. */
  private range(): { first: number; end: number } {
    const { frozen } = this;
    const left = this.view.scrollLeft + (this.starts[frozen] ?? 0);
    const right = this.view.scrollLeft + Math.max(this.view.clientWidth, 1200);
    let first = frozen;
    while (first < this.shown.length - 1 && this.starts[first + 1]! <= left) first += 1;
    let end = first;
    while (end < this.shown.length && this.starts[end]! < right) end += 1;
    return { first: Math.max(frozen, first - 1), end };
  }

  // --- Drawing ---------------------------------------------------------------------------------

  private render(): void {
    const { first, end } = this.range();
    const places = [...Array(this.frozen).keys(), ...Array.from({ length: Math.max(0, end - first) }, (_, each) => first + each)];
    this.renderHead(places, first);
    const firstRow = this.firstRow();
    const from = Math.max(0, Math.floor(firstRow) - MARGIN_ROWS);
    const count = Math.ceil(Math.max(this.viewHeight(), 336) / ROW_HEIGHT) + 2 * MARGIN_ROWS;
    const to = Math.min(this.rows.count, from + count);
    this.rows.need(from, to);
    const scaled = this.rows.count * ROW_HEIGHT > TALLEST;
    const origin = scaled ? this.view.scrollTop - firstRow * ROW_HEIGHT : 0;
    const lines: HTMLElement[] = [];
    for (let position = from; position < to; position += 1) {
      const line = this.renderRow(position, places, first);
      line.style.transform = `translateY(${origin + position * ROW_HEIGHT}px)`;
      lines.push(line);
    }
    fill(this.body, ...lines);
    this.view.setAttribute("aria-busy", String(this.rows.busy));
    const none = this.rows.count === 0 && !this.rows.busy;
    const said = this.rows.problem || (none ? t(this.filters.size > 0 ? "table.nothingFound" : "table.empty") : "");
    this.summary.hidden = !said;
    this.summary.classList.toggle("bad", this.rows.problem !== "");
    if (this.summary.textContent !== said) fill(this.summary, said);
    this.markSelection();
    if (this.telling) void this.tell(places);
  }

  /** Draws the header anew only if it changed: a filter in it may be being typed into. */
  private renderHead(places: readonly number[], first: number): void {
    const filtered = [...this.filters].map(([column, { choice }]) => [column, choice && [choice.values.length, choice.isWithout]]);
    const drawn = JSON.stringify([places, this.sorting, this.filtering, filtered, this.telling && [...this.told.keys()], this.toldVersion, locale()]);
    if (drawn === this.drawnHead) return;
    this.drawnHead = drawn;
    const focused = document.activeElement;
    const corner = el("div", { class: "grid-number", attrs: { role: "presentation" }, on: { click: () => this.selectAll() } });
    fill(this.head, corner);
    this.sizeGutter(corner);
    this.placeCells(this.head, places, first, (place) => this.headCell(place));
    if (focused instanceof HTMLInputElement && this.head.contains(focused)) focused.focus();
  }

  /** Puts the cells of a line in: the frozen ones, an empty piece as wide as those out of sight, the others. */
  private placeCells(line: HTMLElement, places: readonly number[], first: number, cell: (place: number) => HTMLElement): void {
    const { frozen } = this;
    for (const place of places) {
      if (place === first) line.append(this.spacer(frozen, first));
      const made = cell(place);
      if (place < frozen) {
        made.classList.add("frozen");
        if (place === frozen - 1) made.classList.add("last-frozen");
        made.style.left = `${this.gutter + this.starts[place]!}px`;
      }
      line.append(made);
    }
  }

  private sizeGutter(cell: HTMLElement): void {
    cell.style.width = `${this.gutter}px`;
  }

  private spacer(frozen: number, first: number): HTMLElement {
    const spacer = el("div", { class: "grid-spacer", attrs: { role: "presentation" } });
    spacer.style.width = `${(this.starts[first] ?? 0) - (this.starts[frozen] ?? 0)}px`;
    return spacer;
  }

  private headCell(place: number): HTMLElement {
    const index = this.shown[place]!;
    const column = this.table.columns[index]!;
    const key = this.sorting.findIndex((each) => each.column === index);
    const sorted = key < 0 ? null : { ascending: this.sorting[key]!.ascending, key: key + 1, keys: this.sorting.length };
    return headCell(
      { column, place, id: `${this.id}-h-${place}`, width: this.widthOf(index), nulls: nullsText(this.table, column), sorted },
      {
        sort: (at, isFurther) => this.sortBy(this.shown[at]!, isFurther),
        menu: (at, anchor) => this.openMenu(at, anchor),
        dragged: (at, x) => this.drag(at, x),
        dropped: (at, x) => this.drop(at, x),
        resized: (at, width) => this.arrangeColumns(withWidth(this.layout, this.shown[at]!, Math.round(width))),
        fit: (at) => this.arrangeColumns(withWidth(this.layout, this.shown[at]!, null)),
      },
      this.telling ? this.statisticsCell(index, column) : null,
      this.filtering ? this.filterCell(place, index) : null,
    );
  }

  private statisticsCell(index: number, column: Column): HTMLElement {
    const found = this.told.get(index);
    const place = el("div", { class: "grid-statistics" });
    if (!found) return place;
    const distinct = found.distinct ?? 0;
    const text = t(found.sampled === null ? "statistics.short" : "statistics.atLeast", { n: number(distinct) });
    place.append(smallHistogram(found, column, Math.max(20, this.widthOf(index) - 20), 32), el("span", { class: "grid-distinct", attrs: { title: `${t("statistics.distinct")}: ${number(distinct)}` } }, text));
    return place;
  }

  /** Asks for the statistics of the columns in sight, a few at a time. */
  private async tell(places: readonly number[]): Promise<void> {
    if (this.asking || this.rows.busy) return;
    const { version } = this.rows;
    if (this.toldVersion !== version) {
      this.told = new Map();
      this.toldVersion = version;
    }
    const wanted = places.map((place) => this.shown[place]!).filter((column) => !this.told.has(column));
    if (wanted.length === 0) return;
    this.asking = true;
    try {
      const found = await this.rows.statistics(wanted.slice(0, STATISTICS_AT_ONCE));
      if (version === this.rows.version) for (const each of found) this.told.set(each.column, each);
    } catch (error) {
      if (!(error instanceof NoRows)) throw error;
      if (version === this.rows.version) {
        announce(error.message, true);
        this.telling = false;
        this.layOut();
        return;
      }
    } finally {
      this.asking = false;
    }
    this.later();
  }

  /** The field, and what opens the list of values. The input is kept from one drawing to the next, so that typing is not disturbed. */
  private filterCell(place: number, index: number): HTMLElement {
    let input = this.inputs.get(index);
    if (!input) {
      const made = el("input", {
        class: "grid-filter",
        attrs: { type: "text", spellcheck: "false", autocomplete: "off" },
        on: {
          input: () => {
            const known = this.filters.get(index) ?? NO_FILTER;
            this.filters = withFilter(this.filters, index, { ...known, text: made.value.trim() ? made.value : "" });
            this.arrange();
          },
          keydown: (event) => {
            if (event.key === "Escape") {
              event.stopPropagation();
              this.view.focus();
            } else if (event.key === "ArrowDown" && event.altKey) {
              event.preventDefault();
              event.stopPropagation();
              this.openValues(this.shown.indexOf(index), made.getBoundingClientRect());
            }
          },
        },
      });
      input = made;
      this.inputs.set(index, made);
    }
    const name = this.table.columns[index]?.name ?? "";
    const choice = this.filters.get(index)?.choice;
    const chosen = choice ? t(choice.isWithout ? "grid.chosenWithout" : "grid.chosen", { n: number(choice.values.length) }) : "";
    input.placeholder = chosen || t("table.filterHint");
    input.setAttribute("aria-label", t("table.filterBy", { name }));
    input.title = t("table.filterHelp");
    const label = `${t("values.title", { name })}${chosen ? ` · ${chosen}` : ""}`;
    const values = el(
      "button",
      { class: "grid-values", attrs: { type: "button", tabindex: -1, "aria-haspopup": "dialog", "aria-pressed": String(chosen !== ""), "aria-label": label, title: label } },
      icon("filter"),
    );
    values.addEventListener("click", () => this.openValues(place, values.getBoundingClientRect()));
    return el("div", { class: "grid-filterline" }, input, values);
  }

  private renderRow(position: number, places: readonly number[], first: number): HTMLElement {
    const row = this.rows.row(position);
    const line = el("div", {
      class: position % 2 ? "grid-row odd" : "grid-row",
      attrs: { role: "row", "aria-rowindex": position + 2 },
    });
    const label = el("div", { class: "grid-number", attrs: { role: "rowheader", "data-row": position } }, row ? number(row.number + 1) : "");
    this.sizeGutter(label);
    line.append(label);
    this.placeCells(line, places, first, (place) => this.cell(row?.cells[this.shown[place]!], position, place, row !== null));
    return line;
  }

  /** A cell; of a row that is still on its way, an empty place. */
  private cell(value: Cell | undefined, position: number, place: number, here: boolean): HTMLElement {
    const index = this.shown[place]!;
    const column = this.table.columns[index]!;
    const text = here ? formattedCell(value, column, formatOf(this.layout, index), locale()) : "…";
    const whole = here ? cellText(value) : text;
    const kind = (here ? (value === null ? " null" : "") : " waiting") + (isNumeric(column) ? " numeric" : "");
    const cell = el(
      "div",
      {
        class: `grid-cell${kind}`,
        id: `${this.id}-${position}-${place}`,
        attrs: {
          role: "gridcell",
          "aria-colindex": place + 1,
          "data-row": position,
          "data-place": place,
          title: text.length > 30 || text !== whole ? whole.slice(0, 2000) : null,
        },
      },
      text,
    );
    cell.style.width = `${this.widthOf(index)}px`;
    return cell;
  }

  // --- Sorting and filters ---------------------------------------------------------------------

  /** A click on a head: up, down, not at all; a further key where there are others, and Shift is held. */
  private sortBy(column: number, isFurther = false): void {
    const known = this.sorting.find((key) => key.column === column);
    if (isFurther && known) {
      const turned = this.sorting.map((key) => (key === known ? { column, ascending: false } : key));
      this.sort(known.ascending ? turned : this.sorting.filter((key) => key !== known));
    } else if (isFurther) this.sortThen(column, true);
    else if (!known || this.sorting.length > 1) this.sort([{ column, ascending: true }]);
    else this.sort(known.ascending ? [{ column, ascending: false }] : []);
  }

  private sortThen(column: number, ascending: boolean): void {
    const others = this.sorting.filter((key) => key.column !== column).slice(0, MOST_KEYS - 1);
    this.sort([...others, { column, ascending }]);
  }

  private sort(sorting: readonly SortKey[]): void {
    this.sorting = sorting;
    this.arrange();
  }

  private arrange(): void {
    this.view.scrollTop = 0;
    this.rows.arrange(this.sorting, this.filters);
  }

  // --- The pointer -----------------------------------------------------------------------------

  private press(event: PointerEvent): void {
    const spot = this.spotOf(event.target);
    if (!spot || event.button !== 0) return;
    if (spot.column < 0) {
      this.selection.move({ row: spot.row, column: this.selection.active.column }, event.shiftKey);
      this.selection.select("rows");
    } else this.selection.move(spot, event.shiftKey);
    this.markSelection();
    if (event.pointerType === "touch") return;
    const isWhole = spot.column < 0;
    const move = (each: PointerEvent): void => {
      const { top, bottom, left, right } = this.view.getBoundingClientRect();
      if (each.clientY > bottom - 12) this.view.scrollTop += ROW_HEIGHT;
      else if (each.clientY < top + this.headHeight()) this.view.scrollTop -= ROW_HEIGHT;
      if (each.clientX > right - 12) this.view.scrollLeft += 24;
      else if (each.clientX < left + this.gutter) this.view.scrollLeft -= 24;
      const to = this.spotOf(document.elementFromPoint(each.clientX, each.clientY));
      const { active } = this.selection;
      if (!to || (to.row === active.row && (isWhole || to.column === active.column))) return;
      if (!isWhole && to.column < 0) return;
      this.selection.move(isWhole ? { row: to.row, column: active.column } : to, true);
      this.markSelection();
    };
    const stop = (): void => {
      removeEventListener("pointermove", move);
      removeEventListener("pointerup", stop);
      removeEventListener("pointercancel", stop);
    };
    addEventListener("pointermove", move);
    addEventListener("pointerup", stop);
    addEventListener("pointercancel", stop);
  }

  /** The cell at an element; its column is -1 for the number of a row. */
  private spotOf(target: EventTarget | null): { row: number; column: number } | null {
    const cell = target instanceof Element ? target.closest<HTMLElement>("[data-row]") : null;
    if (!cell || !this.body.contains(cell)) return null;
    return { row: Number(cell.dataset.row), column: Number(cell.dataset.place ?? -1) };
  }

  // --- Keys ------------------------------------------------------------------------------------

  private key(event: KeyboardEvent): void {
    if (event.target !== this.view) return;
    const far = event.ctrlKey || event.metaKey;
    const { active } = this.selection;
    if (far && event.code === "KeyC" && !getSelection()?.toString()) {
      void this.copy();
    } else if (far && event.code === "KeyA") {
      this.selectAll();
    } else if (event.key === " " && far) {
      this.selectColumn(active.column);
    } else if (event.key === " " && event.shiftKey && active.row >= 0) {
      this.selection.select("rows");
      this.markSelection();
    } else if (event.key === "ArrowDown" && event.altKey) {
      this.openMenu(active.column, (this.headOf(active.column) ?? this.view).getBoundingClientRect());
    } else if (active.row === -1 && far && event.shiftKey && (event.key === "ArrowLeft" || event.key === "ArrowRight")) {
      this.move(active.column, active.column + (event.key === "ArrowLeft" ? -1 : 1));
    } else if (this.step(event)) {
      this.reveal();
      this.render();
    } else return;
    event.preventDefault();
  }

  /** Moves the active cell; false where the key means nothing here. */
  private step(event: KeyboardEvent): boolean {
    const page = Math.max(1, Math.floor(this.viewHeight() / ROW_HEIGHT) - 1);
    const last = { row: this.rows.count - 1, column: this.shown.length - 1 };
    const far = event.ctrlKey || event.metaKey;
    const { row, column } = this.selection.active;
    const to = (nextRow: number, nextColumn: number): true => {
      const least = event.shiftKey && row >= 0 ? 0 : -1;
      const spot = { row: Math.max(least, Math.min(last.row, nextRow)), column: Math.max(0, Math.min(last.column, nextColumn)) };
      this.selection.move(spot, event.shiftKey);
      return true;
    };
    switch (event.key) {
      case "ArrowDown":
        return to(far ? last.row : row + 1, column);
      case "ArrowUp":
        return to(far ? 0 : row - 1, column);
      case "ArrowRight":
        return to(row, far ? last.column : column + 1);
      case "ArrowLeft":
        return to(row, far ? 0 : column - 1);
      case "PageDown":
        return to(row + page, column);
      case "PageUp":
        return to(Math.max(0, row - page), column);
      case "Home":
        return to(far ? 0 : row, 0);
      case "End":
        return to(far ? last.row : row, last.column);
      case "Enter":
      case " ":
        if (row !== -1) return false;
        this.sortBy(this.shown[column]!, event.shiftKey);
        return true;
      default:
        return false;
    }
  }

  private selectColumn(place: number): void {
    this.selection.move({ row: Math.max(0, this.selection.active.row), column: place });
    this.selection.select("columns");
    this.markSelection();
  }

  private selectAll(): void {
    this.selection.select("all");
    this.markSelection();
  }

  private get rectangle(): Rectangle | null {
    return this.selection.rectangle(this.rows.count, this.shown.length);
  }

  /** One cell as it is, several with tabs between them. */
  private async copy(): Promise<void> {
    const { row, column } = this.selection.active;
    const rectangle = this.rectangle;
    if (!rectangle || cellsIn(rectangle) === 1) {
      const index = this.shown[column] ?? 0;
      await copyText(row < 0 ? (this.table.columns[index]?.name ?? "") : cellText(this.rows.row(row)?.cells[index]));
      return;
    }
    if (cellsIn(rectangle) > MOST_COPIED) {
      announce(t("table.tooMany", { cells: number(cellsIn(rectangle)), limit: number(MOST_COPIED) }), true);
      return;
    }
    const { top, bottom, left, right } = rectangle;
    const columns = this.shown.slice(left, right + 1);
    try {
      const rows = await this.rows.read(bottom - top + 1, { columns, from: top });
      const heads = columns.map((index) => this.table.columns[index]!);
      const text = toTabs(heads, rows.map(({ cells }) => cells), locale(), false);
      const done = await copyText(text);
      announce(t(done ? "copied" : "copyFailed"), !done);
    } catch (error) {
      if (!(error instanceof NoRows)) throw error;
      announce(error.message, true);
    }
  }

  private reveal(): void {
    const { row, column } = this.selection.active;
    const { frozen } = this;
    const still = this.starts[frozen] ?? 0;
    const left = this.starts[column] ?? 0;
    const right = this.starts[column + 1] ?? left;
    const view = this.view.clientWidth - this.gutter;
    if (column >= frozen) {
      if (left - still < this.view.scrollLeft) this.view.scrollLeft = left - still;
      else if (right > this.view.scrollLeft + view) this.view.scrollLeft = right - view;
    }
    if (row < 0) return;
    const first = this.firstRow();
    const fits = this.viewHeight() / ROW_HEIGHT;
    const scale = this.contentHeight() / Math.max(1, this.rows.count);
    if (row < first) this.view.scrollTop = row * scale;
    else if (row + 1 > first + fits) this.view.scrollTop = (row + 1 - fits) * scale + 1;
  }

  /** Marks the active cell and the selected ones, and adds these up. */
  private markSelection(): void {
    const { row, column } = this.selection.active;
    const rectangle = this.rectangle;
    const isWide = rectangle !== null && cellsIn(rectangle) > 1;
    for (const cell of this.body.querySelectorAll<HTMLElement>(".grid-cell")) {
      const isSelected = isWide && contains(rectangle, Number(cell.dataset.row), Number(cell.dataset.place));
      if (isSelected === cell.classList.contains("selected")) continue;
      cell.classList.toggle("selected", isSelected);
      if (isSelected) cell.setAttribute("aria-selected", "true");
      else cell.removeAttribute("aria-selected");
    }
    this.view.querySelector(".grid-active")?.classList.remove("grid-active");
    const id = row < 0 ? `${this.id}-h-${column}` : `${this.id}-${row}-${column}`;
    const cell = document.getElementById(id);
    cell?.classList.add("grid-active");
    if (cell) this.view.setAttribute("aria-activedescendant", id);
    else this.view.removeAttribute("aria-activedescendant");
    this.sums.show(isWide ? rectangle : null);
  }
}
