/** The rectangle of cells that the reader has selected: places of rows and of shown columns. Pure. */

export interface Spot {
  /** -1 is the header. */
  readonly row: number;
  readonly column: number;
}

export interface Rectangle {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

/** From the cell where it began to the active one, both included. */
export class Selection {
  active: Spot = { row: 0, column: 0 };
  private anchor: Spot = { row: 0, column: 0 };
  /** All rows or columns, however many there are going to be. */
  private whole: "rows" | "columns" | "all" | null = null;

  /** Makes a cell the active one; with `extend` the selection reaches from where it began to there. */
  move(to: Spot, extend = false): void {
    this.active = to;
    if (extend && to.row >= 0 && this.anchor.row >= 0) {
      if (this.whole === "all") this.whole = null;
      return;
    }
    this.anchor = to;
    this.whole = null;
  }

  /** Selects whole rows, whole columns, or all cells. */
  select(whole: "rows" | "columns" | "all"): void {
    this.whole = whole;
    this.active = { ...this.active, row: Math.max(0, this.active.row) };
    this.anchor = { ...this.anchor, row: Math.max(0, this.anchor.row) };
  }

  /** Keeps the selection within so many rows and columns. */
  fit(rows: number, columns: number): void {
    const fitted = ({ row, column }: Spot): Spot => ({ row: Math.min(row, rows - 1), column: Math.max(0, Math.min(column, columns - 1)) });
    this.active = fitted(this.active);
    this.anchor = fitted(this.anchor);
  }

  /** The selected cells of a table of so many rows and columns; null for the header, or where there are none. */
  rectangle(rows: number, columns: number): Rectangle | null {
    if (rows === 0 || columns === 0 || this.active.row < 0) return null;
    const [a, b] = [this.anchor, this.active];
    const isWide = this.whole === "rows" || this.whole === "all";
    const isTall = this.whole === "columns" || this.whole === "all";
    return {
      top: isTall ? 0 : Math.max(0, Math.min(a.row, b.row)),
      bottom: isTall ? rows - 1 : Math.max(a.row, b.row),
      left: isWide ? 0 : Math.min(a.column, b.column),
      right: isWide ? columns - 1 : Math.max(a.column, b.column),
    };
  }
}

export function cellsIn({ top, bottom, left, right }: Rectangle): number {
  return (bottom - top + 1) * (right - left + 1);
}

export function contains({ top, bottom, left, right }: Rectangle, row: number, column: number): boolean {
  return row >= top && row <= bottom && column >= left && column <= right;
}
