/**
 * What cells of a column amount to: of tables that the page holds whole, as the server's
 * `table_statistics` and `table_values` tell it of others. Pure.
 */

import { type Cell, amount, cellText, compareCells, day, sortKey } from "./data";
import { valueKey } from "./filters";

/** A piece of a histogram: both ends, numbers or days, and how many cells lie there. */
export type Bar = readonly [from: number | string, to: number | string, count: number];

export interface ColumnStatistics {
  readonly column: number;
  readonly rows: number;
  readonly nulls: number;
  readonly numbers: number;
  readonly sum: number | null;
  readonly mean: number | null;
  readonly min: Cell;
  readonly max: Cell;
  readonly distinct: number | null;
  readonly median: number | null;
  readonly deviation: number | null;
  readonly top: readonly (readonly [Cell, number])[];
  readonly bars: readonly Bar[];
  /** How many rows what needs all cells at once was found from; null for all of them. */
  readonly sampled: number | null;
}

/** Different values with the numbers of their cells, and how many there are in all. */
export interface ValueList {
  readonly values: readonly (readonly [Cell, number])[];
  readonly distinct: number;
}

const MOST_BARS = 20;
const MOST_TOP = 10;
const DAY = 86_400_000;

/** The amounts of money in one currency, null for those of several. */
function amounts(cells: readonly Cell[]): Cell[] | null {
  const found: Cell[] = [];
  let currency: string | null = null;
  for (const cell of cells) {
    if (cell === null) {
      found.push(null);
      continue;
    }
    const value = typeof cell === "string" ? amount(cell) : null;
    const unit = String(cell).replace(/[\d.,\s-]/g, "");
    if (value === null || (currency !== null && currency !== unit)) return null;
    currency = unit;
    found.push(value);
  }
  return found;
}

/** The statistics of cells of a column of a type; with `sumsOnly` only what is added up and compared. */
export function columnStatistics(given: readonly Cell[], column: number, type: string, sumsOnly = false): ColumnStatistics {
  const cells = (type === "Currency" ? amounts(given) : null) ?? given;
  const numbers = cells.filter((cell): cell is number => typeof cell === "number" && Number.isFinite(cell));
  const nulls = cells.reduce<number>((count, cell) => count + Number(cell === null), 0);
  const total = numbers.reduce((sum, value) => sum + value, 0);
  const sum = numbers.length > 0 && Number.isFinite(total) ? total : null;
  const ends = numbers.reduce<[number, number]>(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]);
  const summed = {
    column,
    rows: cells.length,
    nulls,
    numbers: numbers.length,
    sum,
    mean: sum === null ? null : sum / numbers.length,
    min: numbers.length > 0 ? ends[0] : null,
    max: numbers.length > 0 ? ends[1] : null,
    distinct: null,
    median: null,
    deviation: null,
    top: [],
    bars: [],
    sampled: null,
  };
  if (sumsOnly) return summed;
  const counts = valueCounts(cells).filter(([value]) => value !== null);
  const found = { ...summed, distinct: counts.length, top: [...counts].sort((a, b) => b[1] - a[1]).slice(0, MOST_TOP) };
  if (numbers.length > 0) {
    return { ...found, median: medianOf(numbers), deviation: deviationOf(numbers, total / numbers.length), bars: barsOf(numbers) };
  }
  const ordered = inOrder(counts, type);
  const bars = type === "Date" ? barsOfDays(counts) : [];
  return { ...found, min: ordered[0]?.[0] ?? null, max: ordered.at(-1)?.[0] ?? null, bars };
}

/** The different values in the order in which they first appear. */
export function valueCounts(cells: readonly Cell[]): (readonly [Cell, number])[] {
  const found = new Map<string, [Cell, number]>();
  for (const cell of cells) {
    const key = valueKey(cell);
    const known = found.get(key);
    if (known) known[1] += 1;
    else found.set(key, [cell, 1]);
  }
  return [...found.values()];
}

/** The values in whose text `search` stands, in the order of the grid, null first. */
export function matchingValues(cells: readonly Cell[], type: string, search: string, most: number): ValueList {
  const needle = search.trim().toLowerCase();
  const found = valueCounts(cells).filter(([value]) => !needle || cellText(value).toLowerCase().includes(needle));
  return { values: inOrder(found, type).slice(0, most), distinct: found.length };
}

function inOrder(counts: readonly (readonly [Cell, number])[], type: string): (readonly [Cell, number])[] {
  return [...counts].sort((a, b) => compareCells(sortKey(a[0], type), sortKey(b[0], type)));
}

function medianOf(numbers: readonly number[]): number {
  const sorted = Float64Array.from(numbers).sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function deviationOf(numbers: readonly number[], mean: number): number | null {
  if (numbers.length < 2) return null;
  const squares = numbers.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const found = Math.sqrt(squares / (numbers.length - 1));
  return Number.isFinite(found) ? found : null;
}

/** Where the bars of a histogram begin and end: of equal width, whole ones for whole numbers. */
export function edges(low: number, high: number, count: number, areWhole: boolean): number[] {
  if (low === high) return [low, high];
  let bars = Math.min(MOST_BARS, Math.max(1, Math.ceil(Math.log2(Math.max(count, 1))) + 1));
  let width = (high - low) / bars;
  if (!areWhole) return [...Array.from({ length: bars }, (_, place) => low + place * width), high];
  width = Math.max(1, Math.ceil((high - low + 1) / bars));
  bars = Math.floor((high - low) / width) + 1;
  return Array.from({ length: bars + 1 }, (_, place) => low + place * width);
}

function barsOf(numbers: readonly number[]): Bar[] {
  const low = numbers.reduce((a, b) => Math.min(a, b));
  const high = numbers.reduce((a, b) => Math.max(a, b));
  if (!Number.isFinite(high - low)) return [];
  return counted(numbers.map((value) => [value, 1]), low, high, numbers.length, numbers.every(Number.isSafeInteger));
}

function counted(values: readonly (readonly [number, number])[], low: number, high: number, count: number, areWhole: boolean): [number, number, number][] {
  const ends = edges(low, high, count, areWhole);
  const width = ends[1]! - ends[0]!;
  const counts = new Array<number>(ends.length - 1).fill(0);
  for (const [value, times] of values) {
    const place = width > 0 ? Math.floor((value - low) / width) : 0;
    counts[Math.min(counts.length - 1, Math.max(0, place))]! += times;
  }
  const last = areWhole && low !== high ? 1 : 0;
  return counts.map((each, place) => [ends[place]!, ends[place + 1]! - last, each]);
}

function barsOfDays(counts: readonly (readonly [Cell, number])[]): Bar[] {
  const days = counts.flatMap(([value, count]): [number, number][] => {
    const text = typeof value === "string" ? day(value) : null;
    const moment = text === null ? NaN : Date.parse(text.slice(0, 10));
    return Number.isNaN(moment) ? [] : [[Math.round(moment / DAY), count]];
  });
  if (days.length === 0) return [];
  const numbers = days.map(([number]) => number);
  const all = days.reduce((sum, [, count]) => sum + count, 0);
  const bars = counted(days, Math.min(...numbers), Math.max(...numbers), all, true);
  return bars.map(([from, to, count]) => [dayText(from), dayText(to), count]);
}

function dayText(number: number): string {
  return new Date(number * DAY).toISOString().slice(0, 10);
}

/** What several columns amount to together. */
export interface Sums {
  readonly cells: number;
  readonly filled: number;
  readonly numbers: number;
  readonly sum: number | null;
  readonly min: number | null;
  readonly max: number | null;
}

/** The statistics of columns added up; the sum is null where there is none, or it is no number any more. */
export function together(columns: readonly ColumnStatistics[]): Sums {
  const withNumbers = columns.filter(({ numbers }) => numbers > 0);
  const sum = withNumbers.reduce<number | null>((all, each) => (all === null || each.sum === null ? null : all + each.sum), 0);
  const ends = (pick: (...values: number[]) => number, of: (each: ColumnStatistics) => Cell): number | null =>
    withNumbers.length > 0 ? withNumbers.map((each) => Number(of(each))).reduce((a, b) => pick(a, b)) : null;
  return {
    cells: columns.reduce((all, { rows }) => all + rows, 0),
    filled: columns.reduce((all, { rows, nulls }) => all + rows - nulls, 0),
    numbers: columns.reduce((all, { numbers }) => all + numbers, 0),
    sum: withNumbers.length > 0 ? sum : null,
    min: ends(Math.min, ({ min }) => min),
    max: ends(Math.max, ({ max }) => max),
  };
}
