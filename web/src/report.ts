/** An output as a document of its own: for a file of HTML, and for paper. */

import { drawPicture } from "./charts/picture";
import { numberText } from "./charts/language";
import { readChart } from "./charts/reading";
import { FILE_THEME, measureIn } from "./charts/paper";
import { download, el, svg } from "./dom";
import { locale, number, t } from "./i18n";
import { REPORT_STYLE } from "./report_style";
import { type Cell, type Column, cellText, isNumeric } from "./table/data";

/** Rows and columns of a table in a document. */
export const MOST_ROWS = 2000;
export const MOST_COLUMNS = 50;
const MOST_TEXT = 5_000_000;
const POLICY = "default-src 'none'; style-src 'unsafe-inline'";

export type ReportPart =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "table"; readonly columns: readonly Column[]; readonly rows: readonly (readonly Cell[])[]; readonly total: number }
  | { readonly kind: "chart"; readonly chart: unknown }
  | { readonly kind: "failure"; readonly text: string }
  | { readonly kind: "note"; readonly text: string };

export interface Report {
  readonly title: string;
  readonly parts: readonly ReportPart[];
}

/** The document as an element with nothing of the page in it. */
export function reportElement({ title, parts }: Report): HTMLElement {
  return el("main", { class: "report" }, el("h1", {}, title), ...parts.flatMap(partElements));
}

function partElements(part: ReportPart): HTMLElement[] {
  switch (part.kind) {
    case "text": {
      const text = part.text.slice(0, MOST_TEXT);
      const note = text.length < part.text.length ? [el("p", { class: "note" }, t("report.cut"))] : [];
      return text.trim() ? [el("pre", {}, text.replace(/^\n+|\s+$/g, "")), ...note] : [];
    }
    case "table":
      return tableElements(part.columns, part.rows, part.total);
    case "chart":
      return chartElements(part.chart);
    case "failure":
      return [el("p", { class: "failure" }, part.text)];
    case "note":
      return [el("p", { class: "note" }, part.text)];
  }
}

function tableElements(columns: readonly Column[], rows: readonly (readonly Cell[])[], total: number): HTMLElement[] {
  const shown = columns.slice(0, MOST_COLUMNS);
  const writers = shown.map((column, index) => writerOf(column, rows.map((row) => row[index] ?? null)));
  const kind = (column: Column): string | null => (isNumeric(column) ? "n" : null);
  const head = shown.map((column) => el("th", { attrs: { class: kind(column) } }, column.name));
  const lines = rows.slice(0, MOST_ROWS).map((row) =>
    el("tr", {}, ...shown.map((column, index) => el("td", { attrs: { class: kind(column) } }, writers[index]!(row[index] ?? null)))),
  );
  const table = el("div", { class: "table" }, el("table", {}, el("thead", {}, el("tr", {}, ...head)), el("tbody", {}, ...lines)));
  const notes = [
    total > lines.length ? t("report.rows", { n: number(lines.length), all: number(total) }) : "",
    columns.length > shown.length ? t("report.columns", { n: number(shown.length), all: number(columns.length) }) : "",
  ].filter(Boolean);
  return notes.length > 0 ? [table, el("p", { class: "note" }, notes.join(" "))] : [table];
}

/** How the cells of a column are written: numbers for the reader, but years and numbers of things like years as they are. */
function writerOf(column: Column, cells: readonly Cell[]): (cell: Cell) => string {
  const plain = (cell: Cell): string => (cell === null ? "" : cellText(cell));
  if (!isNumeric(column)) return plain;
  const isYears = cells.every((cell) => cell === null || (Number.isInteger(cell) && Number(cell) >= 1900 && Number(cell) <= 2100));
  if (isYears) return plain;
  return (cell) => (typeof cell === "number" && Number.isFinite(cell) ? numberText(cell, locale()) : plain(cell));
}

function chartElements(description: unknown): HTMLElement[] {
  const chart = readChart(description, locale());
  if (!chart) return [];
  const { width, height } = chart;
  const { element } = drawPicture({ theme: FILE_THEME, measure: measureIn(FILE_THEME), language: locale(), width, height }, chart);
  element.removeAttribute("class");
  for (const marked of element.querySelectorAll("[class]")) marked.removeAttribute("class");
  element.setAttribute("role", "img");
  element.prepend(svg("title", {}, chart.title || t(`chart.kind.${chart.kind}`)));
  return [el("figure", {}, element as unknown as HTMLElement)];
}

/** The document as one file that loads nothing and runs nothing. */
export function reportHtml(report: Report): string {
  const head = el(
    "head",
    {},
    el("meta", { attrs: { charset: "utf-8" } }),
    el("meta", { attrs: { "http-equiv": "Content-Security-Policy", content: POLICY } }),
    el("meta", { attrs: { name: "viewport", content: "width=device-width, initial-scale=1" } }),
    el("title", {}, report.title),
  );
  // A style is written beside the elements: the page's policy lets no element of it have one.
  const style = `<style>${REPORT_STYLE}body { margin: 0; background: #fff }</style>`;
  const inside = head.outerHTML.replace(/<\/head>$/, `${style}</head>`);
  return `<!DOCTYPE html>\n<html lang="${locale()}">\n${inside}\n<body>\n${reportElement(report).outerHTML}\n</body>\n</html>\n`;
}

export function saveReport(report: Report, name: string): void {
  download(`${name}.html`, new Blob([reportHtml(report)], { type: "text/html;charset=utf-8" }));
}

let isStyled = false;

/** Puts documents where only a printer sees them. Returns what takes them away again. */
function laidOut(reports: readonly Report[]): () => void {
  if (!isStyled) {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(REPORT_STYLE);
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
    isStyled = true;
  }
  const paper = el("div", { class: "print-sheet" }, ...reports.map(reportElement));
  document.body.append(paper);
  const before = document.title;
  if (reports.length === 1) document.title = reports[0]!.title;
  return () => {
    paper.remove();
    document.title = before;
  };
}

/** Opens the browser's dialog for printing, where PDF can be chosen. */
export function printReport(report: Report): void {
  prepared = true;
  const clear = laidOut([report]);
  addEventListener(
    "afterprint",
    () => {
      clear();
      prepared = false;
    },
    { once: true },
  );
  window.print();
}

let prepared = false;

/** Whoever prints by the browser's own command gets all outputs, not the application. */
export function printsOutputs(outputs: () => readonly Report[]): void {
  let clear = (): void => {};
  addEventListener("beforeprint", () => {
    if (!prepared) clear = laidOut(outputs());
  });
  addEventListener("afterprint", () => {
    clear();
    clear = () => {};
  });
}
