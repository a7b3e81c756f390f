/** Cells as the reader writes numbers and dates. Pure but for the language, which is given. */

import type { Locale } from "../i18n";
import { type Cell, type Column, cellText, isNumeric, shortNumber } from "./data";

/** Columns whose numbers are names: they are not divided into groups of digits. */
const NAMES = /(^|[^\p{L}])(id|no|код|номер|№|инн|кпп|огрн|бик|сч[её]т|артикул|год|year|zip|индекс)($|[^\p{L}])/iu;
const DATE = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(?:\.\d+)?)?$/;

/** A number with the language's decimal sign, its digits in groups of three from 10,000 on. */
export function shownNumber(value: number, language: Locale, grouped: boolean): string {
  const text = shortNumber(value);
  const parts = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
  if (!parts) return text;
  const [, sign = "", whole = "", fraction] = parts;
  const [group, decimal] = language === "ru" ? ["\u00a0", ","] : [",", "."];
  const digits = grouped && whole.length > 4 ? whole.replace(/\B(?=(\d{3})+$)/g, group) : whole;
  return `${sign}${digits}${fraction === undefined ? "" : decimal + fraction}`;
}

/** A cell on one line for the eye. Texts of a column of dates are dates as the language has them. */
export function shownCell(cell: Cell | undefined, column: Column, language: Locale): string {
  if (typeof cell === "number") return shownNumber(cell, language, !NAMES.test(column.name.replaceAll("_", " ")));
  const text = cellText(cell);
  const date = column.type === "Date" && language === "ru" ? DATE.exec(text) : null;
  if (date) return `${date[3]}.${date[2]}.${date[1]}${date[4] ? ` ${date[4]}` : ""}`;
  return text.replace(/\s*\r?\n\s*/g, " ⏎ ");
}

/** A number for a spreadsheet program of the language: a decimal comma in Russian. */
function plainCell(cell: Cell, column: Column, language: Locale): string {
  if (cell === null) return "";
  const text = cellText(cell);
  return language === "ru" && typeof cell === "number" && isNumeric(column) ? text.replace(".", ",") : text;
}

function delimited(columns: readonly Column[], rows: readonly (readonly Cell[])[], language: Locale, delimiter: string, special: RegExp, withNames = true): string {
  const quoted = (text: string): string => (special.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const lines = !withNames ? [] : [columns.map((column) => quoted(column.name)).join(delimiter)];
  for (const cells of rows) {
    const line = columns.map((column, index) => quoted(plainCell(cells[index] ?? null, column, language))).join(delimiter);
    lines.push(line === "" && columns.length === 1 ? '""' : line); // an empty line would be no row
  }
  return `${lines.join("\r\n")}\r\n`;
}

/** Rows with tabs between the cells, as spreadsheet programs paste them. */
export function toTabs(columns: readonly Column[], rows: readonly (readonly Cell[])[], language: Locale, withNames = true): string {
  return delimited(columns, rows, language, "\t", /["\t\r\n]/, withNames);
}

/** Rows as the CSV that a Russian Excel opens: semicolons, decimal commas. */
export function toRussianCsv(columns: readonly Column[], rows: readonly (readonly Cell[])[]): string {
  return delimited(columns, rows, "ru", ";", /[";\r\n]|^\s|\s$/);
}

/**
 * The names of the tables that a program shows, where they are variables: `show_table(t)` in
 * order. Null for all where it shows others, or some several times.
 */
export function shownNames(code: string, tables: number): (string | null)[] {
  const text = code.replace(/"[^"]*"|'[^']*'|#.*/g, (found) => (found.startsWith("#") ? "" : "''"));
  const calls = [...text.matchAll(/\bshow_table\s*\(\s*([\p{L}_][\p{L}\p{N}_]*)?\s*([^\s])/gu)];
  const names = calls.map(([, name, next]) => (name !== undefined && (next === ")" || next === ",") ? name : null));
  const last = /(?:^|\n)[ \t]*([\p{L}_][\p{L}\p{N}_]*)\s*$/u.exec(text)?.[1];
  if (last !== undefined && names.length + 1 === tables) names.push(last);
  return names.length === tables ? names : Array.from({ length: tables }, () => null);
}
