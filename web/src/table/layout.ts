/**
 * How the reader has laid out the columns of a table: order, hidden ones, how many stay in place
 * when one scrolls, widths, formats. Columns are known by their numbers in the table. Pure.
 */

import { isRecord, isString } from "../storage";
import type { Column } from "./data";
import { AUTO, type Format, isFormat } from "./formats";

export interface Layout {
  /** All columns, in the wanted order. */
  readonly order: readonly number[];
  readonly hidden: ReadonlySet<number>;
  /** How many of the shown columns, from the left, stay in place. */
  readonly frozen: number;
  readonly widths: ReadonlyMap<number, number>;
  readonly formats: ReadonlyMap<number, Format>;
}

export function firstLayout(columns: number): Layout {
  return { order: Array.from({ length: columns }, (_, index) => index), hidden: new Set(), frozen: 0, widths: new Map(), formats: new Map() };
}

/** The columns in sight, in order. */
export function shownColumns(layout: Layout): number[] {
  return layout.order.filter((column) => !layout.hidden.has(column));
}

/** The layout with a column at a place among the shown ones. */
export function moved(layout: Layout, column: number, place: number): Layout {
  const shown = shownColumns(layout).filter((each) => each !== column);
  const before = shown[Math.max(0, place)];
  const order = layout.order.filter((each) => each !== column);
  order.splice(before === undefined ? order.length : order.indexOf(before), 0, column);
  return { ...layout, order };
}

/** The layout with a column hidden or shown; the last one stays. */
export function withHidden(layout: Layout, column: number, isHidden: boolean): Layout {
  const hidden = new Set(layout.hidden);
  const shown = shownColumns(layout);
  if (isHidden && (shown.length === 1 || !shown.includes(column))) return layout;
  if (isHidden) hidden.add(column);
  else hidden.delete(column);
  const place = shown.indexOf(column);
  const frozen = isHidden && place < layout.frozen ? layout.frozen - 1 : layout.frozen;
  return { ...layout, hidden, frozen };
}

export function withFrozen(layout: Layout, frozen: number): Layout {
  return { ...layout, frozen: Math.max(0, Math.min(frozen, shownColumns(layout).length)) };
}

export function withWidth(layout: Layout, column: number, width: number | null): Layout {
  const widths = new Map(layout.widths);
  if (width === null) widths.delete(column);
  else widths.set(column, width);
  return { ...layout, widths };
}

export function withFormat(layout: Layout, column: number, format: Format): Layout {
  const formats = new Map(layout.formats);
  if (format.kind === "auto") formats.delete(column);
  else formats.set(column, format);
  return { ...layout, formats };
}

export function formatOf(layout: Layout, column: number): Format {
  return layout.formats.get(column) ?? AUTO;
}

/** Whether columns are hidden or stand in another order. */
export function isRearranged(layout: Layout): boolean {
  return layout.hidden.size > 0 || layout.order.some((column, place) => column !== place);
}

// What is kept with a program ---------------------------------------------------------------------

interface KeptColumn {
  readonly name: string;
  readonly hidden?: true;
  readonly width?: number;
  readonly format?: Format;
}

/** A layout as it is stored: columns by their names, in order. */
export interface KeptLayout {
  readonly columns: readonly KeptColumn[];
  readonly frozen: number;
}

/** Of very wide tables nothing is kept. */
const MOST_KEPT = 500;

/** What is to be kept of a layout; null where there is nothing. */
export function keptLayout(layout: Layout, columns: readonly Column[]): KeptLayout | null {
  const isFirst = !isRearranged(layout) && layout.frozen === 0 && layout.widths.size === 0 && layout.formats.size === 0;
  if (isFirst || columns.length > MOST_KEPT) return null;
  const kept = layout.order.map((column): KeptColumn => {
    const [width, format] = [layout.widths.get(column), layout.formats.get(column)];
    return {
      name: (columns[column]?.name ?? "").slice(0, 200),
      ...(layout.hidden.has(column) ? { hidden: true as const } : {}),
      ...(width === undefined ? {} : { width }),
      ...(format === undefined ? {} : { format }),
    };
  });
  return { columns: kept, frozen: layout.frozen };
}

export function isKeptLayout(value: unknown): value is KeptLayout {
  if (!isRecord(value) || typeof value.frozen !== "number" || !Array.isArray(value.columns)) return false;
  return value.columns.every((column) => isRecord(column) && isString(column.name));
}

/** A kept layout for the columns of a table, which may be others meanwhile: new ones stand at the end. */
export function restoredLayout(kept: KeptLayout, columns: readonly Column[]): Layout {
  const left = new Map<string, number[]>();
  columns.forEach(({ name }, column) => left.set(name.slice(0, 200), [...(left.get(name.slice(0, 200)) ?? []), column]));
  const order: number[] = [];
  const hidden = new Set<number>();
  const widths = new Map<number, number>();
  const formats = new Map<number, Format>();
  for (const each of kept.columns.slice(0, MOST_KEPT)) {
    const column = left.get(each.name)?.shift();
    if (column === undefined) continue;
    order.push(column);
    if (each.hidden === true) hidden.add(column);
    if (typeof each.width === "number" && each.width >= 30 && each.width <= 2000) widths.set(column, each.width);
    if (isFormat(each.format)) formats.set(column, each.format);
  }
  const known = new Set(order);
  columns.forEach((_, column) => known.has(column) || order.push(column));
  if (hidden.size >= columns.length) hidden.clear();
  return withFrozen({ order, hidden, frozen: 0, widths, formats }, kept.frozen);
}
