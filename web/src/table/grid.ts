/**
 * A table as a grid: only the rows and columns in sight exist as elements, so that size does
 * not matter. Sorting by the header, filters below it, arrows move the active cell.
 */

import { copyText, el, fill, freshId } from "../dom";
import { live, locale, number, t } from "../i18n";
import { icon } from "../icons";
import {
  type Cell,
  type Column,
  type Sorting,
  type TableData,
  cellText,
  isNumeric,
} from "./data";
import { typeName } from "./names";
import { shownCell } from "./shown";
import type { Rows } from "./rows";

const ROW_HEIGHT = 28;
const NUMBER_WIDTH = 24;
const MARGIN_ROWS = 8;
const NARROWEST = 72;
const WIDEST = 340;
// Browsers stop counting pixels somewhere above this; beyond it the scroll position is scaled.
const TALLEST = 12_000_000;

export interface Grid {
  readonly element: HTMLElement;
  readonly toggleFilters: () => boolean;
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

function measureColumns(table: TableData): number[] {
  return table.columns.map((column, index) => {
    let width = textWidth(column.name, true) + 46;
    const type = `${typeName(column.type)} · ${nullsText(table, column)}`;
    width = Math.max(width, textWidth(type, false) * 0.9 + 24);
    for (const row of table.rows.slice(0, 200)) {
      width = Math.max(width, textWidth(shownCell(row[index], column, locale()), false) + 24);
    }
    return Math.round(Math.min(Math.max(width, NARROWEST), WIDEST));
  });
}

/** `changed` is called when there are other rows than before, or the same ones after a wait. */
export function makeGrid(table: TableData, rows: Rows, changed: () => void): Grid {
  return new GridView(table, rows, changed);
}

class GridView implements Grid {
  readonly element: HTMLElement;
  private readonly head: HTMLElement;
  private readonly body: HTMLElement;
  private readonly summary: HTMLElement;
  private readonly widths: number[];
  private readonly starts: number[] = [];
  private readonly id = freshId("grid");
  private readonly filters = new Map<number, string>();
  private readonly inputs = new Map<number, HTMLInputElement>();
  private readonly gutter: number;
  private sorting: Sorting | null = null;
  private filtering = false;
  /** The active cell; row -1 is the header. */
  private active = { row: 0, column: 0 };
  private waiting = false;
  private drawnHead = "";

  constructor(
    private readonly table: TableData,
    private readonly rows: Rows,
    changed: () => void,
  ) {
    this.widths = measureColumns(table);
    let at = 0;
    for (const width of this.widths) {
      this.starts.push(at);
      at += width;
    }
    this.starts.push(at);
    this.gutter = NUMBER_WIDTH + number(Math.max(rows.count, 1)).length * 8;
    this.head = el("div", { class: "grid-head", attrs: { role: "row", "aria-rowindex": 1 } });
    this.body = el("div", { class: "grid-body", attrs: { role: "rowgroup" } });
    this.summary = el("div", { class: "grid-none", attrs: { role: "status" } });
    this.element = el(
      "div",
      {
        class: "grid",
        id: this.id,
        attrs: { role: "grid", tabindex: 0, "aria-colcount": table.columns.length },
        on: {
          scroll: () => this.later(),
          keydown: (event) => this.key(event),
          focus: () => this.markActive(),
        },
      },
      el("div", { class: "grid-headgroup", attrs: { role: "rowgroup" } }, this.head),
      this.summary,
      this.body,
    );
    new ResizeObserver(() => this.layOut()).observe(this.element);
    live(this.element, () => {
      this.element.setAttribute(
        "aria-label",
        t("table.label", { rows: table.total, columns: table.columns.length }),
      );
      this.render();
    });
    this.layOut();
    rows.onChange = () => {
      this.active.row = Math.min(this.active.row, this.rows.count - 1);
      this.layOut();
      changed();
    };
  }

  toggleFilters = (): boolean => {
    this.filtering = !this.filtering;
    if (!this.filtering && this.filters.size > 0) {
      this.filters.clear();
      this.inputs.clear();
      this.arrange();
    }
    this.layOut();
    if (this.filtering) this.inputs.get(this.range().first)?.focus();
    return this.filtering;
  };

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
    const bar = width > this.element.clientWidth ? 16 : 1;
    const wanted = this.headHeight() + Math.min(this.rows.count, 12) * ROW_HEIGHT + bar;
    this.element.style.height = `${Math.max(wanted, this.filtering ? 160 : this.headHeight() + 50)}px`;
    this.element.setAttribute("aria-rowcount", String(this.rows.count + 1));
    this.render();
  }

  private headHeight(): number {
    return this.filtering ? 78 : 46;
  }

  private contentHeight(): number {
    return Math.min(this.rows.count * ROW_HEIGHT, TALLEST);
  }

  /** Rows before the first visible one, as a fraction where heights are scaled. */
  private firstRow(): number {
    const full = this.rows.count * ROW_HEIGHT;
    if (full <= TALLEST) return this.element.scrollTop / ROW_HEIGHT;
    const room = Math.max(1, TALLEST - this.viewHeight());
    return (this.element.scrollTop / room) * (this.rows.count - this.viewHeight() / ROW_HEIGHT);
  }

  private viewHeight(): number {
    return Math.max(ROW_HEIGHT, this.element.clientHeight - this.headHeight());
  }

  /** The columns in sight, from `first` to before `end`. */
  private range(): { first: number; end: number } {
    const left = this.element.scrollLeft;
    const right = left + Math.max(this.element.clientWidth, 1200);
    let first = 0;
    while (first < this.widths.length - 1 && this.starts[first + 1]! <= left) first += 1;
    let end = first;
    while (end < this.widths.length && this.starts[end]! < right) end += 1;
    return { first: Math.max(0, first - 1), end };
  }

  private render(): void {
    const columns = this.range();
    this.renderHead(columns.first, columns.end);
    const firstRow = this.firstRow();
    const from = Math.max(0, Math.floor(firstRow) - MARGIN_ROWS);
    const count = Math.ceil(Math.max(this.viewHeight(), 336) / ROW_HEIGHT) + 2 * MARGIN_ROWS;
    const to = Math.min(this.rows.count, from + count);
    this.rows.need(from, to);
    const scaled = this.rows.count * ROW_HEIGHT > TALLEST;
    const origin = scaled ? this.element.scrollTop - firstRow * ROW_HEIGHT : 0;
    const lines: HTMLElement[] = [];
    for (let position = from; position < to; position += 1) {
      const line = this.renderRow(position, columns.first, columns.end);
      line.style.transform = `translateY(${origin + position * ROW_HEIGHT}px)`;
      lines.push(line);
    }
    fill(this.body, ...lines);
    this.element.setAttribute("aria-busy", String(this.rows.busy));
    const none = this.rows.count === 0 && !this.rows.busy;
    const said = this.rows.problem || (none ? t(this.filters.size > 0 ? "table.nothingFound" : "table.empty") : "");
    this.summary.hidden = !said;
    this.summary.classList.toggle("bad", this.rows.problem !== "");
    if (this.summary.textContent !== said) fill(this.summary, said);
    this.markActive();
  }

  /** Draws the header anew only if it changed: a filter in it may be being typed into. */
  private renderHead(first: number, end: number): void {
    const drawn = JSON.stringify([first, end, this.sorting, this.filtering, locale()]);
    if (drawn === this.drawnHead) return;
    this.drawnHead = drawn;
    const focused = document.activeElement;
    const cells: HTMLElement[] = [
      el("div", { class: "grid-number", attrs: { role: "presentation" } }),
      this.spacer(first),
    ];
    for (let index = first; index < end; index += 1) cells.push(this.headCell(index));
    fill(this.head, ...cells);
    this.sizeGutter(cells[0]!);
    if (focused instanceof HTMLInputElement && this.head.contains(focused)) focused.focus();
  }

  private sizeGutter(cell: HTMLElement): void {
    cell.style.width = `${this.gutter}px`;
  }

  private spacer(first: number): HTMLElement {
    const spacer = el("div", { class: "grid-spacer", attrs: { role: "presentation" } });
    spacer.style.width = `${this.starts[first] ?? 0}px`;
    return spacer;
  }

  private headCell(index: number): HTMLElement {
    const column = this.table.columns[index]!;
    const sorted = this.sorting?.column === index ? this.sorting : null;
    const nulls = nullsText(this.table, column);
    const button = el(
      "button",
      {
        class: "grid-sort",
        attrs: { type: "button", tabindex: -1, title: `${column.name} · ${t("table.sort")}` },
        on: { click: () => this.sortBy(index) },
      },
      el(
        "span",
        { class: "grid-name" },
        el("span", { class: "grid-text" }, column.name || "\u00a0"),
        sorted ? icon(sorted.ascending ? "sortUp" : "sortDown") : null,
      ),
      el(
        "span",
        { class: "grid-type" },
        typeName(column.type),
        nulls ? el("span", { class: "grid-nulls" }, ` · ${nulls}`) : null,
      ),
    );
    const cell = el(
      "div",
      {
        class: isNumeric(column) ? "grid-column numeric" : "grid-column",
        id: `${this.id}-h-${index}`,
        attrs: {
          role: "columnheader",
          "aria-colindex": index + 1,
          "aria-sort": sorted ? (sorted.ascending ? "ascending" : "descending") : "none",
        },
      },
      button,
      this.filtering ? this.filterInput(index) : null,
    );
    cell.style.width = `${this.widths[index]}px`;
    return cell;
  }

  /** The input is kept from one drawing to the next, so that typing is not disturbed. */
  private filterInput(index: number): HTMLInputElement {
    let input = this.inputs.get(index);
    if (!input) {
      const made = el("input", {
        class: "grid-filter",
        attrs: { type: "text", spellcheck: "false", autocomplete: "off" },
        on: {
          input: () => {
            if (made.value.trim()) this.filters.set(index, made.value);
            else this.filters.delete(index);
            this.arrange();
          },
          keydown: (event) => {
            if (event.key === "Escape") {
              event.stopPropagation();
              this.element.focus();
            }
          },
        },
      });
      input = made;
      this.inputs.set(index, made);
    }
    const name = this.table.columns[index]?.name ?? "";
    input.placeholder = t("table.filterHint");
    input.setAttribute("aria-label", t("table.filterBy", { name }));
    input.title = t("table.filterHelp");
    return input;
  }

  private renderRow(position: number, first: number, end: number): HTMLElement {
    const row = this.rows.row(position);
    const line = el("div", {
      class: position % 2 ? "grid-row odd" : "grid-row",
      attrs: { role: "row", "aria-rowindex": position + 2 },
    });
    const label = el(
      "div",
      { class: "grid-number", attrs: { role: "rowheader" } },
      row ? number(row.number + 1) : "",
    );
    this.sizeGutter(label);
    line.append(label, this.spacer(first));
    for (let index = first; index < end; index += 1) line.append(this.cell(row?.cells[index], position, index, row !== null));
    return line;
  }

  /** A cell; of a row that is still on its way, an empty place. */
  private cell(value: Cell | undefined, position: number, index: number, here: boolean): HTMLElement {
    const text = here ? shownCell(value, this.table.columns[index]!, locale()) : "…";
    const whole = here ? cellText(value) : text;
    const kind = (here ? (value === null ? " null" : "") : " waiting") + (isNumeric(this.table.columns[index]!) ? " numeric" : "");
    const cell = el(
      "div",
      {
        class: `grid-cell${kind}`,
        id: `${this.id}-${position}-${index}`,
        attrs: { role: "gridcell", "aria-colindex": index + 1, title: text.length > 30 || text !== whole ? whole.slice(0, 2000) : null },
        on: {
          pointerdown: () => {
            this.active = { row: position, column: index };
            this.markActive();
          },
        },
      },
      text,
    );
    cell.style.width = `${this.widths[index]}px`;
    return cell;
  }

  private sortBy(column: number): void {
    const now = this.sorting;
    if (now?.column !== column) this.sorting = { column, ascending: true };
    else this.sorting = now.ascending ? { column, ascending: false } : null;
    this.arrange();
  }

  private arrange(): void {
    this.element.scrollTop = 0;
    this.rows.arrange(this.sorting, this.filters);
  }

  private key(event: KeyboardEvent): void {
    if (event.target !== this.element) return;
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "c" && !getSelection()?.toString()) {
      void copyText(this.activeText());
      event.preventDefault();
      return;
    }
    if (!this.move(event)) return;
    event.preventDefault();
    this.reveal();
    this.render();
  }

  /** Moves the active cell; false where the key means nothing here. */
  private move(event: KeyboardEvent): boolean {
    const page = Math.max(1, Math.floor(this.viewHeight() / ROW_HEIGHT) - 1);
    const last = { row: this.rows.count - 1, column: this.widths.length - 1 };
    const far = event.ctrlKey || event.metaKey;
    const { row, column } = this.active;
    const to = (nextRow: number, nextColumn: number): true => {
      this.active.row = Math.max(-1, Math.min(last.row, nextRow));
      this.active.column = Math.max(0, Math.min(last.column, nextColumn));
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
        this.sortBy(column);
        return true;
      default:
        return false;
    }
  }

  private activeText(): string {
    const { row, column } = this.active;
    if (row < 0) return this.table.columns[column]?.name ?? "";
    const found = this.rows.row(row);
    return found ? cellText(found.cells[column]) : "";
  }

  private reveal(): void {
    const { row, column } = this.active;
    const left = this.starts[column] ?? 0;
    const right = this.starts[column + 1] ?? left;
    const view = this.element.clientWidth - this.gutter;
    if (left < this.element.scrollLeft) this.element.scrollLeft = left;
    else if (right > this.element.scrollLeft + view) this.element.scrollLeft = right - view;
    if (row < 0) return;
    const first = this.firstRow();
    const fits = this.viewHeight() / ROW_HEIGHT;
    const scale = this.contentHeight() / Math.max(1, this.rows.count);
    if (row < first) this.element.scrollTop = row * scale;
    else if (row + 1 > first + fits) this.element.scrollTop = (row + 1 - fits) * scale + 1;
  }

  private markActive(): void {
    this.element.querySelector(".grid-active")?.classList.remove("grid-active");
    const { row, column } = this.active;
    const id = row < 0 ? `${this.id}-h-${column}` : `${this.id}-${row}-${column}`;
    const cell = document.getElementById(id);
    cell?.classList.add("grid-active");
    if (cell) this.element.setAttribute("aria-activedescendant", id);
    else this.element.removeAttribute("aria-activedescendant");
  }
}
