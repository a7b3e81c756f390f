/**
 * The rows of a table in the order and with the filters of the reader: of a table that the page
 * holds whole they are arranged here, of a longer one the server sends what is looked at.
 */

import { t } from "../i18n";
import { type Answer, rowsOf, statisticsOf, valuesOf } from "../protocol";
import { type Cell, type SortKey, type TableData, sortRows } from "./data";
import { type Filters, asked, filterRows } from "./filters";
import { type ColumnStatistics, type ValueList, columnStatistics, matchingValues } from "./statistics";

export interface Row {
  /** The place of the row in the table, from 0. */
  readonly number: number;
  readonly cells: readonly Cell[];
}

/** Asks the server; rejects where it can no longer be asked. */
export type AskRows = (query: Record<string, unknown>) => Promise<Answer>;

/** Why rows could not be had, as a sentence. */
export class NoRows extends Error {}

export interface Rows {
  /** How many rows there are now. */
  readonly count: number;
  /** How many rows of the table nobody can show any more. */
  readonly hidden: number;
  /** Grows with every change of which rows there are. */
  readonly version: number;
  /** Why the rows are not what was asked for; empty where they are. */
  readonly problem: string;
  /** An arrangement is on its way. */
  readonly busy: boolean;
  /** Called when rows have come, or are others now. */
  onChange: () => void;
  /** The row at a place; null while it is not here. */
  row(position: number): Row | null;
  /** Says which rows are in sight. */
  need(from: number, to: number): void;
  arrange(sorting: readonly SortKey[], filters: Filters): void;
  /** The first `most` rows, of all columns or of some. Rejects with `NoRows`. */
  read(most: number, options?: Reading): Promise<Row[]>;
  /** Values of a column, in the rows that pass the filters of the others. Rejects with `NoRows`. */
  values(column: number, search: string, most: number): Promise<ValueList>;
  /** What columns amount to, of the rows from `from` to before `to` or of all. Rejects with `NoRows`. */
  statistics(columns: readonly number[], options?: Statistics): Promise<ColumnStatistics[]>;
}

export interface Statistics {
  readonly from?: number;
  readonly to?: number;
  /** Only what is added up and compared. */
  readonly sumsOnly?: boolean;
}

export interface Reading {
  readonly columns?: readonly number[];
  /** The first of the rows. */
  readonly from?: number;
  /** Told how many rows have been read; throws to give up. */
  readonly progress?: (read: number) => void;
}

/** The rows of a table: asked for where there are more than the page has. */
export function rowsFor(table: TableData, ask: AskRows | null): Rows {
  const isWhole = table.rows.length >= table.total;
  return ask && table.handle && !isWhole ? new AskedRows(table, table.handle, ask) : new HeldRows(table);
}

class HeldRows implements Rows {
  version = 0;
  readonly problem = "";
  readonly busy = false;
  onChange: () => void = () => {};
  private order: number[];
  private filters: Filters = new Map();

  constructor(private readonly table: TableData) {
    this.order = table.rows.map((_, index) => index);
  }

  get count(): number {
    return this.order.length;
  }

  get hidden(): number {
    return this.table.total - this.table.rows.length;
  }

  row(position: number): Row | null {
    const number = this.order[position];
    return number === undefined ? null : { number, cells: this.table.rows[number] ?? [] };
  }

  need(): void {
    // All of them are here.
  }

  arrange(sorting: readonly SortKey[], filters: Filters): void {
    this.filters = filters;
    this.order = sortRows(this.table, filterRows(this.table, filters), sorting);
    this.version += 1;
    this.onChange();
  }

  values(column: number, search: string, most: number): Promise<ValueList> {
    const others = new Map([...this.filters].filter(([each]) => each !== column));
    const cells = filterRows(this.table, others).map((row) => this.table.rows[row]?.[column] ?? null);
    return Promise.resolve(matchingValues(cells, this.table.columns[column]?.type ?? "", search, most));
  }

  statistics(columns: readonly number[], { from = 0, to = this.count, sumsOnly = false }: Statistics = {}): Promise<ColumnStatistics[]> {
    const rows = this.order.slice(from, to);
    const found = columns.map((column) => {
      const cells = rows.map((row) => this.table.rows[row]?.[column] ?? null);
      return columnStatistics(cells, column, this.table.columns[column]?.type ?? "", sumsOnly);
    });
    return Promise.resolve(found);
  }

  read(most: number, { columns, from = 0 }: Reading = {}): Promise<Row[]> {
    const rows = this.order.slice(from, from + most).map((number) => {
      const cells = this.table.rows[number] ?? [];
      return { number, cells: columns ? columns.map((column) => cells[column] ?? null) : cells };
    });
    return Promise.resolve(rows);
  }
}

const CELLS_AT_ONCE = 20_000;
const ROWS_IN_SIGHT = 200;
const MOST_AT_ONCE = 10_000;
/** Rows that are kept; those far from what is in sight are forgotten first. */
const KEPT = 20_000;
/** Milliseconds: until typing in a filter is taken as over, and until a failure is tried again. */
const TYPING = 200;
const PAUSE = 3000;
/** Further keys of sorting, and columns of statistics, that the server takes in one question. */
const MOST_KEYS = 16;
const MOST_COLUMNS = 100;

class AskedRows implements Rows {
  count: number;
  readonly hidden = 0;
  version = 0;
  problem = "";
  busy = false;
  onChange: () => void = () => {};
  private known = new Map<number, Row>();
  private query: Record<string, unknown> = {};
  private wanted = { from: 0, to: 0 };
  private asking = false;
  private retryAt = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly table: TableData,
    private readonly handle: string,
    private readonly ask: AskRows,
  ) {
    this.count = table.total;
    table.rows.forEach((cells, number) => this.known.set(number, { number, cells }));
  }

  row(position: number): Row | null {
    return this.known.get(position) ?? null;
  }

  need(from: number, to: number): void {
    this.wanted = { from, to };
    void this.fill();
  }

  arrange(sorting: readonly SortKey[], filters: Filters): void {
    const before = JSON.stringify(this.query.filters);
    const [first, ...others] = sorting;
    this.query = {
      ...(first ? { sort: first.column, descending: !first.ascending } : {}),
      ...(others.length > 0 ? { then_by: others.slice(0, MOST_KEYS).map(({ column, ascending }) => ({ column, descending: !ascending })) } : {}),
      filters: asked(filters),
    };
    const typed = before !== JSON.stringify(this.query.filters);
    this.version += 1;
    this.busy = true;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.rearrange(this.version), typed ? TYPING : 0);
    this.onChange();
  }

  async values(column: number, search: string, most: number): Promise<ValueList> {
    const { filters } = this.query;
    return valuesOf(await this.answer({ type: "table_values", column, search: search.slice(0, 1000), count: most, ...(filters ? { filters } : {}) }));
  }

  async statistics(columns: readonly number[], { from = 0, to = Infinity, sumsOnly = false }: Statistics = {}): Promise<ColumnStatistics[]> {
    const { version, query } = this;
    const found: ColumnStatistics[] = [];
    for (let at = 0; at < columns.length; at += MOST_COLUMNS) {
      const part = columns.slice(at, at + MOST_COLUMNS);
      const bounds = { offset: from, ...(Number.isFinite(to) ? { length: Math.max(1, to - from) } : {}) };
      const answer = await this.answer({ type: "table_statistics", ...query, columns: part, ...bounds, sums_only: sumsOnly });
      if (version !== this.version) throw new NoRows(t("table.changed"));
      found.push(...statisticsOf(answer));
    }
    return found;
  }

  async read(most: number, { columns, from = 0, progress }: Reading = {}): Promise<Row[]> {
    const { version, query } = this;
    const width = columns?.length ?? this.table.columns.length;
    const wide = Math.max(1, Math.min(MOST_AT_ONCE, Math.floor(CELLS_AT_ONCE / Math.max(1, width))));
    const rows: Row[] = [];
    let all = Infinity;
    while (rows.length < Math.min(most, all - from)) {
      const count = Math.min(wide, most - rows.length);
      const found = await this.request({ ...query, ...(columns ? { columns } : {}), offset: from + rows.length, count });
      if (version !== this.version) throw new NoRows(t("table.changed"));
      all = found.count;
      if (found.rows.length === 0) break;
      for (const row of found.rows) rows.push(row);
      progress?.(rows.length);
    }
    return rows;
  }

  /** Asks for the first rows of the new arrangement. */
  private async rearrange(version: number): Promise<void> {
    try {
      const found = await this.request({ ...this.query, offset: 0, count: this.atOnce() });
      if (version !== this.version) return;
      this.known = new Map(found.rows.map((row, place) => [place, row]));
      this.count = found.count;
      this.problem = "";
    } catch (error) {
      if (!(error instanceof NoRows)) throw error;
      if (version !== this.version) return;
      this.failed(error.message);
    }
    this.busy = false;
    this.version += 1;
    this.onChange();
  }

  /** Asks for what is in sight and not here, one question at a time. */
  private async fill(): Promise<void> {
    if (this.asking || this.busy || (this.problem && Date.now() < this.retryAt)) return;
    const first = this.firstMissing();
    if (first === null) return;
    this.asking = true;
    const { version } = this;
    try {
      const found = await this.request({ ...this.query, offset: first, count: this.atOnce() });
      if (version === this.version) {
        found.rows.forEach((row, place) => this.known.set(first + place, row));
        this.forgetFar();
        this.failed(found.rows.length === 0 ? t("table.rowsGone") : "");
      }
    } catch (error) {
      if (!(error instanceof NoRows)) throw error;
      if (version === this.version) this.failed(error.message);
    } finally {
      this.asking = false;
    }
    this.onChange();
  }

  /** What is wrong, if anything is; asked again when the reader scrolls on, after a while. */
  private failed(problem: string): void {
    this.problem = problem;
    this.retryAt = Date.now() + PAUSE;
  }

  private firstMissing(): number | null {
    for (let position = this.wanted.from; position < Math.min(this.wanted.to, this.count); position += 1) {
      if (!this.known.has(position)) return position;
    }
    return null;
  }

  private forgetFar(): void {
    if (this.known.size <= KEPT) return;
    const { from, to } = this.wanted;
    for (const position of this.known.keys()) {
      if (position < from - KEPT / 4 || position > to + KEPT / 4) this.known.delete(position);
    }
  }

  private atOnce(): number {
    return Math.max(1, Math.min(ROWS_IN_SIGHT, Math.floor(CELLS_AT_ONCE / Math.max(1, this.table.columns.length))));
  }

  private async request(query: Record<string, unknown>): Promise<{ rows: Row[]; count: number }> {
    return rowsOf(await this.answer({ type: "table_rows", ...query }));
  }

  private async answer(query: Record<string, unknown>): Promise<Answer> {
    let answer: Answer;
    try {
      answer = await this.ask({ ...query, table: this.handle });
    } catch {
      throw new NoRows(t("table.lost")); // the connection that the table was shown on has ended
    }
    if (!answer.success) throw new NoRows(answer.error ?? t("table.rowsGone"));
    return answer;
  }
}
