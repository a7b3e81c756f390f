/** Blocks of a program between lines that begin with `# %%`. Pure. */

/** A block; `from` and `to` are offsets in UTF-16 units, lines count from 1. */
export interface ProgramCell {
  readonly from: number;
  readonly to: number;
  readonly lines: readonly [number, number];
  /** What stands behind the mark. */
  readonly title: string;
}

// Block comments, line comments and strings, so that a mark within one of them is none.
const TOKEN = /"""[^]*?(?:"""|$)|#[^\n]*|"[^"]*(?:"|$)|'[^']*(?:'|$)/g;
const MARK = /^# ?%%(.*)$/;

/** The offsets of the lines that begin a block, and their titles. */
export function marksOf(text: string): { at: number; title: string }[] {
  if (!text.includes("%%")) return [];
  return [...text.matchAll(TOKEN)].flatMap((found) => {
    const mark = MARK.exec(found[0]);
    const isFirst = found.index === 0 || text[found.index - 1] === "\n";
    return mark && isFirst ? [{ at: found.index, title: mark[1]!.trim() }] : [];
  });
}

/** The blocks of a program; none where it has no marks. What stands before the first mark is a block if there is anything. */
export function cellsOf(text: string): ProgramCell[] {
  const marks = marksOf(text);
  const [first] = marks;
  if (!first) return [];
  const starts = text.slice(0, first.at).trim() ? [{ at: 0, title: "" }, ...marks] : marks;
  return starts.map(({ at, title }, index) => {
    const end = starts[index + 1]?.at ?? text.length;
    const to = at + text.slice(at, end).trimEnd().length;
    const line = text.slice(0, at).split("\n").length;
    return { from: at, to, lines: [line, line + text.slice(at, to).split("\n").length - 1], title };
  });
}

/** The number of the block that an offset is in; -1 where there are no blocks. */
export function cellAt(cells: readonly ProgramCell[], offset: number): number {
  const found = cells.findLastIndex((cell) => cell.from <= offset);
  return cells.length > 0 ? Math.max(0, found) : -1;
}
