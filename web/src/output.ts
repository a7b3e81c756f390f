/**
 * Printed text, and the tables and charts in it. A program that shows a table prints a frame and
 * sends the same table as data; here the frames are found again, so that a grid can stand in the
 * place of each. Charts tell after how many characters they stand. Pure.
 */

import type { TableData } from "./table/data";

export type Piece =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "table"; readonly table: TableData }
  | { readonly kind: "chart"; readonly chart: unknown };

/** A description of a chart, and how many characters of the output come before it. */
export interface ShownChart {
  readonly chart: unknown;
  readonly at: number;
}

/** Something that stands in the place of a part of the text. */
interface Insert {
  readonly from: number;
  readonly to: number;
  readonly piece: Piece;
}

interface Frame {
  readonly from: number;
  readonly to: number;
  readonly header: string;
}

/** The frames of tables in a text: from a line beginning with `┌` to one beginning with `└`. */
function* frames(text: string): Generator<Frame> {
  let at = 0;
  while (at < text.length) {
    const from = text.startsWith("┌", at) ? at : text.indexOf("\n┌", at) + 1;
    if (from === 0 && !text.startsWith("┌")) return;
    if (from < at) return;
    const close = text.indexOf("\n└", from);
    if (close < 0) return;
    const end = text.indexOf("\n", close + 1);
    const to = afterCount(text, end < 0 ? text.length : end + 1);
    const second = text.indexOf("\n", from) + 1;
    yield { from, to, header: text.slice(second, text.indexOf("\n", second)) };
    at = to;
  }
}

/** Behind the line that tells how many rows of a long table the frame has, if there is one. */
function afterCount(text: string, at: number): number {
  const line = /⋮ \d+\/\d+\n/y;
  line.lastIndex = at;
  return line.test(text) ? line.lastIndex : at;
}

function squeezed(text: string): string {
  return text.replace(/\s+/g, "");
}

function isFrameOf(frame: Frame, table: TableData): boolean {
  return squeezed(frame.header) === squeezed(`│${table.columns.map((column) => column.name).join("│")}│`);
}

/** Text, tables and charts in their order; tables whose frame is not found come at the end. */
export function pieces(text: string, tables: readonly TableData[], charts: readonly ShownChart[] = []): Piece[] {
  const { inserts, left } = framed(text, tables);
  const all = [...inserts, ...placed(text, charts)].sort((a, b) => a.from - b.from || a.to - b.to);
  const result: Piece[] = [];
  let done = 0;
  for (const { from, to, piece } of all) {
    if (from > done) result.push({ kind: "text", text: text.slice(done, from) });
    result.push(piece);
    done = Math.max(done, to);
  }
  if (done < text.length) result.push({ kind: "text", text: text.slice(done) });
  return [...result, ...left];
}

/** The tables whose frames are found, and those without one. */
function framed(text: string, tables: readonly TableData[]): { inserts: Insert[]; left: Piece[] } {
  const inserts: Insert[] = [];
  for (const frame of tables.length > 0 ? frames(text) : []) {
    const table = tables[inserts.length];
    if (!table) break;
    if (isFrameOf(frame, table)) inserts.push({ from: frame.from, to: frame.to, piece: { kind: "table", table } });
  }
  const shown = inserts.length;
  const rest = tables.slice(shown).filter((table) => table.rows.length > 0 || shown === 0);
  return { inserts, left: rest.map((table): Piece => ({ kind: "table", table })) };
}

/** Charts at their places. The server counts characters, JavaScript counts UTF-16 units. */
function placed(text: string, charts: readonly ShownChart[]): Insert[] {
  let [unit, character] = [0, 0];
  return [...charts]
    .sort((a, b) => a.at - b.at)
    .map(({ chart, at }) => {
      while (character < at && unit < text.length) {
        unit += text.codePointAt(unit)! > 0xffff ? 2 : 1;
        character += 1;
      }
      return { from: unit, to: unit, piece: { kind: "chart", chart } };
    });
}
