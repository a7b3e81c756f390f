/** The messages that the page uses, as `docs/protocol.md` describes them, read with distrust. */

import type { ShownChart } from "./output";
import type { Cell, Column, TableData } from "./table/data";
import type { ColumnStatistics, ValueList } from "./table/statistics";
import { isRecord } from "./storage";

export interface Answer {
  readonly success: boolean;
  readonly error: string | null;
  readonly [key: string]: unknown;
}

export interface Place {
  readonly line: number | null;
  readonly column: number | null;
  readonly kind: string;
}

/** Where a program failed, and what to try; empty where there is nothing to say. */
export interface Diagnostics extends Place {
  readonly hint: string;
}

export interface Problem extends Place {
  readonly severity: "error" | "warning" | "info";
  readonly message: string;
}

export interface Completion {
  readonly text: string;
  readonly kind: string;
  readonly detail: string;
}

export interface Variable {
  readonly name: string;
  readonly type: string;
  readonly size: number | null;
  readonly preview: string;
}

export interface FileEntry {
  readonly name: string;
  readonly folder: boolean;
  readonly size: number | null;
}

export interface ShareEntry {
  readonly name: string;
  readonly kind: string;
  readonly comment: string;
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function count(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

function records(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

/** A message as an answer; null where it is none. */
export function asAnswer(message: Record<string, unknown>): Answer | null {
  if (typeof message.success !== "boolean") return null;
  return { ...message, success: message.success, error: message.error === null ? null : text(message.error) };
}

export function diagnosticsOf(answer: Answer): Diagnostics | null {
  const found = answer.diagnostics;
  if (!isRecord(found)) return null;
  return {
    line: count(found.line),
    column: count(found.column),
    kind: text(found.kind),
    hint: text(found.hint),
  };
}

/** What may be wrong with the results of a program: sentences in the reader's language. */
export function warningsOf(answer: Answer): string[] {
  return Array.isArray(answer.warnings) ? answer.warnings.filter((each) => typeof each === "string") : [];
}

export function problemsOf(answer: Answer): Problem[] {
  return records(answer.problems).map((problem) => ({
    severity: problem.severity === "warning" || problem.severity === "info" ? problem.severity : "error",
    message: text(problem.message),
    line: count(problem.line),
    column: count(problem.column),
    kind: text(problem.kind),
  }));
}

export function completionsOf(answer: Answer): Completion[] {
  return records(answer.completions).map((item) => ({
    text: text(item.text),
    kind: text(item.kind),
    detail: text(item.detail),
  }));
}

/** A function of the library; its documentation is Markdown in the reader's language. */
export interface LibraryFunction {
  readonly name: string;
  readonly family: string;
  readonly signature: string;
  readonly documentation: string;
  readonly aliases: readonly string[];
}

export function functionsOf(answer: Answer): LibraryFunction[] {
  return records(answer.functions).map((item) => ({
    name: text(item.name),
    family: text(item.family),
    signature: text(item.signature),
    documentation: text(item.documentation),
    aliases: Array.isArray(item.aliases) ? item.aliases.map(String) : [],
  }));
}

export function variablesOf(answer: Answer): Variable[] {
  return records(answer.variables).map((item) => ({
    name: text(item.name),
    type: text(item.type),
    size: count(item.size),
    preview: text(item.preview),
  }));
}

/** The names in a folder; without details all count as files. */
export function entriesOf(answer: Answer): FileEntry[] {
  const details = records(answer.details);
  if (details.length > 0) {
    return details.map((item) => ({
      name: text(item.name),
      folder: item.kind === "folder",
      size: count(item.size),
    }));
  }
  const names = Array.isArray(answer.files) ? answer.files.filter((name) => typeof name === "string") : [];
  return names.map((name) => ({ name, folder: false, size: null }));
}

export function sharesOf(answer: Answer): ShareEntry[] {
  return records(answer.shares).map((item) => ({
    name: text(item.name),
    kind: text(item.kind),
    comment: text(item.comment),
  }));
}

export function tablesOf(answer: Answer): TableData[] {
  return records(answer.tables).map(readTable);
}

/** The charts that a program showed. */
export function chartsOf(answer: Answer): ShownChart[] {
  return records(answer.charts).map((item) => ({ chart: item.chart, at: count(item.at) ?? 0 }));
}

function readTable(view: Record<string, unknown>): TableData {
  const names = Array.isArray(view.columns) ? view.columns.map(String) : [];
  const types = Array.isArray(view.types) ? view.types.map(String) : [];
  const given = Array.isArray(view.rows) ? view.rows.filter((row) => Array.isArray(row)) : [];
  const rows = given.map((row: unknown[]) => names.map((_, index) => readCell(row[index])));
  const nulls = Array.isArray(view.nulls) ? view.nulls : [];
  const columns = names.map((name, index): Column => {
    const counted = rows.reduce((sum, row) => sum + Number(row[index] === null), 0);
    return { name, type: types[index] ?? "", nulls: count(nulls[index]) ?? counted };
  });
  const total = Math.max(count(view.row_count) ?? 0, rows.length);
  const counted = nulls.length > 0 || rows.length === total;
  return { columns, rows, total, counted, handle: text(view.table) || null };
}

/** The rows in an answer to `table_rows`, and how many there are in all. */
export function rowsOf(answer: Answer): { rows: { number: number; cells: Cell[] }[]; count: number } {
  const numbers = Array.isArray(answer.numbers) ? answer.numbers : [];
  const given = Array.isArray(answer.rows) ? answer.rows.filter((row) => Array.isArray(row)) : [];
  const rows = given.map((row: unknown[], place) => ({ number: count(numbers[place]) ?? place, cells: row.map(readCell) }));
  return { rows, count: count(answer.row_count) ?? rows.length };
}

/** The values in an answer to `table_values`. */
export function valuesOf(answer: Answer): ValueList {
  const given = Array.isArray(answer.values) ? answer.values.filter((each) => Array.isArray(each)) : [];
  const values = given.map((each: unknown[]): [Cell, number] => [readCell(each[0]), count(each[1]) ?? 0]);
  return { values, distinct: count(answer.distinct) ?? values.length };
}

/** The statistics in an answer to `table_statistics`. */
export function statisticsOf(answer: Answer): ColumnStatistics[] {
  return records(answer.statistics).map((item): ColumnStatistics => {
    const top = Array.isArray(item.top) ? item.top.filter((each) => Array.isArray(each)) : [];
    const bars = Array.isArray(item.bars) ? item.bars.filter((each) => Array.isArray(each)) : [];
    const end = (value: unknown): number | string => (typeof value === "number" ? value : text(value));
    return {
      column: count(item.column) ?? 0,
      rows: count(item.rows) ?? 0,
      nulls: count(item.nulls) ?? 0,
      numbers: count(item.numbers) ?? 0,
      sum: count(item.sum),
      mean: count(item.mean),
      min: readCell(item.min),
      max: readCell(item.max),
      distinct: count(item.distinct),
      median: count(item.median),
      deviation: count(item.deviation),
      top: top.map((each: unknown[]): [Cell, number] => [readCell(each[0]), count(each[1]) ?? 0]),
      bars: bars.map((each: unknown[]) => [end(each[0]), end(each[1]), count(each[2]) ?? 0] as const),
      sampled: count(item.sampled),
    };
  });
}

function readCell(value: unknown): Cell {
  if (value === undefined || value === null) return null;
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value;
  return JSON.stringify(value);
}

/** The bytes of a `content` key: text, or `base64:` and what follows. */
export function contentBytes(content: string): Uint8Array<ArrayBuffer> {
  if (!content.startsWith("base64:")) return new TextEncoder().encode(content);
  const binary = atob(content.slice("base64:".length));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

/** Bytes for a `content` key: as text where they are UTF-8, else in base64. */
export function bytesContent(bytes: Uint8Array): string {
  try {
    // A byte order mark must survive, so it must not be taken away here.
    const decoded = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    if (!decoded.startsWith("base64:")) return decoded;
  } catch {
    // Not text: sent as it is, in base64.
  }
  return `base64:${toBase64(bytes)}`;
}

function toBase64(bytes: Uint8Array): string {
  const pieces: string[] = [];
  for (let at = 0; at < bytes.length; at += 0x6000) {
    pieces.push(btoa(String.fromCharCode(...bytes.subarray(at, at + 0x6000))));
  }
  return pieces.join("");
}
