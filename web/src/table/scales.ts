/** Axes and bins: the arithmetic of charts. Pure. */

export interface Scale {
  readonly min: number;
  readonly max: number;
  readonly ticks: readonly number[];
}

/** A scale with round ticks that holds both ends; `zero` makes it hold 0 as well. */
export function niceScale(low: number, high: number, wanted: number, zero: boolean): Scale {
  let from = zero ? Math.min(0, low) : low;
  let to = zero ? Math.max(0, high) : high;
  if (from === to) {
    const room = from === 0 ? 1 : Math.abs(from) / 2;
    to += room;
    if (!zero || from < 0) from -= room;
  }
  const step = niceStep((to - from) / Math.max(1, wanted));
  const min = Math.floor(from / step + 1e-9) * step;
  const max = Math.ceil(to / step - 1e-9) * step;
  const count = Math.round((max - min) / step);
  const ticks = Array.from({ length: count + 1 }, (_, index) => clean(min + index * step));
  return { min: clean(min), max: clean(max), ticks };
}

function niceStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 2.5, 5, 10].find((candidate) => candidate * power >= rough * 0.999) ?? 10;
  return factor * power;
}

/** Without the dust of binary fractions: 0.30000000000000004 becomes 0.3. */
function clean(value: number): number {
  return Number(value.toPrecision(12));
}

export interface Bin {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

/** Counts values in bins of one round width (Sturges' rule for how many). */
export function histogram(values: readonly number[]): Bin[] {
  if (values.length === 0) return [];
  const low = values.reduce((a, b) => Math.min(a, b));
  const high = values.reduce((a, b) => Math.max(a, b));
  const { min, ticks } = niceScale(low, high, Math.ceil(Math.log2(values.length)) + 1, false);
  const width = (ticks[1] ?? min + 1) - min;
  const counts = new Array<number>(Math.max(1, ticks.length - 1)).fill(0);
  for (const value of values) {
    const bin = Math.min(counts.length - 1, Math.max(0, Math.floor((value - min) / width + 1e-9)));
    counts[bin]! += 1;
  }
  return counts.map((count, index) => ({
    from: clean(min + index * width),
    to: clean(min + (index + 1) * width),
    count,
  }));
}
