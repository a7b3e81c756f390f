/** The two languages of the page, and texts that follow a change of language. */

import { type Key, english, russian } from "./texts";

export type Locale = "ru" | "en";
export type Params = Record<string, string | number>;

let current: Locale = "ru";
const living = new Set<WeakRef<Node>>();
const renderers = new WeakMap<Node, () => void>();

export function locale(): Locale {
  return current;
}

/** The language to begin with: the browser's, Russian unless it is clearly another. */
export function preferredLocale(): Locale {
  const languages = navigator.languages?.length ? navigator.languages : [navigator.language ?? "ru"];
  return languages[0]?.toLowerCase().startsWith("ru") ? "ru" : "en";
}

/** Changes the language and renders every living text again. */
export function setLocale(next: Locale): void {
  current = next;
  document.documentElement.lang = next;
  for (const reference of living) {
    const node = reference.deref();
    if (node) renderers.get(node)?.();
    else living.delete(reference);
  }
}

/**
 * A text in the current language. `{name}` is replaced by the parameter of that name, and
 * `{n|one|few|many}` (English: `{n|one|many}`) chooses a form by the number `n`.
 */
export function t(key: Key, params: Params = {}): string {
  const template: string = (current === "ru" ? russian : english)[key];
  return template.replace(/\{(\w+)((?:\|[^|}]*)*)\}/g, (_all, name: string, forms: string) => {
    const value = params[name] ?? "";
    return forms ? plural(Number(value), forms.slice(1).split("|")) : String(value);
  });
}

function plural(count: number, forms: readonly string[]): string {
  const rule = new Intl.PluralRules(current).select(count);
  const index = { one: 0, few: 1, many: 2, zero: 2, two: 1, other: 1 }[rule] ?? 1;
  return forms[Math.min(index, forms.length - 1)] ?? "";
}

/** Runs `render` now and whenever the language changes, for as long as the element lives. */
export function live<N extends Node>(node: N, render: (node: N) => void): N {
  const again = (): void => render(node);
  renderers.set(node, again);
  living.add(new WeakRef<Node>(node));
  again();
  return node;
}

/** A text node that follows the language. */
export function say(key: Key, params: Params | (() => Params) = {}): Text {
  const values = typeof params === "function" ? params : () => params;
  return live(document.createTextNode(""), (node) => {
    node.data = t(key, values());
  });
}

/** Gives an element a name (and a tooltip) that follows the language. */
export function named<E extends Element>(element: E, key: Key, params: Params = {}, shortcut = ""): E {
  return live(element, () => {
    const name = t(key, params);
    element.setAttribute("aria-label", name);
    element.setAttribute("title", shortcut ? `${name} (${shortcut})` : name);
  });
}

/** Gives an element that has a name in its text a tooltip that says more. */
export function hinted<E extends Element>(element: E, key: Key): E {
  return live(element, () => element.setAttribute("title", t(key)));
}

/** A number as the reader writes it. */
export function number(value: number, digits = 0): string {
  return new Intl.NumberFormat(current, {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(value);
}

/** A size in bytes as the reader writes it. */
export function size(bytes: number): string {
  const units = t("units.size").split(" ");
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${number(value, unit > 0 && value < 10 ? 1 : 0)} ${units[unit] ?? ""}`;
}

/** A duration as the reader writes it: milliseconds below a second, then seconds, then minutes. */
export function duration(milliseconds: number): string {
  if (milliseconds < 1000) return t("time.ms", { n: number(Math.round(milliseconds)) });
  const seconds = milliseconds / 1000;
  if (seconds < 60) return t("time.s", { n: number(seconds, 1) });
  return t("time.min", { m: Math.floor(seconds / 60), s: Math.floor(seconds % 60) });
}
