/**
 * Printed text and the tables in it. A program that shows a table prints a frame and sends
 * the same table as data; here the frames are found again, so that a grid can stand in the
 * place of each. Pure.
 */

import type { TableData } from "./table/data";

export type Piece =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "table"; readonly table: TableData };

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

/** Text and tables in their order; tables whose frame is not found come at the end. */
export function pieces(text: string, tables: readonly TableData[]): Piece[] {
  const result: Piece[] = [];
  let next = 0;
  let done = 0;
  for (const frame of tables.length > 0 ? frames(text) : []) {
    const table = tables[next];
    if (!table) break;
    if (!isFrameOf(frame, table)) continue;
    if (frame.from > done) result.push({ kind: "text", text: text.slice(done, frame.from) });
    result.push({ kind: "table", table });
    done = frame.to;
    next += 1;
  }
  if (done < text.length) result.push({ kind: "text", text: text.slice(done) });
  for (const table of tables.slice(next)) {
    if (table.rows.length > 0 || next === 0) result.push({ kind: "table", table });
  }
  return result;
}
