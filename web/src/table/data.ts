/** A table as the page holds it; sorting and filtering give lists of row numbers. Pure. */

export type Cell = string | number | boolean | null;

export interface Column {
  readonly name: string;
  /** The language's name of the column's type: Integer, Float, String, Date, … */
  readonly type: string;
  /** How many cells are null, or at least how many where `counted` is false. */
  readonly nulls: number;
}

export interface TableData {
  readonly columns: readonly Column[];
  /** The rows that were sent; may be fewer than `total`. */
  readonly rows: readonly (readonly Cell[])[];
  /** How many rows the program's table has. */
  readonly total: number;
  /** Whether the nulls are those of all rows. */
  readonly counted: boolean;
  /** The table's name for the server that keeps it; null where there is none. */
  readonly handle: string | null;
}

export function isNumeric(column: Column): boolean {
  return column.type === "Integer" || column.type === "Float";
}

/** A number for the eye: without the dust that binary fractions leave in the last digits. */
export function shortNumber(value: number): string {
  return Number.isInteger(value) ? numberText(value) : numberText(Number(value.toPrecision(12)));
}

/** The text of a cell, as `print` writes it. */
export function cellText(cell: Cell | undefined): string {
  return typeof cell === "number" ? numberText(cell) : String(cell ?? null);
}

/** A number in full, never with an exponent (builtin functions, 2.2). */
export function numberText(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value > 0 ? "inf" : "-inf";
  const text = String(value);
  const parts = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(text);
  if (!parts) return text;
  const [, sign = "", first = "", rest = "", exponent = "0"] = parts;
  if (Number(exponent) > 0) return BigInt(value).toString();
  return `${sign}0.${"0".repeat(-Number(exponent) - 1)}${first}${rest}`;
}

function rank(cell: Cell | undefined): number {
  if (cell === null || cell === undefined) return 0;
  if (typeof cell === "boolean") return 1;
  return typeof cell === "number" ? 2 : 3;
}

// Letter case and accents aside, numbers in texts by their value: as the server does.
const collator = new Intl.Collator("ru", { numeric: true, sensitivity: "base" });

/** The order of two cells: nulls, then bools, numbers (NaN last) and texts. */
export function compareCells(a: Cell | undefined, b: Cell | undefined): number {
  const kinds = rank(a) - rank(b);
  if (kinds !== 0) return kinds;
  if (typeof a === "number" && typeof b === "number") {
    if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
    return a - b;
  }
  if (typeof a === "string" && typeof b === "string") return collator.compare(a, b);
  return Number(a) - Number(b);
}

/** Money and dates in the text of a cell, so that "$9" comes before "$10" and days are in order. */
export function sortKey(cell: Cell | undefined, type: string): Cell {
  if (cell === undefined || typeof cell !== "string") return cell ?? null;
  if (type === "Currency") return amount(cell) ?? cell;
  if (type === "Date") return day(cell) ?? cell;
  return cell;
}

export function amount(text: string): number | null {
  const digits = text.replace(/[^\d.,-]/g, "").replace(/,(?=\d{3}(?:\D|$))/g, "").replace(",", ".");
  const value = Number(digits);
  return digits && Number.isFinite(value) ? value : null;
}

/** The amount in a text that is nothing but money: letters only as the code of a currency. */
function moneyAmount(text: string): number | null {
  return /\p{L}/u.test(text.replace(/\b[A-Za-z]{3}\b/, "")) ? null : amount(text);
}

export function day(text: string): string | null {
  const dotted = /^(\d{2})\.(\d{2})\.(\d{4})(.*)$/.exec(text);
  if (dotted) return `${dotted[3]}-${dotted[2]}-${dotted[1]}${dotted[4]}`;
  return /^\d{4}-\d{2}-\d{2}/.test(text) ? text : null;
}

export interface SortKey {
  readonly column: number;
  readonly ascending: boolean;
}

/** The row numbers in the wanted order, by the first key that tells two rows apart; equal rows keep theirs, nulls come last either way. */
export function sortRows(table: TableData, rows: readonly number[], sorting: readonly SortKey[]): number[] {
  const keys = sorting.map(({ column, ascending }) => {
    const type = table.columns[column]?.type ?? "";
    return { sign: ascending ? 1 : -1, cells: new Map(rows.map((row) => [row, sortKey(table.rows[row]?.[column], type)])) };
  });
  return [...rows].sort((a, b) => {
    for (const { sign, cells } of keys) {
      const [left = null, right = null] = [cells.get(a), cells.get(b)];
      const order = left === null || right === null ? Number(left === null) - Number(right === null) : sign * compareCells(left, right);
      if (order !== 0) return order;
    }
    return 0;
  });
}

/**
 * A test of cells from what the reader typed: `> 5`, `<= 2024-01-31`, `= text`, `!text`,
 * `null`, `!null`, or a text to be found anywhere, letter case aside. Empty: null.
 */
export function parseFilter(text: string): ((cell: Cell | undefined) => boolean) | null {
  const wanted = text.trim();
  if (!wanted) return null;
  if (wanted === "null") return (cell) => cell === null;
  if (wanted === "!null") return (cell) => cell !== null;
  const parts = /^(>=|<=|!=|==|>|<|=|!)\s*(.+)$/s.exec(wanted);
  if (!parts) return containing(wanted);
  const [, operator = "", value = ""] = parts;
  if (operator === "!") {
    const inside = containing(value);
    return (cell) => !inside(cell);
  }
  return comparing(operator, value);
}

function containing(text: string): (cell: Cell | undefined) => boolean {
  const needle = text.toLowerCase();
  return (cell) => cell !== null && cellText(cell).toLowerCase().includes(needle);
}

function comparing(operator: string, text: string): (cell: Cell | undefined) => boolean {
  const asNumber = /^\s*[-+]?(?:\d+[.,]?\d*|[.,]\d+)(?:e[-+]?\d+)?\s*$/i.test(text) ? Number(text.replace(",", ".")) : NaN;
  const isNumber = Number.isFinite(asNumber);
  return (cell) => {
    if (cell === null || cell === undefined) return operator === "!=";
    let order: number;
    if (isNumber && typeof cell === "number") order = cell - asNumber;
    else if (operator === "=" || operator === "==" || operator === "!=") {
      order = cellText(cell).toLowerCase() === text.toLowerCase() ? 0 : 1;
    } else if (typeof cell !== "string") return false;
    else if (isNumber && day(cell) === null) {
      const value = moneyAmount(cell);
      if (value === null) return false;
      order = value - asNumber;
    } else order = collator.compare(day(cell) ?? cell, day(text) ?? text);
    switch (operator) {
      case ">":
        return order > 0;
      case ">=":
        return order >= 0;
      case "<":
        return order < 0;
      case "<=":
        return order <= 0;
      case "!=":
        return order !== 0;
      default:
        return order === 0;
    }
  };
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) || text.trim() !== text ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Rows as CSV (RFC 4180): what `read_file` reads back. */
export function toCsv(columns: readonly Column[], rows: readonly (readonly Cell[])[]): string {
  const lines = [columns.map((column) => quoted(column.name)).join(",")];
  for (const cells of rows) {
    const line = cells.map((cell) => (cell === null ? "" : quoted(cellText(cell)))).join(",");
    lines.push(line === "" && cells.length === 1 ? '""' : line);
  }
  return `${lines.join("\r\n")}\r\n`;
}
