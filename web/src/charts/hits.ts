/** What a pointer can find on a chart. Pure. */

export interface HitRow {
  readonly color: string;
  readonly name: string;
  readonly value: string;
}

/** Something with values of its own: a category, a time, a slice. */
export interface Hit {
  /** Where its values are shown. */
  readonly x: number;
  readonly y: number;
  readonly title: string;
  readonly rows: readonly HitRow[];
  /** Points to be marked while its values are shown. */
  readonly dots: readonly { readonly x: number; readonly y: number; readonly color: string }[];
}

export interface Hits {
  readonly all: readonly Hit[];
  /** The number of the hit at a place; null where there is none. */
  readonly find: (x: number, y: number) => number | null;
}

export const NO_HITS: Hits = { all: [], find: () => null };

export interface Area {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

function isIn(area: Area, x: number, y: number): boolean {
  return x >= area.left && x <= area.right && y >= area.top && y <= area.bottom;
}

/** Hits with an area for each. */
export function inAreas(all: readonly Hit[], areas: readonly Area[]): Hits {
  const find = (x: number, y: number): number | null => {
    const found = areas.findIndex((area) => isIn(area, x, y));
    return found < 0 ? null : found;
  };
  return { all, find };
}

/** Hits across a plot: the nearest one, however high the pointer is. */
export function nearestAcross(all: readonly Hit[], plot: Area): Hits {
  return { all, find: (x, y) => (isIn(plot, x, y) ? nearest(all, (hit) => Math.abs(hit.x - x), Infinity) : null) };
}

/** Hits that are points: the nearest one within reach. */
export function nearestPoint(all: readonly Hit[], reach: number): Hits {
  return { all, find: (x, y) => nearest(all, (hit) => Math.hypot(hit.x - x, hit.y - y), reach) };
}

function nearest(all: readonly Hit[], distance: (hit: Hit) => number, reach: number): number | null {
  let found: number | null = null;
  let least = reach;
  all.forEach((hit, index) => {
    const far = distance(hit);
    if (far >= least) return;
    least = far;
    found = index;
  });
  return found;
}
