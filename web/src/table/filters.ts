/** What the reader wants the cells of a column to be: typed, or chosen from its values. Pure. */

import { type Cell, type TableData, parseFilter } from "./data";

/** Values that cells are to be, or (`isWithout`) are not to be. */
export interface Choice {
  readonly values: readonly Cell[];
  readonly isWithout: boolean;
}

export interface ColumnFilter {
  /** As typed; empty for none. */
  readonly text: string;
  readonly choice: Choice | null;
}

/** By the number of the column. */
export type Filters = ReadonlyMap<number, ColumnFilter>;

export const NO_FILTER: ColumnFilter = { text: "", choice: null };

/** Values are compared with their kinds: 1 is neither "1" nor true. */
export function valueKey(value: Cell | undefined): string {
  return `${typeof value} ${String(value ?? null)}`;
}

/** Whether the filter lets every row through. */
export function isEmpty(filter: ColumnFilter): boolean {
  return filter.text.trim() === "" && filter.choice === null;
}

/** The filters with another one for a column. */
export function withFilter(filters: Filters, column: number, filter: ColumnFilter): Map<number, ColumnFilter> {
  const changed = new Map(filters);
  if (isEmpty(filter)) changed.delete(column);
  else changed.set(column, filter);
  return changed;
}

function tests(filter: ColumnFilter): ((cell: Cell | undefined) => boolean)[] {
  const typed = parseFilter(filter.text);
  if (!filter.choice) return typed ? [typed] : [];
  const { isWithout } = filter.choice;
  const wanted = new Set(filter.choice.values.map(valueKey));
  const chosen = (cell: Cell | undefined): boolean => wanted.has(valueKey(cell)) !== isWithout;
  return typed ? [typed, chosen] : [chosen];
}

/** The numbers of the rows that pass every column's filter. */
export function filterRows(table: TableData, filters: Filters): number[] {
  const all = [...filters].flatMap(([column, filter]) => tests(filter).map((test) => ({ column, test })));
  const kept: number[] = [];
  for (let row = 0; row < table.rows.length; row += 1) {
    const cells = table.rows[row]!;
    if (all.every(({ column, test }) => test(cells[column]))) kept.push(row);
  }
  return kept;
}

const LONGEST = 1000;

/** The filters as the server's requests have them. */
export function asked(filters: Filters): Record<string, unknown>[] {
  return [...filters].flatMap(([column, { text, choice }]) => {
    const found: Record<string, unknown>[] = [];
    if (text.trim()) found.push({ column, text: text.slice(0, LONGEST) });
    if (choice) found.push({ column, [choice.isWithout ? "without" : "values"]: choice.values });
    return found;
  });
}
