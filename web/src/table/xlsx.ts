/** A table as an XLSX workbook with one sheet: header in bold, frozen, with a filter. */

import { type Cell, type Column, numberText } from "./data";
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
  "xl/styles.xml":
    `<styleSheet xmlns="${MAIN}"><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>` +
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>' +
    '<fills count="2"><fill><patternFill patternType="none"/></fill>' +
    '<fill><patternFill patternType="gray125"/></fill></fills>' +
    "<borders count=\"1\"><border/></borders><cellStyleXfs count=\"1\"><xf/></cellStyleXfs>" +
    '<cellXfs count="2"><xf xfId="0"/><xf fontId="1" applyFont="1" xfId="0"/></cellXfs>' +
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>',
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

function cellXml(cell: Cell | undefined, place: string): string {
  if (cell === null || cell === undefined) return "";
  if (typeof cell === "boolean") return `<c r="${place}" t="b"><v>${Number(cell)}</v></c>`;
  if (typeof cell === "number" && Number.isFinite(cell)) return `<c r="${place}"><v>${cell}</v></c>`;
  const text = typeof cell === "number" ? numberText(cell) : cell;
  return textXml(text, place, "");
}

function textXml(text: string, place: string, style: string): string {
  return `<c r="${place}" t="inlineStr"${style}><is><t xml:space="preserve">${escapeXml(text)}</t></is></c>`;
}

function sheetXml(columns: readonly Column[], rows: readonly (readonly Cell[])[]): string {
  const letters = columns.map((_, index) => columnLetters(index));
  const title = columns.map((column, index) => textXml(column.name, `${letters[index]}1`, ' s="1"'));
  const lines = [`<row r="1">${title.join("")}</row>`];
  rows.forEach((cells, position) => {
    const line = letters.map((letter, index) => cellXml(cells[index], `${letter}${position + 2}`));
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

/** Rows as a workbook. Texts longer than a cell may hold are cut at its limit. */
export async function toXlsx(columns: readonly Column[], rows: readonly (readonly Cell[])[]): Promise<Blob> {
  const encoder = new TextEncoder();
  const texts = { ...FIXED, "xl/worksheets/sheet1.xml": sheetXml(columns, rows) };
  const parts = Object.entries(texts).map(([name, text]) => ({ name, content: encoder.encode(HEAD + text) }));
  return zip(parts, XLSX_TYPE);
}
