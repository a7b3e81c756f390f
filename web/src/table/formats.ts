/** How the cells of a column are written: numbers with their decimals, dates by a picture. Pure. */

import type { Locale } from "../i18n";
import { isRecord } from "../storage";
import { type Cell, type Column, isNumeric } from "./data";
import { shownCell } from "./shown";

export const PICTURES = ["iso", "dmy", "dmyShort", "mdy", "long", "month", "year"] as const;
export type Picture = (typeof PICTURES)[number];

export type Format =
  | { readonly kind: "auto" }
  | { readonly kind: "number" | "percent"; readonly decimals: number; readonly grouped: boolean }
  | { readonly kind: "plain" }
  | { readonly kind: "date"; readonly picture: Picture };

export const AUTO: Format = { kind: "auto" };
export const MOST_DECIMALS = 15;

export function isFormat(value: unknown): value is Format {
  if (!isRecord(value)) return false;
  if (value.kind === "plain" || value.kind === "auto") return true;
  if (value.kind === "date") return PICTURES.some((picture) => picture === value.picture);
  const { decimals, grouped } = value;
  const isCounted = typeof decimals === "number" && Number.isInteger(decimals) && decimals >= 0 && decimals <= MOST_DECIMALS;
  return (value.kind === "number" || value.kind === "percent") && isCounted && typeof grouped === "boolean";
}

/** What can be chosen for a column: numbers, dates, or nothing. */
export function formatKinds(column: Column): readonly Format["kind"][] {
  if (isNumeric(column)) return ["auto", "number", "percent", "plain"];
  return column.type === "Date" ? ["auto", "date"] : [];
}

const DATE = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(?:\.\d+)?)?$/;
const DOTTED = /^(\d{2})\.(\d{2})\.(\d{4})(?: (\d\d:\d\d(?::\d\d)?))?$/;

interface Day {
  readonly year: string;
  readonly month: string;
  readonly day: string;
  readonly time: string;
}

function dayOf(text: string): Day | null {
  const iso = DATE.exec(text);
  if (iso) return { year: iso[1]!, month: iso[2]!, day: iso[3]!, time: iso[4] ?? "" };
  const dotted = DOTTED.exec(text);
  return dotted ? { year: dotted[3]!, month: dotted[2]!, day: dotted[1]!, time: dotted[4] ?? "" } : null;
}

function written(text: string, picture: Picture, language: Locale): string | null {
  const found = dayOf(text);
  if (!found) return null;
  const { year, month, day, time } = found;
  const moment = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  if (Number.isNaN(moment.getTime()) || moment.getUTCMonth() + 1 !== Number(month)) return null;
  moment.setUTCFullYear(Number(year));
  const byWords = (options: Intl.DateTimeFormatOptions): string =>
    new Intl.DateTimeFormat(language, { ...options, timeZone: "UTC" }).format(moment).replace(/\s*г\.$/, "");
  switch (picture) {
    case "month":
      return byWords({ month: "long", year: "numeric" });
    case "year":
      return year;
    case "iso":
      return [`${year}-${month}-${day}`, time].filter(Boolean).join(" ");
    case "dmy":
      return [`${day}.${month}.${year}`, time].filter(Boolean).join(" ");
    case "dmyShort":
      return [`${day}.${month}.${year.slice(2)}`, time].filter(Boolean).join(" ");
    case "mdy":
      return [`${month}/${day}/${year}`, time].filter(Boolean).join(" ");
    case "long":
      return [byWords({ day: "numeric", month: "long", year: "numeric" }), time].filter(Boolean).join(" ");
  }
}

/** A cell on one line for the eye, as the format has it; what the format does not fit is written as without one. */
export function formattedCell(cell: Cell | undefined, column: Column, format: Format, language: Locale): string {
  if (typeof cell === "number" && Number.isFinite(cell)) {
    if (format.kind === "plain") return String(cell).includes("e") ? shownCell(cell, { ...column, name: "id" }, language) : String(cell).replace(".", language === "ru" ? "," : ".");
    if (format.kind === "number" || format.kind === "percent") {
      const text = new Intl.NumberFormat(language, {
        minimumFractionDigits: format.decimals,
        maximumFractionDigits: format.decimals,
        useGrouping: format.grouped,
      }).format(format.kind === "percent" ? cell * 100 : cell);
      const shown = text === "-0" || /^-0[.,]0+$/.test(text) ? text.slice(1) : text;
      return format.kind === "percent" ? `${shown}${language === "ru" ? "\u00a0" : ""}%` : shown;
    }
  }
  if (typeof cell === "string" && format.kind === "date") {
    const date = written(cell, format.picture, language);
    if (date !== null) return date;
  }
  return shownCell(cell, column, language);
}

/** The format's code in a workbook; null for cells that are written as they are. */
export function workbookCode(format: Format): string | null {
  if (format.kind === "number" || format.kind === "percent") {
    const whole = format.grouped ? "#,##0" : "0";
    const decimals = format.decimals > 0 ? `.${"0".repeat(format.decimals)}` : "";
    return `${whole}${decimals}${format.kind === "percent" ? "%" : ""}`;
  }
  if (format.kind === "plain") return "0.##############";
  if (format.kind !== "date") return null;
  return { iso: "yyyy-mm-dd", dmy: "dd.mm.yyyy", dmyShort: "dd.mm.yy", mdy: "mm/dd/yyyy", long: "d mmmm yyyy", month: "mmmm yyyy", year: "yyyy" }[format.picture];
}
