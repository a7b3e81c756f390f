/** Numbers and dates on charts, as the server's own pictures have them (chart reference, 1). Pure. */

import type { TimeUnit } from "./model";

export type Language = "ru" | "en";

const MONTHS: Record<Language, readonly string[]> = {
  en: ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
  ru: ["янв", "фев", "мар", "апр", "май", "июн", "июл", "авг", "сен", "окт", "ноя", "дек"],
};

const FORMATS: Record<Language, Record<TimeUnit, string>> = {
  en: {
    year: "%Y",
    yearquarter: "Q%q %Y",
    yearmonth: "%b %Y",
    yearmonthdate: "%Y-%m-%d",
    yearmonthdatehoursminutes: "%Y-%m-%d %H:%M",
  },
  ru: {
    year: "%Y",
    yearquarter: "%q кв. %Y",
    yearmonth: "%b %Y",
    yearmonthdate: "%d.%m.%Y",
    yearmonthdatehoursminutes: "%d.%m.%Y %H:%M",
  },
};

/** A time as exact as `unit` says. */
export function dateText(time: number, unit: TimeUnit, language: Language): string {
  const at = new Date(time);
  if (Number.isNaN(at.getTime())) return "";
  const two = (value: number): string => String(value).padStart(2, "0");
  const parts: Record<string, string> = {
    Y: String(at.getUTCFullYear()).padStart(4, "0"),
    q: String(Math.floor(at.getUTCMonth() / 3) + 1),
    b: MONTHS[language][at.getUTCMonth()]!,
    m: two(at.getUTCMonth() + 1),
    d: two(at.getUTCDate()),
    H: two(at.getUTCHours()),
    M: two(at.getUTCMinutes()),
  };
  return FORMATS[language][unit].replace(/%(\w)/g, (_all, name: string) => parts[name] ?? "");
}

const NAMED = monthNames();

/** The month from 0 that a text names, in either language, whole or shortened; null where it names none. */
export function monthNumber(text: string): number | null {
  return NAMED.get(text.trim().replace(/\.$/, "").toLowerCase()) ?? null;
}

function monthNames(): Map<string, number> {
  const names = new Map<string, number>();
  for (const language of ["ru", "en"] as const) {
    MONTHS[language].forEach((name, index) => names.set(name.toLowerCase(), index));
    for (let month = 0; month < 12; month += 1) {
      const at = new Date(Date.UTC(2024, month, 15));
      for (const form of [{ month: "long" }, { month: "long", day: "numeric" }] as const) {
        const parts = new Intl.DateTimeFormat(language, { ...form, timeZone: "UTC" }).formatToParts(at);
        const name = parts.find((part) => part.type === "month")?.value;
        if (name) names.set(name.toLowerCase(), month);
      }
    }
  }
  for (const [name, month] of [["сент", 8], ["нояб", 10], ["sept", 8], ["февр", 1]] as const) names.set(name, month);
  return names;
}

const cache = new Map<string, Intl.NumberFormat>();

function formatter(language: Language, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = `${language} ${JSON.stringify(options)}`;
  let found = cache.get(key);
  if (!found) cache.set(key, (found = new Intl.NumberFormat(language, options)));
  return found;
}

/** A number in full, with six decimals at most. */
export function numberText(value: number, language: Language): string {
  const size = Math.abs(value);
  if (size >= 1e15 || (size > 0 && size < 1e-6)) return formatter(language, { notation: "scientific", maximumFractionDigits: 3 }).format(value);
  return formatter(language, { maximumFractionDigits: 6 }).format(value === 0 ? 0 : value);
}

/** Texts for the ticks of an axis, all with as many decimals as their step needs; `short` writes millions as such. */
export function tickTexts(ticks: readonly number[], language: Language, short: boolean): string[] {
  const step = ticks.length > 1 ? Math.abs(ticks[1]! - ticks[0]!) : 1;
  const most = Math.max(...ticks.map(Math.abs), 0);
  if (most >= 1e15 || (most > 0 && most < 1e-6)) return ticks.map((tick) => (tick === 0 ? "0" : numberText(tick, language)));
  if (short && most >= 10_000) {
    return ticks.map((tick) => formatter(language, { notation: "compact", maximumFractionDigits: 2 }).format(tick));
  }
  let decimals = 0;
  while (decimals < 8 && Math.abs(step * 10 ** decimals - Math.round(step * 10 ** decimals)) > 1e-6) decimals += 1;
  return ticks.map((tick) => formatter(language, { minimumFractionDigits: decimals, maximumFractionDigits: decimals }).format(tick === 0 ? 0 : tick));
}

/** A part of a whole, from 0 to 1. */
export function percentText(part: number, language: Language): string {
  return formatter(language, { style: "percent", maximumFractionDigits: 1 }).format(part);
}
