/** A table as an XLSX workbook with one sheet: header in bold, frozen, with a filter. */

import { type Cell, type Column, numberText } from "./data";
import { AUTO, type Format, workbookCode } from "./formats";
import type { Locale } from "../i18n";
import { zip } from "./zip";

export const MAX_ROWS = 1_048_575;
export const MAX_COLUMNS = 16_384;
const MAX_TEXT = 32_767;

const HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
const MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const PACKAGE = "http://schemas.openxmlformats.org/package/2006";
const OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml";
export const XLSX_TYPE = `${SHEET_TYPE}.sheet`;

const FIXED: Record<string, string> = {
  "[Content_Types].xml":
    `<Types xmlns="${PACKAGE}/content-types">` +
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>' +
    '<Default Extension="xml" ContentType="application/xml"/>' +
    `<Override PartName="/xl/workbook.xml" ContentType="${SHEET_TYPE}.sheet.main+xml"/>` +
    `<Override PartName="/xl/worksheets/sheet1.xml" ContentType="${SHEET_TYPE}.worksheet+xml"/>` +
    `<Override PartName="/xl/styles.xml" ContentType="${SHEET_TYPE}.styles+xml"/>` +
    "</Types>",
  "_rels/.rels":
    `<Relationships xmlns="${PACKAGE}/relationships">` +
    `<Relationship Id="rId1" Type="${OFFICE}/officeDocument" Target="xl/workbook.xml"/>` +
    "</Relationships>",
  "xl/workbook.xml":
    `<workbook xmlns="${MAIN}" xmlns:r="${OFFICE}"><sheets>` +
    '<sheet name="DataCode" sheetId="1" r:id="rId1"/></sheets></workbook>',
  "xl/_rels/workbook.xml.rels":
    `<Relationships xmlns="${PACKAGE}/relationships">` +
    `<Relationship Id="rId1" Type="${OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>` +
    `<Relationship Id="rId2" Type="${OFFICE}/styles" Target="styles.xml"/>` +
    "</Relationships>",
};

/** Text for XML: what XML cannot hold is left out, what it would read is escaped. */
export function escapeXml(text: string): string {
  return text
    .slice(0, MAX_TEXT)
    .replace(/[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu, "")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;");
}

/** The letters of a column counted from 0: A, …, Z, AA, … */
export function columnLetters(index: number): string {
  let letters = "";
  for (let rest = index + 1; rest > 0; rest = Math.floor((rest - 1) / 26)) {
    letters = String.fromCharCode(65 + ((rest - 1) % 26)) + letters;
  }
  return letters;
}

/** The styles: plain, bold for the header, and one for each of the codes of numbers. */
function stylesXml(codes: readonly string[]): string {
  const formats = codes.map((code, place) => `<numFmt numFmtId="${FIRST_CODE + place}" formatCode="${escapeXml(code).replaceAll('"', "&quot;")}"/>`);
  const cells = codes.map((_, place) => `<xf numFmtId="${FIRST_CODE + place}" xfId="0" applyNumberFormat="1"/>`);
  return (
    `<styleSheet xmlns="${MAIN}">${codes.length > 0 ? `<numFmts count="${codes.length}">${formats.join("")}</numFmts>` : ""}` +
    '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>' +
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>' +
    '<fills count="2"><fill><patternFill patternType="none"/></fill>' +
    '<fill><patternFill patternType="gray125"/></fill></fills>' +
    '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>' +
    `<cellXfs count="${codes.length + 2}"><xf xfId="0"/><xf fontId="1" applyFont="1" xfId="0"/>${cells.join("")}</cellXfs>` +
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
  );
}

const FIRST_CODE = 164;
const FIRST_STYLE = 2;
const DAY = 86_400_000;
/** Day 60 of a workbook's calendar is one that never was; before it days are counted otherwise. */
const FIRST_DAY = 61;

/** A date as a workbook counts it, in days since 1899-12-30; null for what is none, or too early. */
export function serialDay(text: string): number | null {
  const iso = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d))?)?$/.exec(text);
  const dotted = iso ? null : /^(\d\d)\.(\d\d)\.(\d{4})$/.exec(text);
  const [year, month, day] = iso ? [iso[1], iso[2], iso[3]] : dotted ? [dotted[3], dotted[2], dotted[1]] : [];
  if (!year) return null;
  const moment = Date.UTC(Number(year), Number(month) - 1, Number(day));
  const back = new Date(moment);
  if (back.getUTCMonth() + 1 !== Number(month) || back.getUTCDate() !== Number(day)) return null;
  const seconds = Number(iso?.[4] ?? 0) * 3600 + Number(iso?.[5] ?? 0) * 60 + Number(iso?.[6] ?? 0);
  const serial = (moment - Date.UTC(1899, 11, 30)) / DAY + seconds / 86_400;
  return serial >= FIRST_DAY && seconds < 86_400 ? serial : null;
}

/** How the cells of a column are written: the number of their style, and whether texts are dates. */
interface Written {
  readonly style: number;
  readonly timeStyle: number;
  readonly areDates: boolean;
}

function cellXml(cell: Cell | undefined, place: string, { style, timeStyle, areDates }: Written): string {
  if (cell === null || cell === undefined) return "";
  if (typeof cell === "boolean") return `<c r="${place}" t="b"><v>${Number(cell)}</v></c>`;
  const styled = (which: number): string => (which > 0 ? ` s="${which}"` : "");
  if (typeof cell === "number" && Number.isFinite(cell)) return `<c r="${place}"${areDates ? "" : styled(style)}><v>${cell}</v></c>`;
  const serial = areDates && typeof cell === "string" ? serialDay(cell) : null;
  if (serial !== null) return `<c r="${place}"${styled(Number.isInteger(serial) ? style : timeStyle)}><v>${serial}</v></c>`;
  const text = typeof cell === "number" ? numberText(cell) : cell;
  return textXml(text, place, "");
}

function textXml(text: string, place: string, style: string): string {
  return `<c r="${place}" t="inlineStr"${style}><is><t xml:space="preserve">${escapeXml(text)}</t></is></c>`;
}

function sheetXml(columns: readonly Column[], rows: readonly (readonly Cell[])[], written: readonly Written[]): string {
  const letters = columns.map((_, index) => columnLetters(index));
  const title = columns.map((column, index) => textXml(column.name, `${letters[index]}1`, ' s="1"'));
  const lines = [`<row r="1">${title.join("")}</row>`];
  rows.forEach((cells, position) => {
    const line = letters.map((letter, index) => cellXml(cells[index], `${letter}${position + 2}`, written[index]!));
    lines.push(`<row r="${position + 2}">${line.join("")}</row>`);
  });
  const last = `${letters.at(-1) ?? "A"}${rows.length + 1}`;
  return (
    `<worksheet xmlns="${MAIN}"><sheetViews><sheetView workbookViewId="0">` +
    '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>' +
    `<sheetData>${lines.join("")}</sheetData>` +
    (letters.length > 0 ? `<autoFilter ref="A1:${last}"/>` : "") +
    "</worksheet>"
  );
}

/** Whether a workbook's sheet can hold that many rows and columns. */
export function fitsSheet(columns: number, rows: number): boolean {
  return rows <= MAX_ROWS && columns <= MAX_COLUMNS;
}

/** Rows as a workbook, columns of dates as dates. Texts longer than a cell may hold are cut at its limit. */
export async function toXlsx(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  formats: readonly Format[] = [],
  language: Locale = "ru",
): Promise<Blob> {
  const codes: string[] = [];
  const styleOf = (code: string | null): number => {
    if (code === null) return 0;
    if (!codes.includes(code)) codes.push(code);
    return FIRST_STYLE + codes.indexOf(code);
  };
  const written = columns.map((column, index): Written => {
    const code = workbookCode(formats[index] ?? AUTO);
    const areDates = column.type === "Date";
    const day = code ?? (language === "ru" ? "dd.mm.yyyy" : "yyyy-mm-dd");
    const isShort = /m/.test(day) && !/d/.test(day);
    return { areDates, style: styleOf(areDates ? day : code), timeStyle: areDates ? styleOf(isShort ? day : `${day} hh:mm:ss`) : 0 };
  });
  const encoder = new TextEncoder();
  const texts = { ...FIXED, "xl/worksheets/sheet1.xml": sheetXml(columns, rows, written), "xl/styles.xml": stylesXml(codes) };
  const parts = Object.entries(texts).map(([name, text]) => ({ name, content: encoder.encode(HEAD + text) }));
  return zip(parts, XLSX_TYPE);
}
