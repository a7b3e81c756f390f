/** Where an axis has its ticks. Pure. */

import { type Scale, niceScale } from "../table/scales";
import type { TimeUnit } from "./model";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const UNITS: readonly TimeUnit[] = ["year", "yearquarter", "yearmonth", "yearmonthdate", "yearmonthdatehoursminutes"];

interface Step {
  readonly unit: TimeUnit;
  /** Milliseconds, about. */
  readonly length: number;
  readonly months?: number;
}

const STEPS: readonly Step[] = [
  ...[1, 5, 15, 30].map((n): Step => ({ unit: "yearmonthdatehoursminutes", length: n * MINUTE })),
  ...[1, 3, 6, 12].map((n): Step => ({ unit: "yearmonthdatehoursminutes", length: n * HOUR })),
  ...[1, 2, 7, 14].map((n): Step => ({ unit: "yearmonthdate", length: n * DAY })),
  { unit: "yearmonth", length: 30.4 * DAY, months: 1 },
  { unit: "yearmonth", length: 91.3 * DAY, months: 3 },
  { unit: "yearmonth", length: 182.6 * DAY, months: 6 },
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500, 1000].map((n): Step => ({ unit: "year", length: n * 365.25 * DAY, months: 12 * n })),
];

export interface TimeScale extends Scale {
  readonly unit: TimeUnit;
}

/** A scale from the first to the last time with ticks at beginnings of periods, none shorter than `finest`. */
export function timeScale(low: number, high: number, wanted: number, finest: TimeUnit): TimeScale {
  if (low === high) return { min: low - DAY, max: high + DAY, ticks: [low], unit: finest };
  const allowed = STEPS.filter((step) => UNITS.indexOf(step.unit) <= UNITS.indexOf(finest) || (finest === "yearquarter" && (step.months ?? 0) >= 3));
  const usable = allowed.length > 0 ? allowed : STEPS;
  let place = usable.findIndex((each) => (high - low) / each.length <= 60 && ticksOf(low, high, each).length <= Math.max(2, wanted) + 1);
  if (place < 0) place = usable.length - 1;
  // One tick tells nothing: rather a few too many, of which not all get a label.
  while (place > 0 && ticksOf(low, high, usable[place]!).length < 2) place -= 1;
  const step = usable[place]!;
  const ticks = ticksOf(low, high, step);
  const unit = finest === "yearquarter" && step.unit === "yearmonth" ? "yearquarter" : step.unit;
  return { min: low, max: high, ticks: ticks.length > 0 ? ticks : [low], unit };
}

function ticksOf(low: number, high: number, step: Step): number[] {
  return step.months ? monthTicks(low, high, step.months) : evenTicks(low, high, step.length);
}

function evenTicks(low: number, high: number, length: number): number[] {
  const ticks: number[] = [];
  // Weeks begin on Monday: the first day that computers count was a Thursday.
  const shift = length % (7 * DAY) === 0 ? 4 * DAY : 0;
  for (let at = Math.ceil((low - shift) / length) * length + shift; at <= high && ticks.length < 100; at += length) ticks.push(at);
  return ticks;
}

function monthTicks(low: number, high: number, months: number): number[] {
  const begin = new Date(low);
  const first = begin.getUTCFullYear() * 12 + begin.getUTCMonth();
  const ticks: number[] = [];
  for (let month = Math.ceil(first / months) * months; ticks.length < 100; month += months) {
    const at = new Date(0).setUTCFullYear(Math.floor(month / 12), month % 12, 1);
    if (at > high) break;
    if (at >= low) ticks.push(at);
  }
  return ticks;
}

/** A scale of numbers with round ticks, `zero` where marks begin there; `whole` for counts. */
export function numberScale(values: readonly number[], wanted: number, zero: boolean, whole = false): Scale {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (low > high) return niceScale(0, 1, 1, true);
  const scale = niceScale(low, high, wanted, zero);
  if (!whole || scale.ticks.every(Number.isInteger)) return scale;
  const ticks = scale.ticks.filter(Number.isInteger);
  return ticks.length > 1 ? { ...scale, ticks } : niceScale(Math.floor(low), Math.max(Math.ceil(high), 1), 1, zero);
}
