/** The program's lines for what the reader does to a table with the pointer. Pure. */

import { literal } from "../positions";
import { type Cell, type Column, type SortKey, day, isNumeric, numberText } from "./data";
import type { ColumnFilter, Filters } from "./filters";
import { type Layout, isRearranged, shownColumns } from "./layout";

/** Why something cannot be said in a program; `key` is a text of the page about the column `name`. */
export interface Unsayable {
  readonly key: "program.order" | "program.lineBreak" | "program.sameName";
  readonly name: string;
}

/** What can be said, or why it cannot. */
export type Said = { readonly lines: readonly string[] } | Unsayable;

function quotedInside(text: string): string {
  return text.includes("'") ? literal(text) : `'${text}'`;
}

function valueInside(value: Cell): string {
  if (typeof value === "string") return quotedInside(value);
  return typeof value === "number" ? numberText(value) : String(value);
}

function nameInside(name: string): string {
  return `\`${name.replaceAll("`", "``")}\``;
}

const NUMBER = /^[-+]?(?:\d+[.,]?\d*|[.,]\d+)$/;

/** The condition of a column's filter, as `table_query` takes it; null where a program has another order. */
function conditions(column: Column, filter: ColumnFilter): string[] | null {
  const name = nameInside(column.name);
  const found: string[] = [];
  if (filter.choice) {
    const list = `[${filter.choice.values.map(valueInside).join(", ")}]`;
    found.push(`${name} ${filter.choice.isWithout ? "not in" : "in"} ${list}`);
  }
  const typed = filter.text.trim();
  if (!typed) return found;
  if (typed === "null" || typed === "!null") return [...found, `${name} is ${typed === "null" ? "null" : "not null"}`];
  const [, operator = "", value = typed] = /^(>=|<=|!=|==|>|<|=|!)\s*(.+)$/s.exec(typed) ?? [];
  const isText = column.type === "String" && column.nulls === 0;
  const small = `lower(${isText ? name : `str(${name})`})`;
  const filled = column.nulls === 0 ? "" : `${name} is not null and `;
  const empty = column.nulls === 0 ? "" : `${name} is null or `;
  const needle = quotedInside(value.toLowerCase());
  if (operator === "") return [...found, `${filled}contains(${small}, ${needle})`];
  if (operator === "!") return [...found, `${empty}not contains(${small}, ${needle})`];
  const isNumber = NUMBER.test(value.trim()) && isNumeric(column);
  const number = value.trim().replace(",", ".").replace(/^\+/, "");
  if (operator === "=" || operator === "==") return [...found, isNumber ? `${name} == ${number}` : `${filled}${small} == ${needle}`];
  if (operator === "!=") return [...found, isNumber ? `${name} != ${number}` : `${empty}${small} != ${needle}`];
  if (isNumber) return [...found, `${name} ${operator} ${number}`];
  const date = column.type === "Date" ? day(value.trim()) : null;
  return date === null ? null : [...found, `${name} ${operator} ${quotedInside(date)}`];
}

function list(names: readonly string[]): string {
  return names.length === 1 ? literal(names[0]!) : `[${names.map(literal).join(", ")}]`;
}

export interface Wanted {
  readonly columns: readonly Column[];
  readonly sorting: readonly SortKey[];
  readonly filters: Filters;
  readonly layout: Layout;
}

/** Whether there is anything to say. */
export function isChanged({ sorting, filters, layout }: Wanted): boolean {
  return sorting.length > 0 || filters.size > 0 || isRearranged(layout);
}

/** The lines that make `target` of the table `source` as the reader sees it, and show it. */
export function viewProgram(source: string, target: string, wanted: Wanted, language: string): Said {
  const { columns, sorting, filters, layout } = wanted;
  const used = new Set([...filters.keys(), ...sorting.map(({ column }) => column), ...(isRearranged(layout) ? shownColumns(layout) : [])]);
  for (const index of used) {
    const name = columns[index]?.name ?? "";
    if (columns.filter((column) => column.name === name).length > 1) return { key: "program.sameName", name };
    if (/[\r\n]/.test(name)) return { key: "program.lineBreak", name };
  }
  const lines: string[] = [];
  let from = source;
  const step = (call: string): void => {
    lines.push(`${target} = ${call}`);
    from = target;
  };
  const all: string[] = [];
  for (const [index, filter] of filters) {
    const column = columns[index]!;
    const found = conditions(column, filter);
    if (!found) return { key: "program.order", name: column.name };
    all.push(...found);
  }
  if (all.some((condition) => /[\r\n]/.test(condition))) return { key: "program.lineBreak", name: "" };
  if (all.length > 0) {
    const whole = all.length === 1 ? all[0]! : all.map((condition) => (/ or | and /.test(condition) ? `(${condition})` : condition)).join(" and ");
    step(`table_query(${from}, ${literal(whole)})`);
  }
  if (sorting.length > 0) {
    const names = sorting.map(({ column }) => columns[column]!.name);
    const directions = sorting.map(({ ascending }) => String(ascending));
    const ascending = names.length === 1 ? directions[0]! : `[${directions.join(", ")}]`;
    const isText = sorting.some(({ column }) => columns[column]!.type === "String");
    step(`table_sort(${from}, ${list(names)}, ${ascending}${isText ? `, locale=${literal(language)}` : ""})`);
  }
  if (isRearranged(layout)) step(`table_select(${from}, [${shownColumns(layout).map((column) => literal(columns[column]!.name)).join(", ")}])`);
  return { lines: [...lines, target] };
}

// Pivot -------------------------------------------------------------------------------------------

export const FUNCTIONS = ["sum", "average", "count", "min", "max", "median", "distinct", "std", "first", "last", "size"] as const;
export type PivotFunction = (typeof FUNCTIONS)[number];
export const NUMERIC_ONLY: ReadonlySet<string> = new Set(["sum", "average", "median", "std"]);

export interface Pivot {
  readonly rows: readonly number[];
  readonly across: number | null;
  readonly values: readonly number[];
  readonly func: PivotFunction;
  readonly totals: boolean;
}

/** Whether enough is chosen for a result. */
export function isComplete({ rows, values }: Pivot): boolean {
  return rows.length > 0 && values.length > 0;
}

/** Whether totals can be had: without a column across they are sums of what is there. */
export function canTotal({ across, func }: Pivot): boolean {
  return across !== null || func === "sum" || func === "count" || func === "size";
}

/** The line that makes `target`: `table_pivot`, or `table_group` where nothing stands across. */
export function pivotProgram(source: string, target: string, columns: readonly Column[], pivot: Pivot, language: string): Said {
  const nameOf = (index: number): string => columns[index]?.name ?? "";
  for (const index of [...pivot.rows, ...(pivot.across === null ? [] : [pivot.across]), ...pivot.values]) {
    const name = nameOf(index);
    if (columns.filter((column) => column.name === name).length > 1) return { key: "program.sameName", name };
    if (/[\r\n]/.test(name)) return { key: "program.lineBreak", name };
  }
  const rows = pivot.rows.map(nameOf);
  if (pivot.across === null) {
    const made = pivot.values.map((value) => {
      const name = nameOf(value);
      const label = rows.includes(name) ? `${name} / ${pivot.func}` : name;
      return `${literal(label)}: [${literal(name)}, ${literal(pivot.func)}]`;
    });
    const call = `table_group(${source}, ${list(rows)}, {${made.join(", ")}})`;
    const labels = made.map((each) => each.slice(0, each.indexOf(": [")));
    const total = `table_total(${target}, [${labels.join(", ")}]${language === "ru" ? ', label="Итого"' : ""})`;
    return { lines: [`${target} = ${call}`, ...(pivot.totals && canTotal(pivot) ? [`${target} = ${total}`] : []), target] };
  }
  const totals = language === "ru" ? ', totals="Итого"' : ", totals=true";
  const options = [pivot.func === "sum" ? "" : `, ${literal(pivot.func)}`, pivot.totals ? totals : ""].join("");
  const call = `table_pivot(${source}, ${list(rows)}, ${literal(nameOf(pivot.across))}, ${list(pivot.values.map(nameOf))}${options})`;
  return { lines: [`${target} = ${call}`, target] };
}
