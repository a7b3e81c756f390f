/** Looks and language: chosen here, kept in the browser. */

import { el, fill } from "./dom";
import { type Locale, live, locale, preferredLocale, setLocale, t } from "./i18n";
import { icon } from "./icons";
import { load, oneOf, save } from "./storage";

type Theme = "auto" | "light" | "dark";

const THEMES: readonly Theme[] = ["auto", "light", "dark"];
const THEME_ICONS = { auto: "auto", light: "sun", dark: "moon" } as const;

const dark = matchMedia("(prefers-color-scheme: dark)");
let theme: Theme = load("theme", "auto", oneOf(...THEMES));

function applyTheme(): void {
  const isDark = theme === "dark" || (theme === "auto" && dark.matches);
  document.documentElement.dataset.theme = isDark ? "dark" : "light";
}

/** Sets the language and looks of the visit before, or what the browser prefers. */
export function applySettings(): void {
  setLocale(load<Locale>("locale", preferredLocale(), oneOf<Locale>("ru", "en")));
  applyTheme();
  dark.addEventListener("change", applyTheme);
}

/** Switches between the system's looks, light and dark. */
export function themeButton(): HTMLElement {
  const button = el("button", { class: "icon-button", id: "theme", attrs: { type: "button" } });
  live(button, () => {
    fill(button, icon(THEME_ICONS[theme]));
    const name = `${t("theme.title")}: ${t(`theme.${theme}`)}`;
    button.setAttribute("aria-label", name);
    button.setAttribute("title", name);
  });
  button.addEventListener("click", () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length]!;
    save("theme", theme);
    applyTheme();
    setLocale(locale());
  });
  return button;
}

/** Switches between Russian and English. */
export function localeButtons(changed: () => void): HTMLElement {
  const group = el("div", { class: "segmented small", attrs: { role: "group" } });
  const buttons = (["ru", "en"] as const).map((code) => {
    const name = code === "ru" ? "Русский" : "English";
    const button = el(
      "button",
      { attrs: { type: "button", lang: code, title: name }, id: `locale-${code}` },
      code.toUpperCase(),
    );
    button.addEventListener("click", () => {
      save("locale", code);
      setLocale(code);
      changed();
    });
    return button;
  });
  group.append(...buttons);
  live(group, () => {
    group.setAttribute("aria-label", t("locale.title"));
    for (const button of buttons) button.setAttribute("aria-pressed", String(button.id === `locale-${locale()}`));
  });
  return group;
}

const isFlag = (value: unknown): value is boolean => typeof value === "boolean";

/** Does a program that fails leave the session as it was? */
export function rollsBack(): boolean {
  return load("rollback", false, isFlag);
}

export function keepRollsBack(on: boolean): void {
  save("rollback", on);
}
